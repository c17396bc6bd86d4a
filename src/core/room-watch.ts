/**
 * Follows the rooms that come, grow and end. A room that was lost from sight with its node, or because nobody could
 * look, has not ended: it is only no longer known.
 */
import { ageKnotsS, grownS } from './learned.ts';
import type { RedisReading, RoomPlacement } from './readings.ts';

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
  /** The look at which it was last seen. */
  look: number;
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

type Read = Extract<RedisReading, { kind: 'Read' }>;
interface Instant {
  readonly nowMs: number;
  readonly wallMs: number;
}

export class RoomWatch {
  readonly #news: RoomNews;
  readonly #rooms = new Map<string, WatchedRoom>();
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
    let followed = 0;
    for (const placement of redis.rooms) {
      if (placement.participants === undefined) continue;
      if (this.#follow(placement, at)) followed += 1;
      else fresh.push(placement);
    }
    if (followed < this.#rooms.size) this.#sweep(redis);
    for (const placement of fresh) this.#meet(placement, at, sinceMs);
    return true;
  }

  /** Ages between which the rooms that go on were watched. */
  *running(): Generator<readonly [fromAgeS: number, toAgeS: number]> {
    if (this.#lastMs === undefined) return;
    for (const room of this.#rooms.values()) {
      yield [room.watchedFromAgeS, ageS(room, this.#lastMs)];
    }
  }

  /** @returns whether the room was known. */
  #follow(placement: RoomPlacement, at: Instant): boolean {
    const room = this.#rooms.get(placement.room);
    if (room === undefined || !isSame(room, placement)) return false;
    room.look = this.#look;
    if (!room.booked) this.#grow(room, placement.participants ?? 0, at);
    else if ((placement.participants ?? 0) > room.peak) room.peak = placement.participants ?? 0;
    return true;
  }

  #grow(room: WatchedRoom, participants: number, { nowMs, wallMs }: Instant): void {
    const age = ageS(room, nowMs);
    if (participants > room.present) noteGrowth(room, participants);
    room.present = participants;
    while (room.nextKnot < ageKnotsS.length && (ageKnotsS[room.nextKnot] ?? 0) <= age) {
      room.counts[room.nextKnot] = participants;
      room.mostSince[room.nextKnot] = participants;
      room.nextKnot += 1;
    }
    if (age < grownS) return;
    room.booked = true;
    this.#news.grown(room, wallMs / 1000 - age);
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
      noted: 0,
      bornMinute: Math.floor((wallMs / 1000 - age) / 60),
    };
    this.#rooms.set(name, room);
    this.#news.began(room);
    if (!room.booked) this.#grow(room, participants, { nowMs, wallMs });
  }

  #sweep(redis: Read): void {
    const gone: WatchedRoom[] = [];
    for (const room of this.#rooms.values()) if (room.look !== this.#look) gone.push(room);
    if (gone.length === 0 || this.#lastMs === undefined) return;
    const nodes = new Set(redis.nodes.map(({ nodeId }) => nodeId));
    const allLost = gone.length >= mostAtOnce && gone.length * 2 >= this.#rooms.size;
    for (const room of gone) {
      this.#rooms.delete(room.name);
      const age = ageS(room, this.#lastMs);
      if (allLost || !nodes.has(room.nodeId)) {
        this.#news.lost(room, age);
        continue;
      }
      if (!room.booked) this.#news.grown(room, room.bornMinute * 60 + 30);
      this.#news.ended(room, age);
    }
  }

  #loseAll(): void {
    for (const room of this.#rooms.values()) this.#news.lost(room, ageS(room, this.#lastMs ?? room.bornMs));
    this.#rooms.clear();
  }
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
