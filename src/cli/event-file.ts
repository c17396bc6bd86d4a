/** The event log of a simulation on the disk: there whole, or not at all. */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { EventLog } from '../simulate/event-log.ts';
import type { SimEvent } from '../simulate/events.ts';
import { writeTrouble, UsageError } from './cli-error.ts';
import type { Io } from './io.ts';

export class EventFile {
  readonly #path: string;
  /** Where it is written until it is whole; the path itself for a pipe or a device. */
  readonly #partial: string;
  readonly #file: number;
  readonly #log: EventLog;
  readonly #forget: () => void;

  /** @throws UsageError when nothing can be written there */
  constructor(io: Io, path: string) {
    this.#path = path;
    this.#partial = isSpecial(path) ? path : `${path}.part`;
    this.#file = attempt(path, () => openSync(this.#partial, 'w'));
    this.#forget = this.#isSpecial ? () => undefined : io.partial(this.#partial);
    this.#log = new EventLog((text) => this.#write(text));
  }

  get #isSpecial(): boolean {
    return this.#partial === this.#path;
  }

  /** @throws UsageError when the disk is full */
  take(event: SimEvent): void {
    this.#log.take(event);
  }

  /** The log is whole: gives it its name. @throws UsageError */
  finish(): void {
    this.#log.end();
    attempt(this.#path, () => {
      closeSync(this.#file);
      if (!this.#isSpecial) renameSync(this.#partial, this.#path);
    });
    this.#forget();
  }

  /** The log will never be whole: takes it away. */
  discard(): void {
    closeSync(this.#file);
    if (!this.#isSpecial) rmSync(this.#partial, { force: true });
    this.#forget();
  }

  #write(text: string): void {
    attempt(this.#path, () => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }
}

function isSpecial(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(`cannot write ${path}, ${writeTrouble(error)}: name another file.`, {
      cause: error,
    });
  }
}
