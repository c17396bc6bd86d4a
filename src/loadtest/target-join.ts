/** Joins a room by its signalling alone, to read what the server says of itself, and leaves again. */
import { SignalRequest } from '@livekit/protocol';
import { WebSocket } from 'ws';
import { type Keys, largestSignalBytes, makeLookToken, readResponse, signalAddress } from './signal.ts';

/** The server did not let a participant in, or said nothing that could be understood. */
export class TargetJoinError extends Error {
  override readonly name = 'TargetJoinError';
}

export interface ServerWord {
  readonly version: string;
  readonly nodeId: string;
}

const joinTimeoutMs = 10_000;

/** @throws TargetJoinError when there is no answer within 10 s, or a refusal. */
export async function askServer(url: string, keys: Keys, room: string): Promise<ServerWord> {
  const token = await makeLookToken(keys, room);
  const address = signalAddress({ url, token, isSingle: false, autoSubscribe: false });
  const socket = new WebSocket(address, {
    perMessageDeflate: false,
    handshakeTimeout: joinTimeoutMs,
    maxPayload: largestSignalBytes,
  });
  try {
    return await wordFrom(socket);
  } finally {
    leave(socket);
  }
}

async function wordFrom(socket: WebSocket): Promise<ServerWord> {
  return await new Promise<ServerWord>((resolve, reject) => {
    const refuse = (why: string): void => reject(new TargetJoinError(why));
    const tooLate = AbortSignal.timeout(joinTimeoutMs);
    tooLate.addEventListener('abort', () => refuse('the server did not answer a join within 10 s'));
    // The address holds the token, so the error is told without it.
    socket.on('error', (error) => refuse(`the server cannot be joined: ${withoutToken(error.message)}`));
    socket.on('unexpected-response', (_, answer) => refuse(refusal(answer.statusCode)));
    socket.on('close', () => refuse('the server closed the connection of a join'));
    socket.on('message', (data) => {
      const message = readResponse(bytesOf(data));
      if (message === undefined) return refuse('the server said what is no message');
      if (message.case !== 'join') return;
      const { serverInfo } = message.value;
      resolve({ version: serverInfo?.version ?? '', nodeId: serverInfo?.nodeId ?? '' });
    });
  });
}

function refusal(status: number | undefined): string {
  const isKey = status === 401 || status === 403;
  return isKey ? 'the server refused the API key' : `the server answered a join with HTTP ${status ?? '?'}`;
}

function withoutToken(text: string): string {
  return text.replaceAll(/access_token=[^&\s]*/g, 'access_token=…');
}

function bytesOf(data: Buffer | ArrayBuffer | readonly Buffer[]): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return Buffer.isBuffer(data) ? data : Buffer.concat(data);
}

function leave(socket: WebSocket): void {
  if (socket.readyState === WebSocket.OPEN) {
    socket.send(new SignalRequest({ message: { case: 'leave', value: {} } }).toBinary());
  }
  socket.on('error', () => undefined);
  socket.close();
}
