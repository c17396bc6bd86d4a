import { ConflictError } from './errors.ts';
import { type Runtime, sleep, systemRuntime } from './runtime.ts';

export interface ConflictRetry {
  /** Tries in all; 5 unless told. */
  readonly attempts?: number;
  readonly runtime?: Runtime;
}

/** Runs a read-change-write again while it ends in a ConflictError. The last error is thrown. */
export async function retryOnConflict<T>(run: () => Promise<T>, options: ConflictRetry = {}): Promise<T> {
  const runtime = options.runtime ?? systemRuntime;
  for (let left = (options.attempts ?? 5) - 1; ; left -= 1) {
    try {
      return await run();
    } catch (error) {
      if (left <= 0 || !(error instanceof ConflictError)) throw error;
      await sleep(runtime, 20 + 80 * runtime.random());
    }
  }
}
