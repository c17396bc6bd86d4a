/** What a log line may carry: plain JSON of bounded size, without secrets. */

const secretKey = /password|passwd|secret|token|api-?_?key|authorization|credential|private-?_?key/i;
/** The name of a Secret, or a reference to one, is no secret, and is what a person needs. */
const referenceKey = /(?:name|ref)$/i;
const removed = '[removed]';
const deepest = 8;
const longestList = 100;

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

interface Place {
  readonly withStack: boolean;
  readonly depth: number;
  /** Objects on the way here, to notice a circle. */
  readonly above: readonly object[];
}

/** The fields as plain JSON; values under keys that are named like secrets are removed. Never throws. */
export function plainFields(
  fields: Readonly<Record<string, unknown>>,
  withStack: boolean,
): { readonly [key: string]: Plain } {
  return plainMap(Object.entries(fields), { withStack, depth: 0, above: [fields] });
}

function plainMap(
  entries: Iterable<readonly [string, unknown]>,
  place: Place,
): { readonly [key: string]: Plain } {
  const plain: [string, Plain][] = [];
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    plain.push([key, isSecret(key) ? removed : plainValue(value, place)]);
  }
  return Object.fromEntries(plain);
}

function isSecret(key: string): boolean {
  return secretKey.test(key) && !referenceKey.test(key);
}

function plainValue(value: unknown, place: Place): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'object') return plainObject(value, place);
  // What is left (a bigint, a symbol, a function) is a mistake of the caller that must not cost the line.
  return typeof value === 'bigint' ? String(value) : `[${typeof value}]`;
}

function plainObject(value: object, place: Place): Plain {
  if (place.above.includes(value)) return '[circle]';
  if (place.depth >= deepest) return '[deeper]';
  const inner = { ...place, depth: place.depth + 1, above: [...place.above, value] };
  if (value instanceof Error) return plainError(value, inner);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (Array.isArray(value)) return plainList(value, inner);
  if (value instanceof Map)
    return plainMap(
      [...value].map(([key, item]) => [String(key), item] as const),
      inner,
    );
  if (value instanceof Set) return plainList([...value], inner);
  // The bytes of a buffer say nothing to a reader and may be a secret.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return plainMap(Object.entries(value), inner);
}

function plainList(list: readonly unknown[], place: Place): readonly Plain[] {
  const shown = list.slice(0, longestList).map((item) => plainValue(item, place));
  return list.length > longestList ? [...shown, `[${list.length - longestList} more]`] : shown;
}

/** Other fields of an error stay out: client libraries hang whole requests, with their headers, on them. */
function plainError(error: Error, place: Place): Plain {
  const code = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.cause === undefined ? {} : { cause: plainValue(error.cause, place) }),
    ...(place.withStack && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}
