/**
 * The journal as JSON Lines: a header, then one entry a line. JSON forgets the difference between a field that is
 * absent and one that is undefined, and knows neither -0 nor infinity; a replay must not. So these are written out,
 * and an object that was written before is referred to by its number:
 *
 *   {"$id":7,…}                 object number 7            {"$":7}            that object again
 *   {"$id":8,"$list":[…]}       list number 8              {"$":"undefined"}  also NaN, Infinity, -Infinity, -0
 *   {"$entries":[[key,value]]}  an object with keys that begin with "$"
 */
import { assert } from '../base/assert.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { CordonWatch } from '../core/memory.ts';
import type { JournalEntry } from './journal.ts';

export interface JournalHeader {
  readonly journal: 1;
  /** `namespace/name` of the OpenViduCluster. */
  readonly cluster: string;
  /** Whether names of rooms were replaced, always the same name by the same. */
  readonly roomsHashed: boolean;
  /** The parts of the resource's spec that decisions depend on, as they were when this was written. */
  readonly resource?: unknown;
}

/** Where the memory of a pass holds names of rooms, see `CordonWatch`. */
const countedRooms = 'counted' satisfies keyof CordonWatch;

export type MaskRoom = (room: string, input: DecideInput) => string;

export interface LinesOptions {
  /** Names of rooms are people's data. This puts another name in place of each; see `journal-mask.ts`. */
  readonly maskRoom?: MaskRoom;
}

/** Each line ends with a line feed. Nothing is done ahead of the reader, so the whole never lies in memory. */
export function* journalLines(
  header: JournalHeader,
  entries: Iterable<JournalEntry>,
  options: LinesOptions = {},
): Generator<string, void, void> {
  yield `${JSON.stringify(header)}\n`;
  const writer = new LineWriter(options);
  for (const entry of entries) yield writer.line(entry);
}

/** Writes entries one after another; later lines refer to objects of earlier ones. */
export class LineWriter {
  readonly #mask: MaskRoom | undefined;
  readonly #numbers = new WeakMap<object, number>();
  #count = 0;
  #input: DecideInput | undefined;

  constructor({ maskRoom }: LinesOptions = {}) {
    this.#mask = maskRoom;
  }

  line(entry: JournalEntry): string {
    this.#input = entry.input;
    return `${this.#text(entry)}\n`;
  }

  #text(value: unknown, key?: string): string {
    if (typeof value === 'string') return JSON.stringify(this.#masked(value, key));
    if (typeof value === 'number') return numberText(this.#isSalt(key) ? 0 : value);
    if (value === undefined) return '{"$":"undefined"}';
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const number = this.#numbers.get(value);
    if (number !== undefined) return `{"$":${number}}`;
    if (Array.isArray(value)) return this.#listText(value, key);
    return this.#objectText(value);
  }

  #masked(text: string, key: string | undefined): string {
    if (key !== 'room' || this.#mask === undefined || this.#input === undefined) return text;
    return this.#mask(text, this.#input);
  }

  /** Names of rooms that the core remembers, in the order of what they are replaced by, as the core orders names. */
  #namesText(names: readonly unknown[]): string {
    const written = names.map((name) => this.#text(name, 'room'));
    return `[${written.toSorted((a, b) => (a < b ? -1 : Number(a > b))).join(',')}]`;
  }

  /** With the salt at hand the names could be guessed; without names it serves nothing. */
  #isSalt(key: string | undefined): boolean {
    return key === 'salt' && this.#mask !== undefined;
  }

  #listText(list: readonly unknown[], key: string | undefined): string {
    if (key === countedRooms) return this.#namesText(list);
    // The items come first: an object is numbered once it has been written whole.
    const items = list.map((item) => this.#text(item)).join(',');
    const number = isWorthANumber(list) ? this.#number(list) : undefined;
    return number === undefined ? `[${items}]` : `{"$id":${number},"$list":[${items}]}`;
  }

  #objectText(value: object): string {
    const prototype: unknown = Object.getPrototypeOf(value);
    assert(prototype === Object.prototype || prototype === null, 'the journal holds plain values only');
    const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
    const odd = entries.some(([key]) => key.startsWith('$'));
    const texts = entries.map(([key, item]) => {
      const text = this.#text(item, key);
      return odd ? `[${JSON.stringify(key)},${text}]` : `${JSON.stringify(key)}:${text}`;
    });
    const fields = odd ? [`"$entries":[${texts.join(',')}]`] : texts;
    const number = isWorthANumber(value) ? [`"$id":${this.#number(value)}`] : [];
    return `{${[...number, ...fields].join(',')}}`;
  }

  #number(value: object): number {
    this.#count += 1;
    this.#numbers.set(value, this.#count);
    return this.#count;
  }
}

/** A reference to something smaller would be as long as the thing itself. */
function isWorthANumber(value: object): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return values.length > 3 || values.some((item) => typeof item === 'object' && item !== null);
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '{"$":"-0"}';
  return Number.isFinite(value) ? String(value) : `{"$":"${value}"}`;
}
