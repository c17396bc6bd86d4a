/** The result of a run for programs: what `result.json` holds and `-o json` prints. */
import type { CostModel, Estimate } from './cost-model.ts';
import { type Efficiency, efficiencyOf } from './report-generator.ts';
import { headline, limitations, meanings } from './report-headline.ts';
import {
  type Model,
  type RunOutcome,
  type VerdictCounts,
  limitOf,
  meanFigure,
  modelOf,
} from './report-model.ts';
import { passedShare } from './report-passed.ts';
import type { Fingerprint, MetaRecord, RunRecord, SearchResult } from './record.ts';
import type { LevelUnit, LoadMode, Slo } from './scenario.ts';

export interface ReportResult {
  readonly version: 1;
  readonly runId: string;
  readonly scenario: string;
  readonly seed: number;
  readonly mode: LoadMode['kind'];
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** `Cut`: the record ends without a summary. */
  readonly outcome: RunOutcome;
  readonly why: string;
  readonly headline: string;
  readonly meaning: readonly string[];
  readonly limitations: readonly string[];
  readonly unit: LevelUnit;
  /** The capacity, of searches that came to an end. */
  readonly result: SearchResult | null;
  readonly costs: CostModel | null;
  readonly slos: readonly SloResult[];
  readonly levels: readonly LevelResult[];
  readonly generator: Efficiency;
  readonly target: MetaRecord['target'];
  readonly planDigest: string;
  readonly fingerprint: Fingerprint;
  readonly notes: readonly string[];
}

export interface SloResult extends Pick<Slo, 'metric' | 'guard' | 'overBaseline'> {
  /** As it was applied, the baseline included; null where no baseline was measured. */
  readonly limit: number | null;
  readonly isLeast: boolean;
  /** Windows that it failed. */
  readonly broken: number;
}

export interface LevelResult {
  readonly level: number;
  readonly windows: VerdictCounts;
  /** The share of judged windows that passed, with Wilson's interval of 95 %; null where none was judged. */
  readonly passed: Estimate | null;
  /** Means over the windows that are not invalid. */
  readonly figures: Readonly<Record<string, number>>;
}

/** @throws NoMetaError when the records do not say what was run. */
export function resultOf(records: readonly RunRecord[]): ReportResult {
  return resultOfModel(modelOf(records));
}

export function resultOfModel(model: Model): ReportResult {
  const { meta, scenario, summary } = model;
  return {
    version: 1,
    runId: meta.runId,
    scenario: scenario.name,
    seed: scenario.seed,
    mode: scenario.load.mode.kind,
    startedAt: meta.startedAt,
    endedAt: summary?.endedAt ?? null,
    outcome: model.outcome,
    why: summary?.why ?? 'The record ends without a summary.',
    headline: headline(model),
    meaning: meanings(model),
    limitations: limitations(model),
    unit: scenario.load.unit,
    result: model.outcome === 'Complete' ? (summary?.result ?? null) : null,
    costs: summary?.costs ?? null,
    slos: scenario.slos.map((slo) => sloResult(model, slo)),
    levels: model.levels.map((group) => ({
      level: group.level,
      windows: group.counts,
      passed: passedShare(group),
      figures: means(group.valid),
    })),
    generator: efficiencyOf(model.windows),
    target: meta.target,
    planDigest: meta.planDigest,
    fingerprint: meta.fingerprint,
    notes: model.notes.map(({ text }) => text),
  };
}

function sloResult(model: Model, slo: Slo): SloResult {
  const { metric, guard, overBaseline, max } = slo;
  return {
    metric,
    guard,
    overBaseline,
    limit: limitOf(model, slo) ?? null,
    isLeast: max === undefined,
    broken: timesBroken(model, metric),
  };
}

/** Windows of which a verdict names the SLO. */
export function timesBroken({ windows }: Model, metric: string): number {
  return windows.filter(
    ({ verdict }) => verdict.kind === 'Fail' && verdict.broken.some((each) => each.metric === metric),
  ).length;
}

function means(windows: Model['windows']): Readonly<Record<string, number>> {
  const names = [...new Set(windows.flatMap(({ figures }) => Object.keys(figures)))].toSorted();
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = meanFigure(windows, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
