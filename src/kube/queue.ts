import { type Backoff, fullJitterMs, type Runtime, systemRuntime } from './runtime.ts';

/** `live`: something changed. `background`: nothing did, but look again (resync, start-up). */
export type Lane = 'live' | 'background';

export interface QueueHooks {
  readonly onDepth?: (lane: Lane, depth: number) => void;
  /** A key is being handled, `waitedMs` after it was added. */
  readonly onStart?: (key: string, waitedMs: number) => void;
  readonly onEnd?: (key: string, ranMs: number, ok: boolean) => void;
}

export interface QueueOptions {
  /** Handles one key. A rejection means: again after a back-off. */
  readonly handle: (key: string, signal: AbortSignal) => Promise<void>;
  /** Keys handled at the same time; 1 unless told. Never the same key twice. */
  readonly concurrency?: number;
  /** Of failing keys; 0.5 s to 60 s, full jitter, unless told. */
  readonly retry?: Backoff;
  readonly runtime?: Runtime;
  readonly onError?: (key: string, error: unknown, retryInMs: number) => void;
  readonly hooks?: QueueHooks;
}

interface Waiting {
  readonly lane: Lane;
  readonly sinceMs: number;
}

interface Delayed {
  readonly dueMs: number;
  readonly cancel: () => void;
}

const defaultRetry: Backoff = { baseMs: 500, capMs: 60_000 };
/** Every so many starts the background lane goes first, or a storm of changes would starve it. */
const backgroundTurn = 10;

/**
 * A work queue by key: a key waits once however often it is added, is never handled twice at a time, and is handled
 * again when it was added while being handled.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #runtime: Runtime;
  readonly #lanes: Readonly<Record<Lane, Map<string, Waiting>>> = { live: new Map(), background: new Map() };
  readonly #active = new Set<string>();
  readonly #dirty = new Map<string, Waiting>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #abort = new AbortController();
  #idleWaiters: (() => void)[] = [];
  #state: 'new' | 'running' | 'stopped' = 'new';
  #starts = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#runtime = options.runtime ?? systemRuntime;
  }

  /** Keys that wait for their turn, delayed ones not counted. */
  get depth(): number {
    return this.#lanes.live.size + this.#lanes.background.size + this.#dirty.size;
  }

  /** Keys being handled. */
  get active(): number {
    return this.#active.size;
  }

  /** Begins to handle; keys may be added before. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#pump();
  }

  /** Wants the key handled soon. A key that waits in the background lane moves to the live one. */
  add(key: string, lane: Lane = 'live'): void {
    if (this.#state === 'stopped') return;
    this.#enqueue(key, { lane, sinceMs: this.#runtime.clock.elapsedMs() });
    this.#pump();
  }

  /** Wants the key handled in `delayMs`; of several such wishes the earliest wins. */
  addAfter(key: string, delayMs: number, lane: Lane = 'live'): void {
    if (this.#state === 'stopped') return;
    if (delayMs <= 0) return this.add(key, lane);
    const dueMs = this.#runtime.clock.elapsedMs() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    earlier?.cancel();
    const cancel = this.#runtime.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key, lane);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  /** Drops the back-off and the wake-up of a key whose object is gone. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Settles when nothing waits and nothing is handled; delayed keys do not count. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  /** Starts nothing more and waits for what is being handled; after `graceMs` its signal is aborted and awaited. */
  async stop(graceMs: number): Promise<void> {
    this.#state = 'stopped';
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#dirty.clear();
    for (const lane of ['live', 'background'] as const) {
      this.#lanes[lane].clear();
      this.#options.hooks?.onDepth?.(lane, 0);
    }
    const cancel = this.#runtime.after(graceMs, () => this.#abort.abort());
    await this.idle();
    cancel();
  }

  #enqueue(key: string, waiting: Waiting): void {
    if (this.#active.has(key)) {
      if (this.#dirty.get(key)?.lane !== 'live') this.#dirty.set(key, waiting);
      return;
    }
    if (this.#lanes.live.has(key)) return;
    const background = this.#lanes.background.get(key);
    if (background !== undefined && waiting.lane === 'background') return;
    if (background !== undefined) this.#remove('background', key);
    this.#lanes[waiting.lane].set(key, waiting);
    this.#options.hooks?.onDepth?.(waiting.lane, this.#lanes[waiting.lane].size);
  }

  #remove(lane: Lane, key: string): void {
    this.#lanes[lane].delete(key);
    this.#options.hooks?.onDepth?.(lane, this.#lanes[lane].size);
  }

  #pump(): void {
    while (this.#state === 'running' && this.#active.size < (this.#options.concurrency ?? 1)) {
      const next = this.#next();
      if (next === undefined) return;
      this.#remove(next.waiting.lane, next.key);
      this.#starts += 1;
      void this.#work(next.key, next.waiting);
    }
  }

  #next(): { readonly key: string; readonly waiting: Waiting } | undefined {
    const backgroundFirst = this.#starts % backgroundTurn === backgroundTurn - 1;
    const order: readonly Lane[] = backgroundFirst ? ['background', 'live'] : ['live', 'background'];
    for (const lane of order) {
      for (const [key, waiting] of this.#lanes[lane]) return { key, waiting };
    }
    return undefined;
  }

  /** Never rejects. */
  async #work(key: string, waiting: Waiting): Promise<void> {
    const startedMs = this.#runtime.clock.elapsedMs();
    this.#active.add(key);
    this.#options.hooks?.onStart?.(key, startedMs - waiting.sinceMs);
    let ok = true;
    try {
      await this.#options.handle(key, this.#abort.signal);
      this.#failures.delete(key);
    } catch (error) {
      ok = false;
      this.#retryLater(key, error);
    }
    this.#active.delete(key);
    this.#options.hooks?.onEnd?.(key, this.#runtime.clock.elapsedMs() - startedMs, ok);
    const again = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (again !== undefined && this.#state !== 'stopped') this.#enqueue(key, again);
    this.#pump();
    this.#tellIdle();
  }

  #retryLater(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const retryInMs = fullJitterMs(this.#runtime, failures, this.#options.retry ?? defaultRetry);
    this.#options.onError?.(key, error, retryInMs);
    this.addAfter(key, retryInMs);
  }

  #isIdle(): boolean {
    return this.#active.size === 0 && (this.depth === 0 || this.#state === 'stopped');
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const tell of waiters) tell();
  }
}
