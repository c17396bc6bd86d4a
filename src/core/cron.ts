/**
 * Cron expressions of five fields: minute, hour, day of month, month, day of week. Names, ranges, steps and lists as in
 * a Kubernetes CronJob; 7 is Sunday as well as 0, and `5/15` counts from 5 to the end of the field.
 */

/** The numbers that each field allows, sorted. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Both kinds of day are restricted: then a day that satisfies one of them is enough. */
  readonly eitherDay: boolean;
}

export type CronReading =
  | { readonly kind: 'Cron'; readonly cron: Cron }
  | { readonly kind: 'Faulty'; readonly why: string };

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const minute: Field = { name: 'minute', least: 0, most: 59, names: [] };
const hour: Field = { name: 'hour', least: 0, most: 23, names: [] };
const dayOfMonth: Field = { name: 'day of month', least: 1, most: 31, names: [] };
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const month: Field = { name: 'month', least: 1, most: 12, names: months };
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const dayOfWeek: Field = { name: 'day of week', least: 0, most: 7, names: weekdays };

const longestMonths: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** In the order in which they are written. */
const fields = [minute, hour, dayOfMonth, month, dayOfWeek] as const;

/** Never throws. Faulty as well is an expression that no day ever satisfies, such as 30 February. */
export function parseCron(text: string): CronReading {
  const texts = text.split(' ');
  if (texts.length !== fields.length) {
    return { kind: 'Faulty', why: `it has ${texts.length} fields, not five` };
  }
  const read = fields.map((field, at) => parseField(field, texts[at] ?? ''));
  const fault = read.find((field) => typeof field === 'string');
  if (fault !== undefined) return { kind: 'Faulty', why: fault };
  const cron = cronOf(read.filter(isNumbers), isRestricted(texts[2]) && isRestricted(texts[4]));
  if (cron.eitherDay || hasSuchDays(cron)) return { kind: 'Cron', cron };
  return { kind: 'Faulty', why: 'no month that it allows has such a day' };
}

function cronOf(numbers: readonly (readonly number[])[], eitherDay: boolean): Cron {
  const [minutes = [], hours = [], daysOfMonth = [], allowed = [], daysOfWeek = []] = numbers;
  const sundayIsZero = sorted(daysOfWeek.map((day) => day % 7));
  return { minutes, hours, daysOfMonth, months: allowed, daysOfWeek: sundayIsZero, eitherDay };
}

function isNumbers(field: readonly number[] | string): field is readonly number[] {
  return typeof field !== 'string';
}

function sorted(numbers: Iterable<number>): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

/** `*` and `*` with a step of one leave every day; any other step restricts. */
function isRestricted(text = '*'): boolean {
  return !text.split(',').some((part) => part === '*' || part === '*/1');
}

function hasSuchDays({ daysOfMonth, months: allowed }: Cron): boolean {
  const earliest = daysOfMonth[0] ?? 1;
  return allowed.some((number) => earliest <= (longestMonths[number - 1] ?? 0));
}

/** The numbers that the field allows, or what is wrong with it. */
function parseField(field: Field, text: string): readonly number[] | string {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const range = parsePart(field, part);
    if (typeof range === 'string') return range;
    for (let at = range.from; at <= range.to; at += range.step) numbers.add(at);
  }
  return sorted(numbers);
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function parsePart(field: Field, part: string): Range | string {
  const [span = '', stepText, ...more] = part.split('/');
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  const ends = parseSpan(field, span, stepText !== undefined);
  if (step === undefined || step < 1 || more.length > 0 || ends === undefined) {
    return `"${part}" is no ${field.name}`;
  }
  const [from, to] = ends;
  if (to >= from) return { from, to, step };
  return `"${part}" runs backwards: write two ranges with a comma between them`;
}

/** First and last number of `*`, `5` or `5-9`; a number that a step follows runs to the end of the field. */
function parseSpan(field: Field, span: string, hasStep: boolean): readonly [number, number] | undefined {
  if (span === '*') return [field.least, lastOf(field, field.least)];
  const [fromText = '', toText, ...others] = span.split('-');
  const from = valueOf(field, fromText);
  if (from === undefined || others.length > 0) return undefined;
  if (toText === undefined) return [from, hasStep ? lastOf(field, from) : from];
  const to = valueOf(field, toText);
  return to === undefined ? undefined : [from, isWeekEnd(field, from, to) ? 7 : to];
}

/** A range of days may end with Sunday, whichever way that is written. */
function isWeekEnd(field: Field, from: number, to: number): boolean {
  return field === dayOfWeek && to === 0 && from > 0;
}

function lastOf(field: Field, from: number): number {
  return field === dayOfWeek ? Math.max(6, from) : field.most;
}

function valueOf(field: Field, text: string): number | undefined {
  const named = field.names.indexOf(text);
  if (named >= 0) return named + field.least;
  const number = wholeNumber(text);
  return number === undefined || number < field.least || number > field.most ? undefined : number;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,2}$/.test(text) ? Number(text) : undefined;
}

/** Whether it begins on this day of the proleptic Gregorian calendar, counted from 1970-01-01. */
export function isCronDay(
  cron: Cron,
  date: { readonly month: number; readonly day: number; readonly epochDay: number },
): boolean {
  if (!cron.months.includes(date.month)) return false;
  const byMonth = cron.daysOfMonth.includes(date.day);
  // 1970-01-01 was a Thursday.
  const byWeek = cron.daysOfWeek.includes((((date.epochDay + 4) % 7) + 7) % 7);
  return cron.eitherDay ? byMonth || byWeek : byMonth && byWeek;
}
