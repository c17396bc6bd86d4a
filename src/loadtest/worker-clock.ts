import type { Clock } from '../base/clock.ts';

/** The coordinator's clock as far as this worker knows it. All stamps and all plans are on it. */
export class SharedClock {
  readonly #clock: Clock;
  /** This worker's time minus the coordinator's. */
  #offsetMs: number | undefined;
  #isMeasured = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes a message in. What the coordinator measured wins; until then the message is taken to have come at once, and
   * the one that took least is believed.
   */
  heard(sentAtMs: number, measuredOffsetMs: number | undefined): void {
    if (measuredOffsetMs !== undefined) {
      this.#offsetMs = measuredOffsetMs;
      this.#isMeasured = true;
      return;
    }
    if (this.#isMeasured) return;
    const apparentMs = this.#clock.elapsedMs() - sentAtMs;
    this.#offsetMs = Math.min(this.#offsetMs ?? apparentMs, apparentMs);
  }

  nowMs(): number {
    return this.fromLocalMs(this.#clock.elapsedMs());
  }

  fromLocalMs(localMs: number): number {
    return localMs - (this.#offsetMs ?? 0);
  }

  toLocalMs(sharedMs: number): number {
    return sharedMs + (this.#offsetMs ?? 0);
  }
}
