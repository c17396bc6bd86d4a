/** The workers of a run: who has dialled, who is ready, who was lost, and what they answer. */
import type { Cancel } from '../livekit/timers.ts';
import { type Hello, WorkerLink, type WorkerLine } from './coordinator-link.ts';
import type { FromWorker, RunSettings, ToWorker } from './protocol.ts';
import type { JoinRecord } from './record.ts';
import type { RunClock } from './run-clock.ts';
import type { WorkerWindow } from './window.ts';

/** What the server that workers dial does with one connection. */
export interface Reception {
  message(message: FromWorker): void;
  closed(why: string): void;
}

export interface PoolEvents {
  onJoin(record: JoinRecord): void;
  onNote(text: string): void;
  /** Something about the workers has changed. */
  onChange(): void;
}

export type Changed = Extract<FromWorker, { readonly kind: 'changed' }>;

/** A worker says how it is once a second. */
const silenceMs = 15_000;
/** Clocks drift, and the workers map the time of the run by what they hear. */
const pingEveryMs = 1000;

export class WorkerPool {
  readonly #clock: RunClock;
  readonly #wanted: number;
  readonly #settings: () => RunSettings;
  readonly #events: PoolEvents;
  readonly #links = new Map<number, WorkerLink>();
  readonly #watchers = new Set<() => void>();
  readonly #changed = new Map<string, Changed>();
  readonly #windows = new Map<string, WorkerWindow>();
  readonly #ended = new Set<number>();
  readonly #cancel: Cancel;
  #lost = 0;

  constructor(clock: RunClock, wanted: number, settings: () => RunSettings, events: PoolEvents) {
    this.#clock = clock;
    this.#wanted = wanted;
    this.#settings = settings;
    this.#events = events;
    this.#cancel = clock.timers.every(pingEveryMs, () => this.#watch());
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** Those that can be given work, by number. */
  get ready(): readonly WorkerLink[] {
    return [...this.#links.values()].filter((link) => link.isReady).sort((a, b) => a.number - b.number);
  }

  /** How many have been lost since the run began. */
  get lost(): number {
    return this.#lost;
  }

  /** A new connection. The worker has no number before it has said hello. */
  receive(line: WorkerLine): Reception {
    let link: WorkerLink | undefined;
    return {
      message: (message) => {
        if (link !== undefined) return this.#hear(link, message);
        if (message.kind === 'hello') link = this.#welcome(message, line);
        else line.close('hello comes first');
      },
      closed: (why) => {
        if (link !== undefined) this.drop(link, why);
      },
    };
  }

  /** Ends what is known of a worker. Its people are gone. */
  drop(link: WorkerLink, why: string): void {
    if (link.isClosed) return;
    link.close(why);
    if (this.#links.get(link.number) === link) this.#links.delete(link.number);
    // Who has said that it ended is not lost.
    if (!this.#ended.has(link.number)) {
      this.#lost += 1;
      this.#events.onNote(`worker ${link.number} was lost: ${why}`);
    }
    this.#tell();
  }

  send(message: ToWorker): void {
    for (const link of this.ready) link.send(message);
  }

  /** Waits until the condition holds; looked at whenever a worker says something. @throws StageDeadlineError, RunStoppedError */
  async until(condition: () => boolean, stage: string, ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.within({ stage, ms, signal }, (done) => {
      const look = (): void => {
        if (condition()) done();
      };
      this.#watchers.add(look);
      look();
      return () => this.#watchers.delete(look);
    });
  }

  changedBy(link: WorkerLink, change: number): Changed | undefined {
    return this.#changed.get(`${link.number}/${change}`);
  }

  windowOf(link: WorkerLink, window: number): WorkerWindow | undefined {
    return this.#windows.get(`${link.number}/${window}`);
  }

  /** Forgets the answers to what has been judged. */
  forget(): void {
    this.#windows.clear();
  }

  /** Asks all to leave and end, and waits for that. Never rejects. */
  async end(ms: number): Promise<void> {
    const links = this.ready;
    this.send({ kind: 'end' });
    const isOver = (): boolean => links.every((link) => link.isClosed || this.#ended.has(link.number));
    const never = new AbortController().signal;
    await this.until(isOver, 'the workers to end', ms, never).catch((error: unknown) => {
      this.#events.onNote(error instanceof Error ? error.message : 'the workers did not end');
    });
    this.#cancel();
    for (const link of this.#links.values()) {
      this.#ended.add(link.number);
      link.close('the run is over');
    }
  }

  #welcome(hello: Hello, line: WorkerLine): WorkerLink | undefined {
    const number = this.#numberFor(hello);
    if (number === undefined) {
      line.close('there are enough workers');
      return undefined;
    }
    const former = this.#links.get(number);
    if (former !== undefined) this.drop(former, 'another worker took its place');
    const link = new WorkerLink(number, hello, line, this.#clock);
    this.#links.set(number, link);
    this.#ended.delete(number);
    link.begin(this.#settings());
    return link;
  }

  /** The index that it was started with, else the lowest number that is free. */
  #numberFor({ index }: Hello): number | undefined {
    if (index !== undefined) return index < this.#wanted ? index : undefined;
    for (let number = 0; number < this.#wanted; number += 1) if (!this.#links.has(number)) return number;
    return undefined;
  }

  #hear(link: WorkerLink, message: FromWorker): void {
    if (link.isClosed) return;
    link.hear(message);
    switch (message.kind) {
      case 'event':
        this.#events.onJoin(message.record);
        return;
      case 'changed':
        this.#changed.set(`${link.number}/${message.change}`, message);
        break;
      case 'window':
        this.#windows.set(`${link.number}/${message.window}`, message.measured);
        break;
      case 'ended':
        this.#ended.add(link.number);
        break;
      case 'hello':
        this.drop(link, 'it said hello twice');
        return;
      case 'clock':
      case 'live':
        break;
    }
    this.#tell();
  }

  #watch(): void {
    for (const link of this.#links.values()) {
      if (link.silentMs() > silenceMs) this.drop(link, `it said nothing for ${silenceMs / 1000} s`);
      else link.ping();
    }
  }

  #tell(): void {
    for (const look of this.#watchers) look();
    this.#events.onChange();
  }
}
