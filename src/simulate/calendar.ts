/** What will happen and when, in a stable order: first by time, then by the order in which it was entered. */

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A binary heap: entering and taking cost the logarithm of what lies ahead. */
export class Calendar {
  readonly #heap: Entry[] = [];
  #entered = 0;

  /** When the next thing happens; `Infinity` when nothing lies ahead. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  enter(atMs: number, run: () => void): void {
    const entry: Entry = { atMs, sequence: this.#entered, run };
    this.#entered += 1;
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Takes the next thing out; the caller moves its clock to `nextAtMs` first and then runs it. */
  take(): (() => void) | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) this.#sink(last);
    return first.run;
  }

  #rise(entry: Entry, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !comesBefore(entry, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = entry;
  }

  #sink(entry: Entry): void {
    let at = 0;
    for (;;) {
      const below = this.#firstBelow(at);
      const child = this.#heap[below];
      if (child === undefined || !comesBefore(child, entry)) break;
      this.#heap[at] = child;
      at = below;
    }
    this.#heap[at] = entry;
  }

  #firstBelow(at: number): number {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    return left !== undefined && right !== undefined && comesBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

function comesBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
