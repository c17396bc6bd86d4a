/** Counters that grow by steps, and what they are worth over a window. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countedOver, type CountersAt } from '../../src/loadtest/node-counters.ts';

const rate = 100;
const periodMs = 5000;

/** A track of a hundred packets a second, added to the counter every five seconds from its own begin on. */
const stepped = (atMs: number, phaseMs: number): number =>
  Math.floor((atMs - phaseMs) / periodMs) * (periodMs / 1000) * rate;

function look(atMs: number, phases: readonly number[]): CountersAt {
  const packetsOut = phases.reduce((sum, phaseMs) => sum + stepped(atMs, phaseMs), 0);
  return { atMs, packetsIn: 2 * packetsOut, packetsOut, bytesIn: 0, bytesOut: 1000 * packetsOut };
}

/** From 100 s on, every second and at the end. */
function looks(lengthMs: number, phases: readonly number[], lateMs = 0): readonly CountersAt[] {
  const times = Array.from({ length: Math.ceil(lengthMs / 1000) }, (_, at) => at * 1000 + lateMs * (at % 3));
  return [...times, lengthMs].map((ms) => look(100_000 + ms, phases));
}

const sharesOf = (lengthMs: number, phases: readonly number[], lateMs = 0): number =>
  countedOver(looks(lengthMs, phases, lateMs)).packetsOut / ((lengthMs / 1000) * rate * phases.length);

describe('packets over a window', () => {
  test.each([6000, 8000, 9999, 12_000, 19_000, 20_000, 33_000])(
    'of %i ms are counted right where all tracks are added up at the same moment',
    (lengthMs) => {
      for (let phaseMs = 100; phaseMs < periodMs; phaseMs += 300) {
        expect(sharesOf(lengthMs, [phaseMs])).toBeCloseTo(1, 1);
      }
    },
  );

  test.each([
    [4000, 5 / 8],
    [100, 10 / 8],
  ])('are off by a quarter or more by the difference of its two ends: from %i ms on %d', (phaseMs, share) => {
    const [from, to] = [look(100_000, [phaseMs]), look(108_000, [phaseMs])];
    expect((to.packetsOut - from.packetsOut) / 800).toBe(share);
  });

  test('are at worst off by one step in one pair of looks, whenever tracks began and however late the looks come', () => {
    const phase = fc.integer({ min: 0, max: periodMs - 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 6000, max: 40_000 }),
        fc.array(phase, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 100 }),
        (lengthMs, phases, lateMs) => {
          const periods = Math.floor((lengthMs + 50) / periodMs);
          const pairs = Math.max(1, Math.floor((lengthMs - periods * periodMs) / 1000) + 1);
          const off = Math.abs(sharesOf(lengthMs, phases, lateMs) - 1);
          expect(off).toBeLessThanOrEqual(1 / (periods * pairs) + 0.02);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('and bytes, in and out, are counted alike', () => {
    const counted = countedOver(looks(8000, [1200, 3300]));
    expect(counted).toEqual({ packetsIn: 3200, packetsOut: 1600, bytesIn: 0, bytesOut: 1_600_000 });
  });

  test.each([
    ['less than a period is told as it is', [look(100_000, [100]), look(103_000, [100])], 500],
    ['one look tells nothing', [look(100_000, [0])], 0],
    ['no look tells nothing', [], 0],
  ] as const)('%s', (_, seen, expected) => {
    expect(countedOver(seen).packetsOut).toBe(expected);
  });
});
