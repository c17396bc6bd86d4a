/**
 * Carries out a run: waits for workers, goes to the level that the search asks for, measures windows, judges them, and
 * goes on until the search is done, somebody ends it, or it has lasted too long. However it ends, everybody leaves, the
 * rooms are deleted and the record has its summary.
 */
import { whyOf } from '../livekit/why.ts';
import type { WorkerPool } from './coordinator-pool.ts';
import type { CostModel } from './cost-model.ts';
import { RunCrowd } from './run-crowd.ts';
import { type RunClock, RunStoppedError } from './run-clock.ts';
import { leftMs, type RunPhase, type RunProgress, type RunStep } from './run-progress.ts';
import { RunWindow } from './run-window.ts';
import type { RecordSink } from './record-file.ts';
import type { RunRecord, SearchResult, SummaryRecord } from './record.ts';
import type { Scenario } from './scenario.ts';
import { conclude } from './search-conclude.ts';
import { progress } from './search-progress.ts';
import { type Move, next, observe, resume, type SearchState } from './search.ts';
import type { NodeProbe } from './node-probe.ts';
import type { Target } from './target.ts';
import { judgeWindow } from './verdict.ts';
import type { WindowRecord } from './window.ts';

export interface RunParts {
  /** With the SLOs that can be measured at this target. */
  readonly scenario: Scenario;
  readonly clock: RunClock;
  readonly pool: WorkerPool;
  readonly target: Pick<Target, 'createRooms' | 'deleteRooms' | 'deleteLeftovers' | 'countRooms' | 'nodeId'>;
  readonly probe: Pick<NodeProbe, 'read' | 'window'> | undefined;
  readonly record: RecordSink;
  /** Before the names of all rooms. */
  readonly prefix: string;
  readonly allowSharedTarget: boolean;
  readonly nicMbps: number | undefined;
  /** Of a run that is taken up again: what it has written so far. */
  readonly earlier: readonly RunRecord[];
  /** How long workers may take to dial in at the start, and again after one was lost. */
  readonly patience: { readonly startMs: number; readonly replaceMs: number };
  /** The workers are there, or will not come: the time to write the first line of a record. */
  readonly onBegin: () => void;
  /** What the load cost the node, by all that has been recorded. */
  readonly fitCosts: () => CostModel | undefined;
  readonly onProgress: (progress: RunProgress) => void;
}

type Measure = Extract<Move, { readonly kind: 'Measure' }>;

type End = Pick<SummaryRecord, 'outcome' | 'why'>;

const endMs = 20_000;

export class Coordinator {
  readonly #parts: RunParts;
  readonly #crowd: RunCrowd;
  readonly #windows: WindowRecord[];
  readonly #halt = new AbortController();
  #state: SearchState;
  #step: RunStep = 'Waiting';
  #phase: RunPhase = 'Connecting';

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { scenario, earlier, clock, pool, target: rooms, prefix } = parts;
    this.#windows = earlier.filter((record) => record.kind === 'window');
    this.#state = resume(scenario, this.#windows);
    const onNote = (text: string): void => this.note(text);
    // Each time that a run is taken up, its record has one more note of it.
    const epoch = earlier.filter((record) => record.kind === 'note' && record.text === resumedNote).length;
    this.#crowd = new RunCrowd({ scenario, clock, pool, rooms, prefix, epoch, onNote });
  }

  /** Never rejects. The record has its summary when it resolves. */
  async run(stop: AbortSignal): Promise<SummaryRecord> {
    const { clock, scenario, record, fitCosts } = this.#parts;
    const { durationMs } = scenario.load.most;
    const onStop = (): void => this.#halt.abort();
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    const late = clock.timers.after(Math.max(0, durationMs - clock.nowMs()), onStop);
    const end = await this.#untilEnd().catch((error: unknown) => this.#endBy(error, stop));
    late();
    stop.removeEventListener('abort', onStop);
    await this.#leave();
    const summary: SummaryRecord = {
      kind: 'summary',
      endedAt: clock.wallTime(),
      ...end,
      result: this.#result(),
      costs: fitCosts(),
    };
    record.append(summary);
    return summary;
  }

  note(text: string): void {
    const { record, clock } = this.#parts;
    record.append({ kind: 'note', atMs: Math.round(clock.nowMs()), text });
  }

  /** As things are now. */
  progress(): RunProgress {
    const { scenario, pool, clock } = this.#parts;
    const { load } = scenario;
    const stage = progress(this.#state);
    const live = pool.ready.flatMap((link) => link.live ?? []);
    const last = this.#windows.at(-1);
    const atMs = clock.nowMs();
    return {
      phase: this.#phase,
      step: this.#step,
      repetition: stage.repetition + 1,
      repetitions: stage.repetitions,
      level: stage.level,
      unit: load.unit,
      people: {
        connected: live.reduce((sum, { connected }) => sum + connected, 0),
        planned: this.#crowd.planned,
      },
      packetsPerSecond: live.reduce((sum, each) => sum + each.packetsPerSecondReceived, 0),
      workers: { ready: pool.ready.length, wanted: pool.wanted },
      windows: this.#state.windows,
      last,
      atMs,
      expectedEndMs: Math.min(Math.max(atMs, load.most.durationMs), atMs + leftMs(load, stage)),
    };
  }

  async #untilEnd(): Promise<End> {
    const { pool, patience, onBegin } = this.#parts;
    this.#show('Waiting', 'Connecting');
    const stage = `waiting for ${pool.wanted} workers`;
    try {
      await pool.until(() => pool.ready.length >= pool.wanted, stage, patience.startMs, this.#halt.signal);
    } finally {
      onBegin();
    }
    for (;;) {
      const move = next(this.#state);
      if (move.kind === 'Done') return { outcome: move.outcome, why: move.why };
      await this.#waitOut(move);
      await this.#reach(move);
      const window = await this.#measure(move);
      this.#windows.push(window);
      this.#parts.record.append(window);
      this.#state = observe(this.#state, window);
      this.#show(this.#step);
    }
  }

  async #waitOut({ pauseMs }: Measure): Promise<void> {
    if (pauseMs === 0) return;
    this.note(`waiting ${pauseMs / 1000} s: others take too much of the machine`);
    this.#show('Settling');
    await this.#parts.clock.sleep(pauseMs, this.#halt.signal);
  }

  /** Everybody who should be there has had the time to join, and the node to come to rest. */
  async #reach({ level, repetition, fresh, dwellMs }: Measure): Promise<void> {
    const { signal } = this.#halt;
    const { clock, scenario } = this.#parts;
    const crowd = this.#crowd;
    const phase = progress(this.#state).phase;
    this.#phase = phase === 'Ended' ? 'Analysing' : phase;
    if (!fresh && crowd.isAt(level, dwellMs)) return;
    this.#show('Changing');
    // A trace cannot go from one level to another: it is played anew.
    if (fresh || scenario.workload.kind === 'Trace' || !crowd.isWhole) {
      await crowd.empty(signal);
      await this.#replacements();
      this.#show('Changing');
    }
    await crowd.goTo(level, repetition + 1, signal);
    this.#show('Settling');
    await clock.sleep(scenario.load.settleMs, signal);
  }

  /** Goes on with those who are there when nobody comes in time. @throws StageDeadlineError when nobody is there */
  async #replacements(): Promise<void> {
    const { pool, patience } = this.#parts;
    const { signal } = this.#halt;
    if (pool.ready.length >= pool.wanted) return;
    this.#show('Waiting');
    const all = (): boolean => pool.ready.length >= pool.wanted;
    await pool.until(all, 'replacing a worker', patience.replaceMs, signal).catch((error: unknown) => {
      if (error instanceof RunStoppedError) throw error;
      this.note(`going on with ${pool.ready.length} of ${pool.wanted} workers`);
    });
    await pool.until(() => pool.ready.length > 0, 'waiting for a worker', patience.startMs, signal);
  }

  async #measure(move: Measure): Promise<WindowRecord> {
    const { scenario, allowSharedTarget, target } = this.#parts;
    this.#show('Measuring');
    const crowd = this.#crowd;
    const workersExpected = crowd.workers.length;
    const window = new RunWindow({ ...this.#parts, crowd, onNote: (text) => this.note(text) });
    const measured = await window.measure(move, this.#halt.signal);
    const rules = { slos: scenario.slos, workersExpected, nodeId: target.nodeId, allowSharedTarget };
    return judgeWindow(rules, this.#windows, measured);
  }

  #endBy(error: unknown, stop: AbortSignal): End {
    if (!(error instanceof RunStoppedError)) return { outcome: 'Inconclusive', why: whyOf(error) };
    if (stop.aborted) return { outcome: 'Stopped', why: 'somebody ended the run' };
    const minutes = Math.round(this.#parts.scenario.load.most.durationMs / 60_000);
    return { outcome: 'Inconclusive', why: `the run was not done within ${minutes} minutes` };
  }

  /** Never rejects. */
  async #leave(): Promise<void> {
    const { pool, target } = this.#parts;
    this.#show('Leaving', 'Analysing');
    await pool.end(endMs);
    await target.deleteLeftovers().catch((error: unknown) => {
      this.note(`rooms may be left: ${whyOf(error)}`);
    });
  }

  #result(): SearchResult | undefined {
    const { nicMbps } = this.#parts;
    return conclude(this.#state, nicMbps === undefined ? {} : { nicMbps });
  }

  #show(step: RunStep, phase: RunPhase = this.#phase): void {
    this.#step = step;
    this.#phase = phase;
    this.#parts.onProgress(this.progress());
  }
}

/** What a record says when a run is taken up again. */
export const resumedNote = 'the run is taken up again: its coordinator had ended';
