/**
 * Follows the rooms that come, grow and end. A room that was lost from sight with its node, or because nobody could
 * look, has not ended: it is only no longer known.
 */
import { entriesById } from './entries-by-id.ts';
import { ageKnotsS, grownS } from './learned.ts';
import type { RedisReading, RoomPlacement } from './readings.ts';
import { roomsByNode } from './rooms-by-node.ts';

/** Looks further apart than this are not one watch. */
const gapMs = 15_000;
/** Looks closer together than this tell nothing new. */
const leastStepMs = 900;
/** When this many and half of all rooms are gone at one look, Redis has lost them. */
const mostAtOnce = 20;

/** One room under watch. Ages are in seconds of its life. */
export interface WatchedRoom {
  readonly name: string;
  readonly nodeId: string;
  readonly createdAtSeconds: number | undefined;
  /** The monotonic instant of its beginning. */
  readonly bornMs: number;
  readonly watchedFromAgeS: number;
  /** Participants at each age knot, -1 where nobody looked. */
  readonly counts: number[];
  /** The most participants seen since each knot. */
  readonly mostSince: number[];
  present: number;
  nextKnot: number;
  peak: number;
  booked: boolean;
  /** Whether anybody has ever been in it. */
  begun: boolean;
  /** The look at which it was last seen. */
  look: number;
  /** Rooms in the order in which they were met. */
  readonly serial: number;
  /** What was noted of it as arrivals, and in which minute. */
  noted: number;
  readonly bornMinute: number;
}

/** What became known at a look. */
export interface RoomNews {
  began(room: WatchedRoom): void;
  /** Its size at ten minutes, or at its end, whichever is first. */
  grown(room: WatchedRoom, bornWallS: number): void;
  ended(room: WatchedRoom, ageS: number): void;
  lost(room: WatchedRoom, ageS: number): void;
  /** A room that began between two looks shows how far the servers' clocks are behind ours. */
  skew(seconds: number): void;
}

/** The rooms of one node at the last look. */
interface Settled {
  readonly list: readonly RoomPlacement[];
  /** Those under watch. */
  readonly rooms: WatchedRoom[];
  /** Those of them that may still grow. */
  young: WatchedRoom[];
  /** The look at which the node was last seen. */
  look: number;
}

/** The rooms that a node had at the last look, and the one that is likely to be met next. */
interface Past {
  readonly rooms: readonly WatchedRoom[];
  next: number;
}

type Read = Extract<RedisReading, { kind: 'Read' }>;
interface Instant {
  readonly nowMs: number;
  readonly wallMs: number;
}

export class RoomWatch {
  readonly #news: RoomNews;
  readonly #rooms = new Map<string, WatchedRoom>();
  readonly #settled = new Map<string, Settled>();
  #met = 0;
  #look = 0;
  #lastMs: number | undefined;

  constructor(news: RoomNews) {
    this.#news = news;
  }

  /** @returns whether this look was one: too soon after the last there is nothing to see. */
  see(redis: Read, at: Instant): boolean {
    const sinceMs = this.#lastMs === undefined ? Infinity : redis.atMs - this.#lastMs;
    if (sinceMs < leastStepMs) return false;
    if (sinceMs > gapMs) this.#loseAll();
    this.#lastMs = redis.atMs;
    this.#look += 1;
    const fresh: RoomPlacement[] = [];
    const changed: Settled[] = [];
    for (const [nodeId, list] of roomsByNode(redis.rooms)) {
      const before = this.#settled.get(nodeId);
      // Where a room could not be followed, none is taken to be as it was.
      if (before?.list === list && before.rooms.length === list.length) {
        this.#goOn(before, at);
        continue;
      }
      if (before !== undefined) changed.push(before);
      this.#settled.set(nodeId, this.#followAll({ list, past: pastOf(before) }, at, fresh));
    }
    this.#sweep(redis, changed);
    for (const placement of fresh) this.#meet(placement, at, sinceMs);
    return true;
  }

  /** Ages between which the rooms that go on were watched. */
  *running(): Generator<readonly [fromAgeS: number, toAgeS: number]> {
    if (this.#lastMs === undefined) return;
    for (const room of this.#rooms.values()) {
      if (room.begun) yield [room.watchedFromAgeS, ageS(room, this.#lastMs)];
    }
  }

  /** No record of this node has changed: only time has passed. */
  #goOn(before: Settled, at: Instant): void {
    before.look = this.#look;
    let booked = false;
    for (const room of before.young) {
      this.#grow(room, room.present, at);
      booked ||= room.booked;
    }
    if (booked) before.young = before.young.filter((room) => !room.booked);
  }

  /** Rooms that were not known are added to `fresh`. */
  #followAll(
    { list, past }: { readonly list: readonly RoomPlacement[]; readonly past: Past },
    at: Instant,
    fresh: RoomPlacement[],
  ): Settled {
    const rooms: WatchedRoom[] = [];
    for (const placement of list) {
      const { participants } = placement;
      if (participants === undefined) continue;
      const room = this.#find(placement.room, past);
      if (room === undefined || !isSame(room, placement)) {
        fresh.push(placement);
        continue;
      }
      room.look = this.#look;
      rooms.push(room);
      if (!room.booked) this.#grow(room, participants, at);
      else if (participants > room.peak) this.#raise(room, participants);
    }
    return { list, rooms, young: rooms.filter((room) => !room.booked), look: this.#look };
  }

  /** Rooms stand in the order in which they stood at the last look, but for those that have ended in between. */
  #find(name: string, past: Past): WatchedRoom | undefined {
    const beside = past.rooms[past.next];
    if (beside?.name === name) {
      past.next += 1;
      return beside;
    }
    const room = this.#rooms.get(name);
    const at = room === undefined ? -1 : past.rooms.indexOf(room, past.next);
    if (at >= 0) past.next = at + 1;
    return room;
  }

  /** Applications make rooms that nobody ever enters: a room counts from its first participant on. */
  #begin(room: WatchedRoom): void {
    room.begun = true;
    this.#news.began(room);
  }

  #grow(room: WatchedRoom, participants: number, { nowMs, wallMs }: Instant): void {
    const age = ageS(room, nowMs);
    if (participants > room.present) noteGrowth(room, participants);
    if (!room.begun && participants > 0) this.#begin(room);
    room.present = participants;
    while (room.nextKnot < ageKnotsS.length && (ageKnotsS[room.nextKnot] ?? 0) <= age) {
      room.counts[room.nextKnot] = participants;
      room.mostSince[room.nextKnot] = participants;
      room.nextKnot += 1;
    }
    if (age < grownS) return;
    room.booked = true;
    if (room.begun) this.#news.grown(room, wallMs / 1000 - age);
  }

  #raise(room: WatchedRoom, participants: number): void {
    room.peak = participants;
    if (!room.begun) this.#begin(room);
  }

  #meet(placement: RoomPlacement, { nowMs, wallMs }: Instant, sinceMs: number): void {
    const { room: name, nodeId, createdAtSeconds, participants = 0 } = placement;
    const told = createdAtSeconds === undefined ? Infinity : Math.max(0, wallMs / 1000 - createdAtSeconds);
    const continuous = sinceMs <= gapMs;
    // The server's clock may differ from ours; a room that was not there at the last look is no older than that.
    const age = continuous ? Math.min(told, sinceMs / 1000) : told;
    if (continuous && createdAtSeconds !== undefined) {
      this.#news.skew(wallMs / 1000 - createdAtSeconds - sinceMs / 2000 - 0.5);
    }
    if (!Number.isFinite(age)) return;
    const room: WatchedRoom = {
      name,
      nodeId,
      createdAtSeconds,
      bornMs: nowMs - age * 1000,
      watchedFromAgeS: age,
      counts: ageKnotsS.map(() => -1),
      mostSince: ageKnotsS.map(() => -1),
      present: participants,
      nextKnot: age <= 6 ? 0 : ageKnotsS.findLastIndex((knot) => knot <= age) + 1,
      peak: participants,
      booked: age >= grownS,
      look: this.#look,
      serial: this.#met,
      noted: 0,
      begun: false,
      bornMinute: Math.floor((wallMs / 1000 - age) / 60),
    };
    this.#met += 1;
    this.#rooms.set(name, room);
    if (participants > 0) this.#begin(room);
    if (!room.booked) this.#grow(room, participants, { nowMs, wallMs });
    this.#settle(room);
  }

  #settle(room: WatchedRoom): void {
    const settled = this.#settled.get(room.nodeId);
    settled?.rooms.push(room);
    if (!room.booked) settled?.young.push(room);
  }

  #sweep(redis: Read, changed: readonly Settled[]): void {
    const gone = this.#unseen(changed);
    if (gone.length === 0 || this.#lastMs === undefined) return;
    const nodes = entriesById(redis.nodes);
    const allLost = gone.length >= mostAtOnce && gone.length * 2 >= this.#rooms.size;
    for (const room of gone) {
      this.#rooms.delete(room.name);
      if (!room.begun) continue;
      const age = ageS(room, this.#lastMs);
      if (allLost || !nodes.has(room.nodeId)) {
        this.#news.lost(room, age);
        continue;
      }
      if (!room.booked) this.#news.grown(room, room.bornMinute * 60 + 30);
      this.#news.ended(room, age);
    }
  }

  /** Rooms of the last look that are not there any more, as they were met. `changed` are nodes as they were then. */
  #unseen(changed: readonly Settled[]): readonly WatchedRoom[] {
    const gone: WatchedRoom[] = [];
    const take = ({ rooms }: Settled) => {
      for (const room of rooms)
        if (room.look !== this.#look && this.#rooms.get(room.name) === room) gone.push(room);
    };
    for (const before of changed) take(before);
    for (const [nodeId, settled] of this.#settled) {
      if (settled.look === this.#look) continue;
      this.#settled.delete(nodeId);
      take(settled);
    }
    return gone.length < 2 ? gone : gone.toSorted((a, b) => a.serial - b.serial);
  }

  #loseAll(): void {
    for (const room of this.#rooms.values()) {
      if (room.begun) this.#news.lost(room, ageS(room, this.#lastMs ?? room.bornMs));
    }
    this.#rooms.clear();
    this.#settled.clear();
  }
}

function pastOf(before: Settled | undefined): Past {
  return { rooms: before?.rooms ?? [], next: 0 };
}

function noteGrowth(room: WatchedRoom, participants: number): void {
  if (participants > room.peak) room.peak = participants;
  for (let knot = 0; knot < room.nextKnot; knot += 1) {
    if ((room.mostSince[knot] ?? 0) < participants) room.mostSince[knot] = participants;
  }
}

function ageS(room: WatchedRoom, nowMs: number): number {
  return Math.max(0, (nowMs - room.bornMs) / 1000);
}

function isSame(room: WatchedRoom, placement: RoomPlacement): boolean {
  if (room.nodeId !== placement.nodeId) return false;
  if (room.createdAtSeconds === undefined || placement.createdAtSeconds === undefined) return true;
  return room.createdAtSeconds === placement.createdAtSeconds;
}
