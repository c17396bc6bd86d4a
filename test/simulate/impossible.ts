/** What no log of a simulation may show, found by playing it. */
import type { SimEvent } from '../../src/simulate/events.ts';

type Of<K extends SimEvent['e']> = Extract<SimEvent, { e: K }>;

class Checker {
  readonly found: string[] = [];
  /** Nodes that exist, and whether they take rooms. */
  readonly #open = new Map<string, boolean>();
  readonly #closed = new Set<string>();
  readonly #rooms = new Map<string, { readonly node: string; n: number }>();
  readonly #seen = new Set<string>();
  #lastT = 0;

  take(event: SimEvent): void {
    this.#check(event.t >= this.#lastT, 'time goes back', event);
    this.#check(event.t === Math.round(event.t * 1000) / 1000, 'more than three decimals', event);
    this.#lastT = event.t;
    switch (event.e) {
      case 'launch':
      case 'ready':
      case 'cordon':
      case 'uncordon':
        return this.#node(event);
      case 'remove':
        return this.#remove(event);
      case 'room':
        return this.#begin(event);
      case 'load':
        return this.#load(event);
      case 'end':
        return this.#check(this.#rooms.delete(event.room), 'a room ends that does not live', event);
    }
  }

  end(): void {
    if (this.#rooms.size > 0) this.found.push(`${this.#rooms.size} rooms never end`);
  }

  #check(holds: boolean, claim: string, event: SimEvent): void {
    if (!holds) this.found.push(`${claim}: ${JSON.stringify(event)}`);
  }

  /** A node that was closed while it launched stays closed when it is ready. */
  #node(event: Of<'launch' | 'ready' | 'cordon' | 'uncordon'>): void {
    const { e, node } = event;
    this.#check(
      this.#open.has(node) === (e !== 'launch'),
      'about a node that is not there, or is already',
      event,
    );
    if (e === 'launch') this.#open.set(node, false);
    if (e === 'ready') this.#open.set(node, !this.#closed.has(node));
    if (e === 'cordon') this.#closed.add(node);
    if (e === 'uncordon') this.#closed.delete(node);
    if (e === 'cordon' || e === 'uncordon') this.#open.set(node, e === 'uncordon');
  }

  #remove(event: Of<'remove'>): void {
    this.#check(this.#open.delete(event.node), 'removed while it does not exist', event);
    const carried = [...this.#rooms.values()]
      .filter(({ node }) => node === event.node)
      .reduce((sum, { n }) => sum + n, 0);
    this.#check(carried === event.cut, `removed with ${carried} people`, event);
  }

  #begin(event: Of<'room'>): void {
    this.#check(!this.#seen.has(event.room), 'a room begins twice', event);
    this.#check(this.#open.get(event.node) === true, 'placed on a node that takes no rooms', event);
    this.#seen.add(event.room);
    this.#rooms.set(event.room, { node: event.node, n: 0 });
  }

  #load(event: Of<'load'>): void {
    const room = this.#rooms.get(event.room);
    this.#check(room !== undefined, 'load of a room that does not live', event);
    this.#check(event.n >= 1, 'a room without anybody', event);
    if (room !== undefined) room.n = event.n;
  }
}

/** One sentence for each thing that cannot be; none for a sound log. */
export function impossible(events: readonly SimEvent[]): readonly string[] {
  const checker = new Checker();
  for (const event of events) checker.take(event);
  checker.end();
  return checker.found;
}
