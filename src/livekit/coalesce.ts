import type { Cancel, Timers } from './timers.ts';

/** Calls at once, then at most once per `gapMs`; what comes within the gap is one call at its end. */
export class Coalescer {
  readonly #timers: Timers;
  readonly #gapMs: number;
  readonly #run: () => void;
  #gap: Cancel | undefined;
  #again = false;

  constructor(timers: Timers, gapMs: number, run: () => void) {
    this.#timers = timers;
    this.#gapMs = gapMs;
    this.#run = run;
  }

  call(): void {
    if (this.#gap !== undefined) {
      this.#again = true;
      return;
    }
    this.#gap = this.#timers.after(this.#gapMs, () => this.#onGapEnd());
    this.#run();
  }

  stop(): void {
    this.#gap?.();
    this.#gap = undefined;
    this.#again = false;
  }

  #onGapEnd(): void {
    this.#gap = undefined;
    if (!this.#again) return;
    this.#again = false;
    this.call();
  }
}
