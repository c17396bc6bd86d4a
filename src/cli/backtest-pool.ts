/** Runs of the simulator side by side, on as many cores as there are, or one after another where there is one. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BugError } from '../base/assert.ts';
import type { SimResult } from '../simulate/result.ts';
import type { Timeline } from '../simulate/timeline.ts';
import { type BacktestRun, type BacktestTask, runTask, TraceCache } from './backtest-task.ts';

/** What a worker is told, and what it tells. */
export type ToWorker = { readonly at: number; readonly task: BacktestTask };
export type FromWorker =
  | { readonly kind: 'Progress'; readonly at: number; readonly share: number }
  | { readonly kind: 'Done'; readonly at: number; readonly result: SimResult; readonly timeline?: Timeline }
  | { readonly kind: 'Failed'; readonly at: number; readonly name: string; readonly message: string };

export interface PoolOptions {
  /** At most so many at once; as many as there are cores where left out. */
  readonly workers?: number;
  readonly signal: AbortSignal;
  /** Share of all runs that is done, 0 to 1, and how many are finished. */
  onProgress(share: number, finished: number): void;
}

/** The runs were stopped before all were done. */
export class BacktestStoppedError extends Error {
  override readonly name = 'BacktestStoppedError';
  readonly finished: number;
  constructor(finished: number) {
    super('The backtest was stopped.');
    this.finished = finished;
  }
}

/** In the order of the tasks. @throws BacktestStoppedError, or what the first task that fails threw */
export async function runAll(
  tasks: readonly BacktestTask[],
  options: PoolOptions,
): Promise<readonly BacktestRun[]> {
  const workers = Math.min(options.workers ?? availableParallelism(), tasks.length);
  const ledger = new Ledger(tasks, options);
  if (workers > 1) await new Pool(ledger, options.signal).run(workers);
  else await runHere(ledger, options.signal);
  return ledger.runs();
}

/** Which tasks are given out, how far each is, and what came of it. */
class Ledger {
  readonly #tasks: readonly BacktestTask[];
  readonly #options: PoolOptions;
  readonly #shares: number[];
  readonly #done = new Map<number, BacktestRun>();
  #given = 0;

  constructor(tasks: readonly BacktestTask[], options: PoolOptions) {
    this.#tasks = tasks;
    this.#options = options;
    this.#shares = tasks.map(() => 0);
  }

  get finished(): number {
    return this.#done.size;
  }

  get isComplete(): boolean {
    return this.#done.size === this.#tasks.length;
  }

  next(): ToWorker | undefined {
    const task = this.#tasks[this.#given];
    if (task === undefined) return undefined;
    this.#given += 1;
    return { at: this.#given - 1, task };
  }

  progress(at: number, share: number): void {
    this.#shares[at] = share;
    const sum = this.#shares.reduce((total, one) => total + one, 0);
    this.#options.onProgress(sum / this.#tasks.length, this.finished);
  }

  finish(at: number, run: BacktestRun): void {
    this.#done.set(at, run);
    this.progress(at, 1);
  }

  runs(): readonly BacktestRun[] {
    return this.#tasks.flatMap((_, at) => this.#done.get(at) ?? []);
  }
}

async function runHere(ledger: Ledger, signal: AbortSignal): Promise<void> {
  const traces = new TraceCache();
  for (let given = ledger.next(); given !== undefined; given = ledger.next()) {
    const { at, task } = given;
    try {
      ledger.finish(
        at,
        await runTask(task, traces, { signal, onProgress: (share) => ledger.progress(at, share) }),
      );
    } catch (error) {
      if (signal.aborted) throw new BacktestStoppedError(ledger.finished);
      throw error;
    }
  }
}

/** The file is TypeScript in a checkout and JavaScript in what is compiled from it. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './backtest-worker.ts' : './backtest-worker.js',
  import.meta.url,
);

class Pool {
  readonly #ledger: Ledger;
  readonly #signal: AbortSignal;
  readonly #workers: Worker[] = [];
  readonly #end = Promise.withResolvers<void>();

  constructor(ledger: Ledger, signal: AbortSignal) {
    this.#ledger = ledger;
    this.#signal = signal;
  }

  async run(count: number): Promise<void> {
    const stop = (): void => this.#end.reject(new BacktestStoppedError(this.#ledger.finished));
    this.#signal.addEventListener('abort', stop, { once: true });
    if (this.#signal.aborted) stop();
    try {
      for (let started = 0; started < count; started += 1) this.#start();
      await this.#end.promise;
    } finally {
      this.#signal.removeEventListener('abort', stop);
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  #start(): void {
    const worker = new Worker(workerFile);
    this.#workers.push(worker);
    worker.on('message', (message: FromWorker) => this.#hear(worker, message));
    worker.on('error', (error) => this.#end.reject(error));
    worker.on('exit', () => this.#end.reject(new BugError('a worker ended before its work was done')));
    this.#give(worker);
  }

  #give(worker: Worker): void {
    const next = this.#ledger.next();
    if (next !== undefined) worker.postMessage(next);
  }

  #hear(worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case 'Progress':
        return this.#ledger.progress(message.at, message.share);
      case 'Failed':
        return this.#end.reject(told(message));
      case 'Done': {
        const { at, result, timeline } = message;
        this.#ledger.finish(at, timeline === undefined ? { result } : { result, timeline });
        if (this.#ledger.isComplete) return this.#end.resolve();
        return this.#give(worker);
      }
    }
  }
}

/** Its class does not survive the way between threads, its name and its words do. */
function told({ name, message }: { readonly name: string; readonly message: string }): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
