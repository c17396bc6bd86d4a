import { describe, expect, test } from '@jest/globals';
import { createOpenViduV2 } from '../../src/simulate/baseline-openvidu-v2.ts';
import type { BaselineNode } from '../../src/simulate/baseline.ts';
import { aNode, aView, launching, running } from './baseline-bench.ts';

const waiting = (id: string, load: number) => aNode(id, { state: 'Draining', load, rooms: 1 });
const canceled = (id: string, launchedAtS: number) =>
  aNode(id, { state: 'Draining', readyAtS: undefined, launchedAtS });

/** Both scenarios of the documents have a lower limit of 30 %. */
const scenario = (nodes: readonly BaselineNode[], nodesMax: number) =>
  createOpenViduV2({ maxLoad: 0.7, minLoad: 0.3 }).look(aView(nodes, { nodesMax }));

describe('the documented scenario of two big sessions of 36.59 % each, at most 8 nodes', () => {
  test.each([
    ['10:00, one session: 36.59 / 1 lies between the limits', running(36.59), []],
    ['25:00, two sessions: 73.18 / 1 is above 70', running(73.18), [{ kind: 'Launch', count: 1 }]],
    ['30:00, the second node launches: 73.18 / 2 = 36.59', [...running(73.18), launching('m-2')], []],
    ['40:00, it runs, empty: 73.18 / 2 = 36.59', running(73.18, 0), []],
    [
      '45:00, one session ended: 36.59 / 2 = 18.3 is below 30',
      running(36.59, 0),
      [{ kind: 'Drain', node: 'm-2' }],
    ],
    ['50:00, the empty one is gone: 36.59 / 1', running(36.59), []],
  ])('at %s', (_, nodes, orders) => {
    expect(scenario(nodes, 8)).toEqual(orders);
  });
});

describe('the documented scenario of small sessions of 25 % each, at most 2 nodes', () => {
  test.each([
    ['15:00, 50 / 1', running(50), []],
    ['20:00, 75 / 1 is above 70', running(75), [{ kind: 'Launch', count: 1 }]],
    ['25:00, 100 / 2 = 50', [...running(100), launching('m-2')], []],
    ['30:00, 125 / 2 = 62.5', [...running(125), launching('m-2')], []],
    ['35:00, 150 / 2 = 75 is above 70, and 2 is the upper limit', running(125, 25), []],
    ['45:00, 125 / 2 = 62.5', running(100, 25), []],
  ])('at %s', (_, nodes, orders) => {
    expect(scenario(nodes, 2)).toEqual(orders);
  });
});

describe('adding a node', () => {
  const view = (...more: readonly BaselineNode[]) => aView([...running(90), ...more]);
  const look = (...more: readonly BaselineNode[]) => createOpenViduV2().look(view(...more));

  test('takes a waiting node back before anything else, the fullest one', () => {
    expect(look(waiting('m-2', 5), canceled('m-3', 3500), waiting('m-4', 20))).toEqual([
      { kind: 'Undrain', node: 'm-4' },
    ]);
  });

  test('takes a canceled launch back before launching, the oldest one', () => {
    expect(look(canceled('m-2', 3400), canceled('m-3', 3500))).toEqual([{ kind: 'Undrain', node: 'm-2' }]);
  });

  // 60 on the running one and 15 on the waiting one: 75 / 1 is above 70, although 60 / 1 is not.
  test('counts the load of waiting nodes, but not the nodes', () => {
    const nodes = [...running(60), waiting('m-2', 15)];
    expect(createOpenViduV2().look(aView(nodes))).toEqual([{ kind: 'Undrain', node: 'm-2' }]);
  });
});

describe('taking a node away', () => {
  test('has a lower limit of 20 % by default', () => {
    expect(createOpenViduV2().look(aView(running(20, 20)))).toEqual([]);
    expect(createOpenViduV2().look(aView(running(20, 19)))).toHaveLength(1);
  });

  test('cancels a launch before it drains a node', () => {
    expect(createOpenViduV2().look(aView([...running(5, 5), launching('m-3')]))).toEqual([
      { kind: 'Drain', node: 'm-3' },
    ]);
  });

  test('drains the node with the lowest load, one at a look', () => {
    expect(createOpenViduV2().look(aView(running(9, 3, 12)))).toEqual([{ kind: 'Drain', node: 'm-2' }]);
  });
});

test('new sessions go to the least loaded node', () => {
  expect(createOpenViduV2().placement).toBe('LeastLoaded');
});
