/** Known peaks, held against a minute-by-minute walk through the calendar and against another cron. */
import { describe, expect, test } from '@jest/globals';
import { Cron as Croner } from 'croner';
import fc from 'fast-check';
import { type Cron, isCronDay, parseCron } from '../../src/core/cron.ts';
import { floorAt, sayFloor, scheduleLeadMs, startsAfter } from '../../src/core/schedules.ts';
import type { Schedule } from '../../src/core/spec.ts';
import { localMsAt } from '../../src/core/time-zone.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');
const ms = (text: string) => Date.parse(text);

function cronOf(text: string): Cron {
  const reading = parseCron(text);
  if (reading.kind === 'Faulty') throw new Error(reading.why);
  return reading.cron;
}

function until(limitMs: number, begins: Iterable<number>): readonly number[] {
  const taken: number[] = [];
  for (const begin of begins) {
    if (begin > limitMs) break;
    taken.push(begin);
  }
  return taken;
}

function firstOf(count: number, begins: Generator<number, void>): readonly number[] {
  const taken: number[] = [];
  for (const begin of begins) {
    taken.push(begin);
    if (taken.length === count) break;
  }
  return taken;
}

function starts(text: string, zone: string, from: string, count = 3): readonly string[] {
  return firstOf(count, startsAfter(cronOf(text), zone, ms(from))).map(iso);
}

const schedule = (changes: Partial<Schedule> = {}): Schedule => ({
  name: 'lessons',
  timeZone: 'Europe/Madrid',
  start: '0 8 * * MON-FRI',
  durationMs: 8 * hourMs,
  minNodes: 5,
  ...changes,
});

describe('a peak begins', () => {
  type Case = readonly [claim: string, zone: string, text: string, from: string, expected: readonly string[]];
  test.each<Case>([
    [
      'by the local clock on both sides of the spring change',
      'Europe/Madrid',
      '0 8 * * *',
      '2026-03-28T00:00Z',
      ['2026-03-28T07:00Z', '2026-03-29T06:00Z', '2026-03-30T06:00Z'],
    ],
    [
      'right after the gap when its time is skipped',
      'Europe/Madrid',
      '30 2 * * *',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z', '2026-03-31T00:30Z'],
    ],
    [
      'once after the gap when several of its times are skipped',
      'Europe/Madrid',
      '*/20 2-3 29 3 *',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-29T01:20Z', '2026-03-29T01:40Z'],
    ],
    [
      'the first time when its time comes twice',
      'Europe/Madrid',
      '30 2 * * *',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z', '2026-10-27T01:30Z'],
    ],
    [
      'after the gap in New York',
      'America/New_York',
      '15 2 8 3 *',
      '2026-03-08T00:00Z',
      ['2026-03-08T07:00Z', '2027-03-08T07:15Z', '2028-03-08T07:15Z'],
    ],
    [
      'the first time in New York',
      'America/New_York',
      '59 1 * * SUN',
      '2026-10-31T00:00Z',
      ['2026-11-01T05:59Z', '2026-11-08T06:59Z', '2026-11-15T06:59Z'],
    ],
    [
      'after the half-hour gap of Lord Howe',
      'Australia/Lord_Howe',
      '15 2 * OCT *',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:15Z', '2026-10-05T15:15Z'],
    ],
    [
      'the first time in the half hour that Lord Howe repeats',
      'Australia/Lord_Howe',
      '45 1 5 4 *',
      '2026-04-04T00:00Z',
      ['2026-04-04T14:45Z', '2027-04-04T15:15Z', '2028-04-04T15:15Z'],
    ],
    [
      'at quarters of an hour from UTC in Kathmandu',
      'Asia/Kathmandu',
      '0 6 * * *',
      '2026-01-01T00:00Z',
      ['2026-01-01T00:15Z', '2026-01-02T00:15Z', '2026-01-03T00:15Z'],
    ],
    [
      'on either kind of day where both are restricted',
      'UTC',
      '0 0 1 * MON',
      '2026-03-28T00:00Z',
      ['2026-03-30T00:00Z', '2026-04-01T00:00Z', '2026-04-06T00:00Z'],
    ],
    [
      'on a leap day, be it eight years away',
      'UTC',
      '0 12 29 2 *',
      '2096-03-01T00:00Z',
      ['2104-02-29T12:00Z'],
    ],
    [
      'where a whole day was skipped, right after it',
      'Pacific/Apia',
      '0 9 30 12 *',
      '2011-12-29T00:00Z',
      ['2011-12-30T10:00Z', '2012-12-29T19:00Z', '2013-12-29T19:00Z'],
    ],
  ])('%s', (_, zone, text, from, expected) => {
    expect(starts(text, zone, from, expected.length)).toEqual(expected);
  });
});

/** Two days before each change of the clocks, and quiet days. */
const moments: readonly (readonly [zone: string, from: string])[] = [
  ['Europe/Madrid', '2026-03-27T10:00Z'],
  ['Europe/Madrid', '2026-10-23T10:00Z'],
  ['America/New_York', '2026-03-06T10:00Z'],
  ['America/New_York', '2026-10-30T10:00Z'],
  ['Australia/Lord_Howe', '2026-10-02T10:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T10:00Z'],
  ['Africa/Cairo', '2026-04-22T10:00Z'],
  ['America/Santiago', '2026-04-03T10:00Z'],
  ['Asia/Kathmandu', '2026-06-30T10:00Z'],
  ['UTC', '2027-12-30T10:00Z'],
];

const field = (least: number, most: number): fc.Arbitrary<string> => {
  const number = fc.integer({ min: least, max: most });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 2, max: Math.min(9, most) });
  return fc.oneof(
    fc.constant('*'),
    fc.uniqueArray(number, { minLength: 1, maxLength: 3 }).map((list) => list.join(',')),
    range,
    fc.tuple(fc.oneof(fc.constant('*'), range), step).map(([span, by]) => `${span}/${by}`),
  );
};
const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
  .map((fields) => fields.join(' '))
  .filter((text) => parseCron(text).kind === 'Cron');

interface Minute {
  readonly atMs: number;
  /** What the clock shows now, and what it skipped since the minute before, but nothing that it showed already. */
  readonly newly: readonly number[];
}

/** Every minute of five days, with what the clock shows. */
function minutesOf(zone: string, fromMs: number): readonly Minute[] {
  const shown = new Set<number>();
  const minutes: Minute[] = [];
  let before = localMsAt(zone, fromMs - dayMs);
  for (let atMs = fromMs - dayMs + minuteMs; atMs <= fromMs + 4 * dayMs; atMs += minuteMs) {
    const now = localMsAt(zone, atMs);
    const steps = Math.max(1, (now - before) / minuteMs);
    const newly = Array.from({ length: steps }, (_, back) => now - back * minuteMs).filter(
      (at) => !shown.has(at),
    );
    for (const local of newly) shown.add(local);
    minutes.push({ atMs, newly });
    before = now;
  }
  return minutes;
}

const calendar = new Map(moments.map(([zone, from]) => [`${zone} ${from}`, minutesOf(zone, ms(from))]));

function shows(cron: Cron, localMs: number): boolean {
  const local = new Date(localMs);
  const date = {
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    epochDay: Math.floor(localMs / dayMs),
  };
  return (
    cron.minutes.includes(local.getUTCMinutes()) &&
    cron.hours.includes(local.getUTCHours()) &&
    isCronDay(cron, date)
  );
}

describe('beginnings are those', () => {
  test('of a walk through every minute, also over changes of the clocks', () => {
    const property = fc.property(expression, fc.constantFrom(...moments), (text, [zone, from]) => {
      const untilMs = ms(from) + 4 * dayMs;
      const cron = cronOf(text);
      const walked = (calendar.get(`${zone} ${from}`) ?? [])
        .filter(({ atMs, newly }) => atMs > ms(from) && newly.some((local) => shows(cron, local)))
        .map(({ atMs }) => iso(atMs));
      const found = until(untilMs, startsAfter(cron, zone, ms(from)));
      expect(found.map(iso)).toEqual(walked);
    });
    fc.assert(property, { seed: 20260328, numRuns: 150 });
  });

  /**
   * croner moves a time that is skipped by the length of the gap (02:30 becomes 03:30), or leaves it out where a list
   * or a range goes on after it. We begin right after the gap, so that a peak is never met late: the day of such a
   * change is left out here and is in the table and in the walk above.
   */
  test('of croner, on every day on which no clock is put forward', () => {
    const property = fc.property(expression, fc.constantFrom(...moments), (text, [zone, from]) => {
      const other = new Croner(text, { timezone: zone, paused: true });
      const theirs = other.nextRuns(40, new Date(from)).map((date) => date.getTime());
      const ours = firstOf(60, startsAfter(cronOf(text), zone, ms(from)));
      const untilMs = Math.min(theirs.at(-1) ?? Infinity, ours.at(-1) ?? Infinity);
      const kept = (at: number) => at <= untilMs && !isPutForward(zone, at);
      expect(ours.filter(kept).map(iso)).toEqual(theirs.filter(kept).map(iso));
    });
    fc.assert(property, { seed: 20261025, numRuns: 300 });
  });
});

function isPutForward(zone: string, atMs: number): boolean {
  const midnight = Math.floor(localMsAt(zone, atMs) / dayMs) * dayMs;
  const offset = (localMs: number) => localMsAt(zone, localMs) - localMs;
  return offset(midnight + 2 * dayMs) > offset(midnight - dayMs);
}

describe('the floor', () => {
  const lead = 10 * minuteMs;
  const at = (wall: string, ...schedules: readonly Schedule[]) => {
    const { floor, changesAtMs } = floorAt(schedules, ms(wall), lead);
    return [floor?.nodes, changesAtMs === undefined ? undefined : iso(changesAtMs)];
  };

  // 2 March 2026 is a Monday; Madrid is an hour ahead of UTC.
  test.each([
    ['none long before the peak', '2026-03-02T00:00Z', undefined, '2026-03-02T06:50Z'],
    ['none a moment too early', '2026-03-02T06:49:59Z', undefined, '2026-03-02T06:50Z'],
    ['there as long before the peak as a launch takes', '2026-03-02T06:50Z', 5, '2026-03-02T15:00Z'],
    ['there until the peak is over', '2026-03-02T14:59:59Z', 5, '2026-03-02T15:00Z'],
    ['gone when it is over', '2026-03-02T15:00Z', undefined, '2026-03-03T06:50Z'],
    ['none over the weekend', '2026-03-06T15:00Z', undefined, '2026-03-09T06:50Z'],
  ])('is %s', (_, wall, nodes, changes) => {
    expect(at(wall, schedule())).toEqual([nodes, changes]);
  });

  test('lasts as long as was asked for, although the clocks change meanwhile', () => {
    const night = schedule({ start: '0 22 * * SAT', durationMs: 8 * hourMs });
    expect(at('2026-03-28T22:00Z', night)).toEqual([5, '2026-03-29T05:00Z']);
    expect(at('2026-10-24T22:00Z', night)).toEqual([5, '2026-10-25T04:00Z']);
  });

  test('is the largest of several, and falls back to the next one', () => {
    const rush = schedule({ name: 'rush', start: '0 9 * * *', durationMs: hourMs, minNodes: 9 });
    expect(at('2026-03-02T07:00Z', schedule(), rush)).toEqual([5, '2026-03-02T07:50Z']);
    expect(at('2026-03-02T08:00Z', schedule(), rush)).toEqual([9, '2026-03-02T09:00Z']);
    expect(at('2026-03-02T09:00Z', schedule(), rush)).toEqual([5, '2026-03-02T15:00Z']);
  });

  test('of two that keep the same is that of the longer one, and a smaller one changes nothing', () => {
    const short = schedule({ name: 'short', durationMs: hourMs });
    const small = schedule({ name: 'small', start: '0 10 * * *', minNodes: 2 });
    const { floor } = floorAt([short, schedule(), small], ms('2026-03-02T07:00Z'), lead);
    expect(floor).toMatchObject({ schedule: 'lessons', nodes: 5, endsAtMs: ms('2026-03-02T15:00Z') });
  });

  test('has no break where one opening runs into the next', () => {
    const hourly = schedule({ start: '0 8-17 * * *', durationMs: 90 * minuteMs });
    expect(at('2026-03-02T07:30Z', hourly)).toEqual([5, '2026-03-02T17:30Z']);
  });

  test('of no schedule, and of one that nothing can be made of, is none', () => {
    expect(at('2026-03-02T07:00Z')).toEqual([undefined, undefined]);
    expect(at('2026-03-02T07:00Z', schedule({ start: '0 8 30 2 *' }))).toEqual([undefined, undefined]);
  });

  test('is the same whichever moment was asked about before', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: 0, max: 14 * 96 }), { maxLength: 30 }),
      (quarters) => {
        for (const quarter of quarters) {
          const wallMs = ms('2026-03-23T00:00Z') + quarter * 15 * minuteMs;
          const fresh = schedule({ durationMs: 8 * hourMs + ((quarter % 7) + 1) * 1000 });
          const asked = floorAt([schedule()], wallMs, lead).floor?.beginsAtMs;
          const askedFresh = floorAt([fresh], wallMs, lead).floor?.beginsAtMs;
          if (asked !== undefined) expect(askedFresh).toBe(asked);
        }
      },
    );
    fc.assert(property, { seed: 7, numRuns: 50 });
  });
});

describe('a schedule says', () => {
  const said = (changes: Partial<Schedule>, wall: string) => {
    const { floor } = floorAt([schedule(changes)], ms(wall), 0);
    return floor === undefined ? undefined : sayFloor(floor);
  };

  test.each<readonly [what: string, Partial<Schedule>, wall: string, sentence: string | undefined]>([
    [
      'what it keeps, and until when',
      {},
      '2026-03-02T08:00Z',
      'Schedule lessons keeps 5 until 16:00 Europe/Madrid',
    ],
    ['the same hours later', {}, '2026-03-02T14:59Z', 'Schedule lessons keeps 5 until 16:00 Europe/Madrid'],
    [
      'the local time in summer',
      {},
      '2026-07-06T08:00Z',
      'Schedule lessons keeps 5 until 16:00 Europe/Madrid',
    ],
    [
      'the date when it ends on another day',
      { start: '0 22 * * *', durationMs: 4 * hourMs, timeZone: 'Asia/Kathmandu' },
      '2026-03-02T17:00Z',
      'Schedule lessons keeps 5 until 2026-03-03 02:00 Asia/Kathmandu',
    ],
    [
      'so when it never ends',
      { start: '* * * * *', durationMs: hourMs },
      '2026-03-02T17:00Z',
      'Schedule lessons keeps 5 with no end',
    ],
    ['nothing when it is closed', {}, '2026-03-02T17:00Z', undefined],
  ])('%s', (_, changes, wall, sentence) => {
    expect(said(changes, wall)).toBe(sentence);
  });
});

test.each([
  ['before any launch was measured four minutes', undefined, 4],
  ['two minutes for one of 20 s', 20_000, 2],
  ['the same for one of 40 s', 40_000, 2],
  ['seven minutes for one of 4 min', 240_000, 7],
])('nodes are asked for ahead of a peak: %s', (_, launchMs, minutes) => {
  expect(scheduleLeadMs(launchMs)).toBe(minutes * minuteMs);
});
