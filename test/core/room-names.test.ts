import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Meeting, NameLearner, factsOf, roomKey } from '../../src/core/room-names.ts';

const anyName = fc.string({ maxLength: 60 });
const hourS = 3600;
const dayS = 24 * hourS;

function meeting(size: number, lengthS: number, startS = 0): Meeting {
  return { size, lengthS, startS };
}

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
    names.book('all-hands', meeting(120, 3600));
    names.book('chat', meeting(2, 600));
    expect(factsOf(names.table(10), 'all-hands')).toMatchObject({ seen: 1, size: 120, lengthS: 3600 });
    expect(factsOf(names.table(10), 'chat')).toBeUndefined();
    names.book('chat', meeting(4, 900));
    expect(factsOf(names.table(10), 'chat')).toMatchObject({ seen: 2, size: 3, lengthS: 750 });
  });

  test('newer meetings count more, and the spread shrinks when all are alike', () => {
    const names = new NameLearner(3);
    for (let week = 0; week < 12; week += 1) names.book('class', meeting(30, 3000));
    const steady = factsOf(names.table(0), 'class');
    expect(Math.sqrt(steady?.sizeVariance ?? 99)).toBeLessThan(2);
    for (let week = 0; week < 6; week += 1) names.book('class', meeting(60, 3000));
    expect(factsOf(names.table(0), 'class')?.size).toBeGreaterThan(55);
  });

  test('no more than a bounded number is kept: first those go that were not seen for longest', () => {
    const names = new NameLearner(3);
    for (let at = 0; at < 20_000; at += 1) names.book(`once-${at}`, meeting(50, 100));
    for (let at = 0; at < 6000; at += 1) for (const _ of [1, 2]) names.book(`twice-${at}`, meeting(50, 100));
    expect(names.known.size).toBe(2500);
    expect(names.once.length).toBeLessThanOrEqual(12_000);
    expect(factsOf(names.table(0), 'twice-5999')).toBeDefined();
    expect(factsOf(names.table(0), 'twice-0')).toBeUndefined();
  });

  test('a large meeting is still known after a month of small rooms that never come again', () => {
    const names = new NameLearner(3);
    names.book('all-hands', meeting(120, 3600));
    for (let at = 0; at < 60_000; at += 1) names.book(`call-${at}`, meeting(2 + (at % 20), 300));
    expect(factsOf(names.table(10), 'all-hands')).toMatchObject({ size: 120 });
    expect(names.once.length).toBeLessThanOrEqual(12_000);
  });
});

describe('the calendar', () => {
  const tenOClock = 20_000 * dayS + 10 * hourS;
  const keyOf = (name: string) => roomKey(name, 3);
  const expected = (names: NameLearner, atS: number, fromSize = 50) =>
    names.calendar(fromSize, { fromS: atS - 240, toS: atS + 420 });
  const booked = (...days: readonly number[]) => {
    const names = new NameLearner(3);
    for (const day of days) names.book('all-hands', meeting(120, hourS, tenOClock + day * dayS));
    return names;
  };

  test.each<readonly [string, readonly number[], readonly number[], readonly number[]]>([
    ['a week after it was seen once', [0], [7, 14, 21], [1, 2, 3, 6, 8, 28]],
    ['the next days once it came on the next day', [0, 1], [2, 3, 4], [1, 5, 7]],
    ['after a weekend, when it is a daily one', [1, 4], [5, 6, 7], [8]],
    ['every other week, when it came so', [0, 14], [28, 42, 56], [21, 35]],
  ])('has a large meeting %s', (_, seen, then, notThen) => {
    const names = booked(...seen);
    const at = (day: number) => expected(names, tenOClock + day * dayS);
    for (const day of then) {
      expect(at(day)).toEqual([{ key: keyOf('all-hands'), size: 120, atS: tenOClock + day * dayS }]);
    }
    for (const day of notThen) expect(at(day)).toEqual([]);
  });

  test('has it at its hour only, and not where it is small or comes at any time', () => {
    const names = booked(0);
    const week = tenOClock + 7 * dayS;
    expect(expected(names, week + hourS)).toEqual([]);
    expect(expected(names, week - hourS)).toEqual([]);
    expect(expected(names, week, 121)).toEqual([]);
    names.book('all-hands', meeting(120, hourS, week + 5 * hourS));
    expect(expected(names, week + 7 * dayS + 5 * hourS)).toEqual([]);
  });
});
