/** Small checks of values that come from another process. Each answers where the value is wrong, or nothing. */

/** The path to what is wrong, such as `.rooms[3].frames`; `undefined` when all is well. */
export type Check = (value: unknown) => string | undefined;

const here = '';

/** Anything finite; JSON knows neither NaN nor infinity, so they arrive as null. */
export const figure: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? undefined : here;

export const count: Check = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? undefined : here;

export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : here);

/** Text of at most so many characters. */
export function text(most: number): Check {
  return (value) => (typeof value === 'string' && value.length <= most ? undefined : here);
}

export function oneOf(...words: readonly string[]): Check {
  return (value) => (typeof value === 'string' && words.includes(value) ? undefined : here);
}

export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

/** A list of at most so many items. */
export function list(check: Check, most: number): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return here;
    return firstWrong(value.map((item, at) => [`[${at}]`, check(item)] as const));
  };
}

/** Values by name, at most so many. */
export function named(check: Check, most: number): Check {
  return (value) => {
    if (!isObject(value)) return here;
    const entries = Object.entries(value);
    if (entries.length > most) return here;
    return firstWrong(entries.map(([key, item]) => [`.${key.slice(0, 40)}`, check(item)] as const));
  };
}

/** An object with these fields. Others are let pass: they may be of a later version. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  const wanted = Object.entries(checks);
  return (value) => {
    if (!isObject(value)) return here;
    return firstWrong(wanted.map(([key, check]) => [`.${key}`, check(value[key])] as const));
  };
}

function firstWrong(found: readonly (readonly [string, string | undefined])[]): string | undefined {
  for (const [step, wrong] of found) if (wrong !== undefined) return `${step}${wrong}`;
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
