/** One window: all workers and the node measure the same stretch of time. */
import { whyOf } from '../livekit/why.ts';
import type { WorkerLink } from './coordinator-link.ts';
import type { WorkerPool } from './coordinator-pool.ts';
import type { MeasuredWindow } from './figures.ts';
import type { Looks, NodeProbe, NodeReading, NoReading } from './node-probe.ts';
import { type RunClock, StageDeadlineError } from './run-clock.ts';
import type { RunCrowd } from './run-crowd.ts';
import type { Move } from './search.ts';
import type { Target } from './target.ts';
import type { NodeWindow, WorkerWindow } from './window.ts';

export interface WindowParts {
  readonly clock: RunClock;
  readonly pool: WorkerPool;
  readonly crowd: Pick<RunCrowd, 'workers' | 'isWhole' | 'churn'>;
  readonly target: Pick<Target, 'countRooms'>;
  readonly probe: Pick<NodeProbe, 'read' | 'window'> | undefined;
  readonly onNote: (text: string) => void;
}

/** Between telling the workers and the begin. */
const leadMs = 300;
/** After the end, for the answers of workers. */
const answerMs = 15_000;
const lookEveryMs = 1000;

export class RunWindow {
  readonly #parts: WindowParts;

  constructor(parts: WindowParts) {
    this.#parts = parts;
  }

  /**
   * What was measured. When a worker is lost, the window ends at once, since nothing it could still find would count.
   * @throws RunStoppedError
   */
  async measure(move: Extract<Move, { kind: 'Measure' }>, signal: AbortSignal): Promise<MeasuredWindow> {
    const { clock, pool, crowd } = this.#parts;
    const { repetition, index, level, purpose, dwellMs } = move;
    const workers = crowd.workers;
    const fromMs = Math.ceil(clock.nowMs() + leadMs);
    const toMs = fromMs + dwellMs;
    pool.forget();
    for (const worker of workers) worker.send({ kind: 'measure', window: index, fromMs, toMs });
    crowd.churn(fromMs, dwellMs);
    await this.#untilOrLost(fromMs, signal);
    const before = await this.#readNode();
    const between = await this.#lookOn(toMs, signal);
    const after = await this.#readNode();
    const node = await this.#nodeWindow(before, between, after);
    const measured = await this.#answers(workers, index, signal);
    const endMs = crowd.isWhole ? toMs : Math.max(fromMs + 1, Math.min(toMs, Math.round(clock.nowMs())));
    return { repetition, index, level, purpose, fromMs, toMs: endMs, workers: measured, node };
  }

  /** A look every second until then. One that fails is left out: it only makes the counts of packets coarser. */
  async #lookOn(toMs: number, signal: AbortSignal): Promise<readonly NodeReading[]> {
    const { clock, crowd } = this.#parts;
    const looks: NodeReading[] = [];
    for (let atMs = clock.nowMs() + lookEveryMs; crowd.isWhole && clock.nowMs() < toMs; atMs += lookEveryMs) {
      await this.#untilOrLost(Math.min(atMs, toMs), signal);
      const look = atMs < toMs && crowd.isWhole ? await this.#readNode() : undefined;
      if (look !== undefined && !('why' in look)) looks.push(look);
    }
    return looks;
  }

  async #untilOrLost(atMs: number, signal: AbortSignal): Promise<void> {
    const { pool, crowd, clock } = this.#parts;
    const ms = atMs - clock.nowMs();
    if (ms <= 0 || !crowd.isWhole) return;
    await pool
      .until(() => !crowd.isWhole, 'a window', ms, signal)
      .catch((error: unknown) => {
        if (!(error instanceof StageDeadlineError)) throw error;
      });
  }

  /** Who does not answer is lost. */
  async #answers(
    workers: readonly WorkerLink[],
    window: number,
    signal: AbortSignal,
  ): Promise<readonly WorkerWindow[]> {
    const { pool, crowd } = this.#parts;
    const missing = (): readonly WorkerLink[] =>
      workers.filter((worker) => pool.windowOf(worker, window) === undefined);
    const isOver = (): boolean => !crowd.isWhole || missing().length === 0;
    try {
      await pool.until(isOver, 'measuring a window', answerMs, signal);
    } catch (error) {
      if (!(error instanceof StageDeadlineError)) throw error;
      for (const worker of missing()) pool.drop(worker, error.message);
    }
    return workers.flatMap((worker) => pool.windowOf(worker, window) ?? []);
  }

  async #readNode(): Promise<NodeReading | NoReading | undefined> {
    const { probe, clock } = this.#parts;
    return await probe?.read(() => clock.nowMs());
  }

  async #nodeWindow(
    before: NodeReading | NoReading | undefined,
    between: readonly NodeReading[],
    after: NodeReading | NoReading | undefined,
  ): Promise<NodeWindow | undefined> {
    const { probe, onNote } = this.#parts;
    if (probe === undefined || before === undefined || after === undefined) return undefined;
    if ('why' in before) return noted(onNote, before);
    if ('why' in after) return noted(onNote, after);
    if (after.atMs <= before.atMs) return undefined;
    const foreign = await this.#foreignRooms(after);
    if (typeof foreign !== 'number') return noted(onNote, foreign);
    const looks: Looks = [before, ...between, after];
    const window = probe.window(looks, foreign);
    return 'why' in window ? noted(onNote, window) : window;
  }

  /** Without an answer it is not known whether the node was the test's alone. */
  async #foreignRooms(node: NodeReading): Promise<number | NoReading> {
    try {
      return foreignRoomsOn(node.rooms, await this.#parts.target.countRooms());
    } catch (error) {
      return { why: whyOf(error) };
    }
  }
}

/** Rooms of others are on a node only if both know some: the node, beside those of the run, and the service at all. */
export function foreignRoomsOn(
  onNode: number,
  ofService: { readonly own: number; readonly foreign: number },
): number {
  return Math.min(ofService.foreign, Math.max(0, onNode - ofService.own));
}

function noted(onNote: (text: string) => void, { why }: NoReading): undefined {
  onNote(why);
  return undefined;
}
