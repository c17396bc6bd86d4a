/** The port that workers dial. */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { WorkerLine } from './coordinator-link.ts';
import type { Reception } from './coordinator-pool.ts';
import { largestMessageBytes, readFromWorker } from './protocol-read.ts';
import type { Keys } from './signal.ts';
import { isWorkerPass } from './worker-pass.ts';

export interface ListenAddress {
  /** Without it on all addresses, of IPv6 too where there is such a thing. */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface WorkerServer {
  /** What workers on this machine are given to dial. */
  readonly port: number;
  close(): Promise<void>;
}

/** Listens; `receive` is called for each worker that dials and has the same keys. @throws if the port is taken. */
export async function startWorkerServer(
  address: ListenAddress,
  keys: Keys,
  receive: (line: WorkerLine) => Reception,
): Promise<WorkerServer> {
  const server = new WebSocketServer({
    ...address,
    maxPayload: largestMessageBytes,
    perMessageDeflate: false,
    // Answered with 401 before anything that it says is read.
    verifyClient: ({ req }: { readonly req: IncomingMessage }) =>
      isWorkerPass(req.headers.authorization, keys),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  server.on('connection', (socket) => serve(socket, receive));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(socket: WebSocket, receive: (line: WorkerLine) => Reception): void {
  const reception = receive({
    send: (message) => socket.send(JSON.stringify(message)),
    // 1000 is a normal end; a reason may have 123 bytes.
    close: (why) => socket.close(1000, why.slice(0, 120)),
  });
  socket.on('message', (data) => {
    const read = readFromWorker(textOf(data));
    if (read.kind === 'Message') return reception.message(read.message);
    socket.close(1003, `that is no message of a worker: ${read.why}`.slice(0, 120));
  });
  socket.on('error', (error) => reception.closed(error.message));
  socket.on('close', (code) => reception.closed(`its connection was closed (${code})`));
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
