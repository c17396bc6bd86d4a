import type { Clock } from '../../src/base/clock.ts';
import { type Runtime, systemRuntime } from '../../src/kube/runtime.ts';

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that moves only when told. `random` is a constant, so that back-offs are known. */
export class FakeRuntime implements Runtime {
  readonly clock: Clock = {
    wallMs: () => Date.UTC(2026, 0, 1) + this.#jumpedMs + this.#nowMs,
    elapsedMs: () => this.#nowMs,
  };
  readonly #randomValue: number;
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #jumpedMs = 0;

  constructor(randomValue = 0.5) {
    this.#randomValue = randomValue;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  random(): number {
    return this.#randomValue;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due, in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#earliest(endMs); next !== undefined; next = this.#earliest(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** The process is frozen: time passes, nothing runs. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }

  /** The wall clock is set, or the machine has slept; the monotonic one and the timers know nothing of it. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  #earliest(endMs: number): Timer | undefined {
    let found: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (found === undefined || timer.dueMs < found.dueMs)) found = timer;
    }
    return found;
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Real time, faster by a factor: for tests with real sockets. */
export function fastRuntime(factor: number, randomValue = 0.5): Runtime {
  return {
    clock: {
      wallMs: () => systemRuntime.clock.wallMs(),
      elapsedMs: () => systemRuntime.clock.elapsedMs() * factor,
    },
    random: () => randomValue,
    after: (ms, run) => systemRuntime.after(ms / factor, run),
  };
}
