/** Readers of option values. Each fails with a sentence that commander completes with the name of the option. */
import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../base/duration.ts';
import { parseIsoMs } from '../base/iso-time.ts';

/** A whole number within bounds, which are included. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** A number within bounds, which are included. */
export function decimalNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
  };
}

/** A list of whole numbers such as `1,2,3`, or a range such as `1-10`. No number twice. */
export function wholeNumbers(least: number, most: number): (text: string) => readonly number[] {
  const one = wholeNumber(least, most);
  return (text) => {
    const numbers = text.split(',').flatMap((part) => rangeOf(part.trim(), one));
    if (new Set(numbers).size === numbers.length) return numbers;
    throw new InvalidArgumentError('Give each number once.');
  };
}

const mostInRange = 1000;

function rangeOf(part: string, one: (text: string) => number): readonly number[] {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(part) ?? [];
  if (first === undefined || last === undefined) return [one(part)];
  const from = one(first);
  const length = one(last) - from + 1;
  if (length >= 1 && length <= mostInRange) return Array.from({ length }, (_, at) => from + at);
  throw new InvalidArgumentError('Give a range from a smaller to a larger number, such as 1-10.');
}

/** Milliseconds, from text such as `90s` or `1h30m`; longer than nothing. */
export function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('Give a duration such as 90s, 5m or 1h30m.');
}

/** Milliseconds since the epoch, from an instant such as `2026-03-01T12:00:00Z`. */
export function instant(text: string): number {
  const ms = parseIsoMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Give an instant with its zone, such as 2026-03-01T12:00:00Z.');
}

/** Words of a person that end up in an annotation. */
export function reasonText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line !== '' && line.length <= 500) return line;
  throw new InvalidArgumentError('Give up to 500 characters that say why.');
}

/** A name as Kubernetes has them. */
export function objectName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("Give a name of lower-case letters, digits, '-' and '.'.");
}
