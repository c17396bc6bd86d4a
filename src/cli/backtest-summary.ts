/** From many runs to one line for each trace and policy: means over seeds with what they are worth. Pure. */
import { type BySeed, type Estimate, estimate, pairedRatio } from '../simulate/report-statistics.ts';
import { avoidableOverloadShare, type SimResult } from '../simulate/result.ts';
import { type Column, textTable } from './output.ts';

type Figure = Exclude<keyof SimResult, 'policy' | 'seed' | 'trace' | 'wallMs' | 'rooms'>;

const figures = [
  'nodeHours',
  'boundNodeHours',
  'ratio',
  'overloadShare',
  'unavoidableOverloadShare',
  'roomsCut',
  'participantsCut',
  'launches',
  'directionChangesPerDay',
  'peakNodes',
  'drainMinutesP50',
  'drainMinutesP95',
] as const satisfies readonly Figure[];

/** Mean over seeds, and half the width of its 95 % confidence interval; `null` with one seed, which shows no spread. */
export interface MeanOf {
  readonly mean: number;
  readonly halfWidth: number | null;
}

export type SummaryLine = {
  readonly trace: string;
  readonly policy: string;
  readonly seeds: readonly number[];
  /** Node-hours against those of the first policy, seed by seed; 1 is the same, more costs more. */
  readonly nodeHoursAgainstFirst: MeanOf;
  readonly avoidableOverloadShare: MeanOf;
} & Readonly<Record<Figure, MeanOf>>;

/** Traces and policies in the order in which they first come. */
export function summaryOf(results: readonly SimResult[]): readonly SummaryLine[] {
  const policies = [...new Set(results.map(({ policy }) => policy))];
  const traces = [...new Set(results.map(({ trace }) => trace))];
  return traces.flatMap((trace) => {
    const ofTrace = results.filter((result) => result.trace === trace);
    const first = hoursBySeed(ofTrace.filter(({ policy }) => policy === policies[0]));
    return policies.map((policy) =>
      lineOf(
        { trace, policy },
        ofTrace.filter((result) => result.policy === policy),
        first,
      ),
    );
  });
}

function lineOf(
  heading: { readonly trace: string; readonly policy: string },
  runs: readonly SimResult[],
  first: BySeed,
): SummaryLine {
  const means = figures.map((figure) => [figure, meanOf(runs.map((run) => run[figure]))] as const);
  return {
    ...heading,
    seeds: runs.map(({ seed }) => seed),
    nodeHoursAgainstFirst: told(pairedRatio(hoursBySeed(runs), first)),
    avoidableOverloadShare: meanOf(runs.map(avoidableOverloadShare)),
    // The list of figures has every key of the record; only the compiler cannot follow the entries.
    ...(Object.fromEntries(means) as Record<Figure, MeanOf>),
  };
}

function hoursBySeed(runs: readonly SimResult[]): BySeed {
  return new Map(runs.map((run) => [run.seed, run.nodeHours]));
}

function meanOf(values: readonly number[]): MeanOf {
  return told(estimate(values));
}

function told(value: Estimate | undefined): MeanOf {
  return { mean: value?.mean ?? 0, halfWidth: value?.halfWidth ?? null };
}

const right = (title: string): Column => ({ title, align: 'right' });

/** One table for each trace, with a line of words below the last. */
export function summaryText(lines: readonly SummaryLine[]): string {
  const traces = [...new Set(lines.map(({ trace }) => trace))];
  const first = lines[0]?.policy ?? '';
  const tables = traces.map((trace) => {
    const own = lines.filter((line) => line.trace === trace);
    return `${trace}\n${textTable(columnsOf(first), own.map(rowOf))}`;
  });
  const several = lines.some(({ seeds }) => seeds.length > 1);
  const words = several
    ? 'Means over the seeds; ± is half the 95 % confidence interval.'
    : 'One seed: give several with --seeds to see what chance does.';
  return `${tables.join('\n\n')}\n\n${words} "vs" is node-hours against ${first}: more than 1 costs more.`;
}

function columnsOf(first: string): readonly Column[] {
  return [
    { title: 'policy' },
    right('node-hours'),
    right(`vs ${first}`),
    right('ratio'),
    right('avoidable overload'),
    right('rooms cut'),
    right('launches'),
    right('turns a day'),
    right('peak'),
    right('drain p95'),
  ];
}

function rowOf(line: SummaryLine): readonly string[] {
  return [
    line.policy,
    withSpread(line.nodeHours, 1),
    withSpread(line.nodeHoursAgainstFirst, 3),
    withSpread(line.ratio, 3),
    `${(100 * line.avoidableOverloadShare.mean).toFixed(3)} %`,
    withSpread(line.roomsCut, 0),
    line.launches.mean.toFixed(0),
    line.directionChangesPerDay.mean.toFixed(1),
    line.peakNodes.mean.toFixed(1),
    `${line.drainMinutesP95.mean.toFixed(0)} min`,
  ];
}

function withSpread({ mean, halfWidth }: MeanOf, digits: number): string {
  const isExact = halfWidth === null || halfWidth < 0.5 * 10 ** -digits;
  return isExact ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${halfWidth.toFixed(digits)}`;
}
