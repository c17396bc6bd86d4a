import { describe, expect, test } from '@jest/globals';
import { GrowthLearner } from '../../src/core/growth.ts';
import {
  ageKnot,
  ageKnotsS,
  countClass,
  countEdges,
  priorGrowth,
  slotOfDay,
} from '../../src/core/learned.ts';

const capacity = 200;
const cell = (ageS: number, count: number) => ageKnot(ageS) * countEdges.length + countClass(count);
const quiet = ageKnotsS.map(() => -1);

/** A room that has `first` people from its beginning, and `last` from 30 s on. */
function book(learner: GrowthLearner, slot: number, first: number, last: number): void {
  const counts = ageKnotsS.map((ageS) => (ageS < 30 ? first : last));
  learner.book(
    slot,
    counts,
    ageKnotsS.map(() => last),
  );
}

describe('classes', () => {
  test.each([
    [0, 0],
    [1, 1],
    [5, 5],
    [6, 5],
    [7, 6],
    [14, 7],
    [15, 8],
    [239, 14],
    [240, 15],
    [5000, 15],
  ])('a room of %i people is in class %i', (count, at) => expect(countClass(count)).toBe(at));

  test.each([
    [0, 0],
    [4.9, 0],
    [5, 1],
    [59, 5],
    [600, 13],
    [9000, 13],
  ])('an age of %f s is at knot %i', (ageS, knot) => expect(ageKnot(ageS)).toBe(knot));

  test('those who come before the full hour and after it are in one slot of the day', () => {
    const hour = 10 * 3600;
    expect(slotOfDay(hour - 120)).toBe(slotOfDay(hour + 60));
    expect(slotOfDay(hour - 240)).not.toBe(slotOfDay(hour));
    expect(slotOfDay(86_400 * 20 + hour)).toBe(slotOfDay(hour));
  });
});

describe('the growth of young rooms', () => {
  test('is the prior as long as nothing was seen', () => {
    const { mean } = new GrowthLearner().general(capacity);
    expect(mean[cell(0, 1)]).toBeCloseTo(priorGrowth(capacity).mean[cell(0, 1)] ?? -1, 9);
    expect(mean[cell(600, 5)]).toBe(0);
  });

  test('comes to what is seen again and again', () => {
    const learner = new GrowthLearner();
    for (let room = 0; room < 400; room += 1) book(learner, 12, 1, room % 2 === 0 ? 11 : 21);
    const { mean, variance } = learner.general(capacity);
    expect(mean[cell(0, 1)]).toBeCloseTo(15, 0);
    expect(Math.sqrt(variance[cell(0, 1)] ?? 0)).toBeCloseTo(5, 0);
    expect(mean[cell(30, 11)]).toBeLessThan(0.2);
  });

  test('is told apart by the slot of the day, and a slot in which nothing began leans on the others', () => {
    const learner = new GrowthLearner();
    for (let room = 0; room < 100; room += 1) {
      book(learner, 120, 1, 29);
      book(learner, 122, 1, 3);
    }
    const general = learner.general(capacity);
    const at = (slot: number) => learner.slot(slot, general).mean[cell(0, 1)] ?? -1;
    expect(at(120)).toBeCloseTo(28, 0);
    expect(at(122)).toBeCloseTo(2, 0);
    // The same five minutes of another hour: most of it is known.
    expect(at(132)).toBeGreaterThan(24);
    expect(at(133)).toBeCloseTo(general.mean[cell(0, 1)] ?? -1, 9);
  });

  test('is not learned from ages at which nobody looked', () => {
    const learner = new GrowthLearner();
    learner.book(0, quiet, quiet);
    expect(learner.general(capacity)).toEqual(new GrowthLearner().general(capacity));
  });

  test('follows a world that has changed', () => {
    const learner = new GrowthLearner();
    for (let room = 0; room < 5000; room += 1) book(learner, 0, 1, 3);
    for (let room = 0; room < 5000; room += 1) book(learner, 0, 1, 21);
    expect(learner.general(capacity).mean[cell(0, 1)]).toBeGreaterThan(18);
  });
});

test.each([
  [6, 0.1],
  [10, 0.1],
  [100, 4],
  [200, 8],
  [1000, 8],
])('on nodes for %i people a new room is expected to grow by less than %f', (slots, most) => {
  expect(priorGrowth(slots).mean[cell(0, 1)] ?? -1).toBeLessThanOrEqual(most + 0.3);
});
