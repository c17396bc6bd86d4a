/** What is wrong with a scenario: where, and in the words of one sentence. */

export type Path = readonly (string | number)[];

/** One fault before its place in the text is known. */
export interface Fault {
  readonly path: Path;
  /** What of the field is at fault; of a missing one only what is around it has a place. */
  readonly of: 'Value' | 'Name' | 'Around';
  /** As it was written; `undefined` where there is none. */
  readonly value: string | undefined;
  /** For the middle of a sentence: what is wrong. */
  readonly complaint: string;
  /** For the end of it: what to do. */
  readonly remedy: string;
}

/** One thing that is wrong. */
export interface ScenarioProblem {
  /** Such as `spec.slos[0].metric`; empty for the text as a whole. */
  readonly path: string;
  /** As it was written; `undefined` where nothing was. */
  readonly value: string | undefined;
  /** What to do about it. */
  readonly remedy: string;
  /** Counted from 1; `undefined` where the scenario was not given as text. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Path, value and remedy in one sentence. */
  readonly message: string;
}

/** A wrong value. `complaint` is what follows its name; by default that it is what it is. */
export function wrongValue(
  path: Path,
  value: unknown,
  { complaint, remedy }: { readonly complaint?: string; readonly remedy: string },
): Fault {
  const text = shown(value);
  return { path, of: 'Value', value: text, complaint: complaint ?? `is ${text}`, remedy };
}

/** A field that must be there. */
export function missing(path: Path, remedy = 'it must be given'): Fault {
  return { path, of: 'Around', value: undefined, complaint: 'is missing', remedy };
}

/** A field that may not be there. */
export function unknownName(path: Path, known: readonly string[]): Fault {
  const name = String(path.at(-1) ?? '');
  const hint = nearest(name, known);
  const names = known.length > 12 ? `${known.slice(0, 12).join(', ')} and others` : known.join(', ');
  const remedy =
    hint === undefined ? `use one of ${names}, or remove it` : `did you mean ${hint}? Else remove it`;
  return { path, of: 'Name', value: name, complaint: 'is no field', remedy };
}

/** A path as people write it: `spec.slos[0].metric`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** A value as it may stand in a sentence. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'object') return 'a set of fields';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The known name that somebody most likely meant, if one is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(name.length / 3));
  const [best] = known
    .map((other) => ({ other, far: distance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ far }) => far <= most)
    .toSorted((a, b) => a.far - b.far);
  return best?.other;
}

/** Levenshtein: how many letters must be added, removed or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
