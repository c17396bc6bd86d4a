/**
 * The server API as the operator asks it. The LiveKit SDK signs the requests; its own client would read answers of any
 * size into memory, and the address comes from whoever wrote the spec.
 */
import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { request } from 'undici';
import type { Clock } from '../base/clock.ts';
import { isJsonObject, type JsonObject, jsonObject } from '../base/json-object.ts';
import type { ServerApiReading } from '../core/readings.ts';
import { AnswerTooLargeError, mostAnswerBytes, readAnswer } from './answer-limit.ts';
import type { RoomServiceTarget } from './room-service.ts';
import { codeOf, nameOf, whyOf } from './why.ts';

export interface ServerApiTarget extends RoomServiceTarget {
  readonly timeoutMs?: number;
}

export interface RoomSize {
  readonly room: string;
  readonly participants: number;
}

/** Every call ends with UnreachableError, TimedOutError, CredentialsRefusedError or ServerRefusedError where it fails. */
export interface ServerApi {
  listRooms(): Promise<readonly RoomSize[]>;
  /** Everybody in it is thrown out. */
  deleteRoom(room: string): Promise<void>;
}

/** Nobody answers at that address. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The connection stands, but the answer did not come in time. */
export class TimedOutError extends Error {
  override readonly name = 'TimedOutError';
}

/** The server knows the API key not, or not with this secret. */
export class CredentialsRefusedError extends Error {
  override readonly name = 'CredentialsRefusedError';
}

/** The server answered with another error, such as its own trouble with Redis. */
export class ServerRefusedError extends Error {
  override readonly name = 'ServerRefusedError';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const defaultTimeoutMs = 5000;
/** Clocks of servers may be off by some minutes. */
const tokenLife = '10m';
/** Of an error that the server tells. */
const mostErrorBytes = 64 * 1024;

/** The server API of one media server. */
export function serverApi(target: ServerApiTarget): ServerApi {
  return {
    listRooms: async () => {
      const grant = { roomList: true };
      return roomsIn(await call(target, { method: 'ListRooms', grant, body: {} }));
    },
    deleteRoom: async (room) => {
      await call(target, { method: 'DeleteRoom', grant: { roomCreate: true }, body: { room } });
    },
  };
}

interface Call {
  readonly method: string;
  readonly grant: VideoGrant;
  readonly body: JsonObject;
}

/** @throws UnreachableError, TimedOutError, CredentialsRefusedError, ServerRefusedError */
async function call(target: ServerApiTarget, { method, grant, body }: Call): Promise<JsonObject | undefined> {
  const { url, apiKey, apiSecret, timeoutMs = defaultTimeoutMs } = target;
  const token = new AccessToken(apiKey, apiSecret, { ttl: tokenLife });
  token.addGrant(grant);
  const address = new URL(`/twirp/livekit.RoomService/${method}`, url.replace(/^ws/, 'http'));
  const headers = { authorization: `Bearer ${await token.toJwt()}`, 'content-type': 'application/json' };
  try {
    const answer = await request(address, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { statusCode } = answer;
    if (statusCode !== 200) throw refused(statusCode, await readAnswer(answer.body, mostErrorBytes));
    return jsonObject(await readAnswer(answer.body, mostAnswerBytes));
  } catch (error) {
    throw named(error, timeoutMs);
  }
}

function refused(status: number, text: string): Error {
  if (status === 401 || status === 403) {
    return new CredentialsRefusedError(`the server API refused the API key: HTTP ${status}`);
  }
  const message = jsonObject(text)?.['msg'] ?? text;
  return new ServerRefusedError(`the server API answered HTTP ${status}: ${whyOf({ message })}`, status);
}

/** A room that cannot be read is no room without people: then nothing is known. */
function roomsIn(answer: JsonObject | undefined): readonly RoomSize[] {
  const rooms = answer === undefined ? undefined : (answer['rooms'] ?? []);
  if (!Array.isArray(rooms)) throw unreadable();
  return rooms.map(roomIn);
}

/** Servers of today write fields with underscores; JSON of protobuf may have them in camel case, and leaves out zeros. */
function roomIn(value: unknown): RoomSize {
  if (!isJsonObject(value) || typeof value['name'] !== 'string') throw unreadable();
  const participants = value['num_participants'] ?? value['numParticipants'] ?? 0;
  if (typeof participants !== 'number') throw unreadable();
  return { room: value['name'], participants };
}

function unreadable(): ServerRefusedError {
  return new ServerRefusedError('the server API answered no list of rooms', 200);
}

function named(error: unknown, timeoutMs: number): Error {
  if (error instanceof CredentialsRefusedError || error instanceof ServerRefusedError) return error;
  if (error instanceof AnswerTooLargeError)
    return new ServerRefusedError(`the server API: ${error.message}`, 200);
  if (['TimeoutError', 'AbortError'].includes(nameOf(error))) {
    return new TimedOutError(`the server API did not answer within ${timeoutMs} ms`);
  }
  return new UnreachableError(`the server API is not reachable: ${codeOf(error) ?? whyOf(error)}`);
}

/** Reads the rooms as the server API tells them. Never rejects: a failure is a reading that says why. */
export async function readServerApi(api: ServerApi, clock: Clock): Promise<ServerApiReading> {
  try {
    const rooms = await api.listRooms();
    return { kind: 'Read', rooms, atMs: clock.elapsedMs() };
  } catch (error) {
    const why = whyOf(error);
    return { kind: 'Failed', why, atMs: clock.elapsedMs() };
  }
}
