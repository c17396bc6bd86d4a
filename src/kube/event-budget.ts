import type { Clock } from '../base/clock.ts';
import type { EventObject, ObjectReference } from './kinds.ts';

interface Bucket {
  tokens: number;
  filledMs: number;
}

const burst = 25;
const refillMs = 30_000;
const mostObjects = 2_000;

/** How many new Events of one type one object may cause: 25 at once, then one every 30 s. */
export class EventBudget {
  readonly #clock: Clock;
  /** In order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more is allowed; takes it if so. A lively fleet's daily news must not crowd its warnings out. */
  take(regarding: ObjectReference, type: EventObject['type']): boolean {
    const key = `${type}/${regarding.kind}/${regarding.namespace ?? ''}/${regarding.name}`;
    const nowMs = this.#clock.elapsedMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.filledMs) / refillMs);
    const allowed = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, filledMs: nowMs });
    this.#forgetOldest();
    return allowed;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= mostObjects) return;
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
