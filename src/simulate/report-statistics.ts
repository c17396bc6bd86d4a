/** Means over seeds with their confidence intervals, and differences that are paired by seed. */

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

/** 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom. */
const quantiles: readonly number[] = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Beyond 30 degrees of freedom by the first term of its expansion, which is right to three digits. */
export function studentT95(degreesOfFreedom: number): number {
  return quantiles[degreesOfFreedom - 1] ?? 1.96 + 2.4 / degreesOfFreedom;
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
