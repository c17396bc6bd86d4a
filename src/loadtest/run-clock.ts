/** The time of one run: milliseconds since it began, on a clock that never goes back, and waiting that can be ended. */
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Timers } from '../livekit/timers.ts';

/** A part of the run took longer than it may. The name says which. */
export class StageDeadlineError extends Error {
  override readonly name = 'StageDeadlineError';
  readonly stage: string;

  constructor(stage: string, afterMs: number) {
    super(`${stage} took longer than ${Math.round(afterMs / 1000)} s`);
    this.stage = stage;
  }
}

/** Somebody ended the run. */
export class RunStoppedError extends Error {
  override readonly name = 'RunStoppedError';

  constructor() {
    super('the run was stopped');
  }
}

export class RunClock {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #originMs: number;

  /** `agedMs`: how long the run has lasted already, for one that is taken up again. */
  constructor(clock: Clock, timers: Timers, agedMs = 0) {
    this.#clock = clock;
    this.#timers = timers;
    this.#originMs = clock.elapsedMs() - agedMs;
  }

  get timers(): Timers {
    return this.#timers;
  }

  /** Milliseconds since the run began. */
  nowMs(): number {
    return this.#clock.elapsedMs() - this.#originMs;
  }

  /** What a wall clock shows, as RFC 3339. */
  wallTime(): string {
    return isoFromMs(this.#clock.wallMs());
  }

  /** The wall time of a moment of the run. */
  wallTimeAt(atMs: number): string {
    return isoFromMs(this.#clock.wallMs() + atMs - this.nowMs());
  }

  /** Resolves at that time of the run, at once if it has passed. @throws RunStoppedError */
  async until(atMs: number, signal: AbortSignal): Promise<void> {
    await this.within({ stage: 'a pause', ms: Number.POSITIVE_INFINITY, signal }, (done) =>
      this.#timers.after(Math.max(0, atMs - this.nowMs()), done),
    );
  }

  /** @throws RunStoppedError */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.until(this.nowMs() + ms, signal);
  }

  /**
   * Waits until `start` calls what it is given; what `start` answers is called when the waiting ends, however it does.
   * @throws StageDeadlineError, RunStoppedError
   */
  async within(wait: Wait, start: (done: () => void) => () => void): Promise<void> {
    if (wait.signal.aborted) throw new RunStoppedError();
    await new Promise<void>((resolve, reject) => {
      const ends: (() => void)[] = [];
      const finish = (settle: () => void): void => {
        for (const end of ends.splice(0)) end();
        settle();
      };
      const stopped = (): void => finish(() => reject(new RunStoppedError()));
      wait.signal.addEventListener('abort', stopped, { once: true });
      ends.push(() => wait.signal.removeEventListener('abort', stopped));
      if (Number.isFinite(wait.ms)) {
        const late = (): void => finish(() => reject(new StageDeadlineError(wait.stage, wait.ms)));
        ends.push(this.#timers.after(wait.ms, late));
      }
      let isDone = false;
      const cancel = start(() => {
        isDone = true;
        finish(resolve);
      });
      if (isDone) cancel();
      else ends.push(cancel);
    });
  }
}

export interface Wait {
  /** For the error: what is waited for, such as `the workers to start`. */
  readonly stage: string;
  readonly ms: number;
  readonly signal: AbortSignal;
}
