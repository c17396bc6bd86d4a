import { expect, test } from '@jest/globals';
import { quantile } from '../../src/report/chart-cumulative.ts';
import { niceTicks } from '../../src/report/chart.ts';
import { counted, figure } from '../../src/report/figure.ts';

test.each([
  [1234567.891, 1, '1\u2009234\u2009567.9'],
  [-0.04, 1, '0.0'],
  [-12.5, 2, '\u221212.50'],
  [999, 0, '999'],
])('%d with %d digits is written as %s', (value, digits, text) => {
  expect(figure(value, digits)).toBe(text);
});

test.each([
  [0, 100, 5, [0, 20, 40, 60, 80, 100]],
  [0.93, 2.1, 6, [1, 1.2, 1.4, 1.6, 1.8, 2]],
  [0, 0, 5, [0]],
])('ticks from %d to %d, about %d of them, are round', (low, high, count, ticks) => {
  expect(niceTicks(low, high, count)).toEqual(ticks);
});

test.each([
  [0, 1],
  [0.25, 1],
  [0.5, 2],
  [0.95, 4],
  [1, 4],
])('the quantile %d of 1, 2, 3, 4 by nearest rank is %d', (share, value) => {
  expect(quantile([1, 2, 3, 4], share)).toBe(value);
});

test.each([
  [1, '1 room'],
  [0, '0 rooms'],
  [1200, '1\u2009200 rooms'],
])('%d of a room are counted as %s', (count, text) => {
  expect(counted(count, 'room')).toBe(text);
});
