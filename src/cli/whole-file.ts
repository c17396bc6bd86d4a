import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type WholeTarget, wholeTarget } from '../workload/whole-target.ts';
import { writeTrouble, UsageError } from './cli-error.ts';
import type { Io } from './io.ts';

/** A file that is there whole or not at all. Making one shows whether it can be written, before the work for it is done. */
export class WholeFile {
  readonly #path: string;
  readonly #target: WholeTarget;
  readonly #forget: () => void;

  /** @throws UsageError when nothing can be written there */
  constructor(io: Io, path: string) {
    this.#path = path;
    this.#target = attempt(path, () => wholeTarget(path));
    this.#forget = this.#target.isInPlace ? () => undefined : io.partial(this.#target.partial);
    if (!this.#target.isInPlace) this.#put('');
  }

  /** @throws UsageError when it cannot be written */
  write(text: string): void {
    this.#put(text);
    if (!this.#target.isInPlace)
      attempt(this.#path, () => renameSync(this.#target.partial, this.#target.path));
    this.#forget();
  }

  /** Nothing will be written: leaves no trace. */
  discard(): void {
    if (!this.#target.isInPlace) rmSync(this.#target.partial, { force: true });
    this.#forget();
  }

  #put(text: string): void {
    try {
      attempt(this.#path, () => writeFileSync(this.#target.partial, text));
    } catch (error) {
      this.discard();
      throw error;
    }
  }
}

/** @throws UsageError that names the path and why nothing can be written there */
export function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(`cannot write ${path}, ${writeTrouble(error)}: name another file.`, {
      cause: error,
    });
  }
}
