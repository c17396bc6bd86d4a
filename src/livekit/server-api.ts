import type { Clock } from '../base/clock.ts';
import type { ServerApiReading } from '../core/readings.ts';
import { roomService, type RoomServiceTarget } from './room-service.ts';
import { codeOf, nameOf, statusOf, whyOf } from './why.ts';

export interface ServerApiTarget extends RoomServiceTarget {
  readonly timeoutMs?: number;
}

export interface RoomSize {
  readonly room: string;
  readonly participants: number;
}

export interface ServerApi {
  /** @throws UnreachableError, TimedOutError, CredentialsRefusedError, ServerRefusedError */
  listRooms(): Promise<readonly RoomSize[]>;
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

/** The server API of one media server. */
export function serverApi(target: ServerApiTarget): ServerApi {
  const timeoutMs = target.timeoutMs ?? defaultTimeoutMs;
  const client = roomService(target, timeoutMs);
  return {
    listRooms: async () => {
      try {
        const rooms = await client.listRooms();
        return rooms.map((room) => ({ room: room.name, participants: room.numParticipants }));
      } catch (error) {
        throw named(error, timeoutMs);
      }
    },
  };
}

function named(error: unknown, timeoutMs: number): Error {
  if (['TimeoutError', 'AbortError'].includes(nameOf(error))) {
    return new TimedOutError(`the server API did not answer within ${timeoutMs} ms`);
  }
  const status = statusOf(error);
  if (status === undefined)
    return new UnreachableError(`the server API is not reachable: ${codeOf(error) ?? whyOf(error)}`);
  if (status === 401 || status === 403) {
    return new CredentialsRefusedError(`the server API refused the API key: HTTP ${status}`);
  }
  return new ServerRefusedError(`the server API answered HTTP ${status}: ${whyOf(error)}`, status);
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
