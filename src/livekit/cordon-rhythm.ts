/** When closed nodes are due to tell of themselves again, so that not all of them are looked at after each heartbeat. */
import type { Clock } from '../base/clock.ts';

interface Mark {
  readonly atMs: number;
  /** Until then no heartbeat is expected. */
  readonly restMs: number;
}

/**
 * Of the time between two marks. A mark may be late by as much as all are looked at anyway, and then the next heartbeat comes
 * sooner after it by as much: what is left of the time has to be longer than that, or a node that was marked late once would
 * be so for ever.
 */
const restShare = 0.8;
/** Servers tell of themselves every 2 s, and never more rarely for long: a longer pause was an outage. */
const longestRestMs = 1600;
/** How often all have to be looked at, at least, while some are left out. */
export const wholeEveryMs = 300;

/** Learns how often each closed node has to be marked again. What it has not learned yet is due at any time. */
export class CordonRhythm {
  readonly #clock: Clock;
  readonly #marks = new Map<string, Mark>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that may have told of themselves since they were marked. */
  due(ids: Iterable<string>): readonly string[] {
    const nowMs = this.#clock.elapsedMs();
    return [...ids].filter((id) => {
      const mark = this.#marks.get(id);
      return mark === undefined || nowMs - mark.atMs >= mark.restMs;
    });
  }

  /** These were found open and are marked now. */
  marked(ids: Iterable<string>): void {
    const nowMs = this.#clock.elapsedMs();
    for (const id of ids) this.#marks.set(id, { atMs: nowMs, restMs: this.#restOf(id, nowMs) });
  }

  /** Forgets all others. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#marks.keys()) if (!ids.has(id)) this.#marks.delete(id);
  }

  /** One that was not expected yet is learned anew. */
  #restOf(id: string, nowMs: number): number {
    const before = this.#marks.get(id);
    if (before === undefined) return 0;
    const tookMs = nowMs - before.atMs;
    return tookMs < before.restMs ? 0 : Math.min(longestRestMs, restShare * tookMs);
  }
}
