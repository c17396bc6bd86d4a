import { expect, test } from '@jest/globals';
import { estimateLevel } from '../../src/loadtest/estimate.ts';
import { levelWithinMost } from '../../src/loadtest/most-load.ts';
import { conference, scenarioOf } from './scenarios.ts';

/** Rooms of ten, and the most that may be there. */
const rooms = (most: string) =>
  scenarioOf({ workload: conference('participants: 10'), load: `mode: fixed\n    most: { ${most} }` });

test('no more people than the scenario allows, whatever is wished', () => {
  const scenario = rooms('participants: 100, egressMbps: 100000');
  expect(levelWithinMost(scenario, 4)).toBe(4);
  expect(levelWithinMost(scenario, 10)).toBe(10);
  expect(levelWithinMost(scenario, 500)).toBe(10);
});

test('no more megabits either: the next level would have more', () => {
  const scenario = rooms('participants: 10000, egressMbps: 500');
  const most = levelWithinMost(scenario, 500);
  expect(estimateLevel(scenario, most).mbpsOut).toBeLessThanOrEqual(500);
  expect(estimateLevel(scenario, most + 1).mbpsOut).toBeGreaterThan(500);
});

test('nothing where not even one level fits', () => {
  const scenario = rooms('participants: 10');
  const { load } = scenario;
  const tight = { ...scenario, load: { ...load, most: { ...load.most, egressMbps: 1 } } };
  expect(levelWithinMost(tight, 5)).toBe(0);
});
