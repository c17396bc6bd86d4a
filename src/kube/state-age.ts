import type { Clock } from '../base/clock.ts';
import { OlderStateError, RewoundError } from './errors.ts';
import { compareVersions } from './resource-version.ts';

/** An API server that answers with an older state lags behind another one, or has come back with a backup. */
const olderForMs = 20_000;

/** Whether the API server still has what it told before, by the versions that it tells. */
export class StateAge {
  readonly #clock: Clock;
  readonly #of: string;
  #olderSinceMs: number | undefined;

  /** `of` names what the versions are of, in messages. */
  constructor(clock: Clock, of: string) {
    this.#clock = clock;
    this.#of = of;
  }

  /**
   * Compares the version of its state with the one that is known of before.
   * @throws OlderStateError while an older one may still catch up: until then what is known is the newer truth
   * @throws RewoundError when it has stayed older for 20 s
   */
  check(told: string, known: string): void {
    if (compareVersions(told, known) >= 0) {
      this.#olderSinceMs = undefined;
      return;
    }
    const nowMs = this.#clock.elapsedMs();
    this.#olderSinceMs ??= nowMs;
    const versions = `version ${told} of ${this.#of}, which had been ${known}`;
    const message = `the API server has come back with an older state: ${versions}`;
    if (nowMs - this.#olderSinceMs < olderForMs) throw new OlderStateError(message);
    this.#olderSinceMs = undefined;
    throw new RewoundError(message, { status: 410 });
  }
}
