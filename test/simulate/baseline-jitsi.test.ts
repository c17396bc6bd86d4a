import { describe, expect, test } from '@jest/globals';
import { createJitsi } from '../../src/simulate/baseline-jitsi.ts';
import { aNode, aView, launching, looks, running } from './baseline-bench.ts';

describe('jitsi-autoscaler', () => {
  // scaleUpPeriodsCount 2: the latest minute and the one before must both be at 0.6 or above. Reports every 30 s, so
  // after a calm minute the first look on which both are hot is the one 90 s after the rise.
  test('adds one instance when two periods of a minute are hot', () => {
    const baseline = createJitsi();
    const at = (nowS: number, load: number) => baseline.look(aView(running(load, load), { nowS }));
    const calmThenHot = [50, 50, 50, 60, 60, 60, 60].map((load, look) => at(30 * look, load));
    expect(calmThenHot.slice(0, 6).flat()).toEqual([]);
    expect(calmThenHot[6]).toEqual([{ kind: 'Launch', count: 1 }]);
  });

  // The stress is the mean over instances: (0.9 + 0.5) / 2 = 0.7 is hot, (0.9 + 0.2) / 2 = 0.55 is not.
  test.each([
    [[90, 50], 1],
    [[90, 20], 0],
  ])('reads the mean stress of %j', (loads, count) => {
    expect(
      looks(createJitsi(), aView(running(...loads)), 120)
        .flat()
        .slice(0, 1),
    ).toHaveLength(count);
  });

  // A change is followed by a grace of 480 s, so ten steps take ten graces: the reason for its slow mornings.
  test('changes nothing for eight minutes after a change', () => {
    const baseline = createJitsi();
    const changes: number[] = [];
    let count = 1;
    for (let nowS = 0; nowS <= 1500; nowS += 30) {
      const nodes = running(...Array.from({ length: count }, () => 100));
      for (const order of baseline.look(aView(nodes, { nowS }))) {
        if (order.kind === 'Launch') count += order.count;
        changes.push(nowS);
      }
    }
    expect(changes).toEqual([0, 480, 960, 1440]);
  });

  // scaleDownPeriodsCount 4: four minutes below 0.3. The look at 240 s is the first whose four periods are all calm.
  test('takes one instance away when four periods are calm', () => {
    const baseline = createJitsi();
    const at = (nowS: number, load: number) => baseline.look(aView(running(load, load, load), { nowS }));
    expect(at(0, 50)).toEqual([]);
    for (let nowS = 30; nowS < 240; nowS += 30) expect(at(nowS, 20)).toEqual([]);
    expect(at(240, 20)).toEqual([{ kind: 'Drain', node: 'm-3' }]);
  });

  test('0.3 is not below 0.3', () => {
    expect(looks(createJitsi(), aView(running(30, 30)), 600).flat()).toEqual([]);
  });

  test('lets instances go that are not up yet, then those with the fewest participants', () => {
    const nodes = [...running(7, 2, 9), launching('m-4')];
    const orders = createJitsi().look(aView(nodes, { nodesMax: 2 }));
    expect(orders).toEqual(['m-4', 'm-2'].map((node) => ({ kind: 'Drain', node })));
  });

  test('leaves instances that shut down out of the count and out of the stress', () => {
    const leaving = aNode('m-2', { state: 'Draining', load: 1000, rooms: 9 });
    expect(looks(createJitsi(), aView([...running(50), leaving]), 300).flat()).toEqual([]);
  });

  // The trait that its own risk review names: no report at all reads as no stress.
  test('reads a period without any report as 0, as the original does', () => {
    const nodes = [launching('m-1'), launching('m-2')];
    expect(looks(createJitsi(), aView(nodes), 0)).toEqual([[{ kind: 'Drain', node: 'm-2' }]]);
  });
});
