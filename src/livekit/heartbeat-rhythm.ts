/** When nodes are due to tell of themselves again, so that not all of a large fleet are looked at after each heartbeat. */
import type { Clock } from '../base/clock.ts';

interface Heard {
  readonly atMs: number;
  /** Until then no heartbeat is expected. */
  readonly restMs: number;
}

/**
 * Of the time between two heartbeats. One that was heard late makes the next one come sooner after it by as much: up to a tenth
 * it is still expected, and beyond that found when all are looked at, and learned anew.
 */
const restShare = 0.9;
/** Servers tell of themselves every 2 s, and never more rarely for long: a longer pause was an outage. */
const longestRestMs = 1800;

/** Learns how often each node tells of itself. What it has not learned yet is due at any time. */
export class HeartbeatRhythm {
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #heard = new Map<string, Heard>();

  constructor(clock: Pick<Clock, 'elapsedMs'>) {
    this.#clock = clock;
  }

  /** Those that may have told of themselves since they were heard. */
  due(ids: Iterable<string>): readonly string[] {
    const nowMs = this.#clock.elapsedMs();
    const due: string[] = [];
    for (const id of ids) {
      const heard = this.#heard.get(id);
      if (heard === undefined || nowMs - heard.atMs >= heard.restMs) due.push(id);
    }
    return due;
  }

  /** These have told of themselves just now. */
  heard(ids: Iterable<string>): void {
    const nowMs = this.#clock.elapsedMs();
    for (const id of ids) this.#heard.set(id, { atMs: nowMs, restMs: this.#restOf(id, nowMs) });
  }

  /** Forgets all others. */
  keep(ids: { has(id: string): boolean }): void {
    for (const id of this.#heard.keys()) if (!ids.has(id)) this.#heard.delete(id);
  }

  /** One that was not expected yet is learned anew. */
  #restOf(id: string, nowMs: number): number {
    const before = this.#heard.get(id);
    if (before === undefined) return 0;
    const tookMs = nowMs - before.atMs;
    return tookMs < before.restMs ? 0 : Math.min(longestRestMs, restShare * tookMs);
  }
}
