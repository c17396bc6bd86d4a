import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SimEvent } from '../../src/simulate/events.ts';
import { EventOrderError, measure } from '../../src/simulate/measures.ts';
import { play, policies, someTrace } from './a-simulation.ts';
import { recompute } from './recompute.ts';

/**
 * Capacity 10: overload from 10 on, a node's worth of the bound is 7. Two nodes; room a is on n1 and grows to 12, room
 * b is on n2 with 4, n2 is closed at 900 s, b ends at 1,500 s, n2 goes at 1,800 s, a ends at 3,600 s.
 */
const story: readonly SimEvent[] = [
  { t: 0, e: 'launch', node: 'n1' },
  { t: 0, e: 'ready', node: 'n1' },
  { t: 0, e: 'room', room: 'a', node: 'n1' },
  { t: 0, e: 'load', room: 'a', n: 8 },
  { t: 100, e: 'launch', node: 'n2' },
  { t: 120, e: 'ready', node: 'n2' },
  { t: 300, e: 'room', room: 'b', node: 'n2' },
  { t: 300, e: 'load', room: 'b', n: 4 },
  { t: 600.5, e: 'load', room: 'a', n: 12 },
  { t: 900, e: 'cordon', node: 'n2' },
  { t: 1500, e: 'end', room: 'b' },
  { t: 1800, e: 'remove', node: 'n2', cut: 0 },
  { t: 3600, e: 'end', room: 'a' },
];

describe('the figures of a story worked out by hand', () => {
  const figures = measure(story, 10);

  test('count the rooms, launches and nodes', () => {
    expect(figures).toMatchObject({ rooms: 2, launches: 2, peakNodes: 2, roomsCut: 0, participantsCut: 0 });
  });

  test('count node-hours from the launch to the removal or the last event', () => {
    expect(figures.nodeHours).toBe(rounded((3600 + 1700) / 3600, 4));
  });

  test('hold them against the least that the load needs', () => {
    // 8 people need 2, 12 need 2, 16 need 3, 12 need 2.
    const boundS = 300 * 2 + 300.5 * 2 + 899.5 * 3 + 2100 * 2;
    expect(figures.boundNodeHours).toBe(rounded(boundS / 3600, 4));
    expect(figures.ratio).toBe(rounded(5300 / boundS, 4));
  });

  test('tell how much of the participants’ time was on overloaded nodes', () => {
    const total = 8 * 600.5 + 12 * 2999.5 + 4 * 1200;
    expect(figures.overloadShare).toBe(rounded((12 * 2999.5) / total, 6));
  });

  test('tell which part of it one room alone is to blame for', () => {
    expect(figures.unavoidableOverloadShare).toBe(figures.overloadShare);
  });

  test('count a change of direction when a removal follows a launch', () => {
    expect(figures.directionChangesPerDay).toBe(24);
  });

  test('count the time from the last cordon to the end of the last room', () => {
    expect(figures).toMatchObject({ drainMinutesP50: 10, drainMinutesP95: 10 });
  });
});

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

describe('the figures', () => {
  test('of nothing are all zero', () => {
    expect(new Set(Object.values(measure([], 10)))).toEqual(new Set([0]));
  });

  test('leave the launches of the beginning out of the changes of direction', () => {
    const events: readonly SimEvent[] = [
      { t: 0, e: 'launch', node: 'n1' },
      { t: 0, e: 'launch', node: 'n2' },
      { t: 43_200, e: 'remove', node: 'n2', cut: 0 },
      { t: 86_400, e: 'cordon', node: 'n1' },
    ];
    expect(measure(events, 10)).toMatchObject({ launches: 2, directionChangesPerDay: 0 });
  });

  test('count what a removal cuts, and until when its rooms lived', () => {
    const events: readonly SimEvent[] = [
      { t: 0, e: 'launch', node: 'n1' },
      { t: 0, e: 'room', room: 'a', node: 'n1' },
      { t: 0, e: 'load', room: 'a', n: 5 },
      { t: 60, e: 'cordon', node: 'n1' },
      { t: 180, e: 'remove', node: 'n1', cut: 5 },
      { t: 180, e: 'end', room: 'a' },
    ];
    expect(measure(events, 10)).toMatchObject({ roomsCut: 1, participantsCut: 5, drainMinutesP50: 2 });
  });

  test('do not blame the policy for a node that was lost', () => {
    const events: readonly SimEvent[] = [
      { t: 0, e: 'launch', node: 'n1' },
      { t: 0, e: 'room', room: 'a', node: 'n1' },
      { t: 0, e: 'load', room: 'a', n: 5 },
      { t: 180, e: 'remove', node: 'n1', cut: 5, lost: true },
      { t: 180, e: 'end', room: 'a' },
    ];
    expect(measure(events, 10)).toMatchObject({ roomsCut: 0, participantsCut: 0, drainMinutesP50: 0 });
  });

  test('take percentiles by the nearest rank', () => {
    const events = Array.from({ length: 20 }, (_, at) => at + 1).flatMap((minutes): readonly SimEvent[] => [
      { t: minutes * 10_000, e: 'launch', node: `n${minutes}` },
      { t: minutes * 10_000, e: 'room', room: `r${minutes}`, node: `n${minutes}` },
      { t: minutes * 10_000, e: 'cordon', node: `n${minutes}` },
      { t: minutes * 10_000 + minutes * 60, e: 'end', room: `r${minutes}` },
      { t: minutes * 10_000 + 5000, e: 'remove', node: `n${minutes}`, cut: 0 },
    ]);
    expect(measure(events, 10)).toMatchObject({ drainMinutesP50: 10, drainMinutesP95: 19 });
  });
});

describe('a log that cannot be', () => {
  const launch: SimEvent = { t: 5, e: 'launch', node: 'n1' };
  const cases: readonly (readonly [string, readonly SimEvent[], RegExp])[] = [
    ['goes back in time', [launch, { t: 4.999, e: 'ready', node: 'n1' }], /4\.999 s follows one at 5 s/],
    ['launches a node twice', [launch, launch], /n1 is launched twice/],
    ['closes a node that is not there', [{ t: 0, e: 'cordon', node: 'n7' }], /n7 does not exist/],
    ['places a room on no node', [{ t: 0, e: 'room', room: 'a', node: 'n7' }], /n7 does not exist/],
    ['fills a room that has not begun', [{ t: 0, e: 'load', room: 'a', n: 1 }], /room a does not exist/],
    [
      'begins a room twice',
      [launch, { t: 5, e: 'room', room: 'a', node: 'n1' }, { t: 6, e: 'room', room: 'a', node: 'n1' }],
      /room a begins twice/,
    ],
  ];
  test.each(cases)('is refused when it %s', (_, events, message) => {
    expect(() => measure(events, 10)).toThrow(EventOrderError);
    expect(() => measure(events, 10)).toThrow(message);
  });
});

describe('another program, written from the definitions, finds the same digits', () => {
  test.each(policies)(
    'for %s',
    async (_, policy) => {
      await fc.assert(
        fc.asyncProperty(someTrace, fc.integer({ min: 5, max: 40 }), async (trace, capacity) => {
          const { events, result } = await play({ trace, policy, capacity });
          const figures = measure(events, capacity);
          expect(result).toMatchObject(figures);
          expect(figures).toEqual(recompute(events, capacity));
        }),
        { numRuns: 6, seed: 3 },
      );
    },
    60_000,
  );
});
