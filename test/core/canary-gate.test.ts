import { describe, expect, test } from '@jest/globals';
import { hasServedEnough, isMoreThan, sumQuality, whyWorse } from '../../src/core/canary-gate.ts';
import type { ServiceQuality } from '../../src/core/readings.ts';
import { unused } from '../support/builders.ts';

const quality = (changes: Partial<ServiceQuality>) => sumQuality([{ ...unused, ...changes }]);
const joins = (failed: number, tried: number) => quality({ joinsFailed: failed, joinsStarted: tried });

describe('a trial is stopped', () => {
  test.each([
    [
      'when all of five joins fail',
      joins(5, 5),
      joins(3, 400),
      '5 of 5 joins failed there, 3 of 400 elsewhere',
    ],
    ['when a fifth of the joins fails', joins(12, 60), joins(3, 400), '12 of 60 joins failed there'],
    [
      'when requests fail',
      quality({ requests: 60, requestErrors: 20 }),
      quality({ requests: 900, requestErrors: 2 }),
      '20 of 60 requests failed there',
    ],
    [
      'when more packets are lost',
      quality({ lossSamples: 200, lossPercentSum: 900 }),
      quality({ lossSamples: 900, lossPercentSum: 450 }),
      '4.5 % of packets are lost there, 0.5 % elsewhere',
    ],
  ])('%s', (_, trial, others, why) => {
    expect(whyWorse(trial, others)).toContain(why);
  });
});

describe('a trial goes on', () => {
  test.each([
    ['while few have joined', joins(4, 4), joins(0, 400)],
    ['while failures are as rare as elsewhere', joins(2, 80), joins(10, 400)],
    ['where as many fail everywhere', joins(90, 100), joins(900, 1000)],
    ['where nobody ever connects, as with signalling alone', joins(100, 100), joins(1000, 1000)],
    ['when one of few fails and nothing is known of the others', joins(1, 6), joins(0, 0)],
    ['with packets lost on too few samples', quality({ lossSamples: 9, lossPercentSum: 900 }), quality({})],
    ['when nothing is told', quality({}), quality({})],
  ])('%s', (_, trial, others) => {
    expect(whyWorse(trial, others)).toBeUndefined();
  });
});

/** A generator that everybody gets the same numbers from. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** After each of so many joins the question is asked anew. */
function everAlarmed(next: () => number, share: number, allowed: number, joinsTried: number): boolean {
  let failed = 0;
  for (let tried = 1; tried <= joinsTried; tried += 1) {
    if (next() < share) failed += 1;
    if (tried >= 5 && isMoreThan({ failed, tried }, allowed)) return true;
  }
  return false;
}

test('a share of failures that is just allowed raises an alarm in at most 1 of 100 trials, however often one looks', () => {
  const next = numbers(7);
  const alarms = Array.from({ length: 1000 }, () => everAlarmed(next, 0.05, 0.05, 500)).filter(
    Boolean,
  ).length;
  expect(alarms).toBeLessThanOrEqual(10);
});

test('three times the allowed share is found within 200 joins in at least 9 of 10 trials', () => {
  const next = numbers(11);
  const found = Array.from({ length: 300 }, () => everAlarmed(next, 0.15, 0.05, 200)).filter(Boolean).length;
  expect(found).toBeGreaterThanOrEqual(270);
});

test.each([
  ['ten joins that worked are enough', joins(2, 12), joins(0, 100), true],
  ['nine are not', joins(3, 12), joins(0, 100), false],
  ['tries are, where joins hardly ever work', joins(10, 10), joins(100, 100), true],
])('%s', (_, trial, others, enough) => {
  expect(hasServedEnough(trial, others)).toBe(enough);
});
