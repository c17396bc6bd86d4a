import { describe, expect, test } from '@jest/globals';
import { createStatic } from '../../src/simulate/baseline-static.ts';
import { aView, looks, running } from './baseline-bench.ts';

describe('a fleet of fixed size', () => {
  test('is launched at the first look and left alone, full or empty', () => {
    const baseline = createStatic(4);
    expect(baseline.look(aView(running(0)))).toEqual([{ kind: 'Launch', count: 3 }]);
    expect(looks(baseline, aView(running(100, 100, 100, 100)), 600).flat()).toEqual([]);
    expect(looks(baseline, aView(running(0, 0, 0, 0)), 600).flat()).toEqual([]);
  });

  test.each([
    ['below the minimum is raised to it', 1, 2, [{ kind: 'Launch', count: 1 }]],
    ['above the maximum is lowered to it', 99, 5, [{ kind: 'Launch', count: 4 }]],
  ])('%s', (_, count, wanted, orders) => {
    expect(createStatic(count).look(aView(running(0), { nodesMin: wanted, nodesMax: wanted }))).toEqual(
      orders,
    );
  });
});
