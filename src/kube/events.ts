import { type Log, silentLog } from '../base/log.ts';
import type { KubeClient } from './client.ts';
import { NotFoundError } from './errors.ts';
import { EventBudget } from './event-budget.ts';
import type { EventObject, ObjectReference } from './kinds.ts';
import { microTime } from './micro-time.ts';
import { EVENTS } from './resource.ts';
import type { Runtime } from './runtime.ts';

/** Something worth telling of an object. */
export interface Happening {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, at most 128 characters. */
  readonly reason: string;
  /** What was being done, UpperCamelCase. */
  readonly action: string;
  readonly note: string;
  /** Happenings of one object, reason and key are one series; the note itself unless told. */
  readonly noteKey?: string;
}

export interface RecorderOptions {
  readonly client: KubeClient;
  /** A qualified name, such as `example.org/controller`. */
  readonly controller: string;
  /** Which process it was. */
  readonly instance: string;
  readonly runtime?: Runtime;
  readonly log?: Log;
  /** Repetitions within this time after the last one are counted in one Event; 10 minutes unless told. */
  readonly aggregateMs?: number;
  readonly onDropped?: (why: 'queue full' | 'too many for one object' | 'refused') => void;
}

interface Series {
  readonly happening: Happening;
  readonly firstWallMs: number;
  lastWallMs: number;
  lastSeenMs: number;
  count: number;
  /** What the API server knows; 0: not created yet. */
  sentCount: number;
  name: string | undefined;
  cancelSend: (() => void) | undefined;
}

const defaultAggregateMs = 600_000;
/** A series in full swing is written this often at most. */
const seriesWriteMs = 30_000;
const mostSeries = 1_000;
const mostQueued = 200;
const longestNote = 1024;
const sendTimeoutMs = 5_000;

/** Records Events without ever failing or delaying the caller; repetitions become a count. Memory is bounded. */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #runtime: Runtime;
  readonly #log: Log;
  readonly #budget: EventBudget;
  /** In order of their last use, so that the first is the one to forget. */
  readonly #series = new Map<string, Series>();
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;
  #stopped = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#runtime = options.runtime ?? options.client.http.runtime;
    this.#log = options.log ?? silentLog;
    this.#budget = new EventBudget(this.#runtime.clock);
  }

  /** Takes note and returns at once. */
  record(happening: Happening): void {
    if (this.#stopped) return;
    const key = keyOf(happening);
    const known = this.#recent(key);
    if (known !== undefined) return this.#repeat(key, known);
    if (!this.#budget.take(happening.regarding, happening.type)) return this.#drop('too many for one object');
    const wallMs = this.#runtime.clock.wallMs();
    const series: Series = {
      happening,
      firstWallMs: wallMs,
      lastWallMs: wallMs,
      lastSeenMs: this.#runtime.clock.elapsedMs(),
      count: 1,
      sentCount: 0,
      name: undefined,
      cancelSend: undefined,
    };
    this.#series.set(key, series);
    this.#forgetOldest();
    this.#enqueue(series);
  }

  /** Settles when everything recorded so far, counts included, was sent or given up. */
  async flush(): Promise<void> {
    for (const series of this.#series.values()) {
      if (series.cancelSend === undefined) continue;
      series.cancelSend();
      series.cancelSend = undefined;
      this.#enqueue(series);
    }
    await this.#tail;
  }

  /** Records nothing more and flushes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
  }

  #recent(key: string): Series | undefined {
    const series = this.#series.get(key);
    if (series === undefined) return undefined;
    const idleMs = this.#runtime.clock.elapsedMs() - series.lastSeenMs;
    if (idleMs <= (this.#options.aggregateMs ?? defaultAggregateMs)) return series;
    this.#series.delete(key);
    this.#sendNow(series);
    return undefined;
  }

  #repeat(key: string, series: Series): void {
    series.count += 1;
    series.lastWallMs = this.#runtime.clock.wallMs();
    series.lastSeenMs = this.#runtime.clock.elapsedMs();
    this.#series.delete(key);
    this.#series.set(key, series);
    series.cancelSend ??= this.#runtime.after(seriesWriteMs, () => {
      series.cancelSend = undefined;
      this.#enqueue(series);
    });
  }

  #forgetOldest(): void {
    if (this.#series.size <= mostSeries) return;
    for (const [key, series] of this.#series) {
      this.#series.delete(key);
      this.#sendNow(series);
      return;
    }
  }

  #sendNow(series: Series): void {
    if (series.cancelSend === undefined) return;
    series.cancelSend();
    series.cancelSend = undefined;
    this.#enqueue(series);
  }

  #enqueue(series: Series): void {
    if (this.#queued >= mostQueued) return this.#drop('queue full');
    this.#queued += 1;
    this.#tail = this.#tail.then(async () => {
      this.#queued -= 1;
      await this.#send(series);
    });
  }

  /** Never rejects. */
  async #send(series: Series): Promise<void> {
    if (series.count === series.sentCount) return;
    const count = series.count;
    try {
      if (series.name === undefined) await this.#create(series);
      else await this.#update(series, series.name);
      // Repetitions that came before the create was sent still have to be counted in it.
      series.sentCount = series.sentCount === 0 ? 1 : count;
      if (series.count > series.sentCount && series.cancelSend === undefined) this.#enqueue(series);
    } catch (error) {
      this.#log.debug('event not recorded', { reason: series.happening.reason, error });
      this.#options.onDropped?.('refused');
    }
  }

  async #create(series: Series): Promise<void> {
    const { happening } = series;
    const suffix = Math.floor(this.#runtime.random() * 2 ** 32).toString(36);
    const name = `${happening.regarding.name.slice(0, 200)}.${series.firstWallMs.toString(36)}${suffix}`;
    const namespace = happening.regarding.namespace ?? 'default';
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: microTime(series.firstWallMs),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      type: happening.type,
      reason: happening.reason,
      action: happening.action,
      note: fit(happening.note),
      regarding: happening.regarding,
      ...(happening.related === undefined ? {} : { related: happening.related }),
    } satisfies Omit<EventObject, 'metadata'> & { metadata: { name: string; namespace: string } };
    await this.#options.client.create(EVENTS, event, { timeoutMs: sendTimeoutMs });
    series.name = name;
  }

  async #update(series: Series, name: string): Promise<void> {
    const ref = { name, namespace: series.happening.regarding.namespace ?? 'default' };
    const patch = { series: { count: series.count, lastObservedTime: microTime(series.lastWallMs) } };
    try {
      await this.#options.client.patchMerge(EVENTS, ref, patch, { timeoutMs: sendTimeoutMs });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // Events expire on the server after an hour; a series that outlives its Event goes on in a new one.
      await this.#create(series);
    }
  }

  #drop(why: Parameters<NonNullable<RecorderOptions['onDropped']>>[0]): void {
    this.#options.onDropped?.(why);
  }
}

function keyOf({ regarding, reason, note, noteKey }: Happening): string {
  const { kind, namespace, name, uid } = regarding;
  return JSON.stringify([kind, namespace, name, uid, reason, noteKey ?? note]);
}

/** The limit is in bytes. */
function fit(note: string): string {
  if (Buffer.byteLength(note) <= longestNote) return note;
  let kept = note.slice(0, longestNote - 3);
  while (Buffer.byteLength(kept) > longestNote - 3) kept = kept.slice(0, -1);
  return `${kept}…`;
}
