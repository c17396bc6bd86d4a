import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, highest, isAtLeast } from '../../src/kube/resource-version.ts';

describe('resource versions', () => {
  const orders: Readonly<Record<string, readonly [string, string, number]>> = {
    'are equal when their text is': ['12', '12', 0],
    'of fewer digits come first': ['99', '100', -1],
    'of as many digits are ordered by text': ['130', '120', 1],
    'beyond a double are still told apart': ['9007199254740993', '9007199254740992', 1],
    'that are no number come before all others': ['abc', '1', -1],
    'with a leading zero are no number': ['012', '1', -1],
  };
  test.each(Object.entries(orders))('%s', (_, [a, b, order]) => {
    expect(compareVersions(a, b)).toBe(order);
  });

  test('order like the numbers they are', () => {
    const version = fc.bigInt({ min: 1n, max: 2n ** 80n });
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(compareVersions(String(a), String(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
        expect(highest(String(a), String(b))).toBe(String(a > b ? a : b));
        expect(isAtLeast(String(a), String(b))).toBe(a >= b);
      }),
    );
  });

  test('hold the write barrier closed while the reader or the write is unknown', () => {
    expect(isAtLeast(undefined, '1')).toBe(false);
    expect(isAtLeast('5', 'opaque')).toBe(false);
    expect(highest(undefined, '7')).toBe('7');
  });
});
