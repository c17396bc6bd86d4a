/** The node under test by its server API: rooms are made on it by its id, and all of them are taken away at the end. */
import { roomService } from '../livekit/room-service.ts';
import { nameOf, statusOf, whyOf } from '../livekit/why.ts';
import type { Keys } from './signal.ts';
import { askServer } from './target-join.ts';

/** The target cannot be tested; the message says what is wrong with it and what to do. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

export interface TargetWish {
  /** `ws://…` or `http://…` */
  readonly url: string;
  readonly keys: Keys;
  /** Of the node under test, where it is known; else the node on which a first room comes to be. */
  readonly nodeId: string | undefined;
  /** All rooms of the run begin with it, and all that begin with it are deleted. */
  readonly prefix: string;
}

export interface RoomCount {
  readonly own: number;
  readonly foreign: number;
  /** The name of a foreign one. */
  readonly example?: string;
}

export interface Target {
  readonly url: string;
  readonly nodeId: string;
  readonly serverVersion: string;
  /** Makes rooms on the node. @throws TargetError */
  createRooms(names: readonly string[]): Promise<void>;
  /** Takes rooms away, with everybody in them. Rooms that are gone already are no trouble. @throws TargetError */
  deleteRooms(names: readonly string[]): Promise<void>;
  /** The same for every room of the run that is left. How many there were. @throws TargetError */
  deleteLeftovers(): Promise<number>;
  /** The rooms of the whole service, by whose they are. @throws TargetError */
  countRooms(): Promise<RoomCount>;
}

/** A run that dies leaves its rooms to these. */
const emptySeconds = 300;
const departureSeconds = 60;
const atOnce = 8;
const requestSeconds = 10;

/** Finds out what serves there. @throws TargetError, TargetJoinError */
export async function openTarget(wish: TargetWish): Promise<Target> {
  const rooms = new Rooms(wish);
  const check = `${wish.prefix}check`;
  await rooms.create([check], wish.nodeId);
  try {
    const word = await askServer(wish.url, wish.keys, check);
    if (wish.nodeId !== undefined && word.nodeId !== wish.nodeId) {
      throw new TargetError(
        `a room meant for node ${wish.nodeId} came to be on ${word.nodeId || 'an unknown one'}: ` +
          'give the metrics address of a node of this service.',
      );
    }
    return rooms.target(word.nodeId, word.version);
  } finally {
    await rooms.delete([check]);
  }
}

class Rooms {
  readonly #wish: TargetWish;
  readonly #client: ReturnType<typeof roomService>;

  constructor(wish: TargetWish) {
    this.#wish = wish;
    const url = wish.url.replace(/^ws/, 'http');
    this.#client = roomService({ ...wish.keys, url }, requestSeconds * 1000);
  }

  target(nodeId: string, serverVersion: string): Target {
    return {
      url: this.#wish.url,
      nodeId,
      serverVersion,
      createRooms: async (names) => await this.create(names, nodeId),
      deleteRooms: async (names) => await this.delete(names),
      deleteLeftovers: async () => {
        const { own } = await this.#list();
        await this.delete(own);
        return own.length;
      },
      countRooms: async () => {
        const { own, foreign } = await this.#list();
        const [example] = foreign;
        const count = { own: own.length, foreign: foreign.length };
        return example === undefined ? count : { ...count, example };
      },
    };
  }

  async create(names: readonly string[], nodeId: string | undefined): Promise<void> {
    const pin = nodeId === undefined || nodeId === '' ? {} : { nodeId };
    await inGroups(names, async (name) => {
      const wish = { name, emptyTimeout: emptySeconds, departureTimeout: departureSeconds, ...pin };
      await this.#client.createRoom(wish).catch(fail('make a room'));
    });
  }

  async delete(names: readonly string[]): Promise<void> {
    await inGroups(names, async (name) => {
      await this.#client.deleteRoom(name).catch((error: unknown) => {
        if (statusOf(error) !== 404) fail('delete a room')(error);
      });
    });
  }

  async #list(): Promise<{ readonly own: readonly string[]; readonly foreign: readonly string[] }> {
    const names = (await this.#client.listRooms().catch(fail('list the rooms'))).map(({ name }) => name);
    const isOwn = (name: string): boolean => name.startsWith(this.#wish.prefix);
    return { own: names.filter(isOwn), foreign: names.filter((name) => !isOwn(name)) };
  }
}

async function inGroups(names: readonly string[], one: (name: string) => Promise<void>): Promise<void> {
  const queue = names.values();
  const work = async (): Promise<void> => {
    for (const name of queue) await one(name);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, work));
}

function fail(what: string): (error: unknown) => never {
  return (error) => {
    const status = statusOf(error);
    if (status === 401 || status === 403) {
      throw new TargetError('the server refused the API key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.');
    }
    if (['TimeoutError', 'AbortError'].includes(nameOf(error))) {
      throw new TargetError(`the server did not ${what} within ${requestSeconds} s: is it overloaded?`);
    }
    throw new TargetError(`the server did not ${what} (${whyOf(error)}): check its address and its state.`);
  };
}
