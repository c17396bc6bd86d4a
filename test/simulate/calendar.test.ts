import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Calendar } from '../../src/simulate/calendar.ts';

test('an empty calendar has nothing ahead', () => {
  const calendar = new Calendar();
  expect(calendar.nextAtMs).toBe(Infinity);
  expect(calendar.take()).toBeUndefined();
});

test('what is entered comes by time, and at one time in the order of its entering', () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 });
  fc.assert(
    fc.property(times, (instants) => {
      const calendar = new Calendar();
      const came: (readonly [number, number])[] = [];
      instants.forEach((atMs, at) => calendar.enter(atMs, () => came.push([atMs, at])));
      while (calendar.nextAtMs < Infinity) calendar.take()?.();
      const wanted = instants
        .map((atMs, at) => [atMs, at] as const)
        .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(came).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test('what is entered while others are taken finds its place', () => {
  const calendar = new Calendar();
  const came: string[] = [];
  calendar.enter(10, () => {
    came.push('first');
    calendar.enter(10, () => came.push('at once'));
    calendar.enter(15, () => came.push('between'));
  });
  calendar.enter(20, () => came.push('last'));
  while (calendar.nextAtMs < Infinity) calendar.take()?.();
  expect(came).toEqual(['first', 'at once', 'between', 'last']);
});
