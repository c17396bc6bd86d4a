import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isoFromMs, parseIsoMs } from '../../src/base/iso-time.ts';

const years0To9999 = fc.date({
  min: new Date('0000-01-01T00:00:00.000Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

describe('isoFromMs', () => {
  test('writes every instant of the years 0 to 9999 as Date does', () => {
    fc.assert(
      fc.property(years0To9999, (date) => expect(isoFromMs(date.getTime())).toBe(date.toISOString())),
    );
  });

  test('drops the part of a millisecond that a clock may carry', () => {
    expect(isoFromMs(1_700_000_000_123.9)).toBe('2023-11-14T22:13:20.123Z');
  });
});

describe('parseIsoMs', () => {
  test('reads back every instant that isoFromMs writes', () => {
    fc.assert(
      fc.property(years0To9999, (date) => expect(parseIsoMs(isoFromMs(date.getTime()))).toBe(date.getTime())),
    );
  });

  test.each([
    '2026-02-28T23:59:59Z',
    '2024-02-29T00:00:00Z',
    '2000-02-29T12:00:00Z',
    '2026-11-21T14:00:00+05:30',
    '2026-01-01T00:30:00-03:00',
    '2026-07-01T00:00:00.1Z',
    '2026-07-01T00:00:00.999Z',
    '1969-12-31T23:59:59.999Z',
  ])('agrees with Date on %s', (text) => {
    expect(parseIsoMs(text)).toBe(Date.parse(text));
  });

  test('reads the microseconds of a Lease down to the millisecond', () => {
    expect(parseIsoMs('2026-03-01T12:00:00.123456Z')).toBe(Date.parse('2026-03-01T12:00:00.123Z'));
  });

  test.each([
    '',
    'yesterday',
    '2026-03-01',
    '2026-03-01T12:00:00',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T12:60:00Z',
    '2026-03-01T12:00:00+24:00',
    ' 2026-03-01T12:00:00Z',
    'null',
  ])('calls %j no instant instead of guessing', (text) => {
    expect(parseIsoMs(text)).toBeUndefined();
  });
});
