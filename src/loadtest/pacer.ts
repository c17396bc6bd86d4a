import type { Clock } from '../base/clock.ts';
import type { Cancel, Timers } from '../livekit/timers.ts';

export const tickMs = 10;

/** Gets the time of this tick, the same for all. */
export type Task = (nowMs: number) => void;

/**
 * One tick for all senders of a process. It says how late it comes: a generator that is late sends late, and what it
 * measures is then its own slowness.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #tasks = new Set<Task>();
  readonly #observers = new Set<(lateMs: number) => void>();
  #dueMs = 0;
  #stop: Cancel | undefined;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  start(): void {
    if (this.#stop !== undefined) return;
    this.#dueMs = this.#clock.elapsedMs() + tickMs;
    this.#wait();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Answers how to take it out again. */
  add(task: Task): Cancel {
    this.#tasks.add(task);
    return () => void this.#tasks.delete(task);
  }

  /** Hears of each tick how late it came; answers how to stop that. */
  onLate(observe: (lateMs: number) => void): Cancel {
    this.#observers.add(observe);
    return () => void this.#observers.delete(observe);
  }

  #wait(): void {
    const afterMs = Math.max(0, this.#dueMs - this.#clock.elapsedMs());
    this.#stop = this.#timers.after(afterMs, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#clock.elapsedMs();
    const lateMs = Math.max(0, nowMs - this.#dueMs);
    for (const observe of this.#observers) observe(lateMs);
    for (const task of this.#tasks) task(nowMs);
    // Ticks that were missed are not made up for: senders send all that is due.
    this.#dueMs += tickMs * Math.max(1, Math.ceil((this.#clock.elapsedMs() - this.#dueMs) / tickMs));
    if (this.#stop !== undefined) this.#wait();
  }
}
