/** When nodes are due to tell of themselves again, so that not all of a large fleet are looked at after each heartbeat. */
import type { Clock } from '../base/clock.ts';

interface Heard {
  readonly atMs: number;
  /** Until then no heartbeat is expected. */
  readonly restMs: number;
}

interface Resting {
  readonly id: string;
  readonly heard: Heard;
}

/**
 * Of the time between two heartbeats. One that was heard late makes the next one come sooner after it by as much: up to a
 * twentieth it is still expected, and beyond that found when all are looked at, and learned anew.
 */
const restShare = 0.95;
/** Servers tell of themselves every 2 s, and never more rarely for long: a longer pause was an outage. */
const longestRestMs = 1900;

/**
 * Learns how often each node tells of itself. What it has not learned yet is due at any time. A question costs what is due,
 * not what is kept: it is asked two hundred times a second.
 */
export class HeartbeatRhythm {
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  /** All that are kept, with when they were heard. */
  readonly #kept = new Map<string, Heard | undefined>();
  readonly #due = new Set<string>();
  /** By the end of their rest. What has been heard again or forgotten since stands there as well. */
  #resting: Resting[] = [];

  constructor(clock: Pick<Clock, 'elapsedMs'>) {
    this.#clock = clock;
  }

  /** Those that may have told of themselves since they were heard. */
  due(): readonly string[] {
    const nowMs = this.#clock.elapsedMs();
    const first = this.#resting.findIndex(({ heard }) => restedAtMs(heard) > nowMs);
    for (const { id, heard } of this.#resting.splice(0, first === -1 ? this.#resting.length : first)) {
      if (this.#kept.get(id) === heard) this.#due.add(id);
    }
    return [...this.#due];
  }

  /** These have told of themselves just now. */
  heard(ids: Iterable<string>): void {
    const nowMs = this.#clock.elapsedMs();
    for (const id of ids) {
      if (!this.#kept.has(id)) continue;
      const heard = { atMs: nowMs, restMs: restMs(this.#kept.get(id), nowMs) };
      this.#kept.set(id, heard);
      if (heard.restMs === 0) this.#due.add(id);
      else {
        this.#due.delete(id);
        this.#rest({ id, heard });
      }
    }
  }

  /** Looks after these and forgets all others. */
  keep(ids: Iterable<string>): void {
    const wanted = new Set(ids);
    for (const id of this.#kept.keys()) {
      if (wanted.has(id)) continue;
      this.#kept.delete(id);
      this.#due.delete(id);
    }
    for (const id of wanted) {
      if (this.#kept.has(id)) continue;
      this.#kept.set(id, undefined);
      this.#due.add(id);
    }
  }

  /** Rests are much alike, so its place is near the end. */
  #rest(resting: Resting): void {
    const untilMs = restedAtMs(resting.heard);
    const before = this.#resting.findLastIndex(({ heard }) => restedAtMs(heard) <= untilMs);
    this.#resting.splice(before + 1, 0, resting);
  }
}

function restedAtMs({ atMs, restMs: forMs }: Heard): number {
  return atMs + forMs;
}

/** One that was not expected yet is learned anew. */
function restMs(before: Heard | undefined, nowMs: number): number {
  if (before === undefined) return 0;
  const tookMs = nowMs - before.atMs;
  return tookMs < before.restMs ? 0 : Math.min(longestRestMs, restShare * tookMs);
}
