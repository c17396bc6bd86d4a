/**
 * A watch that the operator can do without: where it may not look, or where the kind does not exist, that is said once
 * and nothing is known.
 */
import type { Log } from '../base/log.ts';
import { ForbiddenError, NotFoundError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/kinds.ts';
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts';

/**
 * The right may be granted later, which nobody needs to be noticed at once. But an API server that has just started refuses
 * everybody for some seconds, so the first waits are short.
 */
const longestWaitMs = 60_000;

export interface OptionalWatchOptions<T extends KubeObject> extends ReflectorOptions<T> {
  readonly log: Log;
  /** What is missing without it and what to do, for the log. */
  readonly without: string;
}

export class OptionalWatch<T extends KubeObject> {
  /** Keeps what it saw last when the right to look is taken away. */
  readonly reflector: Reflector<T>;
  /** Settles when the objects are listed, or when it is clear that they may not be. */
  readonly settled: Promise<void>;
  #denied = false;
  #absent = false;
  #told = false;

  constructor(options: OptionalWatchOptions<T>) {
    const refused = Promise.withResolvers<void>();
    const { hooks, log, without, type } = options;
    this.reflector = new Reflector<T>({
      ...options,
      deniedCapMs: longestWaitMs,
      hooks: {
        ...hooks,
        onWatch: (version) => {
          hooks?.onWatch?.(version);
          this.#denied = false;
          this.#absent = false;
        },
        onFailure: (error, retryInMs) => {
          hooks?.onFailure?.(error, retryInMs);
          const isAbsent = error instanceof NotFoundError;
          if (!isAbsent && !(error instanceof ForbiddenError)) return;
          this.#denied = true;
          this.#absent = isAbsent;
          if (!this.#told) log.warn(without, { resource: type.plural });
          this.#told = true;
          refused.resolve();
        },
      },
    });
    this.settled = Promise.race([this.reflector.synced, refused.promise]);
  }

  /** Whether the objects were listed and may still be watched. */
  get isWatching(): boolean {
    return this.reflector.isSynced && !this.#denied;
  }

  /** Whether the API server knows no such kind, so that there can be no such object. */
  get isAbsent(): boolean {
    return this.#absent;
  }

  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void {
    this.reflector.start(signal);
  }
}
