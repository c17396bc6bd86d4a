/** The runs of a report, sorted by trace, policy and seed, with the estimates that tables and charts show. */
import type { Measure } from './report-measures.ts';
import { valueOf } from './report-measures.ts';
import { type BySeed, type Estimate, estimate } from './report-statistics.ts';
import type { SimResult } from './result.ts';
import type { Timeline } from './timeline.ts';

export interface ReportRun {
  readonly result: SimResult;
  readonly timeline: Timeline;
  readonly policyLabel: string;
  readonly traceLabel: string;
  readonly seed: number;
}

export interface ReportOptions {
  /** Participants that one node carries. */
  readonly capacity: number;
  readonly launchSeconds: number;
  /** When it was made, as it is to be shown. */
  readonly madeAt?: string;
  readonly price?: NodeHourPrice | undefined;
  /** Command lines that make the same figures again, shown as they are. */
  readonly commands?: readonly string[];
  /** The policy to judge: `governor` unless told. */
  readonly subject?: string;
}

export interface NodeHourPrice {
  readonly amount: number;
  /** Such as `EUR`. */
  readonly currency: string;
}

/** There is nothing to report on. */
export class EmptyReportError extends Error {
  override readonly name = 'EmptyReportError';
}

/** All runs of one policy on one trace. */
export interface Series {
  readonly policy: string;
  readonly label: string;
  /** Which colour, dash and marker it has, the same everywhere in a report. */
  readonly style: number;
  readonly runs: readonly ReportRun[];
}

export interface TraceGroup {
  readonly label: string;
  /** For links within the page. */
  readonly anchor: string;
  /** The subject first, then in the order in which they were given. */
  readonly series: readonly Series[];
  readonly seeds: readonly number[];
}

export interface Model {
  readonly subject: string;
  readonly subjectLabel: string;
  readonly traces: readonly TraceGroup[];
  readonly options: ReportOptions;
}

/** @throws EmptyReportError when there is no run. */
export function modelOf(runs: readonly ReportRun[], options: ReportOptions): Model {
  const [first] = runs;
  if (first === undefined) throw new EmptyReportError('A report needs at least one run.');
  const policies = unique(runs.map(({ result }) => result.policy));
  const wanted = options.subject ?? 'governor';
  const subject = policies.includes(wanted) ? wanted : first.result.policy;
  const ordered = [subject, ...policies.filter((policy) => policy !== subject)];
  const traces = unique(runs.map(({ traceLabel }) => traceLabel)).map((label, at) => {
    const own = runs.filter((run) => run.traceLabel === label);
    return {
      label,
      anchor: `trace-${at + 1}`,
      seeds: unique(own.map(({ seed }) => seed)).toSorted((one, other) => one - other),
      series: ordered.flatMap((policy, style) => seriesOf(own, policy, style)),
    };
  });
  const subjectLabel = runs.find(({ result }) => result.policy === subject)?.policyLabel ?? subject;
  return { subject, subjectLabel, traces, options };
}

function seriesOf(runs: readonly ReportRun[], policy: string, style: number): readonly Series[] {
  const own = runs
    .filter(({ result }) => result.policy === policy)
    .toSorted((one, other) => one.seed - other.seed);
  const [first] = own;
  return first === undefined ? [] : [{ policy, label: first.policyLabel, style, runs: own }];
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}

export function bySeed(series: Series, measure: Measure): BySeed {
  return new Map(series.runs.map((run) => [run.seed, valueOf(run.result, measure)]));
}

/** Over its seeds. */
export function meanOf(series: Series, measure: Measure): Estimate {
  const values = [...bySeed(series, measure).values()];
  return estimate(values) ?? { count: 0, mean: 0, halfWidth: undefined };
}

export function findSeries(trace: TraceGroup, policy: string): Series | undefined {
  return trace.series.find((series) => series.policy === policy);
}
