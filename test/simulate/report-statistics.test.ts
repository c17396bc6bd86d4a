import { describe, expect, test } from '@jest/globals';
import { estimate, pairedDifference, pairedRatio, verdictOf } from '../../src/simulate/report-statistics.ts';

describe('an estimate', () => {
  // 1, 2, 3: variance ((−1)² + 0 + 1²) / 2 = 1, standard error 1 / √3, times t(2) = 4.302653 is 2.4841.
  test('has the mean and half of the 95 % interval by Student’s t', () => {
    const { count, mean, halfWidth } = estimate([1, 2, 3]) ?? { count: 0, mean: 0, halfWidth: 0 };
    expect([count, mean]).toEqual([3, 2]);
    expect(halfWidth).toBeCloseTo(4.302_652_7 / Math.sqrt(3), 6);
  });

  test('of one value has no interval, and of none there is none', () => {
    expect(estimate([5])).toEqual({ count: 1, mean: 5, halfWidth: undefined });
    expect(estimate([])).toBeUndefined();
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
