import { expect, test } from '@jest/globals';
import { studentT95 } from '../../src/base/student-t.ts';

// From printed tables of Student's distribution.
test.each([
  [1, 12.7062],
  [2, 4.3027],
  [3, 3.1824],
  [4, 2.7764],
  [5, 2.5706],
  [9, 2.2622],
  [30, 2.0423],
  [40, 2.0211],
  [60, 2.0003],
  [120, 1.9799],
  [1e6, 1.96],
  [1e9, 1.96],
])('95 %% of Student’s t with %d degrees of freedom lie within %d', (degrees, value) => {
  expect(studentT95(degrees)).toBeCloseTo(value, 3);
});
