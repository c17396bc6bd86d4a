import { describe, expect, test } from '@jest/globals';
import { ArrivalLearner, similarDays } from '../../src/core/arrivals.ts';
import { ForecastJudge, expectedArrivals, forecastSlots } from '../../src/core/forecast.ts';
import { type ArrivalTable, type Learned, priorLearned } from '../../src/core/learned.ts';

const day = 1440;
const monday = 20_458 * day;

/** Watches from one minute to another; `came` says how many came in each minute of the day. */
function watched(
  fromMinute: number,
  toMinute: number,
  came: (minuteOfDay: number) => number,
): ArrivalLearner {
  const arrivals = new ArrivalLearner();
  for (let minute = fromMinute; minute <= toMinute; minute += 1) {
    arrivals.watch(minute);
    arrivals.add(minute, came(minute % day));
  }
  return arrivals;
}

function tableOf(changes: Partial<ArrivalTable> = {}): ArrivalTable {
  return { ...priorLearned(200).arrivals, fromMinute: monday - 1, ...changes };
}

const flat = Array.from({ length: 60 }, () => 1);
const lessons = (minute: number) => (minute % 60 === 0 && minute >= 480 && minute <= 960 ? 300 : 1);

describe('arrivals', () => {
  test('a minute in which nobody watched is unknown, one in which nobody came is not', () => {
    const arrivals = watched(monday, monday + 5, () => 0);
    arrivals.watch(monday + 20);
    expect(
      [monday - 1, monday + 3, monday + 10, monday + 20, monday + 21].map((at) => arrivals.at(at)),
    ).toEqual([-1, 0, -1, 0, -1]);
    expect(arrivals.sum(monday, 21)).toEqual({ sum: 0, known: 7 });
  });

  test('the recent rate is the mean of what comes evenly', () => {
    expect(watched(monday, monday + 90, () => 12).recentRate(flat, 1)).toBeCloseTo(12, 0);
  });

  test('a wall at the full hour shows in the pattern of the hour and not in the rate after it', () => {
    const arrivals = watched(monday, monday + 5 * day, (minute) => (minute % 60 === 0 ? 301 : 1));
    const pattern = arrivals.pattern();
    expect(pattern[0]).toBeGreaterThan(40);
    expect(pattern[30]).toBeLessThan(0.5);
    expect(arrivals.recentRate(pattern, 1)).toBeCloseTo(6, 0);
  });

  test('two weeks and no more are remembered', () => {
    const arrivals = watched(monday, monday + 16 * day, () => 3);
    expect(arrivals.at(monday)).toBe(-1);
    expect(arrivals.at(monday + 2 * day)).toBe(3);
  });

  test('days that were like this one foretell its walls, others are left out', () => {
    const now = monday + 3 * day + 9 * 60 - 5;
    const arrivals = watched(monday, now, (minute) => lessons(minute));
    const days = similarDays(arrivals, now);
    expect(days.length).toBe(3);
    expect(Math.max(...(days[0] ?? []))).toBe(300);
    const quietNow = watched(monday, now, (minute) => (minute > 540 ? 0 : lessons(minute)));
    expect(similarDays(quietNow, now).length).toBe(3);
    const shifted = new ArrivalLearner();
    for (let minute = monday; minute <= now; minute += 1) {
      shifted.watch(minute);
      shifted.add(minute, minute > now - 60 ? 100 : lessons(minute % day));
    }
    expect(similarDays(shifted, now)).toEqual([]);
  });
});

describe('the forecast', () => {
  test('without earlier days goes by the last minutes and the pattern of the hour', () => {
    const arrivals = tableOf({ recentPerMinute: 6, minuteOfHour: flat });
    expect(expectedArrivals(arrivals, monday * 60_000, 90)).toEqual({
      recent: 9,
      seasonal: undefined,
      combined: 9,
    });
  });

  test('takes the second largest of the days that were alike', () => {
    const days = [1, 5, 3].map((value) => Array.from({ length: 62 }, () => value));
    const { seasonal, combined } = expectedArrivals(tableOf({ days }), monday * 60_000, 120);
    expect(seasonal).toBeCloseTo(6, 9);
    expect(combined).toBeCloseTo(4.2, 9);
  });

  test('sees a wall in the window although it moved by half a minute', () => {
    const wall = Array.from({ length: 62 }, (_, at) => (at === 6 ? 60 : 0));
    const { seasonal } = expectedArrivals(tableOf({ days: [wall, wall, wall] }), (monday + 4) * 60_000, 60);
    expect(seasonal).toBeCloseTo(30, 9);
  });

  test.each([
    ['Act', 10],
    ['Observe', 0],
    ['Off', 0],
  ] as const)('in mode %s holds %i slots for what only earlier days foretell', (mode, slots) => {
    const days = [Array.from({ length: 62 }, () => 10)];
    const learned: Learned = { ...priorLearned(200), arrivals: tableOf({ days }) };
    expect(forecastSlots(learned, mode, { fromMs: monday * 60_000, seconds: 60, z: 0 })).toBeCloseTo(
      slots,
      9,
    );
  });

  test('holds more the more it is to be on the safe side', () => {
    const learned: Learned = { ...priorLearned(200), arrivals: tableOf({ recentPerMinute: 20 }) };
    const slots = [0, 1, 2, 3].map((z) => forecastSlots(learned, 'Act', { fromMs: 0, seconds: 80, z }));
    expect(slots).toEqual(slots.toSorted((a, b) => a - b));
    expect(slots[0]).toBeCloseTo(26.67, 1);
  });
});

describe('the judge of the forecast', () => {
  const told = (seasonal: number | undefined, recent: number) => ({ seasonal, recent, combined: recent });
  function judged(days: number, seasonal: number, recent: number, came: number | undefined): ForecastJudge {
    const judge = new ForecastJudge();
    for (let at = 0; at < days; at += 1) {
      judge.foretell(at, told(seasonal, recent));
      judge.learn(came);
    }
    return judge;
  }

  test('drops earlier days while they foretell worse, and takes them up again when they do not', () => {
    const judge = judged(50, 200, 20, 20);
    expect(judge.seasonalIsTrusted).toBe(false);
    for (let at = 0; at < 400; at += 1) {
      judge.foretell(at, told(20, 60));
      judge.learn(20);
    }
    expect(judge.seasonalIsTrusted).toBe(true);
  });

  test('trusts them as long as there is hardly any traffic, and learns nothing from what nobody saw', () => {
    expect(judged(10, 9, 1, 1).seasonalIsTrusted).toBe(true);
    expect(judged(500, 200, 20, undefined).seasonalIsTrusted).toBe(true);
  });
});
