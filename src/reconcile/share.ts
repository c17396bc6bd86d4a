/**
 * Keeps one copy of what is equal from one pass to the next. Observations are made anew each pass although little in
 * them changes; without this a journal of a large fleet would hold thousands of copies of the same rooms.
 */

interface Note {
  /** The object that is kept in place of this one; itself when it was new. */
  readonly kept: object;
  /** Estimated bytes of all that hangs on it. */
  readonly bytes: number;
}

type Notes = Map<object, Note>;

export interface Shared<T> {
  readonly value: T;
  /** Bytes that this round added, and bytes that it refers to in all. Estimates. */
  readonly ownBytes: number;
  readonly allBytes: number;
}

const objectBytes = 32;
const fieldBytes = 8;

export class Sharer {
  /** Of this round and of the one before: what is older may have been let go. */
  #notes: Notes = new Map();
  #earlier: Notes = new Map();
  #ownBytes = 0;
  #allBytes = 0;

  /**
   * A value equal to `now`, of which all that is equal to its counterpart in `before` is that very object.
   * `before` must be what the last call returned. Values are plain: objects, arrays, scalars, no cycles.
   */
  share<T>(before: unknown, now: T): Shared<T> {
    this.#earlier = this.#notes;
    this.#notes = new Map();
    this.#ownBytes = 0;
    this.#allBytes = 0;
    // What is put in place of a part is equal to it, so the whole keeps its type.
    const value = this.#part(before, now) as T;
    return { value, ownBytes: this.#ownBytes, allBytes: this.#allBytes };
  }

  #part(before: unknown, now: unknown): unknown {
    if (typeof now !== 'object' || now === null) return now;
    const known = this.#notes.get(now);
    if (known !== undefined) return known.kept;
    const earlier = this.#earlier.get(now);
    if (earlier !== undefined) {
      this.#allBytes += earlier.bytes;
      return this.#note(now, earlier);
    }
    return this.#new(typeof before === 'object' && before !== null ? before : undefined, now);
  }

  #new(old: object | undefined, now: object): object {
    const bytesBefore = this.#allBytes;
    const made = Array.isArray(now) ? this.#list(old, now) : this.#record(old, now);
    const bytes = shallowBytes(made);
    this.#allBytes += bytes;
    if (made !== old) this.#ownBytes += bytes;
    return this.#note(now, { kept: made, bytes: this.#allBytes - bytesBefore });
  }

  #note(now: object, note: Note): object {
    this.#notes.set(now, note);
    if (note.kept !== now) this.#notes.set(note.kept, note);
    return note.kept;
  }

  #list(old: object | undefined, now: readonly unknown[]): object {
    const before: readonly unknown[] = Array.isArray(old) ? old : [];
    // Tables of numbers hold nothing that could be shared on its own.
    if (typeof now[0] === 'number' && now.every(isScalar)) return sameItems(before, now) ? before : now;
    const find = finder(before);
    const items = now.map((item, at) => this.#part(find(item, at), item));
    return chosen(before, now, items);
  }

  #record(old: object | undefined, now: object): object {
    const before = old === undefined || Array.isArray(old) ? {} : (old as Fields);
    const given = now as Fields;
    const keys = Object.keys(given);
    const parts = new Map<string, unknown>();
    for (const key of keys) {
      const item = given[key];
      if (typeof item !== 'object' || item === null) continue;
      const part = this.#part(before[key], item);
      if (part !== item) parts.set(key, part);
    }
    const partAt = (key: string) => (parts.has(key) ? parts.get(key) : given[key]);
    if (old !== undefined && sameFields(before, keys, partAt)) return old;
    return parts.size === 0 ? now : Object.fromEntries(keys.map((key) => [key, partAt(key)]));
  }
}

/** The order of the keys is part of the value: whoever walks over them must meet the same order again. */
function sameFields(before: Fields, keys: readonly string[], partAt: (key: string) => unknown): boolean {
  const keysBefore = Object.keys(before);
  if (keysBefore.length !== keys.length) return false;
  return keys.every((key, at) => keysBefore[at] === key && Object.is(before[key], partAt(key)));
}

type Fields = Readonly<Record<string, unknown>>;

function chosen(before: readonly unknown[], now: readonly unknown[], items: readonly unknown[]): object {
  if (sameItems(before, items)) return before;
  return sameItems(now, items) ? now : items;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (!Object.is(a[at], b[at])) return false;
  return true;
}

/** Finds the counterpart of an item: at its place, or wherever the one of the same name has moved. */
function finder(before: readonly unknown[]): (item: unknown, at: number) => unknown {
  let byName: Map<unknown, unknown> | undefined;
  return (item, at) => {
    const name = nameOf(item);
    const here = before[at];
    if (name === undefined || nameOf(here) === name) return here;
    byName ??= new Map(before.map((candidate) => [nameOf(candidate), candidate]));
    return byName.get(name);
  };
}

function nameOf(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return undefined;
  if ('room' in item) return item.room;
  if ('name' in item) return item.name;
  if ('nodeId' in item) return item.nodeId;
  return 'node' in item ? nameOf(item.node) : undefined;
}

function isScalar(item: unknown): boolean {
  return typeof item !== 'object';
}

function shallowBytes(value: object): number {
  const values: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let bytes = objectBytes + fieldBytes * values.length;
  for (const item of values) if (typeof item === 'string') bytes += 16 + item.length;
  return bytes;
}
