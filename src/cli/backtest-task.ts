/** One run of a backtest: a policy, a trace and a seed. */
import type { SimResult } from '../simulate/result.ts';
import { type Timeline, TimelineCollector } from '../simulate/timeline.ts';
import { readTrace } from '../workload/trace-file.ts';
import type { Trace } from '../workload/trace.ts';
import { runJob, type SimHooks, type SimJob } from './sim-job.ts';

export interface BacktestTask {
  readonly job: SimJob;
  readonly tracePath: string;
  readonly traceLabel: string;
  /** Whether a report will be drawn from it. */
  readonly withTimeline: boolean;
}

export interface BacktestRun {
  readonly result: SimResult;
  readonly timeline?: Timeline;
}

/** Keeps the trace that was read last: tasks come trace by trace, and a month of rooms is large. */
export class TraceCache {
  #path: string | undefined;
  #trace: Promise<Trace> | undefined;

  async read(path: string): Promise<Trace> {
    if (path !== this.#path || this.#trace === undefined) {
      this.#path = path;
      this.#trace = readTrace(path);
    }
    return await this.#trace;
  }
}

/** @throws TraceError, SimulationStoppedError */
export async function runTask(task: BacktestTask, traces: TraceCache, hooks: SimHooks): Promise<BacktestRun> {
  const trace = await traces.read(task.tracePath);
  const named = { ...trace, name: task.traceLabel };
  if (!task.withTimeline) return { result: await runJob(task.job, named, hooks) };
  const collector = new TimelineCollector(task.job.fleet.capacity);
  const result = await runJob(task.job, named, { ...hooks, onEvent: (event) => collector.add(event) });
  return { result, timeline: collector.timeline() };
}
