import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NameLearner, factsOf, roomKey } from '../../src/core/room-names.ts';

const anyName = fc.string({ maxLength: 60 });

describe('the key of a room name', () => {
  test('is its own key, and does not show the name', () => {
    fc.assert(
      fc.property(anyName, fc.nat(), (name, salt) => {
        const key = roomKey(name, salt);
        expect(key).toMatch(/^~[0-9a-f]{14}$/);
        expect(roomKey(key, salt)).toBe(key);
        expect(roomKey(key, salt + 1)).toBe(key);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  test('differs by name and by salt', () => {
    const names = Array.from({ length: 50_000 }, (_, at) => `daily-${at}`);
    expect(new Set(names.map((name) => roomKey(name, 7))).size).toBe(names.length);
    expect(roomKey('all-hands', 1)).not.toBe(roomKey('all-hands', 2));
  });
});

describe('names', () => {
  test('a meeting that was large is known the second time, a small one the third', () => {
    const names = new NameLearner(3);
    names.book('all-hands', 120, 3600);
    names.book('chat', 2, 600);
    expect(factsOf(names.table(10), 'all-hands')).toMatchObject({ seen: 1, size: 120, lengthS: 3600 });
    expect(factsOf(names.table(10), 'chat')).toBeUndefined();
    names.book('chat', 4, 900);
    expect(factsOf(names.table(10), 'chat')).toMatchObject({ seen: 2, size: 3, lengthS: 750 });
  });

  test('newer meetings count more, and the spread shrinks when all are alike', () => {
    const names = new NameLearner(3);
    for (let week = 0; week < 12; week += 1) names.book('class', 30, 3000);
    const steady = factsOf(names.table(0), 'class');
    expect(Math.sqrt(steady?.sizeVariance ?? 99)).toBeLessThan(2);
    for (let week = 0; week < 6; week += 1) names.book('class', 60, 3000);
    expect(factsOf(names.table(0), 'class')?.size).toBeGreaterThan(55);
  });

  test('no more than a bounded number is kept: first those go that were not seen for longest', () => {
    const names = new NameLearner(3);
    for (let at = 0; at < 20_000; at += 1) names.book(`once-${at}`, 50, 100);
    for (let at = 0; at < 6000; at += 1) for (const _ of [1, 2]) names.book(`twice-${at}`, 50, 100);
    expect(names.known.size).toBe(2500);
    expect(names.once.size).toBeLessThanOrEqual(12_000);
    expect(factsOf(names.table(0), 'twice-5999')).toBeDefined();
    expect(factsOf(names.table(0), 'twice-0')).toBeUndefined();
  });
});
