/**
 * What is remembered of rooms that recur under one name, such as a weekly meeting or a class. Names are kept as
 * salted hashes only, and no more than a bounded number of them.
 */
import type { NameFacts, NameTable } from './learned.ts';

const mostNames = 2500;
/** Most names seen but once wait for their second time: about a week of a busy fleet. */
const mostOnce = 12_000;
const keyShape = /^~[0-9a-f]{14}$/;

/**
 * The key under which a room is remembered: the same for the same name and salt. A key is its own key, so that
 * records in which names were replaced by keys give the same decisions.
 */
export function roomKey(name: string, salt: number): string {
  if (name.charCodeAt(0) === 126 && keyShape.test(name)) return name;
  let a = 0x9e3779b9 ^ salt;
  let b = 0x85ebca6b ^ Math.imul(salt, 0x27d4eb2f);
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + (a >>> 15)), 0x5bd1e995);
  }
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 13) ^ a, 0x846ca68b);
  const low = ((a ^ (a >>> 15)) >>> 0).toString(16).padStart(8, '0');
  return `~${low}${((b ^ (b >>> 16)) & 0xffffff).toString(16).padStart(6, '0')}`;
}

const mostRemembered = 8000;
/** What was looked up in the newest table. Few names are alive at a time, and each is looked up at most passes. */
const lookedUp: { table: NameTable | undefined; readonly byName: Map<string, NameFacts | undefined> } = {
  table: undefined,
  byName: new Map(),
};

/** What is known of a room by its name, if anything is. */
export function factsOf(table: NameTable, name: string): NameFacts | undefined {
  if (table.count === 0) return undefined;
  const { byName } = lookedUp;
  if (lookedUp.table !== table || byName.size > mostRemembered) byName.clear();
  lookedUp.table = table;
  const known = byName.get(name);
  if (known !== undefined || byName.has(name)) return known;
  const facts = table.byHash[roomKey(name, table.salt)];
  byName.set(name, facts);
  return facts;
}

/** Newer meetings count more: a third each, once there are three. */
const leastShare = 1 / 3;

interface Once {
  readonly size: number;
  readonly lengthS: number;
  /** Made when they are first told: most rooms are too small for that. */
  facts?: NameFacts;
}

export class NameLearner {
  readonly salt: number;
  /** Both with the least recently seen first. */
  readonly #known = new Map<string, NameFacts>();
  readonly #once = new Map<string, Once>();
  revision = 0;

  constructor(salt: number) {
    this.salt = salt;
  }

  /** A room of this name has ended, having had at most `size` participants. */
  book(name: string, size: number, lengthS: number): void {
    const key = roomKey(name, this.salt);
    const once = this.#once.get(key);
    const known = this.#known.get(key) ?? (once === undefined ? undefined : factsOnce(once));
    if (known === undefined) {
      this.#once.set(key, { size, lengthS });
      dropOldest(this.#once, mostOnce);
      this.revision += 1;
      return;
    }
    this.#once.delete(key);
    this.#known.delete(key);
    this.#known.set(key, refined(known, size, lengthS));
    dropOldest(this.#known, mostNames);
    this.revision += 1;
  }

  /**
   * The names worth looking up: those that came again, and those seen once that were at least this large. A name that
   * never comes again does no harm; a large room that does is worth knowing the second time.
   */
  table(notableSize: number): NameTable {
    const byHash: Record<string, NameFacts> = {};
    let count = this.#known.size;
    for (const [key, once] of this.#once) {
      if (once.size < notableSize) continue;
      once.facts ??= factsOnce(once);
      byHash[key] = once.facts;
      count += 1;
    }
    for (const [key, facts] of this.#known) byHash[key] = facts;
    return { salt: this.salt, count, byHash };
  }

  /** All that is known, oldest first, for a checkpoint. */
  get known(): ReadonlyMap<string, NameFacts> {
    return this.#known;
  }

  get once(): ReadonlyMap<string, Once> {
    return this.#once;
  }

  restore(known: Iterable<readonly [string, NameFacts]>, once: Iterable<readonly [string, Once]>): void {
    for (const [key, facts] of known) this.#known.set(key, facts);
    for (const [key, facts] of once) this.#once.set(key, facts);
    dropOldest(this.#known, mostNames);
    dropOldest(this.#once, mostOnce);
    this.revision += 1;
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  while (map.size > most) {
    const oldest = map.keys().next();
    if (oldest.done === true) return;
    map.delete(oldest.value);
  }
}

/** The same room may be a little different next time: by a quarter, until it shows how alike its meetings are. */
const firstSpread = 0.25;

function factsOnce({ size, lengthS }: Once): NameFacts {
  const sizeVariance = Math.max(1, firstSpread * size) ** 2;
  return { seen: 1, size, sizeVariance, lengthS, lengthVariance: (firstSpread * lengthS) ** 2 };
}

function refined(known: NameFacts, size: number, lengthS: number): NameFacts {
  const share = Math.max(leastShare, 1 / (known.seen + 1));
  const sizeError = size - known.size;
  const lengthError = lengthS - known.lengthS;
  return {
    seen: known.seen + 1,
    size: known.size + share * sizeError,
    sizeVariance: (1 - share) * (known.sizeVariance + share * sizeError * sizeError),
    lengthS: known.lengthS + share * lengthError,
    lengthVariance: (1 - share) * (known.lengthVariance + share * lengthError * lengthError),
  };
}
