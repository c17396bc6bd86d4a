/** The statistics of a load test: small, exact where that is cheap, and without any state. */
import { assert } from '../base/assert.ts';
import { studentT95, z95 } from '../base/student-t.ts';
import type { Estimate } from './cost-model.ts';

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** `undefined` of no value. */
export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : sum(values) / values.length;
}

/** Of a sample (n − 1). `undefined` of fewer than two values. */
export function deviation(values: readonly number[]): number | undefined {
  const middle = mean(values);
  if (middle === undefined || values.length < 2) return undefined;
  return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}

/** Between order statistics, as most tools do (type 7 of Hyndman and Fan). `undefined` of no value. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * Math.min(1, Math.max(0, share));
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (at - Math.floor(at));
}

/** Mean and interval of 95 % by Student's t. `undefined` of fewer than two values, which do not show their spread. */
export function meanInterval(values: readonly number[]): Estimate | undefined {
  const middle = mean(values);
  const spread = deviation(values);
  if (middle === undefined || spread === undefined) return undefined;
  const half = (studentT95(values.length - 1) * spread) / Math.sqrt(values.length);
  return { value: middle, low: middle - half, high: middle + half };
}

/** Wilson's interval of 95 % for a share. `undefined` of no trial. */
export function wilson(successes: number, trials: number): Estimate | undefined {
  if (trials === 0) return undefined;
  const z = z95;
  const share = successes / trials;
  const scale = 1 + z ** 2 / trials;
  const middle = (share + z ** 2 / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  // Of none and of all the interval ends at the share itself, which rounding misses by a hair.
  const [low, high] = [Math.min(share, middle - half), Math.max(share, middle + half)];
  return { value: share, low: Math.max(0, low), high: Math.min(1, high) };
}

/** Of a straight line through points, by least squares. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** Standard deviation of the residuals; 0 where two points leave none. */
  readonly residual: number;
}

/** `undefined` unless there are two points apart. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line | undefined {
  const middleX = mean(points.map(([x]) => x));
  const middleY = mean(points.map(([, y]) => y));
  if (middleX === undefined || middleY === undefined) return undefined;
  const spread = sum(points.map(([x]) => (x - middleX) ** 2));
  if (spread === 0) return undefined;
  const slope = sum(points.map(([x, y]) => (x - middleX) * (y - middleY))) / spread;
  const intercept = middleY - slope * middleX;
  const squares = sum(points.map(([x, y]) => (y - intercept - slope * x) ** 2));
  return { intercept, slope, residual: points.length < 3 ? 0 : Math.sqrt(squares / (points.length - 2)) };
}

/** How much a value says about the next one, from −1 to 1. `undefined` where nothing varies. */
function lag1(values: readonly number[]): number | undefined {
  const middle = mean(values);
  if (middle === undefined || values.length < 3) return undefined;
  const spread = sum(values.map((value) => (value - middle) ** 2));
  if (spread === 0) return undefined;
  const together = values
    .slice(1)
    .map((value, index) => (value - middle) * ((values[index] ?? middle) - middle));
  return sum(together) / spread;
}

/** Means of neighbours, so many of them in each; a rest at the end that does not fill a batch is left out. */
export function batchMeans(values: readonly number[], size: number): readonly number[] {
  assert(size >= 1, 'a batch holds at least one value');
  const count = Math.floor(values.length / size);
  return Array.from(
    { length: count },
    (_, batch) => sum(values.slice(batch * size, (batch + 1) * size)) / size,
  );
}

/**
 * The interval of the mean of a series whose neighbours are alike: batches grow until what is left of that is small.
 * `undefined` where even ten batches are not independent, or the series is too short to say.
 */
export function seriesInterval(values: readonly number[]): Estimate | undefined {
  const fewest = 10;
  const alike = 0.2;
  for (let size = 1; Math.floor(values.length / size) >= fewest; size *= 2) {
    const batches = batchMeans(values, size);
    if (Math.abs(lag1(batches) ?? 0) < alike) return meanInterval(batches);
  }
  return undefined;
}
