/** Means over seeds with their confidence intervals, and differences that are paired by seed. */
import { studentT95 } from '../base/student-t.ts';

/** A mean and its 95 % confidence interval. */
export interface Estimate {
  readonly count: number;
  readonly mean: number;
  /** Half the width of the interval; `undefined` with fewer than two values, which tell nothing of their spread. */
  readonly halfWidth: number | undefined;
}

/** `undefined` of no value. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { count, mean, halfWidth: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (count - 1) / count);
  return { count, mean, halfWidth: studentT95(count - 1) * standardError };
}

/** A figure by the seed it was measured with. */
export type BySeed = ReadonlyMap<number, number>;

/** Of each seed that both have, `one` divided by `other`. Seeds where the other one is 0 are left out. */
export function pairedRatio(one: BySeed, other: BySeed): Estimate | undefined {
  return estimate(
    [...one].flatMap(([seed, value]) => {
      const against = other.get(seed);
      return against === undefined || against === 0 ? [] : [value / against];
    }),
  );
}

/** Of each seed that both have, `one` less `other`. */
export function pairedDifference(one: BySeed, other: BySeed): Estimate | undefined {
  return estimate(
    [...one].flatMap(([seed, value]) => {
      const against = other.get(seed);
      return against === undefined ? [] : [value - against];
    }),
  );
}

/** `Level`: the interval holds the neutral value, so the seeds do not decide. */
export type Verdict = 'Less' | 'More' | 'Level';

/** A single seed decides by its value alone, since it has no interval. */
export function verdictOf({ mean, halfWidth = 0 }: Estimate, neutral: number): Verdict {
  const tolerance = 1e-9;
  if (mean + halfWidth < neutral - tolerance) return 'Less';
  if (mean - halfWidth > neutral + tolerance) return 'More';
  return 'Level';
}
