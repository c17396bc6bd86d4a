/**
 * What was worked out last of each node, for as long as it is asked for: ids of nodes never come again, and what was
 * worked out of nodes that are gone would be held for ever.
 */

/** Much longer than the time between two looks at a node. */
const keepS = 300;

interface Held<T> {
  readonly value: T;
  readonly atS: number;
}

export class Lately<T> {
  readonly #held = new Map<string, Held<T>>();
  #sweptS = 0;

  get(key: string): T | undefined {
    return this.#held.get(key)?.value;
  }

  /** `nowS` is any clock's; one that jumps only makes what is held be worked out again. */
  set(key: string, value: T, nowS: number): void {
    this.#held.set(key, { value, atS: nowS });
    if (Math.abs(nowS - this.#sweptS) < keepS) return;
    this.#sweptS = nowS;
    for (const [other, { atS }] of this.#held) if (Math.abs(nowS - atS) > keepS) this.#held.delete(other);
  }

  get size(): number {
    return this.#held.size;
  }
}
