/** The event log of a simulation on the disk: there whole, or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { EventLog } from '../simulate/event-log.ts';
import type { SimEvent } from '../simulate/events.ts';
import { type WholeTarget, wholeTarget } from '../workload/whole-target.ts';
import type { Io } from './io.ts';
import { attempt } from './whole-file.ts';

export class EventFile {
  readonly #path: string;
  readonly #target: WholeTarget;
  readonly #file: number;
  readonly #log: EventLog;
  readonly #forget: () => void;

  /** @throws UsageError when nothing can be written there */
  constructor(io: Io, path: string) {
    this.#path = path;
    this.#target = attempt(path, () => wholeTarget(path));
    this.#file = attempt(path, () => openSync(this.#target.partial, 'w'));
    this.#forget = this.#target.isInPlace ? () => undefined : io.partial(this.#target.partial);
    this.#log = new EventLog((text) => this.#write(text));
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
      if (!this.#target.isInPlace) renameSync(this.#target.partial, this.#target.path);
    });
    this.#forget();
  }

  /** The log will never be whole: takes it away. */
  discard(): void {
    closeSync(this.#file);
    if (!this.#target.isInPlace) rmSync(this.#target.partial, { force: true });
    this.#forget();
  }

  #write(text: string): void {
    attempt(this.#path, () => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }
}
