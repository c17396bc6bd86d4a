/** Rooms that come and go all the time, with real participants, and what became of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, uniform } from '../src/workload/random.ts';
import type { Fleet, PodLife } from './fleet.ts';
import { Guests } from './guests.ts';

export interface TrafficWish {
  readonly fleet: Fleet;
  /** Rooms that go on at any moment. */
  readonly rooms: number;
  /** Participants of each; the first one publishes audio. */
  readonly size: number;
  /** The least and the most that a room lasts. */
  readonly lifeMs: readonly [least: number, most: number];
  readonly random: Random;
  /** Processes that hold the participants; about one for each eight of them. */
  readonly hosts?: number;
  /** First part of the names of rooms and people. */
  readonly prefix?: string;
}

export interface RoomLife {
  readonly name: string;
  /**
   * Ids of the nodes that the registry named as its host, in that order, while somebody was in it; before that, the last
   * one on which a join is tried.
   */
  readonly hosts: readonly string[];
  readonly members: readonly string[];
  /** When the first participant was in. */
  readonly joinedAtMs: number | undefined;
  /** When the participants left of their own will. */
  readonly endedAtMs: number | undefined;
}

interface OpenRoom extends RoomLife {
  readonly hosts: string[];
  readonly members: string[];
  joinedAtMs: number | undefined;
  endedAtMs: number | undefined;
  /** Whether the registry was asked for its host since somebody was in. */
  seenInside: boolean;
}

interface Mishap {
  readonly room: string;
  readonly atMs: number;
  readonly why: string;
}

export interface TrafficTally {
  readonly rooms: number;
  readonly participants: number;
  readonly joinsFailed: readonly Mishap[];
  /** Disconnects that the participant did not wish. */
  readonly cut: readonly Mishap[];
  /** Participants whose own process here broke. */
  readonly lost: number;
  /** When somebody had to connect anew. */
  readonly reconnectsAtMs: readonly number[];
  /** Names and hosts of `movedRooms`. */
  readonly moved: readonly string[];
}

/** Often enough that no room lives anywhere unseen. */
const lookMs = 250;
const staggerMs = 300;
const longGoneMs = 60_000;
const usualHosts = 3;

export class Traffic {
  readonly #wish: TrafficWish;
  readonly #people: Guests;
  readonly #lives: OpenRoom[] = [];
  readonly #failed: Mishap[] = [];
  readonly #removed = new Set<string>();
  readonly #slots = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #level = 0;
  #watching: Promise<void> | undefined;
  #identities = 0;

  constructor(wish: TrafficWish) {
    this.#wish = wish;
    const { fleet, hosts = usualHosts } = wish;
    this.#people = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts });
  }

  /** Begins, and resolves when that many rooms have begun to open. */
  async start(): Promise<void> {
    await this.#people.ready();
    this.#watching = this.#watch();
    await this.setLevel(this.#wish.rooms);
  }

  /** Keeps that many rooms from now on; those that are too many end in their own time. */
  async setLevel(rooms: number): Promise<void> {
    this.#level = rooms;
    while (this.#slots.size < this.#level && !this.#stop.signal.aborted) {
      const slot = this.#oneAfterTheOther().finally(() => this.#slots.delete(slot));
      this.#slots.add(slot);
      await sleep(staggerMs);
    }
  }

  /** Lets the processes end that held the participants so far, so that none of those stays who left only by halves. */
  renewGuests(): void {
    this.#people.renew();
  }

  /**
   * Removes, as a person would, whoever a server keeps in a room that ended more than a minute ago: it does not learn of
   * those who leave, or whose join fails, while Redis is away. @returns who that was, in words
   */
  async removeStragglers(): Promise<readonly string[]> {
    const { rooms } = this.#wish.fleet;
    const placed = await this.#wish.fleet.placements();
    const over = this.#lives.filter(
      ({ name, endedAtMs = Infinity }) => placed[name] !== undefined && Date.now() - endedAtMs > longGoneMs,
    );
    const told: string[] = [];
    for (const { name: room } of over) {
      for (const { identity } of await rooms.listParticipants(room).catch(() => [])) {
        await rooms.removeParticipant(room, identity).catch(() => undefined);
        // Where only a record is left there is nobody to be removed, and it is found again.
        if (!this.#removed.has(identity)) told.push(`${identity} in ${room} on ${this.#hostOf(room)}`);
        this.#removed.add(identity);
      }
    }
    return told;
  }

  /** Ends all rooms at once for good, and resolves when everybody has left. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#slots);
    await this.#watching;
  }

  /** As `stop`, for a clean-up: does not wait for participants who no longer answer. */
  async close(): Promise<void> {
    await Promise.race([this.stop(), sleep(5000, undefined, { ref: false })]);
    this.#people.close();
  }

  /** Names of the rooms that somebody is in and wants to stay in, by the name of the Pod that hosts them. */
  roomsByNode(): ReadonlyMap<string, readonly string[]> {
    const open = this.#lives.filter(
      ({ endedAtMs, joinedAtMs }) => endedAtMs === undefined && joinedAtMs !== undefined,
    );
    return Map.groupBy(
      open.map(({ name }) => name),
      (name) => this.#hostOf(name),
    );
  }

  lives(): readonly RoomLife[] {
    return this.#lives;
  }

  /** Rooms that did not live their whole life as one room on one node. */
  movedRooms(): readonly RoomLife[] {
    const reports = Map.groupBy(this.#people.report(), ({ room }) => room);
    return this.#lives.filter(({ name, hosts, joinedAtMs }) => {
      const sids = new Set(reports.get(name)?.map(({ sid }) => sid));
      return joinedAtMs !== undefined && (hosts.length > 1 || sids.size > 1);
    });
  }

  tally(): TrafficTally {
    const reports = this.#people.report();
    return {
      rooms: this.#lives.length,
      participants: reports.length,
      joinsFailed: this.#failed,
      cut: reports.flatMap(({ room, unexpected }) =>
        unexpected.map(({ atMs, reason }) => ({ room, atMs, why: reason })),
      ),
      lost: this.#people.lost().length,
      reconnectsAtMs: reports.flatMap(({ reconnecting }) => reconnecting),
      moved: this.movedRooms().map(({ name, hosts }) => `${name} on ${hosts.join(', then ')}`),
    };
  }

  /** Rooms that went on when the Pod that hosts them was told to end: what the operator must never do. */
  removedUnder(pods: readonly PodLife[]): readonly string[] {
    return pods.flatMap(({ name, uid, deleteAskedAtMs, endedAtMs = Infinity }) => {
      // A process that had ended before had cut them already, and not by anybody's order.
      if (deleteAskedAtMs === undefined || endedAtMs < deleteAskedAtMs) return [];
      const nodeIds = this.#wish.fleet.nodeIdsOf(uid);
      const there = this.#lives.filter(
        ({ hosts, joinedAtMs = Infinity, endedAtMs: leftAtMs = Infinity }) =>
          hosts.some((host) => nodeIds.has(host)) &&
          joinedAtMs < deleteAskedAtMs &&
          leftAtMs > deleteAskedAtMs,
      );
      return there.map((room) => `${room.name} on ${name}`);
    });
  }

  #hostOf(room: string): string {
    const life = this.#lives.find(({ name }) => name === room);
    return this.#wish.fleet.nameOf(life?.hosts.at(-1) ?? '') ?? 'unknown';
  }

  async #oneAfterTheOther(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#slots.size <= this.#level) await this.#oneRoom();
  }

  async #oneRoom(): Promise<void> {
    const { random, lifeMs, size, prefix = 'room' } = this.#wish;
    const name = `${prefix}-${this.#lives.length + 1}`;
    const room: OpenRoom = {
      name,
      hosts: [],
      members: [],
      joinedAtMs: undefined,
      endedAtMs: undefined,
      seenInside: false,
    };
    this.#lives.push(room);
    const lastsMs = uniform(random, ...lifeMs);
    for (let seat = 0; seat < size && room.members.length === seat; seat++) await this.#enter(room);
    // Where nobody gets in, the next room is tried a little later.
    await this.#pause(room.members.length === 0 ? 1000 : lastsMs);
    room.endedAtMs = Date.now();
    await this.#people.leave(name);
  }

  async #enter(room: OpenRoom): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#identities += 1;
    const identity = `${this.#wish.prefix ?? 'room'}-p${this.#identities}`;
    try {
      await this.#people.join(room.name, identity, room.members.length === 0 ? 'audio' : 'none');
      room.members.push(identity);
      room.joinedAtMs ??= Date.now();
    } catch (error) {
      this.#failed.push({ room: room.name, atMs: Date.now(), why: String(error) });
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const askedAtMs = Date.now();
      const placements = await this.#wish.fleet.placements().catch(() => undefined);
      if (placements !== undefined) this.#look(placements, askedAtMs);
      await this.#pause(lookMs);
    }
  }

  #look(placements: Readonly<Record<string, string>>, askedAtMs: number): void {
    for (const room of this.#lives) {
      const { hosts, joinedAtMs = Infinity, endedAtMs = Infinity } = room;
      const host = placements[room.name];
      if (endedAtMs <= askedAtMs || host === undefined) continue;
      // A client whose join fails on one node tries again by itself, and that may be on another one.
      if (!room.seenInside) hosts.length = 0;
      room.seenInside ||= joinedAtMs <= askedAtMs;
      if (hosts.at(-1) !== host) hosts.push(host);
    }
  }
}
