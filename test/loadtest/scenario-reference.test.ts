import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { scenarioSchema } from '../../src/loadtest/scenario-schema.ts';
import { layerNames, sloMetrics } from '../../src/loadtest/scenario.ts';

const page = readFileSync(
  path.resolve(import.meta.dirname, '../../docs/reference/loadtest-scenarios.md'),
  'utf8',
);

/** Every object under the value, with its path. */
function* objectsIn(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Readonly<Record<string, unknown>>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

const objects = [...objectsIn(scenarioSchema()['$defs'])];

test('every field of the schema is on the page, and says what it is', () => {
  const fields = objects.flatMap(({ properties }) => Object.entries(properties ?? {}) as [string, object][]);
  expect(fields.length).toBeGreaterThan(60);
  expect(fields.filter(([name]) => !page.includes(`| \`${name}\` |`)).map(([name]) => name)).toEqual([]);
  const definitions = scenarioSchema()['$defs'] as Readonly<Record<string, object>>;
  const isTold = (field: object): boolean => {
    const ref = '$ref' in field ? String(field.$ref).replace('#/$defs/', '') : '';
    return 'description' in field || 'description' in (definitions[ref] ?? {});
  };
  expect(fields.filter(([, field]) => !isTold(field)).map(([name]) => name)).toEqual([]);
});

test('no object takes fields that the schema does not know', () => {
  const open = objects.filter((one) => one['type'] === 'object' && one['additionalProperties'] !== false);
  expect(open).toEqual([]);
});

test('the schema has the same metrics and picture sizes as the program', () => {
  const enums = objects.flatMap((one) =>
    Array.isArray(one['enum']) ? [one['enum'] as readonly string[]] : [],
  );
  expect(enums).toContainEqual(Object.keys(sloMetrics));
  expect(enums).toContainEqual([...layerNames]);
});
