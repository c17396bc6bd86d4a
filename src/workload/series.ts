/** Meetings that recur: the same people, the same length, the same place in the week. They are what can be learned. */
import { type Curve, dayS, hourS, isWeekend, slotS, weekS, weekdayOf } from './curves.ts';
import { plannedLengthS, plannedRoom, plannedSize } from './room-kinds.ts';
import { type Random, chance, lognormal, normal, poisson } from './random.ts';
import type { TraceRoom } from './trace.ts';

export interface Series {
  readonly name: string;
  /** Seconds since Monday 00:00; for a daily one since 00:00. */
  readonly atS: number;
  readonly everyDay: boolean;
  readonly size: number;
  /** No occurrence is larger. */
  readonly sizeLimit: number;
  readonly lengthS: number;
  /** Between 0 and 1: it exists as soon as the growing organisation has come to this share of its final size. */
  readonly bornAt: number;
}

export interface SeriesOptions {
  /** Meetings an hour at the busiest time, of those that recur. */
  readonly perBusyHour: number;
  readonly curve: Curve;
  /** Share of an hour's meetings that begin in each of its quarters. */
  readonly quarters: readonly number[];
  /** Whether starts lie at the quarters or anywhere between them. */
  readonly snapped: boolean;
  readonly sizeLimit: number;
}

/** Assumed: of the meetings that recur, those which do so each weekday. The others are weekly. */
const dailyShare = 0.35;
/** Assumed: now and then a meeting is dropped. */
const heldShare = 0.9;
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const tuesdayS = dayS;

/** A week's plan, from which `heldRooms` makes the rooms of each week. */
export function planSeries(random: Random, options: SeriesOptions): readonly Series[] {
  const plan: Series[] = [];
  const add = (slot: number, everyDay: boolean, expected: number): void => {
    for (let left = poisson(random, expected / heldShare); left > 0; left -= 1) {
      const atS = slot + (options.snapped ? 0 : Math.floor(random() * slotS));
      const { sizeLimit } = options;
      const size = plannedSize(random, sizeLimit);
      const base = { atS, everyDay, size, sizeLimit, lengthS: plannedLengthS(random), bornAt: random() };
      plan.push({ ...base, name: seriesName(base, plan.length) });
    }
  };
  for (let slot = 0; slot < weekS; slot += slotS) {
    const quarter = options.quarters[(slot % hourS) / slotS] ?? 0;
    const expected = options.perBusyHour * quarter * options.curve(slot + slotS / 2);
    add(slot, false, expected * (isWeekend(slot) ? 1 : 1 - dailyShare));
    if (weekdayOf(slot) === weekdayOf(tuesdayS)) add(slot - tuesdayS, true, expected * dailyShare);
  }
  return plan;
}

function seriesName(series: Omit<Series, 'name'>, index: number): string {
  const when = series.everyDay ? 'daily' : `weekly-${weekdays[weekdayOf(series.atS)]}`;
  const minutes = Math.floor((series.atS % dayS) / 60);
  const clock = [Math.floor(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join('');
  return `${when}-${clock}-${index + 1}`;
}

/** The rooms of the days up to `days`. `growth` gives the share of its final size that the organisation has by then. */
export function heldRooms(
  random: Random,
  plan: readonly Series[],
  days: number,
  growth: (timeS: number) => number,
): readonly TraceRoom[] {
  const rooms: TraceRoom[] = [];
  for (const series of plan) {
    for (let startS = series.atS; startS < days * dayS; startS += series.everyDay ? dayS : weekS) {
      if (series.everyDay && isWeekend(startS)) continue;
      if (series.bornAt >= growth(startS) || !chance(random, heldShare)) continue;
      rooms.push(occurrence(random, series, startS));
    }
  }
  return rooms;
}

function occurrence(random: Random, series: Series, startS: number): TraceRoom {
  const { name, size, sizeLimit, lengthS } = series;
  const varied = size === 2 ? 2 : Math.max(2, Math.round(size * lognormal(random, 1, 0.12)));
  const start = startS + startJitterS(random);
  return { startS: start, name, ...plannedRoom(random, Math.min(sizeLimit, varied), lengthS) };
}

/** People come a little early; half of the starts lie more than a minute off. */
export function startJitterS(random: Random): number {
  return Math.round(normal(random, -60, 90));
}
