import { randomInt } from 'node:crypto';
import { type Clock, systemClock } from '../base/clock.ts';

/** What the parts of this folder need of the world besides the network: injected, so that tests own the time. */
export interface Runtime {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

const randomSteps = 2 ** 32;

export const systemRuntime: Runtime = {
  clock: systemClock,
  random: () => randomInt(randomSteps) / randomSteps,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits `ms`, or less when the signal aborts. Never rejects: the caller looks at its signal. */
export function sleep(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = runtime.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/**
 * Aborts the controller when the signal aborts. The returned function unties them: `AbortSignal.any` on a signal that
 * lives as long as the process would keep something of every call.
 */
export function followAbort(controller: AbortController, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => undefined;
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** Bounds of an exponential back-off, in milliseconds. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Back-off before the next try after `failures` (1 or more) failures in a row: uniform between 0 and the doubled bound. */
export function fullJitterMs(runtime: Runtime, failures: number, bounds: Backoff): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 30);
  return runtime.random() * Math.min(bounds.capMs, bounds.baseMs * 2 ** doublings);
}
