/** Generated loads against what is published of real ones. Seeds are fixed. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type GenerateOptions, generateTrace } from '../../src/workload/generate.ts';
import { type TraceFacts, inspectTrace } from '../../src/workload/inspect.ts';
import { isProfileName, profileNames, profiles } from '../../src/workload/profiles.ts';
import {
  adHocRoom,
  adHocShare,
  plannedLengthS,
  plannedRoom,
  plannedSize,
} from '../../src/workload/room-kinds.ts';
import { chance, stream } from '../../src/workload/random.ts';
import type { Trace } from '../../src/workload/trace.ts';
import { formatTrace, parseTrace } from '../../src/workload/trace-csv.ts';

const hourS = 3600;
const dayS = 24 * hourS;

const made = new Map<string, Trace>();

/** Many tests look at the same trace. */
function traceOf(options: GenerateOptions): Trace {
  const key = JSON.stringify(options);
  const trace = made.get(key) ?? generateTrace(options);
  made.set(key, trace);
  return trace;
}

const facts = (options: GenerateOptions): TraceFacts => inspectTrace(traceOf(options), { capacity: 200 });

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('ordinary rooms, planned or not,', () => {
  const random = stream(1, 'rooms');
  const rooms = Array.from({ length: 100_000 }, () =>
    chance(random, adHocShare)
      ? adHocRoom(random)
      : plannedRoom(random, plannedSize(random), plannedLengthS(random)),
  );
  test.each<[string, number, number, number]>([
    ['are for two people in 42 of 100 cases', share((room) => room.participants === 2), 0.42, 0.01],
    ['have about 5.6 people', meanOf(rooms.map((room) => room.participants)), 5.6, 0.15],
    ['are over before 15 min in 49 of 100 cases', share((room) => room.durationS < 900), 0.49, 0.01],
    ['last 24 min on average', meanOf(rooms.map((room) => room.durationS / 60)), 24, 0.5],
    [
      'have about 183 participant-minutes',
      meanOf(rooms.map((room) => (room.participants * room.durationS) / 60)),
      183,
      5,
    ],
    [
      'have 7.5 people when they are looked at, because large ones last longer',
      meanOf(rooms.map((room) => room.participants * room.durationS)) /
        meanOf(rooms.map((room) => room.durationS)),
      7.5,
      0.3,
    ],
  ])('%s', (_, found, expected, within) => {
    expect(Math.abs(found - expected)).toBeLessThan(within);
  });

  function share(holds: (room: (typeof rooms)[number]) => boolean): number {
    return rooms.filter(holds).length / rooms.length;
  }
});

describe('every profile', () => {
  test.each(profileNames)('%s makes a trace that reads back, the same one for the same seed', (profile) => {
    const trace = generateTrace({ profile, seed: 7, days: 1 });
    const text = formatTrace(trace);
    expect(formatTrace(parseTrace(text, trace.name)) === text).toBe(true);
    expect(formatTrace(generateTrace({ profile, seed: 7, days: 1 })) === text).toBe(true);
    expect(formatTrace(generateTrace({ profile, seed: 8, days: 1 })) === text).toBe(false);
    expect(trace.rooms.at(-1)?.startS).toBeLessThan(dayS);
  });

  test.each(profileNames.filter((profile) => profile !== 'growth'))(
    '%s has about its rooms a week, or as many as are asked for',
    (profile) => {
      const usual = profiles[profile].roomsPerWeek;
      const full = traceOf({ profile, seed: 1 }).rooms.length / (profiles[profile].days / 7);
      expect(full / usual).toBeGreaterThan(0.93);
      expect(full / usual).toBeLessThan(1.07);
      const fifth = generateTrace({ profile, seed: 1, days: 7, roomsPerWeek: usual / 5 }).rooms.length;
      expect(fifth / usual).toBeGreaterThan(0.17);
      expect(fifth / usual).toBeLessThan(0.23);
    },
  );

  // Results that were published for a seed must stay true: a change here is a change of every profile's meaning.
  test('is the same in every version', () => {
    const prints = profileNames.map((profile) => {
      const text = formatTrace(generateTrace({ profile, seed: 7, days: 1 }));
      return `${profile} ${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
    });
    expect(prints).toMatchInlineSnapshot(`
     [
       "office cf114fe3f9ed",
       "office-no-events 17c70d208726",
       "timetable 79be0d5f4ba2",
       "flash 7ca33252e6e7",
       "global 5cf6f1f95203",
       "growth 437dc64341a6",
       "outage 36774c02db9e",
       "small 1f3fcd1d92ba",
       "smooth 54cd9ebe8038",
       "contact d15c4e751aca",
     ]
    `);
  });
});

describe('an office week', () => {
  const weeks = [1, 2, 3].map((seed) => facts({ profile: 'office', seed }));
  const mean = (value: (week: TraceFacts) => number) => meanOf(weeks.map(value));

  test('has 15,700 rooms and needs some 15 nodes of 200 at its peak', () => {
    expect(mean((week) => week.rooms)).toBeGreaterThan(15_000);
    expect(mean((week) => week.rooms)).toBeLessThan(16_400);
    expect(mean((week) => week.boundPeakNodes)).toBeGreaterThan(13);
    expect(mean((week) => week.boundPeakNodes)).toBeLessThan(17);
  });

  test('begins at the full hour, four times as much as at other times', () => {
    expect(mean((week) => week.fullHourShare)).toBeGreaterThan(0.25);
    expect(mean((week) => week.fullHourShare)).toBeLessThan(0.33);
    expect(mean((week) => week.arrivalsPerMinute.max)).toBeGreaterThan(26);
  });

  test('has rooms that no node can hold at 90 %, and some that last half a day', () => {
    expect(mean((week) => week.roomsAboveNode)).toBeGreaterThan(0);
    expect(mean((week) => week.durationMinutes.max)).toBeGreaterThan(500);
    expect(mean((week) => week.participants.max)).toBeLessThanOrEqual(300);
  });

  test('without events has no room of 50, and without the tail none of ten hours', () => {
    const small = facts({ profile: 'office', seed: 1, noEvents: true });
    expect(small.participants.max).toBeLessThan(50);
    expect(facts({ profile: 'office-no-events', seed: 1 })).toEqual({
      ...small,
      name: 'office-no-events-1',
    });
    expect(facts({ profile: 'flash', seed: 1, noEvents: true }).participants.max).toBeLessThan(50);
    const short = facts({ profile: 'office', seed: 1, noTail: true });
    expect(short.durationMinutes.max).toBeLessThanOrEqual(240);
    expect(short.rooms / mean((week) => week.rooms)).toBeGreaterThan(0.93);
  });

  test('has meetings that recur at their time under their name with like size and length', () => {
    const { rooms } = generateTrace({ profile: 'office', seed: 1, days: 28, roomsPerWeek: 4000 });
    const byName = Map.groupBy(
      rooms.filter(({ name }) => name?.startsWith('weekly-') ?? false),
      ({ name }) => name,
    );
    const held = [...byName.values()];
    expect(meanOf(held.map((list) => list.length))).toBeGreaterThan(3.4);
    for (const list of held) {
      const [first] = list;
      if (first === undefined) continue;
      const offsets = list.map(({ startS }) =>
        Math.abs(((((startS - first.startS) % (7 * dayS)) + 7 * dayS + dayS) % (7 * dayS)) - dayS),
      );
      expect(Math.max(...offsets)).toBeLessThan(900);
      const sizes = list.map(({ participants }) => participants);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2.5 * Math.min(...sizes));
    }
  });

  test('has few rooms at night and at weekends', () => {
    const { rooms } = traceOf({ profile: 'office', seed: 1 });
    const saturday = rooms.filter(({ startS }) => Math.floor(startS / dayS) === 5).length;
    const tuesday = rooms.filter(({ startS }) => Math.floor(startS / dayS) === 1).length;
    expect(saturday / tuesday).toBeGreaterThan(0.1);
    expect(saturday / tuesday).toBeLessThan(0.3);
    const night = rooms.filter(({ startS }) => (startS % dayS) / hourS < 6).length;
    expect(night / rooms.length).toBeLessThan(0.05);
  });
});

describe('the other profiles are what they say:', () => {
  test('a timetable has 40 classes of about 28 in its busiest hours, every week the same', () => {
    const { rooms } = generateTrace({
      profile: 'timetable',
      seed: 1,
      days: 14,
    });
    const classes = rooms.filter(({ name }) => name?.startsWith('class-') ?? false);
    expect(classes.filter(({ name }) => name?.startsWith('class-tue-09-'))).toHaveLength(80);
    expect(Math.abs(meanOf(classes.map(({ participants }) => participants)) - 28)).toBeLessThan(0.7);
    expect(Math.abs(meanOf(classes.map(({ durationS }) => durationS / 60)) - 51)).toBeLessThan(0.5);
  });

  test('a flash crowd multiplies the arrivals of its minutes', () => {
    const calm = generateTrace({
      profile: 'office',
      seed: 5,
      roomsPerWeek: profiles.office.roomsPerWeek,
    });
    const rushed = generateTrace({ profile: 'flash', seed: 5 });
    const perQuarter = (rooms: typeof calm.rooms) => {
      const counts = new Map<number, number>();
      for (const { startS } of rooms)
        counts.set(Math.floor(startS / 900), (counts.get(Math.floor(startS / 900)) ?? 0) + 1);
      return counts;
    };
    const usual = perQuarter(calm.rooms);
    const extra = [...perQuarter(rushed.rooms)].map(([slot, count]) => count - (usual.get(slot) ?? 0));
    expect(Math.max(...extra)).toBeGreaterThan(60);
    expect(extra.filter((count) => count !== 0).length).toBeLessThan(16);
  });

  test('a global service never sleeps, and no hour has a wall', () => {
    const world = facts({ profile: 'global', seed: 1 });
    expect(world.peakToMean).toBeLessThan(3);
    expect(world.fullHourShare).toBeLessThan(0.13);
  });

  test('growth is one per cent a day', () => {
    const { rooms } = generateTrace({
      profile: 'growth',
      seed: 1,
      days: 64,
      roomsPerWeek: 8000,
    });
    const inWeek = (week: number) =>
      rooms.filter(({ startS }) => Math.floor(startS / (7 * dayS)) === week).length;
    const ratio = meanOf([7, 8].map(inWeek)) / meanOf([0, 1].map(inWeek));
    expect(Math.abs(ratio / 1.01 ** 49 - 1)).toBeLessThan(0.08);
  });

  test('an outage ends every room, and then they come back at once', () => {
    const { rooms } = traceOf({ profile: 'outage', seed: 1 });
    const ends = new Map<number, number>();
    for (const { startS, durationS } of rooms)
      ends.set(startS + durationS, (ends.get(startS + durationS) ?? 0) + 1);
    const [cutS, cut] = [...ends].toSorted((a, b) => b[1] - a[1])[0] ?? [0, 0];
    expect(cut).toBeGreaterThan(50);
    const at = (timeS: number) =>
      rooms.filter(({ startS, durationS }) => startS <= timeS && timeS < startS + durationS).length;
    expect(at(cutS)).toBe(0);
    expect(at(cutS + 239)).toBe(0);
    const returns = rooms
      .filter(({ startS }) => startS > cutS && startS < cutS + 1200)
      .map(({ startS }) => startS - cutS);
    const first = Math.min(...returns);
    expect(returns.filter((sinceS) => sinceS < first + 120).length).toBeGreaterThan(0.7 * cut);
  });

  test('a small fleet needs two or three nodes', () => {
    const peaks = [1, 2, 3, 4].map((seed) => facts({ profile: 'small', seed }).boundPeakNodes);
    expect(Math.min(...peaks)).toBeGreaterThanOrEqual(2);
    expect(meanOf(peaks)).toBeLessThanOrEqual(3.5);
  });

  test('smooth demand is the same by day and by night', () => {
    const { rooms } = traceOf({ profile: 'smooth', seed: 1 });
    const night = rooms.filter(({ startS }) => (startS % dayS) / hourS < 6).length;
    expect(Math.abs(night / rooms.length - 0.25)).toBeLessThan(0.02);
    expect(facts({ profile: 'smooth', seed: 1 }).peakToMean).toBeLessThan(2.2);
  });

  test('a contact centre has calls of two, eight minutes long, over-dispersed', () => {
    const trace = traceOf({ profile: 'contact', seed: 1 });
    const calls = inspectTrace(trace, { capacity: 200 });
    expect(Math.abs(calls.durationMinutes.p50 - 8)).toBeLessThan(0.2);
    expect(Math.abs(calls.twoPeopleShare - 0.92)).toBeLessThan(0.01);
    const perBin = Array.from({ length: 5 * 288 }, () => 0);
    for (const { startS } of trace.rooms) {
      const bin = Math.floor(startS / 300);
      if (bin < perBin.length) perBin[bin] = (perBin[bin] ?? 0) + 1;
    }
    // Within an hour the curve is level, so what is left is noise.
    const hours = Array.from({ length: 120 }, (_, hour) => perBin.slice(hour * 12, hour * 12 + 12));
    const open = hours.filter((bins) => meanOf(bins) > 0);
    const dispersion = meanOf(
      open.map((bins) => {
        const mean = meanOf(bins);
        return bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (bins.length - 1) / mean;
      }),
    );
    expect(open).toHaveLength(60);
    expect(dispersion).toBeGreaterThan(1.4);
    expect(dispersion).toBeLessThan(1.8);
  });
});

describe('what cannot be generated is refused:', () => {
  test.each<[string, GenerateOptions]>([
    ['days: 0 is not possible', { profile: 'office', seed: 1, days: 0 }],
    ['days: 1.5 is not possible', { profile: 'office', seed: 1, days: 1.5 }],
    ['days: 400 is not possible', { profile: 'office', seed: 1, days: 400 }],
    ['seed: -1 is not possible', { profile: 'office', seed: -1 }],
    ['rooms a week: 0 is not possible', { profile: 'office', seed: 1, roomsPerWeek: 0 }],
  ])('%s', (sentence, options) => {
    expect(() => generateTrace(options)).toThrow(sentence);
  });

  test('a profile that nobody knows', () => {
    expect(isProfileName('office')).toBe(true);
    expect(['', 'Office', 'toString', '__proto__'].filter(isProfileName)).toEqual([]);
  });
});
