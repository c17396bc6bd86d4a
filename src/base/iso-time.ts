/** RFC 3339 by arithmetic alone, for the folders that may not touch the global `Date`. Proleptic Gregorian. */

const pattern = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
const dayMs = 86_400_000;
const daysPer400Years = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const epochDay = 719_468;

/** Milliseconds since the Unix epoch; `undefined` when the text is no RFC 3339 instant. A leap second is the next second. */
export function parseIsoMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', fraction = '', zone = ''] = match;
  const parts = [dateMs(date), timeMs(time), fractionMs(fraction), zoneMs(zone)];
  return parts.reduce((sum, part) => (sum === undefined || part === undefined ? undefined : sum + part));
}

function dateMs(date: string): number | undefined {
  const [year, month, day] = numbers(date.split('-'));
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  return isDate ? dayNumber(year, month, day) * dayMs : undefined;
}

function timeMs(time: string): number | undefined {
  const [hour, minute, second] = numbers(time.split(':'));
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

function fractionMs(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, '0'));
}

/** What the zone takes away: east of Greenwich the same hour comes earlier. */
function zoneMs(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = numbers(zone.slice(1).split(':'));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? 1 : -1) * (hours * 60 + minutes) * 60_000;
}

function numbers(texts: readonly string[]): readonly [number, number, number] {
  const [first = '0', second = '0', third = '0'] = texts;
  return [Number(first), Number(second), Number(third)];
}

/** The instant in UTC with milliseconds, as `2026-03-01T12:00:00.000Z`. Holds for the years 0 to 9999. */
export function isoFromMs(epochMs: number): string {
  const whole = Math.floor(epochMs);
  const days = Math.floor(whole / dayMs);
  const inDayMs = whole - days * dayMs;
  const { year, month, day } = dateOf(days);
  const seconds = Math.floor(inDayMs / 1000);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${date}T${time}.${pad(inDayMs % 1000, 3)}Z`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Counting years from March puts the leap day at the end, so that the months before it have fixed offsets. */
function dayNumber(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPer400Years + dayOfEra - epochDay;
}

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + epochDay;
  const era = Math.floor(shifted / daysPer400Years);
  const dayOfEra = shifted - era * daysPer400Years;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = ((monthFromMarch + 2) % 12) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
