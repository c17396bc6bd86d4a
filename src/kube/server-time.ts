/** What time it is by the API server, whose clock all times in Kubernetes objects are of. */
import type { Clock } from '../base/clock.ts';

/** Whole seconds, the way of an answer, and clocks that are kept well: less than this is no difference. */
const toleranceMs = 5000;

export class ServerTime {
  #told: { readonly wallMs: number; readonly atMs: number } | undefined;

  /** The header `Date` of an answer, as it came at that moment of the monotonic clock. What is no date is passed over. */
  note(header: string | readonly string[] | undefined, elapsedMs: number): void {
    const wallMs = typeof header === 'string' ? Date.parse(header) : Number.NaN;
    if (Number.isFinite(wallMs)) this.#told = { wallMs, atMs: elapsedMs };
  }

  /** Milliseconds since the Unix epoch; `undefined` before the first answer. */
  wallMs(elapsedMs: number): number | undefined {
    return this.#told === undefined ? undefined : this.#told.wallMs + elapsedMs - this.#told.atMs;
  }
}

/**
 * A clock that does not run ahead of the API server's: a time to wait that is written in an object is over when it is over
 * there, and nobody is cut because the clock of one machine is wrong.
 */
export function heldBack(clock: Clock, server: ServerTime): Clock {
  return {
    elapsedMs: () => clock.elapsedMs(),
    wallMs: () => {
      const own = clock.wallMs();
      const told = server.wallMs(clock.elapsedMs());
      return told !== undefined && own > told + toleranceMs ? told : own;
    },
  };
}
