/** Where the rooms live and who is in them, as Redis tells it. */
import type { Clock } from '../base/clock.ts';
import type { RoomPlacement } from '../core/readings.ts';
import { type HashReader, RedisRefusedError } from './redis.ts';
import { boundedPlacements } from './registry-bounds.ts';
import { RoomMemo } from './room-memo.ts';

/** The hash that says which room lives on which node. */
export const roomNodesKey = 'room_node_map';
const roomsKey = 'rooms';
const roomsPerRequest = 500;
/** One hash for each room, with a field for each participant, written as they come. */
const participantsKeyPrefix = 'room_participants:';
/** The number of people in a room's record is up to 10 s late. Rooms younger than this are asked for theirs. */
const youngSeconds = 15;
/** More are not asked at one look: the next one asks again. */
const mostAsked = 256;
/** Those of many may be old by a millisecond for so many: reading them is most of the cost of a look. */
const roomsPerMs = 7;
const oldestRoomsMs = 3000;
/**
 * From this share of that age on they are read again, before anybody has to wait for them: a large fleet, looked at once a
 * second, is looked at in between.
 */
const aheadShare = 0.6;

interface Rooms {
  readonly list: readonly RoomPlacement[];
  readonly atMs: number;
}

export class RoomTable {
  readonly #link: HashReader;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #memo = new RoomMemo();
  #last: Rooms = { list: [], atMs: -Infinity };
  #newest = { createdAtSeconds: 0, seenAtMs: 0 };
  #isReadingAhead = false;
  #peopleRefused = false;

  constructor(link: HashReader, clock: Pick<Clock, 'elapsedMs'>) {
    this.#link = link;
    this.#clock = clock;
  }

  /**
   * The rooms as they are now; those of an earlier look where there are many, it is recent and `now` is not asked. @throws what
   * the link throws
   */
  async read(now: boolean): Promise<readonly RoomPlacement[]> {
    const { list, atMs } = this.#last;
    const ageMs = this.#clock.elapsedMs() - atMs;
    const oldestMs = Math.min(oldestRoomsMs, list.length / roomsPerMs);
    if (now || ageMs >= oldestMs) return await this.#readNow();
    if (ageMs >= aheadShare * oldestMs) void this.#readAhead();
    return list;
  }

  /** So that a decision in haste does not wait for 20,000 rooms. */
  async #readAhead(): Promise<void> {
    if (this.#isReadingAhead) return;
    this.#isReadingAhead = true;
    try {
      await this.#readNow();
    } catch {
      // Whoever needs them reads them, and finds out as well.
    } finally {
      this.#isReadingAhead = false;
    }
  }

  async #readNow(): Promise<readonly RoomPlacement[]> {
    const placements = boundedPlacements(await this.#link.hashAll(roomNodesKey));
    const atMs = this.#clock.elapsedMs();
    const all = [...placements];
    const parts: Promise<readonly RoomPlacement[]>[] = [];
    for (let at = 0; at < all.length; at += roomsPerRequest) {
      parts.push(this.#readPart(all.slice(at, at + roomsPerRequest)));
    }
    const rooms = (await Promise.all(parts)).flat();
    this.#memo.keep(placements);
    const list = await this.#withNewcomers(rooms);
    if (atMs >= this.#last.atMs) this.#last = { list, atMs };
    return list;
  }

  /** Read as they are answered: between two parts there is time for what cannot wait. */
  async #readPart(
    placements: readonly (readonly [name: string, placement: Buffer])[],
  ): Promise<readonly RoomPlacement[]> {
    const names = placements.map(([name]) => name);
    return this.#memo.read(placements, await this.#link.hashMany(roomsKey, names));
  }

  /** Rooms that have just begun, or that seem empty, with the people who are in them by now. */
  async #withNewcomers(rooms: readonly RoomPlacement[]): Promise<readonly RoomPlacement[]> {
    const nowSeconds = this.#nowOf(rooms);
    const isAsked = ({ participants, createdAtSeconds = 0 }: RoomPlacement): boolean =>
      participants === 0 || (participants !== undefined && nowSeconds - createdAtSeconds < youngSeconds);
    const asked = rooms
      .filter(isAsked)
      .toSorted((a, b) => (b.createdAtSeconds ?? 0) - (a.createdAtSeconds ?? 0))
      .slice(0, mostAsked);
    const counts = await Promise.all(asked.map(async ({ room }) => await this.#peopleIn(room)));
    return this.#memo.withPeople(rooms, new Map(asked.map(({ room }, at) => [room, counts[at] ?? 0])));
  }

  /** By the clocks of the servers: what the newest room told when it was first seen, and the time since. */
  #nowOf(rooms: readonly RoomPlacement[]): number {
    const newest = rooms.reduce((latest, room) => Math.max(latest, room.createdAtSeconds ?? 0), 0);
    const nowMs = this.#clock.elapsedMs();
    if (newest !== this.#newest.createdAtSeconds)
      this.#newest = { createdAtSeconds: newest, seenAtMs: nowMs };
    return newest + (nowMs - this.#newest.seenAtMs) / 1000;
  }

  /** A login that may not read these keys still works: such a room counts with what its record says. */
  async #peopleIn(room: string): Promise<number> {
    if (this.#peopleRefused) return 0;
    try {
      return await this.#link.hashSize(`${participantsKeyPrefix}${room}`);
    } catch (error) {
      if (!(error instanceof RedisRefusedError)) throw error;
      this.#peopleRefused = true;
      return 0;
    }
  }
}
