import { type Message, proto3 } from '@bufbuild/protobuf';
import { AccessToken } from 'livekit-server-sdk';
import { LabError } from './exec.ts';
import type { ApiKey } from './local-servers.ts';

export interface Ticket {
  readonly url: string;
  readonly room: string;
  readonly identity: string;
  readonly key: ApiKey;
}

/** A participant that speaks signalling only: cheap, and removed by the server after about a minute. */
export interface SignalParticipant {
  readonly room: string;
  readonly identity: string;
  /** The node that hosts the room, by its own word. */
  readonly nodeId: string;
  /** How long the join took. */
  readonly joinMs: number;
  leave(): void;
  readonly closed: Promise<void>;
}

interface ServerInfoFields extends Message<ServerInfoFields> {
  nodeId: string;
}
interface JoinFields extends Message<JoinFields> {
  serverInfo?: ServerInfoFields;
}
interface AnswerFields extends Message<AnswerFields> {
  join?: JoinFields;
}

/** The way from a signal answer to the host of the room; all else in it is skipped. */
const ServerInfo = proto3.makeMessageType<ServerInfoFields>('livekit.ServerInfo', () => [
  { no: 5, name: 'node_id', kind: 'scalar', T: 9 },
]);
const Join = proto3.makeMessageType<JoinFields>('livekit.JoinResponse', () => [
  { no: 12, name: 'server_info', kind: 'message', T: ServerInfo },
]);
const SignalAnswer = proto3.makeMessageType<AnswerFields>('livekit.SignalResponse', () => [
  { no: 1, name: 'join', kind: 'message', T: Join },
]);

/** `livekit.SignalRequest` with an empty `leave`, field 8. */
const leaveRequest = new Uint8Array([0x42, 0]);

const joinTimeoutMs = 10_000;

/** Makes a token that lets this identity into this room. */
export async function makeToken(ticket: Ticket): Promise<string> {
  const token = new AccessToken(ticket.key.apiKey, ticket.key.apiSecret, {
    identity: ticket.identity,
    ttl: '6h',
  });
  token.addGrant({ roomJoin: true, room: ticket.room });
  return await token.toJwt();
}

/** Joins by the signalling websocket and waits for the server's answer. @throws LabError when there is none. */
export async function joinSignal(ticket: Ticket): Promise<SignalParticipant> {
  const startMs = performance.now();
  const url = `${ticket.url.replace(/^http/, 'ws')}/rtc?access_token=${await makeToken(ticket)}&auto_subscribe=0&protocol=16`;
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  const nodeId = await hostingNode(socket, ticket);
  const { room, identity } = ticket;
  return { room, identity, nodeId, joinMs: performance.now() - startMs, leave: () => leave(socket), closed };
}

/** A closed socket alone looks like a lost one, for which the server keeps the seat a while: so it is said. */
function leave(socket: WebSocket): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(leaveRequest);
  socket.close();
}

async function hostingNode(socket: WebSocket, { room }: Ticket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new LabError(`no answer to the join of ${room}`)), joinTimeoutMs);
  socket.addEventListener('close', () => reject(new LabError(`the join of ${room} was closed`)));
  socket.addEventListener('error', () => reject(new LabError(`the join of ${room} failed`)));
  socket.addEventListener('message', (event) => {
    const answer = SignalAnswer.fromBinary(new Uint8Array(event.data));
    const nodeId = answer.join?.serverInfo?.nodeId;
    if (nodeId !== undefined) resolve(nodeId);
  });
  try {
    return await promise;
  } catch (error) {
    socket.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
