import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.ts';
import type { Cancel, Timers } from '../../src/livekit/timers.ts';

interface Due {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/**
 * Time that passes when a test says so, or jumps from timer to timer. Timers run in order, each at its own time, and
 * promises settle in between.
 */
export class ManualTime implements Clock, Timers {
  #nowMs: number;
  readonly #due = new Set<Due>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  wallMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Cancel {
    return this.#add({ atMs: this.#nowMs + ms, everyMs: undefined, run });
  }

  every(ms: number, run: () => void): Cancel {
    return this.#add({ atMs: this.#nowMs + ms, everyMs: ms, run });
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await setImmediate();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#run(next);
      await setImmediate();
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass until the promise is settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const end = (): void => {
      isSettled = true;
    };
    promise.then(end, end);
    for (let steps = 0; steps < 200_000; steps += 1) {
      await setImmediate();
      if (isSettled) return await promise;
      const next = this.#next(Infinity);
      if (next !== undefined) this.#run(next);
    }
    throw new Error('nothing settles');
  }

  /** Time that is gone without a timer having run, as on a machine that was busy with something else. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  get pending(): number {
    return this.#due.size;
  }

  #run(due: Due): void {
    this.#nowMs = Math.max(this.#nowMs, due.atMs);
    if (due.everyMs === undefined) this.#due.delete(due);
    else due.atMs += due.everyMs;
    due.run();
  }

  #next(endMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due)
      if (due.atMs <= endMs && (first === undefined || due.atMs < first.atMs)) first = due;
    return first;
  }

  #add(due: Due): Cancel {
    this.#due.add(due);
    return () => void this.#due.delete(due);
  }
}
