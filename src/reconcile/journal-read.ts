/** Reads a journal back, exactly as it was. */
import type { JournalEntry } from './journal.ts';
import type { JournalHeader } from './journal-lines.ts';

export interface JournalFile {
  readonly header: JournalHeader;
  readonly entries: readonly JournalEntry[];
  /** The last line was cut off, as when its writer was stopped; the others are good. */
  readonly truncated: boolean;
}

/** The text is no journal of this version. The message is one sentence with the line and the remedy. */
export class JournalFormatError extends Error {
  override readonly name = 'JournalFormatError';
  /** Counted from 1. */
  readonly line: number;
  constructor(line: number, what: string) {
    super(
      `line ${line} ${what}: give a journal as the operator writes it at /journal, from its first line on`,
    );
    this.line = line;
  }
}

/** What is written is a few levels deep; deeper text is somebody else's, and would exhaust the stack. */
const deepest = 100;

/** @throws JournalFormatError */
export function readJournal(text: string): JournalFile {
  const lines = text.split('\n');
  const isCut = lines.at(-1) !== '';
  const whole = isCut ? lines : lines.slice(0, -1);
  const header = headerOf(whole[0] ?? '');
  const reader = new EntryReader();
  const entries: JournalEntry[] = [];
  for (const [at, line] of whole.entries()) {
    if (at === 0 || line.trim() === '') continue;
    const isLast = at === whole.length - 1;
    const value = parsed(line);
    if (value === undefined && isLast && isCut) return { header, entries, truncated: true };
    if (value === undefined) throw new JournalFormatError(at + 1, 'is no JSON');
    entries.push(reader.entry(value, at + 1));
  }
  return { header, entries, truncated: false };
}

function headerOf(line: string): JournalHeader {
  const value = parsed(line);
  if (!isObject(value) || !('journal' in value))
    throw new JournalFormatError(1, 'is not the header of a journal');
  if (value['journal'] !== 1) {
    throw new JournalFormatError(
      1,
      `is of version ${String(value['journal'])}, this program reads version 1`,
    );
  }
  const { cluster, roomsHashed, resource } = value;
  return {
    journal: 1,
    cluster: typeof cluster === 'string' ? cluster : '',
    roomsHashed: roomsHashed === true,
    ...(resource === undefined ? {} : { resource }),
  };
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const scalars: ReadonlyMap<unknown, number | undefined> = new Map([
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

class EntryReader {
  readonly #byNumber = new Map<unknown, unknown>();
  #line = 0;
  #depth = 0;

  entry(value: unknown, line: number): JournalEntry {
    this.#line = line;
    const entry = this.#value(value);
    if (!isObject(entry) || !isObject(entry['input']) || !isObject(entry['decision'])) {
      throw new JournalFormatError(line, 'holds no decision');
    }
    // Written by the same version from the same type; a replay tells whether it still is what it was.
    return entry as unknown as JournalEntry;
  }

  #value(value: unknown): unknown {
    if (this.#depth >= deepest)
      throw new JournalFormatError(this.#line, `is more than ${deepest} levels deep`);
    this.#depth += 1;
    const read = this.#read(value);
    this.#depth -= 1;
    return read;
  }

  #read(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#value(item));
    if (!isObject(value)) return value;
    if ('$' in value) return this.#meant(value['$']);
    const { $id: number, ...rest } = value;
    const made = this.#made(rest);
    if (number !== undefined) this.#byNumber.set(number, made);
    return made;
  }

  #meant(mark: unknown): unknown {
    if (scalars.has(mark)) return scalars.get(mark);
    if (this.#byNumber.has(mark)) return this.#byNumber.get(mark);
    throw new JournalFormatError(
      this.#line,
      `refers to object ${String(mark)}, which no line before it holds`,
    );
  }

  #made(rest: Fields): unknown {
    const { $list: list, $entries: entries } = rest;
    if (Array.isArray(list)) return list.map((item) => this.#value(item));
    if (entries !== undefined) return this.#odd(entries);
    return Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, this.#value(item)]));
  }

  #odd(entries: unknown): unknown {
    const pairs: readonly unknown[] = Array.isArray(entries) ? entries : [];
    return Object.fromEntries(
      pairs.map((pair): readonly [string, unknown] => {
        const [key, item]: readonly unknown[] = Array.isArray(pair) ? pair : [];
        return [String(key), this.#value(item)];
      }),
    );
  }
}
