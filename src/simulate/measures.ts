/**
 * The figures of a result, computed from the events alone as they come. Time is counted in whole milliseconds and
 * people are whole, so that every integral is exact and any other program gets the same digits;
 * docs/reference/simulation.md holds the definitions.
 */
import { assert } from '../base/assert.ts';
import type { SimEvent } from './events.ts';
import type { SimResult } from './result.ts';

export type SimFigures = Omit<SimResult, 'policy' | 'seed' | 'trace' | 'wallMs'>;

const hourMs = 3_600_000;
const dayMs = 86_400_000;

interface NodeTally {
  participants: number;
  rooms: number;
  cordonedMs: number | undefined;
  emptiedMs: number;
}

interface RoomTally {
  readonly node: NodeTally;
  participants: number;
}

/** Participants times milliseconds, or nodes times milliseconds. */
interface Sums {
  nodeMs: number;
  boundMs: number;
  loadMs: number;
  overloadMs: number;
  unavoidableMs: number;
}

export class Measures {
  readonly #capacity: number;
  readonly #nodes = new Map<string, NodeTally>();
  readonly #rooms = new Map<string, RoomTally>();
  readonly #sums: Sums = { nodeMs: 0, boundMs: 0, loadMs: 0, overloadMs: 0, unavoidableMs: 0 };
  readonly #drainsMs: number[] = [];
  #nowMs = 0;
  #load = 0;
  #overload = 0;
  #unavoidable = 0;
  #roomCount = 0;
  #roomsCut = 0;
  #participantsCut = 0;
  #launches = 0;
  #peakNodes = 0;
  #direction: 'launch' | 'remove' | undefined;
  #directionChanges = 0;

  /** `capacity`: participants that one node carries. */
  constructor(capacity: number) {
    assert(capacity > 0, 'a node carries somebody');
    this.#capacity = capacity;
  }

  /** Takes the next event. @throws EventOrderError when it tells of something unknown or of the past. */
  take(event: SimEvent): void {
    this.#moveTo(Math.round(event.t * 1000));
    switch (event.e) {
      case 'launch':
        return this.#launch(event.node);
      case 'cordon':
        this.#node(event.node).cordonedMs = this.#nowMs;
        return;
      case 'ready':
      case 'uncordon':
        return;
      case 'remove':
        return this.#remove(event);
      case 'room':
        return this.#begin(event.room, event.node);
      case 'load':
        return this.#setParticipants(this.#room(event.room), event.n);
      case 'end':
        return this.#end(event.room);
    }
  }

  /** What has been measured up to the last event. */
  figures(): SimFigures {
    const { nodeMs, boundMs, loadMs, overloadMs, unavoidableMs } = this.#sums;
    const drains = this.#drainsMs.toSorted((a, b) => a - b);
    return {
      rooms: this.#roomCount,
      nodeHours: rounded(nodeMs / hourMs, 4),
      boundNodeHours: rounded(boundMs / hourMs, 4),
      ratio: rounded(share(nodeMs, boundMs), 4),
      overloadShare: rounded(share(overloadMs, loadMs), 6),
      unavoidableOverloadShare: rounded(share(unavoidableMs, loadMs), 6),
      roomsCut: this.#roomsCut,
      participantsCut: this.#participantsCut,
      launches: this.#launches,
      directionChangesPerDay: rounded(share(this.#directionChanges * dayMs, this.#nowMs), 3),
      peakNodes: this.#peakNodes,
      drainMinutesP50: rounded(nearestRank(drains, 0.5) / 60_000, 3),
      drainMinutesP95: rounded(nearestRank(drains, 0.95) / 60_000, 3),
    };
  }

  #moveTo(atMs: number): void {
    const sinceMs = atMs - this.#nowMs;
    if (sinceMs < 0)
      throw new EventOrderError(`an event at ${atMs / 1000} s follows one at ${this.#nowMs / 1000} s`);
    if (sinceMs === 0) return;
    const sums = this.#sums;
    // A whole number over a whole number: a quotient that is whole comes out whole, so nothing is rounded up.
    const bound = Math.max(1, Math.ceil((this.#load * 10) / (this.#capacity * 7)));
    sums.nodeMs += this.#nodes.size * sinceMs;
    sums.boundMs += bound * sinceMs;
    sums.loadMs += this.#load * sinceMs;
    sums.overloadMs += this.#overload * sinceMs;
    sums.unavoidableMs += this.#unavoidable * sinceMs;
    this.#nowMs = atMs;
  }

  #launch(id: string): void {
    if (this.#nodes.has(id)) throw new EventOrderError(`node ${id} is launched twice`);
    this.#nodes.set(id, { participants: 0, rooms: 0, cordonedMs: undefined, emptiedMs: 0 });
    this.#launches += 1;
    this.#peakNodes = Math.max(this.#peakNodes, this.#nodes.size);
    if (this.#nowMs > 0) this.#turn('launch');
  }

  #remove(event: Extract<SimEvent, { e: 'remove' }>): void {
    const node = this.#node(event.node);
    this.#nodes.delete(event.node);
    if (event.lost === true) return;
    this.#turn('remove');
    this.#roomsCut += node.rooms;
    this.#participantsCut += event.cut;
    if (node.rooms > 0) node.emptiedMs = this.#nowMs;
    if (node.cordonedMs !== undefined) this.#drainsMs.push(Math.max(0, node.emptiedMs - node.cordonedMs));
  }

  #begin(id: string, nodeId: string): void {
    if (this.#rooms.has(id)) throw new EventOrderError(`room ${id} begins twice`);
    const node = this.#node(nodeId);
    node.rooms += 1;
    this.#rooms.set(id, { node, participants: 0 });
    this.#roomCount += 1;
  }

  #end(id: string): void {
    const room = this.#room(id);
    this.#setParticipants(room, 0);
    this.#rooms.delete(id);
    room.node.rooms -= 1;
    if (room.node.rooms === 0) room.node.emptiedMs = this.#nowMs;
  }

  #setParticipants(room: RoomTally, participants: number): void {
    const { node } = room;
    const before = node.participants;
    const after = before + participants - room.participants;
    this.#load += after - before;
    this.#overload += this.#hurt(after) - this.#hurt(before);
    this.#unavoidable += this.#hurt(participants) - this.#hurt(room.participants);
    node.participants = after;
    room.participants = participants;
  }

  /** All of these people, if they are more than nine tenths of a node. */
  #hurt(participants: number): number {
    return participants * 10 > this.#capacity * 9 ? participants : 0;
  }

  #turn(direction: 'launch' | 'remove'): void {
    if (this.#direction !== undefined && this.#direction !== direction) this.#directionChanges += 1;
    this.#direction = direction;
  }

  #node(id: string): NodeTally {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new EventOrderError(`node ${id} does not exist`);
    return node;
  }

  #room(id: string): RoomTally {
    const room = this.#rooms.get(id);
    if (room === undefined) throw new EventOrderError(`room ${id} does not exist`);
    return room;
  }
}

/** A log that tells of things in an order in which they cannot have happened. */
export class EventOrderError extends Error {
  override readonly name = 'EventOrderError';
}

/** The figures of a whole log. @throws EventOrderError as `Measures.take`. */
export function measure(events: Iterable<SimEvent>, capacity: number): SimFigures {
  const measures = new Measures(capacity);
  for (const event of events) measures.take(event);
  return measures.figures();
}

/** The smallest value that at least this share of all values does not exceed; 0 of none. */
function nearestRank(sorted: readonly number[], portion: number): number {
  return sorted[Math.ceil(portion * sorted.length) - 1] ?? 0;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
