import { describe, expect, test } from '@jest/globals';
import { niceTicks } from '../../src/simulate/report-chart.ts';
import { quantile } from '../../src/simulate/report-chart-drains.ts';
import { figure } from '../../src/simulate/report-measures.ts';
import {
  estimate,
  pairedDifference,
  pairedRatio,
  studentT95,
  verdictOf,
} from '../../src/simulate/report-statistics.ts';

describe('an estimate', () => {
  // 1, 2, 3: variance ((−1)² + 0 + 1²) / 2 = 1, standard error 1 / √3, times t(2) = 4.303 is 2.4843.
  test('has the mean and half of the 95 % interval by Student’s t', () => {
    const { count, mean, halfWidth } = estimate([1, 2, 3]) ?? { count: 0, mean: 0, halfWidth: 0 };
    expect([count, mean]).toEqual([3, 2]);
    expect(halfWidth).toBeCloseTo(4.303 / Math.sqrt(3), 6);
  });

  test('of one value has no interval, and of none there is none', () => {
    expect(estimate([5])).toEqual({ count: 1, mean: 5, halfWidth: undefined });
    expect(estimate([])).toBeUndefined();
  });

  // From printed tables.
  test.each([
    [1, 12.706],
    [9, 2.262],
    [30, 2.042],
    [40, 2.021],
    [60, 2.0],
    [120, 1.98],
    [1e9, 1.96],
  ])('uses t(%d) = %d', (degrees, quantileOfT) => {
    expect(studentT95(degrees)).toBeCloseTo(quantileOfT, 2);
  });
});

describe('a comparison by seed', () => {
  const one = new Map([
    [1, 10],
    [2, 30],
    [7, 99],
  ]);
  const other = new Map([
    [2, 60],
    [1, 20],
    [8, 1],
  ]);

  test('pairs the seeds that both have', () => {
    expect(pairedRatio(one, other)).toEqual({ count: 2, mean: 0.5, halfWidth: 0 });
    expect(pairedDifference(one, other)).toMatchObject({ count: 2, mean: -20 });
  });

  test('leaves out what cannot be divided', () => {
    expect(pairedRatio(one, new Map([[1, 0]]))).toBeUndefined();
  });

  test.each([
    ['Less', { count: 3, mean: 0.9, halfWidth: 0.05 }],
    ['Level', { count: 3, mean: 0.9, halfWidth: 0.15 }],
    ['More', { count: 3, mean: 1.1, halfWidth: 0.05 }],
    ['Less', { count: 1, mean: 0.9, halfWidth: undefined }],
    ['Level', { count: 3, mean: 1, halfWidth: 0 }],
  ] as const)('is %s for %j against 1', (verdict, each) => {
    expect(verdictOf(each, 1)).toBe(verdict);
  });
});

test.each([
  [1234567.891, 1, '1\u2009234\u2009567.9'],
  [-0.04, 1, '0.0'],
  [-12.5, 2, '\u221212.50'],
  [999, 0, '999'],
])('%d with %d digits is written as %s', (value, digits, text) => {
  expect(figure(value, digits)).toBe(text);
});

test.each([
  [0, 100, 5, [0, 20, 40, 60, 80, 100]],
  [0.93, 2.1, 6, [1, 1.2, 1.4, 1.6, 1.8, 2]],
  [0, 0, 5, [0]],
])('ticks from %d to %d, about %d of them, are round', (low, high, count, ticks) => {
  expect(niceTicks(low, high, count)).toEqual(ticks);
});

test.each([
  [0, 1],
  [0.25, 1],
  [0.5, 2],
  [0.95, 4],
  [1, 4],
])('the quantile %d of 1, 2, 3, 4 by nearest rank is %d', (share, value) => {
  expect(quantile([1, 2, 3, 4], share)).toBe(value);
});
