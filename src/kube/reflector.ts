import { type Log, silentLog } from '../base/log.ts';
import { complete, listPage, type ListPage } from './client.ts';
import {
  ApiError,
  errorOfEvent,
  ForbiddenError,
  GoneError,
  NotFoundError,
  OlderStateError,
  RewoundError,
  ServerError,
  ThrottledError,
  TimeoutError,
} from './errors.ts';
import type { KubeHttp } from './http.ts';
import type { KubeObject } from './kinds.ts';
import { collectionPath, type ResourceType } from './resource.ts';
import { type Backoff, followAbort, fullJitterMs, type Runtime, sleep } from './runtime.ts';
import { StateAge } from './state-age.ts';
import { type Change, type IndexFunction, Store } from './store.ts';

export interface ReflectorHooks {
  /** A full list was stored: the first one, or one after the history was lost. */
  readonly onList?: (objects: number) => void;
  readonly onWatch?: (fromVersion: string) => void;
  readonly onFailure?: (error: ApiError, retryInMs: number) => void;
  readonly onHandlerError?: (error: unknown) => void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly http: KubeHttp;
  readonly type: ResourceType<T>;
  /** One namespace; all of them unless told. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps only what is needed of an object, to save memory. Must keep `metadata`. */
  readonly project?: (object: T) => T;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** Objects a page of the list; 500 unless told. */
  readonly pageSize?: number;
  /**
   * Silence after which a watch is opened anew; 70 s unless told: bookmarks come every 60 s, but not for a kind of which
   * there has been nothing since the API server began.
   */
  readonly silenceMs?: number;
  /** The longest wait where this may not be watched or does not exist, of which then no warning is given. */
  readonly deniedCapMs?: number;
  readonly runtime?: Runtime;
  readonly log?: Log;
  readonly hooks?: ReflectorHooks;
}

interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** A version that a list has just told may be watched from at once; of one that is older the API server is asked first. */
type Next = 'List' | 'Watch' | 'AskAndWatch';

const defaultPageSize = 500;
const defaultSilenceMs = 70_000;
const watchSecondsLeast = 300;
const watchSecondsSpread = 300;
/** After an interruption: nobody knows what the API server has been through, so a list follows soon. */
const doubtedSeconds = 30;
const reopenJitterMs = 200;
const relistJitterMs = 1_000;
const olderRetryMs = 1_000;
/** A watch that ends sooner without a word counts as a failure, or a misbehaving proxy makes us spin. */
const shortestGoodWatchMs = 1_000;
const newsworthyFailures = 3;
const backoff: Backoff = { baseMs: 500, capMs: 30_000 };

/**
 * A local copy of the objects of one kind that follows the API server: one list, then watches resumed at the last
 * version, whatever breaks; some time after something broke, a list again. The loop ends only by its signal. Objects are
 * shared: never change them.
 */
export class Reflector<T extends KubeObject> {
  /** Settles when the first list is stored; stays pending if the reflector is stopped before. */
  readonly synced: Promise<void>;
  /** Settles when the loop has ended after its signal. */
  readonly done: Promise<void>;
  readonly #options: ReflectorOptions<T>;
  readonly #runtime: Runtime;
  readonly #log: Log;
  readonly #store: Store<T>;
  readonly #stateAge: StateAge;
  readonly #handlers = new Set<(change: Change<T>) => void>();
  readonly #settle: { readonly synced: () => void; readonly done: () => void };
  #version: string | undefined;
  #next: Next = 'List';
  /** A watch broke since the last list. */
  #isDoubted = false;
  #isSynced = false;
  #started = false;
  #failures = 0;
  #lastActivityMs: number;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#runtime = options.runtime ?? options.http.runtime;
    this.#log = (options.log ?? silentLog).child({ resource: options.type.plural });
    this.#store = new Store(options.indexes);
    this.#stateAge = new StateAge(this.#runtime.clock, options.type.plural);
    this.#lastActivityMs = this.#runtime.clock.elapsedMs();
    const synced = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.done = done.promise;
    this.#settle = { synced: () => synced.resolve(), done: () => done.resolve() };
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The last version seen, bookmarks included; the reader's side of a write barrier. */
  get version(): string | undefined {
    return this.#version;
  }

  /** When the server was last heard, on the clock's `elapsedMs`. */
  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  get size(): number {
    return this.#store.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(namespace, name);
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#store.byIndex(index, value);
  }

  /** Calls the handler for every change from now on, after it is stored. The returned function ends that. */
  onChange(handler: (change: Change<T>) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Starts to follow the API server until the signal aborts. A second call does nothing. */
  start(signal: AbortSignal): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run(signal).finally(this.#settle.done);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.#step(signal);
      await sleep(this.#runtime, waitMs, signal);
    }
  }

  /** One list or one watch; says how long to wait before the next. */
  async #step(signal: AbortSignal): Promise<number> {
    try {
      if (this.#next === 'List') {
        await this.#list(signal);
        return 0;
      }
      if (this.#next === 'AskAndWatch') await this.#refuseOlderState(signal);
      this.#next = 'AskAndWatch';
      const startedMs = this.#runtime.clock.elapsedMs();
      await this.#watch(signal);
      if (this.#runtime.clock.elapsedMs() - startedMs < shortestGoodWatchMs) {
        throw new ServerError('the API server ended a watch at once');
      }
      if (this.#isDoubted) this.#next = 'List';
      return this.#runtime.random() * reopenJitterMs;
    } catch (error) {
      return signal.aborted ? 0 : this.#waitAfter(error);
    }
  }

  #waitAfter(error: unknown): number {
    const known =
      error instanceof ApiError ? error : new ServerError('the watch cannot be read', { cause: error });
    this.#failures += 1;
    this.#isDoubted = true;
    const { deniedCapMs: capMs } = this.#options;
    const isRefused = known instanceof ForbiddenError || known instanceof NotFoundError;
    const isExpected = isRefused && capMs !== undefined;
    const bounds = isExpected ? { ...backoff, capMs } : backoff;
    const waitMs = this.#backoffAfter(known, bounds);
    this.#options.hooks?.onFailure?.(known, waitMs);
    const fields = { code: known.code, failures: this.#failures, retryInMs: Math.round(waitMs) };
    // A single interruption is everyday life; a row of them is news.
    if (isExpected || this.#failures < newsworthyFailures) this.#log.debug('watch interrupted', fields);
    else this.#log.warn('watch keeps failing', { ...fields, error: known.message });
    return waitMs;
  }

  #backoffAfter(known: ApiError, bounds: Backoff): number {
    const backoffMs = fullJitterMs(this.#runtime, this.#failures, bounds);
    if (known instanceof OlderStateError) return olderRetryMs * (1 + this.#runtime.random());
    if (known instanceof ThrottledError) return known.retryAfterMs + backoffMs;
    if (!(known instanceof GoneError)) return backoffMs;
    this.#next = 'List';
    // The first time at once but not all replicas in step; the usual back-off if it goes on.
    return this.#failures === 1 ? this.#runtime.random() * relistJitterMs : backoffMs;
  }

  async #page(limit: number, signal: AbortSignal, next?: string): Promise<ListPage<T>> {
    const { http, type, namespace, labelSelector, fieldSelector } = this.#options;
    const scope = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      limit,
      timeoutMs: 30_000,
      signal,
    };
    return await listPage(http, type, scope, next);
  }

  /** One object is asked for, because the version comes with it. @throws OlderStateError, RewoundError */
  async #refuseOlderState(signal: AbortSignal): Promise<void> {
    const { metadata } = await this.#page(1, signal);
    this.#heard();
    try {
      this.#stateAge.check(metadata.resourceVersion, this.#version ?? '');
    } catch (error) {
      if (error instanceof RewoundError) this.#options.http.rewound(error);
      throw error;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects: T[] = [];
    let next: string | undefined;
    do {
      const page = await this.#page(this.#options.pageSize ?? defaultPageSize, signal, next);
      this.#heard();
      for (const item of page.items) objects.push(this.#project(item));
      next = page.metadata.continue || undefined;
      if (next === undefined) this.#takeList(objects, page.metadata.resourceVersion);
    } while (next !== undefined);
  }

  #takeList(objects: readonly T[], version: string): void {
    const changes = this.#store.replaceAll(objects);
    this.#version = version;
    this.#next = 'Watch';
    this.#isDoubted = false;
    this.#isSynced = true;
    this.#options.hooks?.onList?.(objects.length);
    this.#tell(changes);
    this.#settle.synced();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const version = this.#version ?? '';
    const ending = new AbortController();
    const untie = followAbort(ending, signal);
    const silenceMs = this.#options.silenceMs ?? defaultSilenceMs;
    let silent = false;
    let answered = false;
    let disarm = (): void => undefined;
    const arm = (): void => {
      disarm();
      disarm = this.#runtime.after(silenceMs, () => {
        silent = true;
        ending.abort();
      });
    };
    const onChunk = (): void => {
      this.#heard();
      arm();
    };
    arm();
    try {
      const lines = await this.#open(version, ending.signal, onChunk);
      answered = true;
      this.#heard();
      this.#options.hooks?.onWatch?.(version);
      for await (const line of lines) this.#take(JSON.parse(line) as WatchEvent);
    } catch (error) {
      if (!silent) throw error;
      // Perhaps dead, perhaps a kind of which there is nothing to tell: the next one shows which.
      if (!answered) throw new TimeoutError(`the API server did not answer a watch for ${silenceMs} ms`);
      this.#log.debug('watch was silent', { silenceMs });
    } finally {
      disarm();
      untie();
    }
  }

  async #open(version: string, signal: AbortSignal, onChunk: () => void): Promise<AsyncIterable<string>> {
    const { http, type, namespace, labelSelector, fieldSelector } = this.#options;
    return await http.stream({
      path: collectionPath(type, namespace),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: version,
        timeoutSeconds: this.#watchSeconds(),
        labelSelector,
        fieldSelector,
      },
      signal,
      onChunk,
    });
  }

  #watchSeconds(): number {
    const [least, spread] = this.#isDoubted
      ? [doubtedSeconds, doubtedSeconds]
      : [watchSecondsLeast, watchSecondsSpread];
    return least + Math.floor(this.#runtime.random() * spread);
  }

  /** The version advances only after the object is stored, so that nothing is skipped on a resume. */
  #take(event: WatchEvent): void {
    if (event.type === 'ERROR') throw errorOfEvent(event.object);
    this.#failures = 0;
    const raw = event.object as T;
    if (event.type === 'BOOKMARK') {
      this.#version = raw.metadata.resourceVersion;
      return;
    }
    const object = this.#project(complete(this.#options.type, raw));
    const changes = event.type === 'DELETED' ? this.#store.remove(object) : this.#store.put(object);
    this.#version = raw.metadata.resourceVersion;
    this.#tell(changes);
  }

  #tell(changes: readonly Change<T>[]): void {
    for (const change of changes) {
      for (const handler of this.#handlers) this.#callSafely(handler, change);
    }
  }

  #callSafely(handler: (change: Change<T>) => void, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      // A handler's defect must not cost the copy its truth: report it and go on.
      this.#log.error('change handler failed', { error });
      this.#options.hooks?.onHandlerError?.(error);
    }
  }

  #project(object: T): T {
    return this.#options.project === undefined ? object : this.#options.project(object);
  }

  #heard(): void {
    this.#lastActivityMs = this.#runtime.clock.elapsedMs();
  }
}
