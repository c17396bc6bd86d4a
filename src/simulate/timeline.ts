/** A run as a picture: load, capacity by state and overload over time, thinned out while the events pass by. */
import type { SimEvent } from './events.ts';

/** Columns of equal length, one value for each step, so that a worker can hand it over as plain JSON. */
export interface Timeline {
  /** Length of a step. The first begins at 0. */
  readonly stepS: number;
  /** Participants, on average over the step. */
  readonly load: readonly number[];
  /** Nodes that take new rooms, on average. */
  readonly serving: readonly number[];
  /** Nodes that are up and take none: standby, cordoned, draining. */
  readonly closed: readonly number[];
  readonly launching: readonly number[];
  /** Share of the step's participant-time on nodes above 90 % of capacity. */
  readonly overloadShare: readonly number[];
  /** For each node that the policy removed, from its last cordon to the end of its last room, in the order of removal. */
  readonly drainMinutes: readonly number[];
}

const MAX_STEPS = 1500;

interface Node {
  isGone: boolean;
  isReady: boolean;
  isOpen: boolean;
  load: number;
  rooms: number;
  cordonedAtS: number | undefined;
  emptySinceS: number;
}

interface Room {
  node: Node;
  n: number;
}

/** What is integrated over time. */
interface Levels {
  load: number;
  serving: number;
  closed: number;
  launching: number;
  overloaded: number;
}

type Column = keyof Levels;
const columns: readonly Column[] = ['load', 'serving', 'closed', 'launching', 'overloaded'];

/** Give it every event of one run, in order, and ask for the timeline at the end. Memory does not grow with time. */
export class TimelineCollector {
  readonly #capacity: number;
  readonly #nodes = new Map<string, Node>();
  readonly #rooms = new Map<string, Room>();
  readonly #now: Levels = { load: 0, serving: 0, closed: 0, launching: 0, overloaded: 0 };
  readonly #sums: Record<Column, number[]> = {
    load: [],
    serving: [],
    closed: [],
    launching: [],
    overloaded: [],
  };
  readonly #drainMinutes: number[] = [];
  #stepS = 1;
  #atS = 0;

  /** `capacity`: participants that one node carries. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(event: SimEvent): void {
    this.#advance(event.t);
    switch (event.e) {
      case 'launch':
        this.#launch(event.node);
        return;
      case 'ready':
      case 'cordon':
      case 'uncordon':
        this.#change(event.node, event.e, event.t);
        return;
      case 'remove':
        this.#remove(event.node, event.t, event.lost === true);
        return;
      case 'room':
        this.#place(event.room, event.node, event.t);
        return;
      case 'load':
        this.#setLoad(event.room, event.n);
        return;
      case 'end':
        this.#end(event.room, event.t);
        return;
      default:
        return;
    }
  }

  timeline(): Timeline {
    const count = Math.ceil(this.#atS / this.#stepS);
    const averages = (column: Column) =>
      Array.from({ length: count }, (_, at) => rounded((this.#sums[column][at] ?? 0) / this.#secondsOf(at)));
    const load = averages('load');
    const overloaded = averages('overloaded');
    return {
      stepS: this.#stepS,
      load,
      serving: averages('serving'),
      closed: averages('closed'),
      launching: averages('launching'),
      overloadShare: overloaded.map((part, at) => rounded(part === 0 ? 0 : part / (load[at] ?? part))),
      drainMinutes: this.#drainMinutes.map(rounded),
    };
  }

  /** The last step may be shorter than the others. */
  #secondsOf(step: number): number {
    return Math.min(this.#stepS, this.#atS - step * this.#stepS);
  }

  #advance(untilS: number): void {
    while (this.#atS < untilS) {
      const step = Math.floor(this.#atS / this.#stepS);
      if (step >= MAX_STEPS) {
        this.#halve();
        continue;
      }
      const endS = Math.min(untilS, (step + 1) * this.#stepS);
      for (const column of columns) {
        const sums = this.#sums[column];
        sums[step] = (sums[step] ?? 0) + this.#now[column] * (endS - this.#atS);
      }
      this.#atS = endS;
    }
  }

  #halve(): void {
    this.#stepS *= 2;
    for (const column of columns) {
      const old = this.#sums[column];
      this.#sums[column] = Array.from(
        { length: Math.ceil(old.length / 2) },
        (_, at) => (old[2 * at] ?? 0) + (old[2 * at + 1] ?? 0),
      );
    }
  }

  #launch(id: string): void {
    const node: Node = {
      isGone: false,
      isReady: false,
      isOpen: true,
      load: 0,
      rooms: 0,
      cordonedAtS: undefined,
      emptySinceS: 0,
    };
    this.#nodes.set(id, node);
    this.#count(node, 1);
  }

  #change(id: string, what: 'ready' | 'cordon' | 'uncordon', atS: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    this.#count(node, -1);
    if (what === 'ready') node.isReady = true;
    if (what === 'cordon') node.cordonedAtS = atS;
    if (what !== 'ready') node.isOpen = what === 'uncordon';
    this.#count(node, 1);
  }

  #remove(id: string, atS: number, isLost: boolean): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    if (node.cordonedAtS !== undefined && !isLost) {
      const emptyAtS = node.rooms > 0 ? atS : node.emptySinceS;
      this.#drainMinutes.push(Math.max(0, emptyAtS - node.cordonedAtS) / 60);
    }
    this.#addLoad(node, -node.load);
    this.#count(node, -1);
    node.isGone = true;
    this.#nodes.delete(id);
  }

  #place(id: string, nodeId: string, atS: number): void {
    this.#end(id, atS);
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    node.rooms += 1;
    this.#rooms.set(id, { node, n: 0 });
  }

  #setLoad(id: string, n: number): void {
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    if (!room.node.isGone) this.#addLoad(room.node, n - room.n);
    room.n = n;
  }

  #end(id: string, atS: number): void {
    this.#setLoad(id, 0);
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    this.#rooms.delete(id);
    room.node.rooms -= 1;
    if (room.node.rooms === 0) room.node.emptySinceS = atS;
  }

  #addLoad(node: Node, change: number): void {
    if (change === 0) return;
    const before = this.#overloadOf(node);
    node.load += change;
    this.#now.load += change;
    this.#now.overloaded += this.#overloadOf(node) - before;
  }

  #overloadOf(node: Node): number {
    return node.load * 10 > this.#capacity * 9 ? node.load : 0;
  }

  #count(node: Node, by: 1 | -1): void {
    if (!node.isReady) this.#now.launching += by;
    else if (node.isOpen) this.#now.serving += by;
    else this.#now.closed += by;
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
