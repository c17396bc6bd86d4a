/** Two logs of the same rooms side by side: what can be counted at each second, and the figures of the whole. */
import type { SimEvent } from '../../src/simulate/events.ts';
import { measure, type SimFigures } from '../../src/simulate/measures.ts';

/** One value for each whole second from 0 to the end, as it is after all events of that instant. */
export interface Course {
  /** Nodes that exist, from launch to removal. */
  readonly nodes: readonly number[];
  /** Nodes that take new rooms. */
  readonly serving: readonly number[];
  readonly participants: readonly number[];
}

export interface Likeness {
  /** Mean of the absolute difference. */
  readonly meanDifference: number;
  /** Share of the time at which both are equal, and at which they differ by one at most. */
  readonly equalShare: number;
  readonly withinOneShare: number;
}

export interface Run {
  readonly figures: SimFigures;
  readonly course: Course;
  /** Minutes that nodes existed within the span, all of them together. */
  readonly nodeMinutes: number;
  readonly cordons: number;
}

export function runOf(events: readonly SimEvent[], capacity: number, endS: number): Run {
  const course = courseOf(events, endS);
  return {
    figures: measure(events, capacity),
    course,
    nodeMinutes: course.nodes.slice(0, -1).reduce((sum, count) => sum + count, 0) / 60,
    cordons: events.filter(({ e }) => e === 'cordon').length,
  };
}

export function courseOf(events: readonly SimEvent[], endS: number): Course {
  const course = { nodes: [] as number[], serving: [] as number[], participants: [] as number[] };
  const state = new State();
  let next = 0;
  for (let atS = 0; atS <= endS; atS += 1) {
    for (let event = events[next]; event !== undefined && event.t <= atS; event = events[next]) {
      state.take(event);
      next += 1;
    }
    course.nodes.push(state.nodes.size);
    course.serving.push(state.serving);
    course.participants.push(state.participants);
  }
  return course;
}

class State {
  readonly nodes = new Map<string, { ready: boolean; open: boolean }>();
  readonly #rooms = new Map<string, number>();

  take(event: SimEvent): void {
    switch (event.e) {
      case 'launch':
        this.nodes.set(event.node, { ready: false, open: true });
        return;
      case 'ready':
        return this.#change(event.node, { ready: true });
      case 'cordon':
      case 'uncordon':
        return this.#change(event.node, { open: event.e === 'uncordon' });
      case 'remove':
        this.nodes.delete(event.node);
        return;
      case 'load':
        this.#rooms.set(event.room, event.n);
        return;
      case 'end':
        this.#rooms.delete(event.room);
        return;
      case 'room':
        return;
    }
  }

  get serving(): number {
    return [...this.nodes.values()].filter(({ ready, open }) => ready && open).length;
  }

  get participants(): number {
    return [...this.#rooms.values()].reduce((sum, n) => sum + n, 0);
  }

  #change(id: string, change: { readonly ready?: boolean; readonly open?: boolean }): void {
    const node = this.nodes.get(id);
    if (node !== undefined) Object.assign(node, change);
  }
}

/** Columns of one length. */
export function likeness(one: readonly number[], other: readonly number[]): Likeness {
  const differences = one.map((value, at) => Math.abs(value - (other[at] ?? 0)));
  const share = (most: number) => differences.filter((each) => each <= most).length / differences.length;
  return {
    meanDifference: differences.reduce((sum, each) => sum + each, 0) / differences.length,
    equalShare: share(0),
    withinOneShare: share(1),
  };
}

/** Seconds from launch to ready of the nodes that were launched after the beginning. */
export function launchTimes(events: readonly SimEvent[]): readonly number[] {
  const asked = new Map<string, number>();
  return events.flatMap((event) => {
    if (event.e === 'launch' && event.t > 0) asked.set(event.node, event.t);
    const fromS = event.e === 'ready' ? asked.get(event.node) : undefined;
    return fromS === undefined ? [] : [Math.round((event.t - fromS) * 1000) / 1000];
  });
}

/** The middle one, or the mean of the two in the middle; `undefined` of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The least and the most of all runs at each second. */
export function bandOf(columns: readonly (readonly number[])[]): readonly (readonly [number, number])[] {
  return (columns[0] ?? []).map((_, at) => {
    const values = columns.map((column) => column[at] ?? 0);
    return [Math.min(...values), Math.max(...values)] as const;
  });
}

/** Share of the time at which the values lie within the band. */
export function insideShare(values: readonly number[], band: readonly (readonly [number, number])[]): number {
  const inside = values.filter((value, at) => {
    const [low, high] = band[at] ?? [Infinity, -Infinity];
    return value >= low && value <= high;
  });
  return inside.length / values.length;
}
