/** What played media servers answer over HTTP: health, metrics and the server API, each at its own address. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { TokenVerifier } from 'livekit-server-sdk';
import type { ApiKey } from '../local-servers.ts';
import type { HollowServer } from './server.ts';
import type { HollowRoom } from './types.ts';

export interface PagesParts {
  readonly key: ApiKey;
  /** The server at this address; `undefined` where none listens. */
  serverAt(ip: string): HollowServer | undefined;
  /** All rooms that the Redis of this server knows. */
  roomsOf(cluster: string): readonly HollowRoom[];
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One listener for the signalling ports of all servers and one for their metrics: the address tells them apart. */
export class HollowPages {
  readonly #parts: PagesParts;
  readonly #verifier: TokenVerifier;
  readonly #servers: Server[] = [];

  constructor(parts: PagesParts) {
    this.#parts = parts;
    this.#verifier = new TokenVerifier(parts.key.apiKey, parts.key.apiSecret);
  }

  /** @throws Error when a port is taken */
  async listen(...ports: readonly number[]): Promise<void> {
    for (const port of ports) {
      const server = createServer((request, response) => void this.#answer(request, response));
      this.#servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '0.0.0.0', resolve);
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const server = this.#parts.serverAt(request.socket.localAddress ?? '');
    // As where nobody listens.
    if (server === undefined || server.ended) return void request.socket.destroy();
    // The kernel takes the connection, and then nothing happens.
    if (server.frozen) return;
    const { status, type, body } = await this.#page(server, request);
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  async #page(server: HollowServer, { url, headers }: IncomingMessage): Promise<Answer> {
    if (url === '/metrics')
      return { status: 200, type: 'text/plain; version=0.0.4', body: metricsOf(server) };
    if (url === '/') return text(server.isHealthy ? 200 : 406, server.isHealthy ? 'OK' : 'Not Ready');
    if (url !== '/twirp/livekit.RoomService/ListRooms') return text(404, 'not found');
    if (!(await this.#isAuthorised(headers.authorization))) return text(401, 'invalid authorization token');
    const rooms = this.#parts.roomsOf(server.cluster).map((room) => ({
      sid: `RM_${room.name}`,
      name: room.name,
      creation_time: String(Math.floor(room.createdAtMs / 1000)),
      num_participants: room.participants,
    }));
    return { status: 200, type: 'application/json', body: JSON.stringify({ rooms }) };
  }

  async #isAuthorised(header = ''): Promise<boolean> {
    try {
      const grants = await this.#verifier.verify(header.replace(/^Bearer /, ''));
      return grants.video?.roomList === true;
    } catch {
      // Whatever is wrong with a token, the answer is that it does not open anything.
      return false;
    }
  }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain', body };
}

/** The series that the operator reads, with the names and labels of livekit-server. */
function metricsOf({ nodeId, rooms, participants, joins }: HollowServer): string {
  const own = `node_id="${nodeId}",node_type="SERVER"`;
  return [
    '# TYPE livekit_room_total gauge',
    `livekit_room_total{${own}} ${rooms}`,
    '# TYPE livekit_participant_total gauge',
    `livekit_participant_total{${own}} ${participants}`,
    '# TYPE livekit_participant_join_total counter',
    `livekit_participant_join_total{${own},state="signal_connected"} ${joins}`,
    `livekit_participant_join_total{${own},state="rtc_success"} ${joins}`,
    '# TYPE livekit_psrpc_stream_count gauge',
    // Here everybody signals through the server that hosts the room.
    ...['client', 'server'].map(
      (role) =>
        `livekit_psrpc_stream_count{${own},role="${role}",service="Signal",method="RelaySignal"} ${participants}`,
    ),
    '',
  ].join('\n');
}
