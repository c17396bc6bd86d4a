import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { faults } from '../../lab/chaos/faults.ts';
import { growthBounds } from '../../lab/chaos/oracles.ts';
import { steps } from '../../lab/chaos/stories.ts';
import { worldFaults } from '../../lab/chaos/world.ts';

const page = readFileSync('docs/reference/faults.md', 'utf8');

test.each([
  ...faults.map(({ name, says, extraMs }) => `| ${name} | ${says} | ${extraMs / 1000} s |`),
  ...worldFaults.map(({ name, says }) => `| ${name} | ${says} |`),
])('the reference says what is done: %s', (row) => {
  expect(page).toContain(row);
});

test('faults have names of their own', () => {
  const names = [...faults, ...worldFaults].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('the reference states the times of the steps and the bound of memory', () => {
  for (const { withinMs } of steps) expect(page).toContain(`${withinMs / 1000} s`);
  expect(page).toContain(`${growthBounds.rssMiB} MiB`);
});
