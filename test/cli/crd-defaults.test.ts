import { describe, expect, test } from '@jest/globals';
import { firstFault, pathOf, pathText } from '../../src/cli/crd-check.ts';
import { withDefaults } from '../../src/cli/crd-defaults.ts';
import { clusterSchema, type Schema } from '../../src/cli/crd-schema.ts';

const schema: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 3 },
    size: { type: 'integer', minimum: 1, maximum: 5, default: 2 },
    mode: { type: 'string', enum: ['On', 'Off'] },
    share: { type: 'number', minimum: 0, exclusiveMinimum: true },
    inner: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
    absent: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
    list: {
      type: 'array',
      minItems: 1,
      'x-kubernetes-list-map-keys': ['key'],
      items: {
        type: 'object',
        properties: { key: { type: 'string' }, count: { type: 'integer', default: 7 } },
      },
    },
    map: { type: 'object', additionalProperties: { type: 'string' } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    either: { 'x-kubernetes-int-or-string': true },
  },
};

const filled: Readonly<Record<string, readonly [given: unknown, wanted: unknown]>> = {
  'a missing field': [{ name: 'a' }, { name: 'a', size: 2, inner: { on: true } }],
  'a field that is null': [
    { name: 'a', size: null },
    { name: 'a', size: 2, inner: { on: true } },
  ],
  'a field of an object that is given': [
    { absent: {} },
    { absent: { on: true }, size: 2, inner: { on: true } },
  ],
  'items of a list': [
    { list: [{ key: 'a' }, { count: 1 }] },
    { list: [{ key: 'a', count: 7 }, { count: 1 }], size: 2, inner: { on: true } },
  ],
};

describe('defaults are filled in', () => {
  test.each(Object.entries(filled))('for %s', (_, [given, wanted]) => {
    expect(withDefaults(given, schema)).toEqual(wanted);
  });

  test('without touching what was given, and each time afresh', () => {
    const given = Object.freeze({ name: 'a' });

    const [one, other] = [withDefaults(given, schema), withDefaults(given, schema)];

    expect(one).toEqual(other);
    expect((one as { inner: unknown }).inner).not.toBe((other as { inner: unknown }).inner);
  });
});

const faults: Readonly<Record<string, readonly [given: unknown, says: string]>> = {
  'a missing field': [{}, 'name is missing: it must be given'],
  'a required field that is null': [{ name: null }, 'name is missing: it must be given'],
  'an unknown field': [{ name: 'a', nam: 1 }, 'nam is no field: remove it or use one of name, size'],
  'another type': [{ name: 3 }, 'name is 3: give text'],
  'a list instead of fields': [{ name: 'a', inner: [] }, 'inner is a list: give fields'],
  'a broken number': [{ name: 'a', size: 1.5 }, 'size is 1.5: give a whole number'],
  'too little': [{ name: 'a', size: 0 }, 'size is 0: give at least 1'],
  'too much': [{ name: 'a', size: 6 }, 'size is 6: give at most 5'],
  'a bound that is left out': [{ name: 'a', share: 0 }, 'share is 0: give more than 0'],
  'a choice that is none': [{ name: 'a', mode: 'on' }, 'mode is "on": give one of On, Off'],
  'text that is too long': [{ name: 'abcd' }, 'name is too long: give at most 3 characters'],
  'an empty list': [{ name: 'a', list: [] }, 'list has too few items: give at least 1'],
  'a key twice': [
    { name: 'a', list: [{ key: 'x' }, { key: 'x' }] },
    'list[1] has the same key as an earlier one',
  ],
  'a fault deep inside': [
    { name: 'a', list: [{ key: 'a', count: 'b' }] },
    'list[0].count is "b": give a whole number',
  ],
  'neither number nor text': [{ name: 'a', either: true }, 'either is true: give a whole number or text'],
};

describe('the schema objects', () => {
  test.each(Object.entries(faults))('to %s', (_, [given, says]) => {
    const fault = firstFault(given, schema);

    expect(`${pathText(fault?.path ?? [])} ${fault?.says}`).toContain(says);
  });

  test.each([
    [
      'all that is allowed',
      { name: 'a', size: 5, mode: 'On', share: 0.1, list: [{ key: 'a' }, { key: 'b' }] },
    ],
    ['free names in a map', { name: 'a', map: { any: 'thing' } }],
    ['anything where unknown fields are kept', { name: 'a', open: { any: { thing: [1] } } }],
    ['an optional field that is null', { name: 'a', mode: null }],
    ['a number or text', { name: 'a', either: '25%' }],
  ])('not to %s', (_, given) => {
    expect(firstFault(given, schema)).toBeUndefined();
  });

  test('and its own definition of OpenViduCluster can be read', () => {
    expect(Object.keys(clusterSchema().properties ?? {})).toEqual(expect.arrayContaining(['spec', 'status']));
  });
});

test('a path survives being written and read', () => {
  const path = ['spec', 'autoscaling', 'targets', 0, 'type'];

  expect(pathOf(pathText(path))).toEqual(path);
});
