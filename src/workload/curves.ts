/** How demand follows the clock and the calendar. Times are seconds since a Monday, 00:00. */

export const hourS = 3600;
export const dayS = 24 * hourS;
export const weekS = 7 * dayS;
export const slotS = hourS / 4;

/** Arrivals relative to those of the busiest hour, by time. */
export type Curve = (timeS: number) => number;

/** An assumption: what offices do at weekends, relative to a weekday. */
const weekendShare = 0.18;

/**
 * Two humps with a dip at noon and a little in the evening. That half of all meetings lie in 9–11 and 13–15 h is
 * published (Microsoft Work Trend Index, 2025), and the two humps are in the Vmeeting series; the widths are assumed.
 */
export const officeCurve: Curve = (timeS) => {
  const hour = (timeS % dayS) / hourS;
  const hump = (middle: number, width: number) => Math.exp(-(((hour - middle) / width) ** 2));
  const day = 0.03 + hump(10.2, 1.5) + 0.9 * hump(14.3, 1.7) + 0.15 * hump(20, 1.5);
  return day * (isWeekend(timeS) ? weekendShare : 1);
};

export const evenCurve: Curve = () => 1;

/** Assumed. That Mondays lie 15 % above the other days is computed from the public records of a bank's calls. */
const contactHours = [0.5, 0.8, 1, 1, 0.95, 0.75, 0.8, 0.9, 0.9, 0.8, 0.55, 0.35];
const contactWeekendShare = 0.25;

/** Open from 8 to 20 h. */
export const contactCurve: Curve = (timeS) => {
  const hour = Math.floor((timeS % dayS) / hourS);
  const day = isWeekend(timeS) ? contactWeekendShare : weekdayOf(timeS) === 0 ? 1.15 : 1;
  return (contactHours[hour - 8] ?? 0) * day;
};

/** 0 is Monday. */
export function weekdayOf(timeS: number): number {
  return Math.floor(timeS / dayS) % 7;
}

export function isWeekend(timeS: number): boolean {
  return weekdayOf(timeS) >= 5;
}

/** Hours of the busiest kind that a week amounts to: rooms a week divided by it is the rate at the busiest time. */
export function busyHoursPerWeek(curve: Curve): number {
  let hours = 0;
  for (let timeS = 0; timeS < weekS; timeS += slotS) hours += curve(timeS + slotS / 2) / 4;
  return hours;
}
