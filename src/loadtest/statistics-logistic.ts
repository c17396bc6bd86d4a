/** The level at which half of the windows would pass, by a logistic curve. */
import type { Estimate } from './cost-model.ts';
import { quantile } from './statistics.ts';

export interface Trial {
  readonly level: number;
  readonly passed: boolean;
}

/** Probability to fail at a level: 1 / (1 + e^−(level − n50) / width), but for windows that surprise. */
interface Curve {
  readonly n50: number;
  readonly width: number;
}

/**
 * n50 with its interval of 95 % (profile likelihood: all values that the trials do not speak against). The width of
 * the curve is not free below half of the gap between levels, and not above half of the levels' range, so that there
 * is an answer also where passes and fails do not overlap. A side on which the trials speak against nothing, as far out as
 * anything is looked at, is infinite. `undefined` unless some passed and some failed, and failing
 * goes with the level. Takes time in proportion to the trials.
 */
export function logisticN50(trials: readonly Trial[]): Estimate | undefined {
  const passed = trials.filter((trial) => trial.passed).map(({ level }) => level);
  const failed = trials.filter((trial) => !trial.passed).map(({ level }) => level);
  if (passed.length === 0 || failed.length === 0) return undefined;
  if ((quantile(failed, 0.5) ?? 0) <= (quantile(passed, 0.5) ?? 0)) return undefined;
  const counts = countsOf(trials);
  const grid = curvesFor(counts.map(({ level }) => level));
  const byN50 = grid.map(({ n50, widths }) => ({
    n50,
    likelihood: Math.max(...widths.map((width) => logLikelihood(counts, { n50, width }))),
  }));
  const best = Math.max(...byN50.map(({ likelihood }) => likelihood));
  // Half of the 95 % quantile of chi squared with one degree of freedom.
  const inside = byN50.filter(({ likelihood }) => likelihood >= best - 1.9207).map(({ n50 }) => n50);
  // Where passes and fails do not overlap the top is flat: its middle is the answer.
  const top = byN50.filter(({ likelihood }) => likelihood >= best - 1e-3).map(({ n50 }) => n50);
  return {
    value: (Math.min(...top) + Math.max(...top)) / 2,
    low: byN50[0]?.n50 === inside[0] ? -Infinity : Math.min(...inside),
    high: byN50.at(-1)?.n50 === inside.at(-1) ? Infinity : Math.max(...inside),
  };
}

/** Trials at one level. */
interface Counts {
  readonly level: number;
  readonly passes: number;
  readonly fails: number;
}

/** By level, lowest first. */
function countsOf(trials: readonly Trial[]): readonly Counts[] {
  const levels = [...new Set(trials.map(({ level }) => level))].toSorted((a, b) => a - b);
  return levels.map((level) => {
    const here = trials.filter((trial) => trial.level === level);
    const passes = here.filter(({ passed }) => passed).length;
    return { level, passes, fails: here.length - passes };
  });
}

const pointsOfGrid = 300;
const widthsOfGrid = 8;
/** Share of windows that pass or fail whatever the level. Without it a single one of them would bend the whole curve. */
const surprising = 0.02;

function curvesFor(
  levels: readonly number[],
): readonly { readonly n50: number; readonly widths: readonly number[] }[] {
  const lowest = levels[0] ?? 0;
  const range = (levels.at(-1) ?? 0) - lowest;
  const gap = Math.min(...levels.slice(1).map((level, index) => level - (levels[index] ?? level)));
  const least = gap / 2;
  const most = Math.max(least, range / 2);
  const widths = Array.from(
    { length: widthsOfGrid },
    (_, index) => least * (most / least) ** (index / (widthsOfGrid - 1)),
  );
  // Half a range beyond what was looked at: further out the trials know nothing.
  const step = (2 * range) / pointsOfGrid;
  return Array.from({ length: pointsOfGrid + 1 }, (_, index) => ({
    n50: lowest - range / 2 + index * step,
    widths,
  }));
}

// Taken once: where globals are looked up through a proxy, as in a test's own context, each use would be slow.
const { exp, log } = Math;

function logLikelihood(counts: readonly Counts[], { n50, width }: Curve): number {
  let total = 0;
  for (const { level, passes, fails } of counts) {
    const failing = surprising / 2 + (1 - surprising) / (1 + exp((n50 - level) / width));
    total += passes * log(1 - failing) + fails * log(failing);
  }
  return total;
}
