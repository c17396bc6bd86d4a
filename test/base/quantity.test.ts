import { expect, test } from '@jest/globals';
import { parseCpus } from '../../src/base/quantity.ts';

test.each<readonly [text: string | number | undefined, cpus: number | undefined]>([
  ['4', 4],
  [2, 2],
  ['0.5', 0.5],
  ['1500m', 1.5],
  ['0', undefined],
  ['-1', undefined],
  ['4Gi', undefined],
  ['', undefined],
  [undefined, undefined],
])('%j is %j processors', (text, cpus) => {
  expect(parseCpus(text)).toBe(cpus);
});
