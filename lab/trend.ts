/** Whether a figure that is taken at even intervals grows. */
import type { Estimate } from '../src/loadtest/cost-model.ts';
import { quantile, seriesInterval } from '../src/loadtest/statistics.ts';

export interface Pace {
  /** The time between two values, in units of `unit`. */
  readonly every: number;
  /** As it is said after a slope, such as `an hour`. */
  readonly unit: string;
}

export interface Trend {
  readonly text: string;
  /** By more than chance explains, with 95 % of certainty. */
  readonly grows: boolean;
}

export function trendOf(what: string, values: readonly number[], { every, unit }: Pace): Trend {
  const slope = slopeOf(values, every);
  const middle = quantile(values, 0.5) ?? Number.NaN;
  const span = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}, median ${middle.toFixed(1)}`;
  if (slope === undefined) {
    const isConstant = new Set(values).size === 1;
    return { text: `${what}: ${span}: ${isConstant ? 'constant' : 'too few samples to say'}`, grows: false };
  }
  const { value, low, high } = slope;
  const told = `${value.toFixed(2)} ${unit} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const word = low > 0 ? 'GROWS' : 'does not grow';
  return { text: `${what}: ${span}; ${told}: ${word}`, grows: low > 0 };
}

/**
 * The slope, with its interval of 95 %: each value of the second half is held against the one half a run before it, and
 * the mean of these differences is judged by batches, because neighbours are alike.
 */
function slopeOf(values: readonly number[], every: number): Estimate | undefined {
  const half = Math.floor(values.length / 2);
  const slopes = values
    .slice(half, 2 * half)
    .map((value, at) => (value - (values[at] ?? value)) / (half * every));
  return seriesInterval(slopes);
}
