/** Two runs against each other: first whether they can be compared at all, then how their capacities stand. */
import { listed } from '../base/listed.ts';
import { studentT95 } from '../base/student-t.ts';
import { type CostModel, type Estimate, mostCondition } from './cost-model.ts';
import { type Difference, differences } from './fingerprint.ts';
import { counted } from '../report/figure.ts';
import { type Model, modelOf } from './report-model.ts';
import { levelFigure, levelText } from './report-words.ts';
import type { RunRecord, SearchResult } from './record.ts';
import type { Scenario } from './scenario.ts';
import { deviation, mean } from './statistics.ts';

/** The second run against the first. `Undecided`: the interval holds 1, or a run ended at its largest load. */
export type ComparisonVerdict = 'Better' | 'Worse' | 'Undecided';

export interface Comparison {
  readonly kind: 'Compared';
  readonly verdict: ComparisonVerdict;
  readonly sentence: string;
  readonly one: ComparedRun;
  readonly other: ComparedRun;
  /** Capacity of the other by that of the one; null where the one could carry nothing. */
  readonly ratio: RatioEstimate | null;
  /** Of the cost of each packet and the like, where both runs could tell them apart. */
  readonly costRatios: Readonly<Record<string, number>> | null;
  /** Compared all the same because it was asked for. */
  readonly differences: readonly Difference[];
}

export interface Refusal {
  readonly kind: 'Refused';
  /** One sentence. */
  readonly sentence: string;
  readonly differences: readonly Difference[];
}

export interface ComparedRun {
  readonly runId: string;
  readonly startedAt: string;
  readonly scenario: string;
  readonly result: SearchResult;
}

export interface RatioEstimate {
  readonly value: number;
  /** Of 95 %; null where a run has one repetition, which shows no spread. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface CompareOptions {
  /** Compare in spite of unlike fingerprints. */
  readonly force: boolean;
}

/** The other run against the one. Deterministic. @throws NoMetaError */
export function compareRuns(
  one: readonly RunRecord[],
  other: readonly RunRecord[],
  { force }: CompareOptions,
): Comparison | Refusal {
  const models = [modelOf(one), modelOf(other)] as const;
  const [a, b] = models;
  const unlike = differences(a.fingerprint, b.fingerprint);
  const without = models.findIndex((model) => capacityOf(model) === undefined);
  if (without !== -1) return refusal(noCapacity(models[without === 0 ? 0 : 1], without), unlike);
  if (a.scenario.load.unit !== b.scenario.load.unit) {
    const units = `${a.scenario.load.unit} and ${b.scenario.load.unit}`;
    return refusal(`The runs count different things, ${units}: compare runs of one scenario.`, unlike);
  }
  if (unlike.length > 0 && !force) return refusal(unlikeText(unlike), unlike);
  return compared(a, b, unlike);
}

function refusal(sentence: string, unlike: readonly Difference[]): Refusal {
  return { kind: 'Refused', sentence, differences: unlike };
}

function noCapacity({ outcome, meta }: Model, at: number): string {
  const which = at === 0 ? 'first' : 'second';
  const ended =
    outcome === 'Complete' ? 'was no search' : outcome === 'Cut' ? 'was cut off' : `ended as ${outcome}`;
  return `The ${which} run (${meta.runId}) ${ended}, so it has no capacity to compare: give the record of a search that came to its end.`;
}

function unlikeText(unlike: readonly Difference[]): string {
  const parts = unlike.map(({ what, one, other }) => `${what} (${one}, ${other})`);
  return `The runs cannot be compared, since they differ in ${listed(parts, Infinity)}: repeat one of them alike, or compare all the same with --force.`;
}

/** Of runs that came to their end. */
function capacityOf({ outcome, summary }: Model): SearchResult | undefined {
  return outcome === 'Complete' ? summary?.result : undefined;
}

function compared(a: Model, b: Model, unlike: readonly Difference[]): Comparison | Refusal {
  const [one, other] = [capacityOf(a), capacityOf(b)];
  if (one === undefined || other === undefined) return refusal('A run has no capacity.', unlike);
  const ratio = ratioOf(
    { found: one.repetitions, step: stepOf(a.scenario, one.capacity) },
    { found: other.repetitions, step: stepOf(b.scenario, other.capacity) },
  );
  const verdict = verdictOf(ratio, one, other);
  return {
    kind: 'Compared',
    verdict,
    sentence: sentenceOf({ a, one, other, ratio, verdict }),
    one: runOf(a, one),
    other: runOf(b, other),
    ratio,
    costRatios: costRatios(a.summary?.costs, b.summary?.costs),
    differences: unlike,
  };
}

function runOf({ meta }: Model, result: SearchResult): ComparedRun {
  const { runId, startedAt, scenario } = meta;
  return { runId, startedAt, scenario: scenario.name, result };
}

/** What the search cannot tell apart. */
function stepOf({ load }: Scenario, capacity: number): number {
  return load.mode.kind === 'Search' ? Math.max(1, Math.round(load.mode.resolutionShare * capacity)) : 1;
}

export interface Sample {
  /** Capacity by repetition. */
  readonly found: readonly number[];
  readonly step: number;
}

/**
 * The ratio of the means, with an interval in which the true one lies 95 times of 100: Welch's, of the logarithm. A
 * repetition that found a level has its truth somewhere between that level and the next one of the search, which adds the
 * variance of a step: repetitions that agree to the step do not make the ratio exact. Drawing two or three repetitions
 * again would promise twice as much. Undefined where the one carries nothing.
 */
export function ratioOf(one: Sample, other: Sample): RatioEstimate | null {
  const [base, top] = [mean(one.found), mean(other.found)];
  if (base === undefined || top === undefined || base <= 0) return null;
  const value = top / base;
  if (one.found.length < 2 || other.found.length < 2) return { value, low: null, high: null };
  const [a, b] = [spreadOf(one), spreadOf(other)];
  const variance = a.variance + b.variance;
  const degrees = variance ** 2 / (a.variance ** 2 / a.degrees + b.variance ** 2 / b.degrees);
  const width = studentT95(Math.max(1, Math.floor(degrees))) * Math.sqrt(variance);
  const ratio = b.middle / a.middle;
  return { value, low: ratio * Math.exp(-width), high: ratio * Math.exp(width) };
}

/** Of the logarithm of the mean, which is taken in the middle of the steps. */
function spreadOf({ found, step }: Sample): {
  readonly middle: number;
  readonly variance: number;
  readonly degrees: number;
} {
  const average = mean(found) ?? 0;
  const middle = average + step / 2;
  const degrees = found.length - 1;
  const spread = deviation(found) ?? 0;
  const variance = (spread ** 2 + step ** 2 / 12) / found.length / middle ** 2;
  return { middle, variance, degrees };
}

/** Without an interval nothing is decided; a run that ended at its largest load may carry any amount more. */
function verdictOf(ratio: RatioEstimate | null, one: SearchResult, other: SearchResult): ComparisonVerdict {
  if (ratio?.low === undefined || ratio.low === null || ratio.high === null) return 'Undecided';
  if (ratio.high < 1 && other.bindingLimit !== 'MaxReached') return 'Worse';
  if (ratio.low > 1 && one.bindingLimit !== 'MaxReached') return 'Better';
  return 'Undecided';
}

interface Told {
  readonly a: Model;
  readonly one: SearchResult;
  readonly other: SearchResult;
  readonly ratio: RatioEstimate | null;
  readonly verdict: ComparisonVerdict;
}

function sentenceOf({ a, one, other, ratio, verdict }: Told): string {
  const least = ({ bindingLimit }: SearchResult): string =>
    bindingLimit === 'MaxReached' ? 'at least ' : '';
  const against = `${least(other)}${levelText(a.scenario, other.capacity)} against ${least(one)}${levelFigure(one.capacity)}`;
  if (ratio === null) return `The second run carries ${against}; a ratio to nothing says nothing.`;
  const share = `${(ratio.value * 100).toFixed(0)} %`;
  const repetitions = `${counted(one.repetitions.length, 'repetition')} and ${other.repetitions.length}`;
  if (ratio.low === null || ratio.high === null) {
    return `The second run carries ${against}, ${share} of the first: a single repetition shows no spread, so this may be chance (${repetitions}).`;
  }
  const interval = `95 %: ${(ratio.low * 100).toFixed(0)}–${(ratio.high * 100).toFixed(0)} %`;
  return `${words[verdict]}: ${against}, ${share} of the first (${interval}; ${repetitions}).`;
}

const words: Readonly<Record<ComparisonVerdict, string>> = {
  Better: 'The second run carries more',
  Worse: 'The second run carries less',
  Undecided: 'Which run carries more is not certain',
};

const costKeys = [
  'baseCores',
  'coresPerPacketIn',
  'coresPerPacketOut',
  'coresPerMegabyte',
  'coresPerParticipant',
  'bytesPerParticipant',
] as const satisfies readonly (keyof CostModel)[];

/** Only of models that can tell their terms apart. */
function costRatios(
  one: CostModel | undefined,
  other: CostModel | undefined,
): Readonly<Record<string, number>> | null {
  if (one === undefined || other === undefined) return null;
  if (Math.max(one.conditionNumber, other.conditionNumber) > mostCondition) return null;
  const share = (a: Estimate, b: Estimate): number | undefined =>
    a.value > 0 ? b.value / a.value : undefined;
  return Object.fromEntries(
    costKeys.flatMap((key) => {
      const ratio = share(one[key], other[key]);
      return ratio === undefined ? [] : [[key, ratio] as const];
    }),
  );
}
