import { describe, expect, test } from '@jest/globals';
import { createAgonesBuffer } from '../../src/simulate/baseline-agones-buffer.ts';
import { aNode, aView, launching, running } from './baseline-bench.ts';

const look = (...loads: readonly number[]) => createAgonesBuffer().look(aView(running(...loads)));

describe('a buffer of 30 %', () => {
  // The original's own example: 8 of 10 allocated at 30 %. If free must be 30 %, allocated must be 70 % of the size:
  // ceil(8 × 100 / 70) = 12. With counters of 100 slots: 800 used, capacity wanted ceil(800 / 0.7) = 1143, buffer
  // 343; free of 10 nodes: 200; missing 143, so ceil(143 / 100) = 2 more: 12.
  test('takes ten nodes with 800 of 1000 slots used to twelve, as the original explains', () => {
    expect(look(80, 80, 80, 80, 80, 80, 80, 80, 80, 80)).toEqual([{ kind: 'Launch', count: 2 }]);
  });

  test.each([
    // used 70, wanted capacity 100, buffer 30, free 30.
    ['nothing is missing and nothing is spare at exactly 70 %', [70], []],
    // used 71, wanted ceil(101.4) = 102, buffer 31, free 29.
    ['one more slot needs one more node', [71], [{ kind: 'Launch', count: 1 }]],
    // used 100, wanted ceil(142.9) = 143, buffer 43; free 200: spare 157. Without the emptiest (load 0, frees 100)
    // 57 are spare; without the next (load 40, frees 60) the buffer would be cut.
    ['the least populated go while the buffer holds', [60, 40, 0], [{ kind: 'Drain', node: 'm-3' }]],
    // used 10, wanted 15, buffer 5; free 190; spare 185: m-2 (frees 100) leaves 85, m-1 (frees 90) does not fit.
    ['never the last one', [10, 0], [{ kind: 'Drain', node: 'm-2' }]],
  ])('%s', (_, loads, orders) => {
    expect(look(...loads)).toEqual(orders);
  });

  test('an empty fleet shrinks to one, or to the minimum', () => {
    expect(look(0, 0, 0)).toHaveLength(2);
    expect(createAgonesBuffer().look(aView(running(0, 0, 0), { nodesMin: 2 }))).toHaveLength(1);
  });

  // used 120, wanted ceil(171.4) = 172, buffer 52, free 180, spare 128: m-3 frees 100, then 28 are too few for 40.
  test('what is on its way counts as capacity, and goes first when it is too much', () => {
    expect(createAgonesBuffer().look(aView([...running(71), launching('m-2')]))).toEqual([]);
    expect(createAgonesBuffer().look(aView([...running(60, 60), launching('m-3')]))).toEqual([
      { kind: 'Drain', node: 'm-3' },
    ]);
  });

  // used 600 of which 180 drain, buffer ceil(857.1) - 600 = 258, free 7 × 40 = 280, spare 22: no further 40 can go.
  test('keeps the people of draining nodes in the count, so that one drain does not cause the next', () => {
    const draining = ['m-8', 'm-9'].map((id) => aNode(id, { state: 'Draining', load: 90, rooms: 9 }));
    const nodes = [...running(60, 60, 60, 60, 60, 60, 60), ...draining];
    expect(createAgonesBuffer().look(aView(nodes))).toEqual([]);
  });

  // The capacity of the fleet is capped, and the cap rounds down: 3 of 10 nodes missing, 1 allowed.
  test('stops at the maximum', () => {
    expect(createAgonesBuffer().look(aView(running(100, 100, 100), { nodesMax: 4 }))).toEqual([
      { kind: 'Launch', count: 1 },
    ]);
  });
});
