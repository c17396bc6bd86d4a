import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UnknownPolicyError, baselineNames, policyByName } from '../../src/simulate/policies.ts';
import { aView, checkOrders, launching, running } from './baseline-bench.ts';

const names = [...baselineNames.filter((name) => name !== 'static-N'), 'static-1', 'static-7'];

describe.each(names)('%s', (name) => {
  test('whatever the load, stays within its bounds and orders only what exists', () => {
    const bounds = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 12 }))
      .map(([min, more]) => [min, min + more] as const);
    const shares = fc.array(fc.double({ min: 0, max: 1.6, noNaN: true }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(bounds, shares, (range, loads) => checkOrders(policyByName(name).create(), range, loads)),
      { numRuns: 25 },
    );
  });

  test('keeps each load for long enough to act on it, and still stays within its bounds', () => {
    const runs = fc.array(
      fc.tuple(fc.constantFrom(0, 0.1, 0.4, 0.65, 0.9, 1.3), fc.integer({ min: 1, max: 40 })),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(runs, (phases) => {
        const shares = phases.flatMap(([share, count]) => Array.from({ length: count }, () => share));
        checkOrders(policyByName(name).create(), [2, 9], shares);
      }),
      { numRuns: 15 },
    );
  });

  test('replaces what was lost, so that the minimum is there again', () => {
    const baseline = policyByName(name).create();
    baseline.look(aView(running(50, 50, 50), { nodesMin: 3, nodesMax: 3 }));
    const orders = baseline.look(
      aView(running(50), { nodesMin: 3, nodesMax: 3, nowS: 3600 + baseline.periodS }),
    );
    expect(orders).toEqual([{ kind: 'Launch', count: 2 }]);
  });

  test('counts what is on its way, so that it does not launch the same node twice', () => {
    const baseline = policyByName(name).create();
    const nodes = [...running(50), launching('m-2')];
    expect(baseline.look(aView(nodes, { nodesMin: 2, nodesMax: 2 }))).toEqual([]);
  });

  test('forgets nothing into another instance', () => {
    const used = policyByName(name).create();
    for (let at = 0; at < 30; at += 1) used.look(aView(running(95, 95), { nowS: at * used.periodS }));
    const view = aView(running(10, 10), { nowS: 0 });
    expect(policyByName(name).create().look(view)).toEqual(policyByName(name).create().look(view));
  });
});

describe('a policy by name', () => {
  test.each(names)('%s has a label and an instance of that name', (name) => {
    const policy = policyByName(name);
    expect(policy.label).not.toBe('');
    expect(policy.create().name).toBe(name);
    expect(policy.create()).not.toBe(policy.create());
  });

  test.each([
    ['hpa2'],
    ['static-'],
    ['static-0'],
    ['static-1.5'],
    ['static--1'],
    ['static-N'],
    [''],
    ['toString'],
  ])('"%s" is refused in one sentence that lists the names', (name) => {
    const known = ['hpa', 'target-tracking', 'openvidu-v2', 'jitsi', 'agones-buffer', 'static-N'];
    expect(() => policyByName(name)).toThrow(UnknownPolicyError);
    for (const each of known) expect(() => policyByName(name)).toThrow(each);
  });
});
