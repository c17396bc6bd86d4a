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

/** What is put in place of an object, and the bytes of it alone. */
interface Made {
  readonly kept: object;
  readonly bytes: number;
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
    return this.#known(now) ?? this.#new(before, now);
  }

  /** What is kept in place of an object that was met before. It is counted once a round. */
  #known(now: object): object | undefined {
    const known = this.#notes.get(now);
    if (known !== undefined) return known.kept;
    const earlier = this.#earlier.get(now);
    if (earlier === undefined) return undefined;
    this.#allBytes += earlier.bytes;
    return this.#note(now, earlier);
  }

  #note(now: object, note: Note): object {
    this.#notes.set(now, note);
    if (note.kept !== now) this.#notes.set(note.kept, note);
    return note.kept;
  }

  #new(before: unknown, now: object): object {
    const old = typeof before === 'object' && before !== null ? before : undefined;
    const bytesBefore = this.#allBytes;
    const { kept, bytes } = Array.isArray(now) ? this.#list(old, now) : this.#record(old, now);
    this.#allBytes += bytes;
    if (kept !== old) this.#ownBytes += bytes;
    return this.#note(now, { kept, bytes: this.#allBytes - bytesBefore });
  }

  #list(old: object | undefined, now: readonly unknown[]): Made {
    const before: readonly unknown[] = Array.isArray(old) ? old : [];
    const bytes = now.reduce<number>((sum, item) => sum + textBytes(item), headBytes(now.length));
    // Tables of numbers hold nothing that could be shared on its own.
    if (typeof now[0] === 'number' && now.every(isScalar)) {
      return { kept: sameItems(before, now) ? before : now, bytes };
    }
    const find = finder(before);
    const items = now.map((item, at) => {
      if (typeof item !== 'object' || item === null) return item;
      return this.#known(item) ?? this.#new(find(item, at), item);
    });
    return { kept: chosen(before, now, items), bytes };
  }

  #record(old: object | undefined, now: object): Made {
    const given = now as Fields;
    const before = fieldsOf(old);
    const keys = Object.keys(given);
    let bytes = headBytes(keys.length);
    let isAsBefore = true;
    let made: Record<string, unknown> | undefined;
    for (const key of keys) {
      const was = before?.[key];
      const part = this.#part(was, given[key]);
      bytes += textBytes(part);
      if (!Object.is(was, part)) isAsBefore = false;
      // The copy has the keys in the same order.
      if (!Object.is(given[key], part)) (made ??= { ...given })[key] = part;
    }
    return { kept: isAsBefore && hasKeys(before, keys) ? before : (made ?? now), bytes };
  }
}

function fieldsOf(old: object | undefined): Fields | undefined {
  return old === undefined || Array.isArray(old) ? undefined : (old as Fields);
}

/** The order of the keys is part of the value: whoever walks over them must meet the same order again. */
function hasKeys(before: Fields | undefined, keys: readonly string[]): before is Fields {
  if (before === undefined) return false;
  const keysBefore = Object.keys(before);
  return keysBefore.length === keys.length && keys.every((key, at) => keysBefore[at] === key);
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

function headBytes(fields: number): number {
  return objectBytes + fieldBytes * fields;
}

function textBytes(item: unknown): number {
  return typeof item === 'string' ? 16 + item.length : 0;
}
