/**
 * What is remembered of rooms that recur under one name, such as a weekly meeting or a class. Names are kept as
 * salted hashes only, and no more than a bounded number of them.
 */
import type { ExpectedRoom, NameFacts, NameTable } from './learned.ts';

const mostNames = 2500;
/**
 * Names seen but once wait for their second time, those of large rooms apart: there are few of them, they do most harm,
 * and most names of small rooms never come again. A queue for all would be full of these before a week is over.
 */
const onceClasses: readonly { readonly fromSize: number; readonly most: number }[] = [
  { fromSize: 30, most: 4000 },
  { fromSize: 10, most: 4000 },
  { fromSize: 0, most: 4000 },
];
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

export interface Meeting {
  readonly size: number;
  readonly lengthS: number;
  /** By the wall clock. */
  readonly startS: number;
}

interface Once extends Meeting {
  /** Made when they are first told: most rooms are too small for that. */
  facts?: NameFacts;
}

export class NameLearner {
  readonly salt: number;
  /** All with the least recently seen first. */
  readonly #known = new Map<string, NameFacts>();
  readonly #once = onceClasses.map((limits) => ({ ...limits, rooms: new Map<string, Once>() }));
  revision = 0;

  constructor(salt: number) {
    this.salt = salt;
  }

  /** A room of this name has ended, having had at most `size` participants. */
  book(name: string, meeting: Meeting): void {
    const key = roomKey(name, this.salt);
    const once = this.#takeOnce(key);
    const known = this.#known.get(key) ?? (once === undefined ? undefined : factsOnce(once));
    if (known === undefined) {
      this.#addOnce(key, { ...meeting });
      this.revision += 1;
      return;
    }
    this.#known.delete(key);
    this.#known.set(key, refined(known, meeting));
    dropOldest(this.#known, mostNames);
    this.revision += 1;
  }

  #takeOnce(key: string): Once | undefined {
    for (const { rooms } of this.#once) {
      const once = rooms.get(key);
      if (rooms.delete(key)) return once;
    }
    return undefined;
  }

  #addOnce(key: string, once: Once): void {
    const among = this.#once.find(({ fromSize }) => once.size >= fromSize);
    if (among === undefined) return;
    among.rooms.set(key, once);
    dropOldest(among.rooms, among.most);
  }

  /**
   * The names worth looking up: those that came again, and those seen once that were at least this large. A name that
   * never comes again does no harm; a large room that does is worth knowing the second time.
   */
  table(notableSize: number): NameTable {
    const byHash: Record<string, NameFacts> = {};
    let count = this.#known.size;
    for (const [key, once] of this.#onceFrom(notableSize)) {
      once.facts ??= factsOnce(once);
      byHash[key] = once.facts;
      count += 1;
    }
    for (const [key, facts] of this.#known) byHash[key] = facts;
    return { salt: this.salt, count, byHash };
  }

  /**
   * Rooms of at least `fromSize` that are to be expected within the window. A name seen once is taken for a weekly one.
   * One that was dropped is waited for again; after the clocks have changed, one time is missed.
   */
  calendar(
    fromSize: number,
    window: { readonly fromS: number; readonly toS: number },
  ): readonly ExpectedRoom[] {
    const expected: ExpectedRoom[] = [];
    const add = (key: string, size: number, atS: number | undefined): void => {
      if (atS !== undefined && atS <= window.toS) expected.push({ key, size, atS });
    };
    for (const [key, facts] of this.#known) {
      const { size, startS, everyDays } = facts;
      if (size >= fromSize) add(key, size, nextS(startS, everyDays, window.fromS));
    }
    for (const [key, { size, startS }] of this.#onceFrom(fromSize)) {
      add(key, size, nextS(startS, daysOfWeek, window.fromS));
    }
    return expected;
  }

  /** Those seen once that were at least this large. Classes in which there can be none are not looked at. */
  *#onceFrom(size: number): Generator<readonly [string, Once]> {
    for (const { fromSize, rooms } of this.#once) {
      for (const entry of rooms) if (entry[1].size >= size) yield entry;
      if (fromSize <= size) return;
    }
  }

  /** All that is known, oldest first, for a checkpoint. */
  get known(): ReadonlyMap<string, NameFacts> {
    return this.#known;
  }

  /** Those seen once, the classes of small rooms first, and in each the oldest first. */
  get once(): readonly (readonly [string, Once])[] {
    return this.#once.toReversed().flatMap(({ rooms }) => [...rooms]);
  }

  restore(known: Iterable<readonly [string, NameFacts]>, once: Iterable<readonly [string, Once]>): void {
    for (const [key, facts] of known) this.#known.set(key, facts);
    for (const [key, facts] of once) this.#addOnce(key, facts);
    dropOldest(this.#known, mostNames);
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

function factsOnce({ size, lengthS, startS }: Once): NameFacts {
  const sizeVariance = Math.max(1, firstSpread * size) ** 2;
  const lengthVariance = (firstSpread * lengthS) ** 2;
  return { seen: 1, size, sizeVariance, lengthS, lengthVariance, startS, everyDays: daysOfWeek };
}

const dayS = 86_400;
const daysOfWeek = 7;
/** A meeting may begin so much earlier or later than the last time and still be the one of that time. */
const punctualS = 1800;
/** So many are missed one after the other before it is not waited for any more: a long weekend, a holiday. */
const mostMissed = 3;

/** After how many days it came again. Within a week it may be a daily one that was dropped, or a weekend. */
function daysBetween(startS: number, nextStartS: number): number {
  const days = Math.round((nextStartS - startS) / dayS);
  if (days < 1 || Math.abs(nextStartS - startS - days * dayS) > punctualS) return 0;
  return days < daysOfWeek - 1 ? 1 : days;
}

function nextS(startS: number | undefined, everyDays: number | undefined, fromS: number): number | undefined {
  if (startS === undefined || everyDays === undefined || everyDays === 0) return undefined;
  const periodS = everyDays * dayS;
  const times = Math.max(1, Math.ceil((fromS - startS) / periodS));
  return times > mostMissed ? undefined : startS + times * periodS;
}

function refined(known: NameFacts, { size, lengthS, startS }: Meeting): NameFacts {
  const share = Math.max(leastShare, 1 / (known.seen + 1));
  const sizeError = size - known.size;
  const lengthError = lengthS - known.lengthS;
  return {
    seen: known.seen + 1,
    size: known.size + share * sizeError,
    sizeVariance: (1 - share) * (known.sizeVariance + share * sizeError * sizeError),
    lengthS: known.lengthS + share * lengthError,
    lengthVariance: (1 - share) * (known.lengthVariance + share * lengthError * lengthError),
    startS,
    everyDays: known.startS === undefined ? 0 : daysBetween(known.startS, startS),
  };
}
