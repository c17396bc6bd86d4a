/** How many slots the rooms of the next while will want: by earlier days that were alike, and by the last minutes. */
import type { ArrivalTable, Learned } from './learned.ts';

export type ForecastMode = 'Off' | 'Observe' | 'Act';

/** Expected participants of the rooms that begin within a window, by each way to tell. */
export interface Expected {
  /** By the last minutes and the pattern of the hour. */
  readonly recent: number;
  /** By earlier days; `undefined` when no day was alike. */
  readonly seasonal: number | undefined;
  /** Both together, as far as earlier days are trusted. */
  readonly combined: number;
}

/** Arrivals come in bursts: their variance is this many times that of independent ones. */
const burstiness = 1.5;

/** Participants of the rooms that begin in the next `windowS` seconds. */
export function expectedArrivals(arrivals: ArrivalTable, fromMs: number, windowS: number): Expected {
  const from = fromMs / 60_000;
  const recent =
    arrivals.recentPerMinute *
    integrate((minute) => arrivals.minuteOfHour[minute % 60] ?? 1, from, windowS / 60);
  const seasonal = seasonalSum(arrivals, from, windowS / 60);
  if (seasonal === undefined || !arrivals.seasonalIsTrusted) return { recent, seasonal, combined: recent };
  const combined = arrivals.days.length === 1 ? Math.max(recent, seasonal) : 0.7 * seasonal + 0.3 * recent;
  return { recent, seasonal, combined };
}

/** The second largest of the similar days: one odd day neither makes nor hides a peak. */
function seasonalSum(arrivals: ArrivalTable, from: number, minutes: number): number | undefined {
  if (arrivals.days.length === 0) return undefined;
  const sums = arrivals.days
    .map((day) => {
      const value = (minute: number) => day[Math.min(day.length - 1, minute - arrivals.fromMinute)] ?? 0;
      const at = Math.max(from, arrivals.fromMinute + 0.5);
      // Walls of the timetable shift a little from day to day.
      return Math.max(...[-0.5, 0, 0.5].map((shift) => integrate(value, at + shift, minutes)));
    })
    .toSorted((a, b) => b - a);
  return sums.length > 2 ? sums[1] : sums[0];
}

/** The integral of a function that is constant within each minute. */
function integrate(of: (minute: number) => number, from: number, length: number): number {
  let sum = 0;
  let at = from;
  const end = from + length;
  while (at < end - 1e-9) {
    const next = Math.min(end, Math.floor(at) + 1);
    sum += of(Math.floor(at)) * (next - at);
    at = next;
  }
  return sum;
}

export interface SlotWindow {
  readonly fromMs: number;
  readonly seconds: number;
  /** So many deviations more than expected. */
  readonly z: number;
  /** Of the rooms that begin in it, the share that still wants its slots at the end; all of them unless told. */
  readonly staying?: number;
}

/** Slots that a window's rooms will want. `Off` and `Observe` use no earlier days. */
export function forecastSlots(learned: Learned, mode: ForecastMode, window: SlotWindow): number {
  const expected = expectedArrivals(learned.arrivals, window.fromMs, window.seconds);
  const mean = (mode === 'Act' ? expected.combined : expected.recent) * (window.staying ?? 1);
  const { sizes } = learned;
  const spread = sizes.mean > 0 ? sizes.square / sizes.mean : 1;
  return mean + window.z * Math.sqrt(burstiness * mean * spread);
}

/** Sums that old errors leave: each new one makes the ones before fade. */
const fade = 0.985;
/** Earlier days are dropped when they are this much worse than the last minutes, and taken up again below the other. */
const distrustAbove = 1.15;
const trustBelow = 1;
/** Less traffic than this says nothing about the forecast. */
const leastTraffic = 50;

/** Keeps account of how well each way has foretold. */
export class ForecastJudge {
  #pending: { readonly minute: number; readonly expected: Expected }[] = [];
  #seasonalError = 0;
  #recentError = 0;
  #traffic = 0;
  #trusted = true;

  get seasonalIsTrusted(): boolean {
    return this.#trusted;
  }

  /** Mean relative errors of late. */
  get error(): { readonly seasonal: number; readonly recent: number } {
    if (this.#traffic < leastTraffic) return { seasonal: 0, recent: 0 };
    return { seasonal: this.#seasonalError / this.#traffic, recent: this.#recentError / this.#traffic };
  }

  /** The newest minute that something was foretold for. */
  newest = -1;

  /** Notes what is foretold now for the minutes from `minute` on. */
  foretell(minute: number, expected: Expected): void {
    this.newest = minute;
    this.#pending.push({ minute, expected });
  }

  /** The oldest minute whose truth is waited for. */
  get waitsFor(): number | undefined {
    return this.#pending[0]?.minute;
  }

  /** The truth about the oldest forecast; `undefined` when nobody watched. */
  learn(came: number | undefined): void {
    const [first, ...rest] = this.#pending;
    this.#pending = rest;
    if (first?.expected.seasonal === undefined || came === undefined) return;
    const { seasonal, recent } = first.expected;
    this.#seasonalError = this.#seasonalError * fade + Math.abs(0.7 * seasonal + 0.3 * recent - came);
    this.#recentError = this.#recentError * fade + Math.abs(recent - came);
    this.#traffic = this.#traffic * fade + came;
    if (this.#traffic < leastTraffic) return;
    const ratio = this.#seasonalError / Math.max(1, this.#recentError);
    if (ratio > distrustAbove) this.#trusted = false;
    else if (ratio < trustBelow) this.#trusted = true;
  }

  get state(): readonly [number, number, number] {
    return [this.#seasonalError, this.#recentError, this.#traffic];
  }

  restore(state: readonly number[]): void {
    [this.#seasonalError = 0, this.#recentError = 0, this.#traffic = 0] = state;
  }
}
