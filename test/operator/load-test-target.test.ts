import { expect, test } from '@jest/globals';
import { quantity } from '../../src/operator/load-test-target.ts';

test.each([
  ['2', 2],
  ['1500m', 1.5],
  ['0.5', 0.5],
  [3, 3],
  ['1Gi', 2 ** 30],
  ['512Mi', 2 ** 29],
  ['1G', 1e9],
])('the quantity %p is %p', (text, value) => {
  expect(quantity(text)).toBe(value);
});

test.each([undefined, '', 'much', '1 Gi', '1Xi', '0', null])('%p is no quantity', (text) => {
  expect(quantity(text)).toBeUndefined();
});
