/** The records of a run, sorted out for reports. */
import { sum } from './statistics.ts';
import type { Fingerprint, JoinRecord, MetaRecord, NoteRecord, RunRecord, SummaryRecord } from './record.ts';
import type { Scenario, Slo } from './scenario.ts';
import { baselineFigures } from './baseline.ts';
import type { WindowRecord } from './window.ts';

/** The records do not say what was run. */
export class NoMetaError extends Error {
  override readonly name = 'NoMetaError';

  constructor() {
    super('the record does not begin with what was run');
  }
}

/** How the run ended. `Cut`: its record ends without a summary. */
export type RunOutcome = SummaryRecord['outcome'] | 'Cut';

export interface Model {
  readonly meta: MetaRecord;
  readonly scenario: Scenario;
  readonly fingerprint: Fingerprint;
  readonly windows: readonly WindowRecord[];
  /** In rising order. */
  readonly levels: readonly LevelGroup[];
  readonly events: readonly JoinRecord[];
  readonly notes: readonly NoteRecord[];
  readonly summary: SummaryRecord | undefined;
  readonly outcome: RunOutcome;
}

export interface LevelGroup {
  readonly level: number;
  readonly windows: readonly WindowRecord[];
  /** Those that say something about the node. */
  readonly valid: readonly WindowRecord[];
  readonly counts: VerdictCounts;
}

export interface VerdictCounts {
  readonly pass: number;
  readonly fail: number;
  readonly invalid: number;
}

/** @throws NoMetaError */
export function modelOf(records: readonly RunRecord[]): Model {
  const meta = records.find((record) => record.kind === 'meta');
  if (meta === undefined) throw new NoMetaError();
  const windows = records.filter((record) => record.kind === 'window');
  const summary = records.findLast((record) => record.kind === 'summary');
  return {
    meta,
    scenario: meta.scenario,
    fingerprint: meta.fingerprint,
    windows,
    levels: levelsOf(windows),
    events: records.filter(isEvent),
    notes: records.filter((record) => record.kind === 'note'),
    summary,
    outcome: summary?.outcome ?? 'Cut',
  };
}

function isEvent(record: RunRecord): record is JoinRecord {
  return ['join', 'leave', 'failed', 'disconnected'].includes(record.kind);
}

function levelsOf(windows: readonly WindowRecord[]): readonly LevelGroup[] {
  const levels = [...new Set(windows.map(({ level }) => level))].toSorted((one, other) => one - other);
  return levels.map((level) => {
    const own = windows.filter((window) => window.level === level);
    const valid = own.filter(({ verdict }) => verdict.kind !== 'Invalid');
    return { level, windows: own, valid, counts: countsOf(own) };
  });
}

export function countsOf(windows: readonly WindowRecord[]): VerdictCounts {
  const count = (kind: WindowRecord['verdict']['kind']): number =>
    windows.filter(({ verdict }) => verdict.kind === kind).length;
  return { pass: count('Pass'), fail: count('Fail'), invalid: count('Invalid') };
}

/** Without the windows at the lowest level that others are only compared with. */
export function withoutBaseline(model: Model): Model {
  const windows = model.windows.filter(({ purpose }) => purpose !== 'Baseline');
  return { ...model, windows, levels: levelsOf(windows) };
}

/** The mean of a figure over windows that have it. */
export function meanFigure(windows: readonly WindowRecord[], name: string): number | undefined {
  const values = windows.flatMap(({ figures }) => figures[name] ?? []);
  return values.length === 0 ? undefined : sum(values) / values.length;
}

/** The limit that windows were held to. One over the baseline differs between repetitions: their mean. */
export function limitOf(model: Model, slo: Slo): number | undefined {
  const limit = slo.max ?? slo.min;
  if (limit === undefined || !slo.overBaseline) return limit;
  const repetitions = [...new Set(model.windows.map(({ repetition }) => repetition))];
  const bases = repetitions.flatMap(
    (repetition) => baselineFigures(model.windows, repetition)[slo.metric] ?? [],
  );
  return bases.length === 0 ? undefined : limit + sum(bases) / bases.length;
}

/** The highest level of which, and of all measured below it, more valid windows passed than failed. */
export function highestPassed(model: Model): number | undefined {
  const judged = model.levels.filter(({ valid }) => valid.length > 0);
  const firstBad = judged.findIndex(({ counts }) => counts.fail >= counts.pass);
  return (firstBad === -1 ? judged : judged.slice(0, firstBad)).at(-1)?.level;
}

export function lowestFailed(model: Model): number | undefined {
  return model.levels.find(({ counts }) => counts.fail > 0 && counts.fail >= counts.pass)?.level;
}
