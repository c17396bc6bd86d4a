import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  batchMeans,
  deviation,
  fitLine,
  mean,
  meanInterval,
  quantile,
  seriesInterval,
  wilson,
} from '../../src/loadtest/statistics.ts';
import { logisticN50, type Trial } from '../../src/loadtest/statistics-logistic.ts';
import { conditionNumber, nonNegativeLeastSquares } from '../../src/loadtest/statistics-nnls.ts';
import { chance, normal, stream, uniform } from '../../src/workload/random.ts';

describe('simple statistics', () => {
  test('have no value of nothing', () => {
    expect([mean([]), deviation([1]), quantile([], 0.5), meanInterval([1]), wilson(0, 0)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  // The default of R's quantile().
  test.each([
    [0, 1],
    [0.25, 1.75],
    [0.5, 2.5],
    [0.95, 3.85],
    [1, 4],
  ])('put the %d quantile of 1 to 4 at %d', (share, value) => {
    expect(quantile([4, 2, 1, 3], share)).toBeCloseTo(value, 12);
  });

  test('give the interval of a mean', () => {
    // 1, 2, 3: deviation 1, standard error 1 / √3, t(2) = 4.3027.
    expect(deviation([1, 2, 3])).toBe(1);
    expect(meanInterval([1, 2, 3])?.high).toBeCloseTo(2 + 4.3027 / Math.sqrt(3), 4);
    expect(meanInterval([5, 5, 5])).toEqual({ value: 5, low: 5, high: 5 });
  });

  // Newcombe 1998, table I, method 3 (score without correction).
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('give the share %d of %d an interval from %d to %d', (successes, trials, low, high) => {
    expect(wilson(successes, trials)?.low).toBeCloseTo(low, 4);
    expect(wilson(successes, trials)?.high).toBeCloseTo(high, 4);
  });

  test('draw a line through points', () => {
    expect(
      fitLine([
        [1, 3],
        [2, 5],
        [4, 9],
      ]),
    ).toMatchObject({ intercept: 1, slope: 2 });
    expect(
      fitLine([
        [1, 3],
        [1, 5],
      ]),
    ).toBeUndefined();
    // Anscombe's first set: 3.00 + 0.500·x, residual standard error 1.237.
    const xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const line = fitLine(xs.map((x, index) => [x, ys[index] ?? 0] as const));
    expect(line?.intercept).toBeCloseTo(3.0001, 4);
    expect(line?.slope).toBeCloseTo(0.5001, 4);
    expect(line?.residual).toBeCloseTo(1.2366, 4);
  });
});

describe('a series', () => {
  test('has means of batches, without a rest that fills none', () => {
    expect(batchMeans([1, 3, 5, 7, 9], 2)).toEqual([2, 6]);
  });

  test('has an interval that covers its mean, though each value is much like the one before', () => {
    const random = stream(1, 'series');
    const covered = Array.from({ length: 100 }, () => {
      let value = normal(random, 0, 1 / Math.sqrt(1 - 0.9 ** 2));
      const values = Array.from({ length: 2000 }, () => (value = 0.9 * value + normal(random, 0, 1)));
      const interval = seriesInterval(values);
      return interval !== undefined && interval.low < 0 && interval.high > 0;
    });
    // Taken as independent, 95 in 100 would be about 35.
    expect(covered.filter(Boolean).length).toBeGreaterThan(80);
  });

  test('has none where no batches are independent, as of a trend', () => {
    expect(seriesInterval(Array.from({ length: 100 }, (_, index) => index))).toBeUndefined();
  });
});

describe('the logistic curve', () => {
  const failing = (level: number, n50: number, width: number) => 1 / (1 + Math.exp(-(level - n50) / width));

  test('finds where half of the trials fail, and covers it in about 95 of 100', () => {
    const runs = Array.from({ length: 100 }, (_, seed) => {
      const random = stream(seed, 'trials');
      const trials: Trial[] = Array.from({ length: 60 }, () => {
        const level = Math.round(uniform(random, 40, 80));
        return { level, passed: !chance(random, failing(level, 60, 3)) };
      });
      return logisticN50(trials) ?? { value: 0, low: 0, high: 0 };
    });
    expect(mean(runs.map(({ value }) => value))).toBeCloseTo(60, -0.5);
    expect(runs.filter(({ low, high }) => low <= 60 && high >= 60).length).toBeGreaterThan(87);
  });

  const at = (level: number, passed: boolean): Trial => ({ level, passed });

  test('lies between the levels where passes and fails do not overlap', () => {
    const n50 = logisticN50([at(1, true), at(2, true), at(3, true), at(4, false), at(5, false)]);
    expect(n50?.value).toBeCloseTo(3.5, 1);
    expect(n50?.low).toBeLessThan(3.5);
    expect(n50?.high).toBeGreaterThan(3.5);
  });

  test('has no lower bound where the only pass may have been luck', () => {
    const n50 = logisticN50([at(1, true), at(2, false)]);
    expect(n50?.low).toBe(-Infinity);
    expect(n50?.value).toBeCloseTo(1.5, 1);
  });

  test('hardly moves for one trial that failed for no reason', () => {
    const trials = Array.from({ length: 40 }, (_, index) => at(index, index < 30));
    const moved = logisticN50([...trials, at(5, false)])?.value ?? 0;
    expect(Math.abs(moved - (logisticN50(trials)?.value ?? 0))).toBeLessThan(1.5);
  });

  test.each([
    ['all passed', [at(1, true), at(2, true)]],
    ['all failed', [at(1, false), at(2, false)]],
    ['there are none', []],
    ['less load fails more', [at(1, false), at(2, false), at(3, true), at(4, true)]],
    ['there is one level only', [at(3, true), at(3, false)]],
  ])('says nothing where %s', (_why, trials) => {
    expect(logisticN50(trials)).toBeUndefined();
  });
});

describe('least squares that may not be negative', () => {
  const ones = (rows: readonly unknown[]) => rows.map(() => 1);

  test('are ordinary ones where those are positive', () => {
    const rows = [
      [1, 1],
      [1, 2],
      [1, 4],
    ];
    const [intercept, slope] = nonNegativeLeastSquares(rows, [3, 5, 9], ones(rows));
    expect(intercept).toBeCloseTo(1, 9);
    expect(slope).toBeCloseTo(2, 9);
  });

  test('hold at 0 what would be negative, and fit the rest anew', () => {
    // y = −1 + 2x at 1, 2, 3; through 0 the slope is Σxy / Σx² = 22 / 14.
    const rows = [
      [1, 1],
      [1, 2],
      [1, 3],
    ];
    expect(nonNegativeLeastSquares(rows, [1, 3, 5], ones(rows))).toEqual([0, expect.closeTo(22 / 14, 9)]);
  });

  test('count rows by their weights', () => {
    expect(nonNegativeLeastSquares([[1], [1]], [1, 4], [2, 1])).toEqual([expect.closeTo(2, 9)]);
  });

  test('do not mind columns of very different size', () => {
    const rows = [
      [1, 1e6],
      [1, 3e6],
      [1, 2e6],
    ];
    const [base, cost] = nonNegativeLeastSquares(rows, [2, 4, 3], ones(rows));
    expect(base).toBeCloseTo(1, 6);
    expect((cost ?? 0) * 1e6).toBeCloseTo(1, 6);
  });

  const numbers = fc.double({ min: -10, max: 10, noNaN: true });
  const problem = fc.record({
    rows: fc.array(fc.tuple(numbers, numbers, numbers), { minLength: 4, maxLength: 12 }),
    seed: fc.nat(),
  });

  test('are the best there are: no way downhill is left, whatever the numbers', () => {
    fc.assert(
      fc.property(problem, ({ rows, seed }) => {
        const random = stream(seed, 'y');
        const ys = rows.map(() => normal(random, 0, 10));
        const x = nonNegativeLeastSquares(rows, ys, ones(rows));
        const residuals = rows.map(
          (row, index) => (ys[index] ?? 0) - row.reduce((sum, value, at) => sum + value * (x[at] ?? 0), 0),
        );
        for (const [column, value] of x.entries()) {
          const gradient = rows.reduce(
            (sum, row, index) => sum + (row[column] ?? 0) * (residuals[index] ?? 0),
            0,
          );
          const size = Math.hypot(...rows.map((row) => row[column] ?? 0)) * Math.hypot(...ys) + 1e-9;
          expect(value).toBeGreaterThanOrEqual(0);
          expect(gradient / size).toBeLessThan(1e-6);
          if (value > 0 && conditionNumber(rows, ones(rows)) < 1e4)
            expect(Math.abs(gradient / size)).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the condition number', () => {
  const ones = [1, 1, 1];

  test('is 1 of columns that have nothing in common, whatever their size', () => {
    expect(
      conditionNumber(
        [
          [1, 0],
          [0, 1e6],
          [0, 0],
        ],
        ones,
      ),
    ).toBeCloseTo(1, 9);
  });

  // Columns of length 1 at an angle of 60°: eigenvalues of their products are 1 ± ½, and √(1.5 / 0.5) = √3.
  test('grows with what they have in common', () => {
    expect(
      conditionNumber(
        [
          [1, 0.5],
          [0, Math.sqrt(0.75)],
          [0, 0],
        ],
        ones,
      ),
    ).toBeCloseTo(Math.sqrt(3), 9);
  });

  test('is infinite where a column is made of others, or is 0', () => {
    expect(
      conditionNumber(
        [
          [1, 2],
          [2, 4],
          [3, 6],
        ],
        ones,
      ),
    ).toBeGreaterThan(1e6);
    expect(
      conditionNumber(
        [
          [1, 0],
          [2, 0],
          [3, 0],
        ],
        ones,
      ),
    ).toBe(Infinity);
  });

  test('sees weights', () => {
    expect(
      conditionNumber(
        [
          [1, 0],
          [1, 1],
          [1, 5],
        ],
        [1, 0, 0],
      ),
    ).toBe(Infinity);
  });
});
