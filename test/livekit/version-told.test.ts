import { describe, expect, test } from '@jest/globals';
import { VersionTold } from '../../src/livekit/version-told.ts';

const nodes = (...ids: readonly string[]): ReadonlyMap<string, unknown> => new Map(ids.map((id) => [id, '']));

describe('the version of the servers', () => {
  test('is known again when Redis came back empty and the same servers tell of themselves', () => {
    const told = new VersionTold();
    expect(told.of('1.13.5', nodes('a', 'b'))).toBe('1.13.5');
    expect(told.of(undefined, nodes())).toBeUndefined();
    expect(told.of(undefined, nodes('b'))).toBe('1.13.5');
  });

  test('is not known from servers that are all gone', () => {
    const told = new VersionTold();
    told.of('1.13.5', nodes('a'));
    expect(told.of(undefined, nodes('c'))).toBeUndefined();
  });

  test('is that of the server that started last, whoever was there before', () => {
    const told = new VersionTold();
    told.of('1.13.5', nodes('a'));
    expect(told.of('1.14.0', nodes('a', 'b'))).toBe('1.14.0');
    expect(told.of(undefined, nodes('a'))).toBe('1.14.0');
  });

  test('is known after a restart of the operator for as long as one of the servers of before is there', () => {
    const told = new VersionTold({ version: '1.13.5', nodeIds: new Set(['a', 'b']) });
    expect(told.of(undefined, nodes('c'))).toBeUndefined();
    expect(told.of(undefined, nodes('b', 'c'))).toBe('1.13.5');
    expect(told.last).toBe('1.13.5');
  });

  test('is not known before Redis has told it', () => {
    const told = new VersionTold();
    expect(told.of(undefined, nodes('a'))).toBeUndefined();
    expect(told.last).toBeUndefined();
  });
});
