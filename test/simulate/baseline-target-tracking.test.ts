import { describe, expect, test } from '@jest/globals';
import { createTargetTracking } from '../../src/simulate/baseline-target-tracking.ts';
import { aNode, aView, looks, running } from './baseline-bench.ts';

const leaves = (node: string) => ({ kind: 'Terminate', node, graceS: 172_800 });

describe('target tracking grows', () => {
  // Proportional: 4 instances at 75 % with a target of 50 % need 4 × 75 / 50 = 6.
  test('in proportion, after three breaching minutes in a row', () => {
    const orders = looks(createTargetTracking(), aView(running(75, 75, 75, 75)), 120);
    expect(orders).toEqual([[], [], [{ kind: 'Launch', count: 2 }]]);
  });

  // 3 × 51 / 50 = 3.06, so 4: the result is rounded up.
  test('by whole instances, rounded up', () => {
    expect(looks(createTargetTracking(), aView(running(51, 51, 51)), 120).at(-1)).toEqual([
      { kind: 'Launch', count: 1 },
    ]);
  });

  test('not while one of the three minutes is at the target', () => {
    const baseline = createTargetTracking();
    for (const [minute, load] of [80, 50, 80, 80].entries()) {
      expect(baseline.look(aView(running(load), { nowS: 3600 + 60 * minute }))).toEqual([]);
    }
    expect(baseline.look(aView(running(80), { nowS: 3840 }))).toEqual([{ kind: 'Launch', count: 1 }]);
  });

  // One warm instance at 90 % needs ceil(1 × 90 / 50) = 2, and two are there: the second one is on its way.
  test('not a second time for the same load while the new instance warms up', () => {
    const warming = aNode('m-2', { readyAtS: 3590, launchedAtS: 3500 });
    expect(looks(createTargetTracking(), aView([...running(90), warming]), 120).flat()).toEqual([]);
  });

  test('not on a group without any warm instance', () => {
    const warming = aNode('m-1', { readyAtS: 3590, load: 200 });
    expect(looks(createTargetTracking(), aView([warming]), 60).flat()).toEqual([]);
  });
});

describe('target tracking shrinks', () => {
  // 4 × 20 / 50 = 1.6, so 2 stay. The lower alarm needs 15 of 15 minutes: the fifteenth look is at 840 s.
  test('in proportion, after fifteen minutes below nine tenths of the target', () => {
    const orders = looks(createTargetTracking(), aView(running(20, 20, 20, 20)), 840);
    expect(orders.slice(0, 14).flat()).toEqual([]);
    expect(orders[14]).toHaveLength(2);
  });

  // 45 % is 0.9 × 50 %: at the alarm's threshold nothing goes, below it something may.
  test.each([
    [45, 0],
    [44, 0],
    // 3 × 33 / 50 = 1.98, so 2.
    [33, 1],
  ])('from three instances at %d %% by %d', (load, count) => {
    const orders = looks(createTargetTracking(), aView(running(load, load, load)), 840);
    expect(orders.at(-1)).toHaveLength(count);
  });

  // Rooms do not move, so the average of the others stays at 40 % when two of ten go. (8 + 2) × 40 / 50 = 8 again.
  test('not a second time for the same load while the first ones leave', () => {
    const stay = running(40, 40, 40, 40, 40, 40, 40, 40);
    const leave = ['m-9', 'm-10'].map((id) => aNode(id, { state: 'Terminating', load: 40, rooms: 4 }));
    expect(looks(createTargetTracking(), aView([...stay, ...leave]), 3600).flat()).toEqual([]);
    // Once they are gone: 8 × 40 / 50 = 6.4, so 7.
    expect(looks(createTargetTracking(), aView(stay), 840).at(-1)).toHaveLength(1);
  });

  test('not while an instance is on its way or warms up', () => {
    const nodes = [...running(5, 5), aNode('m-3', { state: 'Launching', readyAtS: undefined })];
    expect(looks(createTargetTracking(), aView(nodes), 1800).flat()).toEqual([]);
  });

  // Launched at 0 s, 1200 s and 2400 s, looked at from 3600 s to 4440 s: 840 s, 3240 s and 2040 s into their hours.
  test('by the instance that is nearest to its next billing hour, held for 48 hours, whatever its rooms', () => {
    const nodes = [0, 1200, 2400].map((launchedAtS, at) =>
      aNode(`m-${at + 1}`, { launchedAtS, readyAtS: launchedAtS, load: 10 + 20 * (at % 2), rooms: 2 }),
    );
    // 3 × 16.67 / 50 = 1.
    expect(looks(createTargetTracking(), aView(nodes), 840).at(-1)).toEqual([leaves('m-2'), leaves('m-3')]);
  });
});
