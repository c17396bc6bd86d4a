/** Who wins what: the subject against each other policy, paired by seed, in words. */
import { counted, figure } from '../report/figure.ts';
import { measures } from './report-measures.ts';
import { type Model, type Series, type TraceGroup, bySeed, findSeries } from './report-model.ts';
import {
  type Estimate,
  type Verdict,
  pairedDifference,
  pairedRatio,
  verdictOf,
} from './report-statistics.ts';

/** Less is better in all of them. */
interface Contest {
  readonly name: string;
  readonly compare: (subject: Series, other: Series) => Comparison | undefined;
}

export interface Comparison {
  readonly verdict: Verdict;
  readonly count: number;
  /** Such as "20.1 % less (16.0 to 24.3 %)". */
  readonly text: string;
}

export interface Judgement extends Comparison {
  readonly contest: string;
  readonly other: Series;
}

const relative =
  (measure: (typeof measures)['nodeHours' | 'launches']) => (subject: Series, other: Series) => {
    const ratio = pairedRatio(bySeed(subject, measure), bySeed(other, measure));
    if (ratio === undefined) return undefined;
    const percent = { ...ratio, mean: (ratio.mean - 1) * 100, halfWidth: times(ratio.halfWidth, 100) };
    return { verdict: verdictOf(ratio, 1), count: ratio.count, text: changeText(percent, '%', 1) };
  };

const absolute =
  (
    measure: (typeof measures)['overloadShare' | 'roomsCut' | 'directionChangesPerDay'],
    unit: string,
    digits: number,
  ) =>
  (subject: Series, other: Series) => {
    const difference = pairedDifference(bySeed(subject, measure), bySeed(other, measure));
    if (difference === undefined) return undefined;
    const text = changeText(difference, unit, digits);
    return { verdict: verdictOf(difference, 0), count: difference.count, text };
  };

export const contests: readonly Contest[] = [
  { name: 'Node-hours', compare: relative(measures.nodeHours) },
  { name: 'Overload', compare: absolute(measures.overloadShare, 'points', 2) },
  { name: 'Rooms cut', compare: absolute(measures.roomsCut, 'rooms', 1) },
  { name: 'Launches', compare: relative(measures.launches) },
  { name: 'Changes of direction a day', compare: absolute(measures.directionChangesPerDay, '', 1) },
];

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function changeText({ mean, halfWidth }: Estimate, unit: string, digits: number): string {
  const suffix = unit === '' ? '' : `\u00a0${unit}`;
  const zero = Number(Math.abs(mean).toFixed(digits)) === 0;
  const way = mean < 0 ? 'less' : 'more';
  const amount = zero ? 'no difference' : `${figure(Math.abs(mean), digits)}${suffix} ${way}`;
  if (halfWidth === undefined || Number(halfWidth.toFixed(digits)) === 0) return amount;
  return `${amount} (±${figure(halfWidth, digits)})`;
}

/** The subject against every other policy of the trace. */
export function judgements(trace: TraceGroup, subject: string): readonly Judgement[] {
  const own = findSeries(trace, subject);
  if (own === undefined) return [];
  return trace.series
    .filter((series) => series !== own)
    .flatMap((other) =>
      contests.flatMap(({ name, compare }) => {
        const comparison = compare(own, other);
        return comparison === undefined ? [] : [{ ...comparison, contest: name, other }];
      }),
    );
}

/** A word first, so that it does not take colour to see who is ahead. */
export function verdictWord({ verdict, count }: Comparison): string {
  const seeds = count === 1 ? ' (one seed)' : '';
  switch (verdict) {
    case 'Less':
      return `wins${seeds}`;
    case 'More':
      return `loses${seeds}`;
    case 'Level':
      return `level${seeds}`;
  }
}

export interface Headline {
  /** Cost and cuts. */
  readonly answer: string;
  /** Overload. */
  readonly harm: string;
  /** What it rests on. */
  readonly scope: string;
}

/** Whom everybody wants to be compared with. */
export const references: readonly string[] = ['openvidu-v2', 'hpa'];

/** The answer in one sentence, what it costs in quality in another, and what they rest on. */
export function headline(model: Model): Headline {
  const { subject, subjectLabel, traces } = model;
  const costs = references.flatMap((policy) => costAgainst(model, policy));
  const cuts = traces
    .flatMap((trace) => findSeries(trace, subject)?.runs ?? [])
    .reduce((sum, run) => sum + run.result.roomsCut, 0);
  const cutText = cuts === 0 ? 'cuts no room' : `cuts ${counted(cuts, 'room')}`;
  const answer =
    costs.length === 0
      ? `${subjectLabel} ${cutText}.`
      : `${subjectLabel} needs ${costs.join(' and ')}, and ${cutText}.`;
  const harm = references.flatMap((policy) => overloadAgainst(model, policy)).join(' ');
  return { answer, harm, scope: scopeText(model) };
}

function costAgainst({ subject, traces }: Model, policy: string): readonly string[] {
  if (policy === subject) return [];
  const ratios = traces.flatMap((trace) => {
    const own = findSeries(trace, subject);
    const other = findSeries(trace, policy);
    if (own === undefined || other === undefined) return [];
    const ratio = pairedRatio(bySeed(own, measures.nodeHours), bySeed(other, measures.nodeHours));
    return ratio === undefined ? [] : [ratio.mean];
  });
  if (ratios.length === 0) return [];
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map(percentText);
  const range = ratios.length > 1 ? ` (${low} to ${high} by trace)` : '';
  return [`${percentText(mean)} of the node-hours of ${policy}${range}`];
}

function overloadAgainst({ subject, traces }: Model, policy: string): readonly string[] {
  const verdicts = traces.flatMap((trace) =>
    judgements(trace, subject)
      .filter(({ contest, other }) => contest === 'Overload' && other.policy === policy)
      .map(({ verdict }) => verdict),
  );
  if (verdicts.length === 0) return [];
  const count = (wanted: Verdict) => verdicts.filter((verdict) => verdict === wanted).length;
  const rest = [
    ...(count('More') > 0 ? [`higher on ${count('More')}`] : []),
    ...(count('Level') > 0 ? [`undecided on ${count('Level')}`] : []),
  ];
  const lower = `lower on ${count('Less')} of ${counted(verdicts.length, 'trace')}`;
  return [`Its overload, compared with that of ${policy}, is ${[lower, ...rest].join(', ')}.`];
}

function percentText(ratio: number): string {
  return `${figure(ratio * 100, 1)}\u00a0%`;
}

function scopeText({ subject, traces }: Model): string {
  const seeds = new Set(traces.flatMap((trace) => trace.seeds)).size;
  const all = traces.flatMap((trace) => judgements(trace, subject));
  const lost = all.filter(({ verdict }) => verdict === 'More').length;
  const won = all.filter(({ verdict }) => verdict === 'Less').length;
  const runs = `${counted(traces.length, 'trace')} and ${counted(seeds, 'seed')}`;
  if (all.length === 0) return `Measured over ${runs}. There is no other policy to compare it with.`;
  return `Means over ${runs}. Of ${all.length} comparisons with other policies it wins ${won}, loses ${lost} and leaves ${all.length - won - lost} open; each is below.`;
}
