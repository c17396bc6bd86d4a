import { describe, expect, test } from '@jest/globals';
import { readYaml } from '../../src/loadtest/yaml-text.ts';

describe('YAML of unknown origin', () => {
  test('is read with its documents and the places of their lines', () => {
    const read = readYaml('a: 1\nb: [1, { c: 2 }]\n---\nd: "x: [y"\n');
    if (read.kind !== 'Documents') throw new Error('not read');
    expect(read.documents.map((document) => document.toJS() as unknown)).toEqual([
      { a: 1, b: [1, { c: 2 }] },
      { d: 'x: [y' },
    ]);
    expect(read.lines.linePos(5)).toEqual({ line: 2, col: 1 });
  });

  test.each([
    ['at the top', 'a: 1\na: 2\n', 5],
    ['deep within', 'x:\n  - b: 1\n    c: 2\n    b: 3\n', 25],
    ['in braces', '{ "a": 1, a: 2 }', 10],
  ])('has a fault where a field stands twice: %s', (_, text, at) => {
    const read = readYaml(text);
    const errors = read.kind === 'Documents' ? read.documents.flatMap(({ errors: all }) => all) : [];
    expect(errors.map(({ code, pos }) => [code, pos[0]])).toEqual([['DUPLICATE_KEY', at]]);
  });

  test.each([
    ['brackets', '['.repeat(100_000)],
    ['braces in text', `a: "${'{'.repeat(65)}"`],
    ['fields on one line', 'a: '.repeat(301)],
    ['fields within braces, over lines', `{ ${'a: b: \n'.repeat(1001)}`],
    ['lists on one line', '- '.repeat(200)],
    ['indentation', `${' '.repeat(200)}a: 1`],
  ])('is not given to the parser when it nests too deeply: %s', (_, text) => {
    expect(readYaml(text)).toEqual({ kind: 'TooDeep' });
  });

  test.each([
    ['many fields within braces', `{ ${Array.from({ length: 3000 }, (_, at) => `f${at}: 1`).join(',\n')} }`],
    [
      'many fields after a brace in a text',
      `a: "{"\n${Array.from({ length: 1500 }, (_, at) => `f${at}: 1`).join('\n')}`,
    ],
    ['many fields', Array.from({ length: 5000 }, (_, at) => `f${at}: 1`).join('\n')],
  ])('does not nest: %s', (_, text) => {
    const read = readYaml(text);
    expect(read.kind === 'Documents' && read.documents.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('costs little with a fault in each line, and leaves the stacks of other errors as they were', () => {
    const before = Error.stackTraceLimit;
    expect(readYaml('a: b: c\n'.repeat(2000)).kind).toBe('Documents');
    expect(Error.stackTraceLimit).toBe(before);
  });
});
