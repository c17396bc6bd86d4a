/** The moments of what is drawn against those of the distribution; seeds are fixed, so nothing here can flicker. */
import { describe, expect, test } from '@jest/globals';
import {
  type Random,
  binomial,
  chance,
  exponential,
  exponentialBelow,
  gamma,
  lognormal,
  noise,
  normal,
  pick,
  poisson,
  stream,
  uniform,
  weibull,
  weighted,
  wholeBetween,
} from '../../src/workload/random.ts';

const draws = 100_000;

function moments(draw: (random: Random) => number): {
  readonly mean: number;
  readonly deviation: number;
} {
  const random = stream(42, 'moments');
  const values = Array.from({ length: draws }, () => draw(random));
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws;
  return { mean, deviation: Math.sqrt(variance) };
}

describe('a distribution has the mean and the deviation of its parameters', () => {
  // Lognormal: mean = median·exp(σ²/2), variance = mean²·(exp(σ²)−1). Weibull of shape 2: scale·√π/2.
  const lognormalMean = 6 * Math.exp(0.6 ** 2 / 2);
  test.each<[string, (random: Random) => number, number, number]>([
    ['uniform', (random) => uniform(random, 3, 7), 5, 4 / Math.sqrt(12)],
    ['whole numbers', (random) => wholeBetween(random, 1, 6), 3.5, Math.sqrt(35 / 12)],
    ['normal', (random) => normal(random, -60, 90), -60, 90],
    ['exponential', (random) => exponential(random, 222), 222, 222],
    [
      'lognormal',
      (random) => lognormal(random, 6, 0.6),
      lognormalMean,
      lognormalMean * Math.sqrt(Math.exp(0.36) - 1),
    ],
    ['gamma', (random) => gamma(random, 4, 2.5), 10, 5],
    ['gamma of a small shape', (random) => gamma(random, 0.5, 2), 1, Math.SQRT2],
    ['noise', (random) => noise(random, 0.15), 1, 0.15],
    ['Poisson', (random) => poisson(random, 7.5), 7.5, Math.sqrt(7.5)],
    ['Poisson of a large mean', (random) => poisson(random, 200), 200, Math.sqrt(200)],
    ['binomial', (random) => binomial(random, 25, 0.33), 8.25, Math.sqrt(25 * 0.33 * 0.67)],
    [
      'Weibull',
      (random) => weibull(random, 2, 20),
      20 * (Math.sqrt(Math.PI) / 2),
      20 * Math.sqrt(1 - Math.PI / 4),
    ],
    ['chance', (random) => Number(chance(random, 0.3)), 0.3, Math.sqrt(0.21)],
    ['pick', (random) => pick(random, [1, 2, 3]), 2, Math.sqrt(2 / 3)],
    [
      'weighted',
      (random) =>
        weighted(random, [
          [0, 1],
          [10, 3],
        ]),
      7.5,
      Math.sqrt(18.75),
    ],
  ])('%s', (_, draw, mean, deviation) => {
    const found = moments(draw);
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.01 * Math.max(deviation, Math.abs(mean)));
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.02);
  });

  test('one that is cut off stays below the limit and keeps its form', () => {
    const limit = 100;
    const mean = 222;
    const random = stream(1, 'cut');
    const values = Array.from({ length: draws }, () => exponentialBelow(random, mean, limit));
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(limit);
    const expected = mean - limit / Math.expm1(limit / mean);
    expect(values.reduce((sum, value) => sum + value, 0) / draws).toBeCloseTo(expected, 0);
  });
});

describe('a stream', () => {
  const first = (seed: number, label: string) => {
    const random = stream(seed, label);
    return Array.from({ length: 4 }, random);
  };

  test('is the same for the same seed and label, in this version and the next', () => {
    expect(first(1, 'arrivals')).toEqual(first(1, 'arrivals'));
    expect(first(1, 'arrivals').map((value) => value.toFixed(9))).toMatchInlineSnapshot(`
     [
       "0.550852791",
       "0.289009755",
       "0.375956993",
       "0.023108781",
     ]
    `);
  });

  test.each([
    [1, 'arrivals', 2, 'arrivals'],
    [1, 'arrivals', 1, 'arrivalt'],
    [0, '', 1, ''],
    [1, '', 2 ** 32 + 1, ''],
  ])('of seed %d and label "%s" has nothing in common with that of seed %d and label "%s"', (a, b, c, d) => {
    const one = stream(a, b);
    const other = stream(c, d);
    const pairs = Array.from({ length: 20_000 }, () => [one() - 0.5, other() - 0.5] as const);
    const correlation = (12 * pairs.reduce((sum, [x, y]) => sum + x * y, 0)) / pairs.length;
    expect(Math.abs(correlation)).toBeLessThan(0.03);
  });

  test('fills its range evenly', () => {
    const random = stream(5, 'even');
    const counts = Array.from({ length: 100 }, () => 0);
    for (let draw = 0; draw < draws; draw += 1) {
      const cell = Math.floor(random() * 100);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    const expected = draws / 100;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 99 degrees of freedom: between these lie 99.8 % of all generators that are random.
    expect(chiSquare).toBeGreaterThan(60);
    expect(chiSquare).toBeLessThan(149);
  });

  test('that has nothing to pick from is a defect of the caller', () => {
    expect(() => pick(stream(1, ''), [])).toThrow('something to pick from');
    expect(() => weighted(stream(1, ''), [])).toThrow('something to pick from');
    expect(() => gamma(stream(1, ''), 0, 1)).toThrow('shape');
  });
});
