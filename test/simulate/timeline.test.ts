import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SimEvent } from '../../src/simulate/events.ts';
import { TimelineCollector } from '../../src/simulate/timeline.ts';

function timelineOf(events: readonly SimEvent[], capacity = 100) {
  const collector = new TimelineCollector(capacity);
  for (const event of events) collector.add(event);
  return collector.timeline();
}

const start: readonly SimEvent[] = [
  { t: 0, e: 'launch', node: 'a' },
  { t: 0, e: 'ready', node: 'a' },
];

describe('a timeline', () => {
  test('has a step for each second of a short run, with averages over the step', () => {
    const { stepS, load, serving, launching } = timelineOf([
      ...start,
      { t: 1, e: 'room', room: 'r', node: 'a' },
      { t: 1, e: 'load', room: 'r', n: 10 },
      { t: 1, e: 'launch', node: 'b' },
      { t: 2.5, e: 'load', room: 'r', n: 30 },
      { t: 2.5, e: 'ready', node: 'b' },
      { t: 4, e: 'end', room: 'r' },
    ]);
    expect(stepS).toBe(1);
    // The third second has 10 for one half and 30 for the other.
    expect(load).toEqual([0, 10, 20, 30]);
    expect(serving).toEqual([1, 1, 1.5, 2]);
    expect(launching).toEqual([0, 1, 0.5, 0]);
  });

  test('tells closed nodes from serving ones', () => {
    const { serving, closed } = timelineOf([
      ...start,
      { t: 1, e: 'cordon', node: 'a' },
      { t: 2, e: 'uncordon', node: 'a' },
      { t: 3, e: 'remove', node: 'a', cut: 0 },
      { t: 4, e: 'launch', node: 'b' },
    ]);
    expect(serving).toEqual([1, 0, 1, 0]);
    expect(closed).toEqual([0, 1, 0, 0]);
  });

  test('counts everybody on a node above 90 % as overloaded, and nobody at 90 %', () => {
    const { overloadShare } = timelineOf([
      ...start,
      { t: 0, e: 'launch', node: 'b' },
      { t: 0, e: 'room', room: 'calm', node: 'b' },
      { t: 0, e: 'load', room: 'calm', n: 9 },
      { t: 0, e: 'room', room: 'r', node: 'a' },
      { t: 0, e: 'load', room: 'r', n: 90 },
      { t: 1, e: 'load', room: 'r', n: 91 },
      { t: 2, e: 'end', room: 'r' },
      { t: 3, e: 'end', room: 'calm' },
    ]);
    expect(overloadShare).toEqual([0, 0.91, 0]);
  });

  test('measures drains from the last cordon to the end of the last room', () => {
    const { drainMinutes } = timelineOf([
      ...start,
      { t: 0, e: 'launch', node: 'b' },
      { t: 0, e: 'launch', node: 'c' },
      { t: 0, e: 'launch', node: 'never' },
      { t: 0, e: 'launch', node: 'lost' },
      { t: 0, e: 'room', room: 'r', node: 'a' },
      { t: 0, e: 'room', room: 's', node: 'c' },
      { t: 60, e: 'cordon', node: 'a' },
      { t: 90, e: 'uncordon', node: 'a' },
      { t: 120, e: 'cordon', node: 'a' },
      { t: 120, e: 'cordon', node: 'b' },
      { t: 120, e: 'cordon', node: 'c' },
      { t: 120, e: 'cordon', node: 'lost' },
      { t: 180, e: 'remove', node: 'b', cut: 0 },
      { t: 420, e: 'end', room: 'r' },
      { t: 600, e: 'remove', node: 'a', cut: 0 },
      { t: 660, e: 'remove', node: 'never', cut: 0 },
      { t: 660, e: 'remove', node: 'lost', cut: 0, lost: true },
      { t: 720, e: 'remove', node: 'c', cut: 3 },
      { t: 720, e: 'end', room: 's' },
    ]);
    // b was empty; a took from 120 to 420 s; c was removed at 720 s with a room on it.
    expect(drainMinutes).toEqual([0, 5, 10]);
  });

  test('lets a room that was cut leave no load behind', () => {
    const { load } = timelineOf([
      ...start,
      { t: 0, e: 'room', room: 'r', node: 'a' },
      { t: 0, e: 'load', room: 'r', n: 5 },
      { t: 1, e: 'remove', node: 'a', cut: 5 },
      { t: 1, e: 'launch', node: 'b' },
      { t: 1.5, e: 'end', room: 'r' },
      { t: 2, e: 'room', room: 'r', node: 'b' },
      { t: 2, e: 'load', room: 'r', n: 5 },
      { t: 3, e: 'end', room: 'r' },
    ]);
    expect(load).toEqual([5, 0, 5]);
  });

  test('of a long run has at most 1500 steps and keeps every participant-second', () => {
    const loads = fc.array(fc.tuple(fc.integer({ min: 0, max: 80_000 }), fc.integer({ min: 0, max: 120 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(loads, (phases) => {
        const events: SimEvent[] = [...start, { t: 0, e: 'room', room: 'r', node: 'a' }];
        let t = 0;
        let participantSeconds = 0;
        for (const [seconds, n] of phases) {
          events.push({ t, e: 'load', room: 'r', n });
          t += seconds;
          participantSeconds += seconds * n;
        }
        events.push({ t, e: 'end', room: 'r' });
        const { load, stepS } = timelineOf(events);
        expect(load.length).toBeLessThanOrEqual(1500);
        const lastS = t - stepS * (load.length - 1);
        const kept = load.reduce((sum, each, at) => sum + each * (at + 1 < load.length ? stepS : lastS), 0);
        expect(Math.abs(kept - participantSeconds)).toBeLessThanOrEqual(0.001 * t + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  test('of nothing is empty', () => {
    expect(timelineOf([])).toMatchObject({ stepS: 1, load: [], drainMinutes: [] });
  });
});
