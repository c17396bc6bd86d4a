/** Values that people write with a unit. The schema has seen to their form. */
import { assert } from '../base/assert.ts';
import { parseDurationMs } from '../base/duration.ts';

/** Milliseconds, from `90s` or `1h30m`. */
export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  assert(ms !== undefined, 'the schema lets only durations through');
  return ms;
}

/** A second, from `5/s` or `30/m`. */
export function perSecond(text: string): number {
  const [amount = '', unit] = text.split('/');
  return Number(amount) / (unit === 'm' ? 60 : 1);
}

/** A share or a weight, from `5%` or a number. */
export function shareOf(value: number | string): number {
  return typeof value === 'number' ? value : Number(value.replace('%', '')) / 100;
}

/** The limit of an SLO: a number, a share with `%`, or a duration, which becomes milliseconds. */
export function limitOf(value: number | string): number {
  if (typeof value === 'number' || value.endsWith('%')) return shareOf(value);
  return durationMs(value);
}
