import { describe, expect, test } from '@jest/globals';
import type { BaselineOrder } from '../../src/simulate/baseline.ts';
import { createHpa } from '../../src/simulate/baseline-hpa.ts';
import { aNode, aView, launching, looks, running } from './baseline-bench.ts';

const sizeChange = (orders: readonly BaselineOrder[]) =>
  orders.reduce((sum, order) => sum + (order.kind === 'Launch' ? order.count : -1), 0);
const firstLook = (...loads: readonly number[]) =>
  sizeChange(createHpa().look(aView(running(...loads), { nodesMin: 1 })));

describe('the size that the HPA wants', () => {
  // "If the current metric value is 200m and the desired value 100m, the number of replicas will be doubled, since
  // 200.0 ÷ 100.0 = 2.0." With a target of 60 %: 120 % of one Pod is twice the target, so 1 × 2.0 = 2.
  test('doubles when the metric is twice its target, as the documentation has it', () => {
    expect(firstLook(120)).toBe(1);
    expect(firstLook(120, 120, 120)).toBe(3);
  });

  // "If the current value is instead 50m, you'll halve the number of replicas": 30 % of 60 % is 0.5, 4 × 0.5 = 2.
  test('halves when the metric is half its target, once five minutes have agreed', () => {
    const changes = looks(createHpa(), aView(running(30, 30, 30, 30)), 300).map(sizeChange);
    expect(changes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 0));
    expect(changes[20]).toBe(-2);
  });

  test.each([
    // ratio = 65 / 60 = 1.083, which is within 0.1 of 1.
    ['a ratio of 1.083 is within the tolerance', [65, 65], 0],
    // ratio = 66 / 60 = 1.1: exactly at the tolerance, which is still within it.
    ['a ratio of exactly 1.1 is within the tolerance', [66, 66], 0],
    // ratio = 67 / 60 = 1.1167; ceil(2 × 1.1167) = 3.
    ['a ratio of 1.117 is not', [67, 67], 1],
    // ratio = 95 / 60 = 1.5833; ceil(5 × 1.5833) = ceil(7.92) = 8.
    ['the result is rounded up', [95, 95, 95, 95, 95], 3],
  ])('%s', (_, loads, change) => {
    expect(firstLook(...loads)).toBe(change);
  });

  // Policies up: the larger of 4 Pods and 100 % in 15 s. From 1: to 5. From 5: to 10. Load 2000 wants 34.
  test('grows by at most four Pods or by as many as there are, whichever is more', () => {
    expect(firstLook(2000)).toBe(4);
    expect(firstLook(400, 400, 400, 400, 400)).toBe(5);
    expect(firstLook(400, 400, 400, 400, 400, 400)).toBe(6);
  });

  // ready: 2 × 90 %, ratio 1.5, would grow to 3. With the two that are not ready as 0 %: 180 / (4 × 60) = 0.75, which
  // turns the direction around, so nothing happens.
  test('counts Pods that are not ready as 0 % when growing, and stops where that turns the direction', () => {
    const nodes = [...running(90, 90), launching('m-3'), launching('m-4')];
    expect(createHpa().look(aView(nodes))).toEqual([]);
  });

  // ready: 2 × 180 %, with one at 0 %: 360 / (3 × 60) = 2.0, times 3 Pods = 6, three more than there are.
  test('still grows when the dampened ratio says so', () => {
    const nodes = [...running(180, 180), launching('m-3')];
    expect(createHpa().look(aView(nodes))).toEqual([{ kind: 'Launch', count: 3 }]);
  });

  test('does not listen to a Pod before a whole sample was taken while it was ready', () => {
    const young = aNode('m-2', { load: 300, readyAtS: 3590 });
    expect(createHpa().look(aView([...running(60), young]))).toEqual([]);
  });

  test('does nothing when no Pod has a sample', () => {
    expect(createHpa().look(aView([launching('m-1')]))).toEqual([]);
  });
});

describe('shrinking', () => {
  test('waits until the highest recommendation of five minutes is gone', () => {
    const hpa = createHpa();
    hpa.look(aView(running(60, 60, 60), { nowS: 0 }));
    const calm = running(10, 10, 10);
    // At 0 s the fleet was right; that recommendation of 3 counts until 300 s have passed.
    for (let nowS = 15; nowS < 300; nowS += 15) expect(hpa.look(aView(calm, { nowS }))).toEqual([]);
    // 10 / 60 × 3 = 0.5, so 1.
    expect(sizeChange(hpa.look(aView(calm, { nowS: 300 })))).toBe(-2);
  });

  test('starts its wait anew after a single busy look', () => {
    const hpa = createHpa();
    const calm = running(10, 10, 10);
    for (let nowS = 0; nowS < 285; nowS += 15) hpa.look(aView(calm, { nowS }));
    hpa.look(aView(running(60, 60, 60), { nowS: 285 }));
    for (let nowS = 300; nowS < 585; nowS += 15) expect(hpa.look(aView(calm, { nowS }))).toEqual([]);
    expect(sizeChange(hpa.look(aView(calm, { nowS: 585 })))).toBe(-2);
  });

  test('deletes pending Pods first, then the youngest, whatever their rooms, with a grace of five hours', () => {
    const nodes = [...running(0, 30, 60, 90), launching('m-5')];
    const orders = createHpa().look(aView(nodes, { nodesMax: 2 }));
    expect(orders).toEqual(
      ['m-5', 'm-4', 'm-3'].map((node) => ({ kind: 'Terminate', node, graceS: 18_000 })),
    );
  });

  test('does not count Pods that are being deleted, nor their load', () => {
    const leaving = aNode('m-2', { state: 'Terminating', load: 500, rooms: 50 });
    expect(createHpa().look(aView([...running(60), leaving]))).toEqual([]);
  });
});
