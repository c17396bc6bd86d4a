/** Participants that came with new rooms, minute by minute, for two weeks and a little more. */

const minutesADay = 1440;
/** Two weeks, and the hour before that with which a day two weeks ago is compared. */
const ringMinutes = 14 * minutesADay + 180;
/** The recent rate looks back this far, and halves a minute's weight every eight minutes. */
const recentMinutes = 60;
const recentFadeMinutes = 12;
/** What the flat pattern of the hour is worth: so many participants a minute of the hour, and so many looks at it. */
const flatPeople = 10;
const flatLooks = 2;
/** The last minute in steps of ten seconds, the one that is not over included. */
const binS = 10;
const bins = 7;

export class ArrivalLearner {
  /** -1 where nobody watched. */
  readonly #ring = new Float32Array(ringMinutes).fill(-1);
  readonly #byMinuteOfHour = new Float64Array(60);
  /** How often each minute of the hour was watched. */
  readonly #looks = new Float64Array(60);
  /** What came lately, in steps finer than minutes. */
  readonly #latest = new Float64Array(bins);
  #bin = 0;
  #minute = -1;

  /** The minute of the newest item, since the Unix epoch; -1 before the first. */
  get minute(): number {
    return this.#minute;
  }

  /** Says that somebody watches in this minute. Minutes that were left out stay unknown. */
  watch(minute: number): void {
    if (minute <= this.#minute) return;
    const from = this.#minute < 0 ? minute : Math.max(this.#minute + 1, minute - ringMinutes + 1);
    for (let at = from; at < minute; at += 1) this.#ring[at % ringMinutes] = -1;
    this.#ring[minute % ringMinutes] = 0;
    if (this.#minute >= 0 && Math.floor(minute / minutesADay) > Math.floor(this.#minute / minutesADay)) {
      for (let at = 0; at < 60; at += 1) {
        this.#byMinuteOfHour[at] = (this.#byMinuteOfHour[at] ?? 0) * 0.9;
        this.#looks[at] = (this.#looks[at] ?? 0) * 0.9;
      }
    }
    this.#looks[minute % 60] = (this.#looks[minute % 60] ?? 0) + 1;
    this.#minute = minute;
  }

  /** Corrects what came in a minute. Minutes out of reach are left alone; an unknown minute becomes known. */
  add(minute: number, participants: number): void {
    if (minute > this.#minute || minute <= this.#minute - ringMinutes) return;
    if (minute >= this.#minute - 1)
      this.#latest[this.#bin % bins] = (this.#latest[this.#bin % bins] ?? 0) + participants;
    const at = minute % ringMinutes;
    this.#ring[at] = Math.max(0, Math.max(0, this.#ring[at] ?? 0) + participants);
    const hour = minute % 60;
    this.#byMinuteOfHour[hour] = Math.max(0, (this.#byMinuteOfHour[hour] ?? 0) + participants);
  }

  /** What came in a minute; -1 when nobody watched, or too long ago. */
  at(minute: number): number {
    if (minute > this.#minute || minute <= this.#minute - ringMinutes) return -1;
    return this.#ring[minute % ringMinutes] ?? -1;
  }

  /** Sum and number of known minutes among `count` from `from` on. */
  sum(from: number, count: number): { readonly sum: number; readonly known: number } {
    let sum = 0;
    let known = 0;
    for (let minute = from; minute < from + count; minute += 1) {
      const value = this.at(minute);
      if (value < 0) continue;
      sum += value;
      known += 1;
    }
    return { sum, known };
  }

  /** How each minute of the hour compares with the mean of the hour. */
  pattern(): readonly number[] {
    const came = this.#byMinuteOfHour.reduce((sum, value) => sum + value, 0);
    const looks = this.#looks.reduce((sum, value) => sum + value, 0);
    const usual = Math.max(0.01, came / Math.max(1, looks));
    const trust = flatLooks + flatPeople / usual;
    return Array.from(this.#byMinuteOfHour, (value, at) => {
      return (value / usual + trust) / ((this.#looks[at] ?? 0) + trust);
    });
  }

  /**
   * Participants a minute by the minutes before this one and the part of it that is over, with the pattern of the hour
   * taken out. `share` says how much of the present minute is over.
   */
  recentRate(pattern: readonly number[], share: number): number {
    let came = 0;
    let usual = 0.05;
    for (let back = 0; back < recentMinutes; back += 1) {
      const value = this.at(this.#minute - back);
      if (value < 0) continue;
      const weight = Math.exp(-back / recentFadeMinutes);
      came += weight * value;
      usual += weight * (pattern[(this.#minute - back) % 60] ?? 1) * (back === 0 ? share : 1);
    }
    return came / usual;
  }

  /** Says what time it is, in seconds: what is added from now on came now. */
  tick(wallS: number): void {
    const bin = Math.floor(wallS / binS);
    for (let at = Math.max(this.#bin + 1, bin - bins + 1); at <= bin; at += 1) this.#latest[at % bins] = 0;
    this.#bin = Math.max(this.#bin, bin);
  }

  /** Participants who came with new rooms in the last minute, as it was seen. */
  latestRate(): number {
    return Math.max(
      0,
      this.#latest.reduce((sum, value) => sum + value, 0),
    );
  }

  get byMinuteOfHour(): Float64Array {
    return this.#byMinuteOfHour;
  }

  get looks(): Float64Array {
    return this.#looks;
  }

  /** The known minutes up to the newest, oldest first, from `fromMinute` on. */
  series(): { readonly fromMinute: number; readonly values: readonly number[] } {
    if (this.#minute < 0) return { fromMinute: 0, values: [] };
    let fromMinute = Math.max(0, this.#minute - ringMinutes + 1);
    while (fromMinute < this.#minute && this.at(fromMinute) < 0) fromMinute += 1;
    const values: number[] = [];
    for (let minute = fromMinute; minute <= this.#minute; minute += 1) values.push(this.at(minute));
    return { fromMinute, values };
  }

  /** Takes up a series; the pattern of the hour is set through `byMinuteOfHour` and `looks`. */
  restore(fromMinute: number, values: readonly number[]): void {
    values.forEach((value, at) => {
      this.watch(fromMinute + at);
      this.#ring[(fromMinute + at) % ringMinutes] = value;
    });
  }
}

/** The days that are compared with this one, most alike first to be listed. */
const daysBack = [7, 14, 1, 2, 3, 4, 5, 6] as const;
const compareMinutes = 60;
const mostDays = 4;
/** Minutes of each day's series that are kept: one before now, and an hour ahead. */
export const aheadMinutes = 62;

/** Earlier days that resembled the last hour, scaled to it: each day's minutes from `minute - 1` on. */
export function similarDays(arrivals: ArrivalLearner, minute: number): readonly (readonly number[])[] {
  const now = arrivals.sum(minute - compareMinutes, compareMinutes);
  if (now.known < compareMinutes * 0.8) return [];
  return daysBack
    .flatMap((back) => {
      const day = compared(arrivals, minute - back * minutesADay, now.sum);
      return day === undefined ? [] : [{ ...day, unlike: day.unlike - (back % 7 === 0 ? 0.3 : 0) }];
    })
    .toSorted((a, b) => a.unlike - b.unlike)
    .slice(0, mostDays)
    .map(({ series }) => series);
}

interface Compared {
  readonly unlike: number;
  readonly series: readonly number[];
}

function compared(arrivals: ArrivalLearner, thenMinute: number, nowSum: number): Compared | undefined {
  const then = arrivals.sum(thenMinute - compareMinutes, compareMinutes);
  if (then.known < compareMinutes * 0.8) return undefined;
  // The constant keeps two quiet hours from looking unlike each other.
  const ratio = (nowSum + 20) / (then.sum + 20);
  const unlike = Math.abs(Math.log(ratio));
  if (unlike > 1) return undefined;
  const scale = Math.max(0.5, Math.min(2, ratio));
  const series: number[] = [];
  for (let ahead = -1; ahead < aheadMinutes - 1; ahead += 1) {
    const value = arrivals.at(thenMinute + ahead);
    if (value < 0) return undefined;
    series.push(Math.round(value * scale * 100) / 100);
  }
  return { unlike, series };
}

const hoursADay = 24;
/** An hour of which less was watched says nothing. */
const leastWatched = 48;
const busiestHours = 2;

/** The mean hour of the last day by its two busiest, rounded to a hundredth; 0 before a whole hour was watched. */
export function evennessOf(arrivals: ArrivalLearner, minute: number): number {
  const hours: number[] = [];
  for (let back = 1; back <= hoursADay; back += 1) {
    const { sum, known } = arrivals.sum(minute - back * 60, 60);
    if (known >= leastWatched) hours.push(sum / known);
  }
  const busiest = hours.toSorted((a, b) => b - a).slice(0, busiestHours);
  const top = mean(busiest);
  return top === 0 ? 0 : Math.round((100 * mean(hours)) / top) / 100;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
