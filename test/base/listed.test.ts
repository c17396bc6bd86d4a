import { expect, test } from '@jest/globals';
import { listed } from '../../src/base/listed.ts';

test.each([
  [[], undefined, ''],
  [['a'], undefined, 'a'],
  [['a', 'b'], undefined, 'a and b'],
  [['a', 'b', 'c'], undefined, 'a, b and c'],
  [['a', 'b', 'c', 'd', 'e'], undefined, 'a, b, c, d and e'],
  [['a', 'b', 'c', 'd', 'e', 'f'], undefined, 'a, b, c, d and 2 more'],
  [['a', 'b', 'c', 'd', 'e', 'f'], Infinity, 'a, b, c, d, e and f'],
  [['a', 'b', 'c'], 2, 'a and 2 more'],
])('%j, at most %d of them, are listed as "%s"', (items, most, text) => {
  expect(listed(items, most)).toBe(text);
});
