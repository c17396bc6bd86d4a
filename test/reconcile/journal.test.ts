import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BugError } from '../../src/base/assert.ts';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import { coldMemory } from '../../src/core/memory.ts';
import type { RedisReading } from '../../src/core/readings.ts';
import { Journal, type JournalEntry, type JournalLimits } from '../../src/reconcile/journal.ts';
import { type JournalHeader, LineWriter, journalLines } from '../../src/reconcile/journal-lines.ts';
import { JournalFormatError, readJournal } from '../../src/reconcile/journal-read.ts';
import { differencesOf, replay } from '../../src/reconcile/replay.ts';
import { anySpec } from '../support/arbitrary-spec.ts';
import { glances, live } from '../support/arbitrary.ts';
import { aLoad, aPod, aRedisReading, aRoom, aSpec, anEntry, nowMs, wallMs } from '../support/builders.ts';

const header: JournalHeader = { journal: 1, cluster: 'media/c', roomsHashed: false };

interface Scene {
  readonly atMs?: number;
  readonly participants?: number;
  readonly rooms?: number;
  readonly nodes?: number;
  readonly max?: number;
  /** The last node has missed heartbeats. */
  readonly silent?: boolean;
}

/** Two calm nodes, and what the scene says. Each call makes every object anew, as observing does. */
function input({
  atMs = 0,
  participants = 10,
  rooms = 1,
  nodes = 2,
  max = 10,
  silent = false,
}: Scene = {}): DecideInput {
  const names = Array.from({ length: nodes }, (_, at) => `c-media-${at}`);
  return {
    clusterName: 'c',
    spec: aSpec({ minNodes: 2, maxNodes: max }),
    observed: {
      pods: names.map((name) => aPod(name)),
      ownWritesSeen: true,
      redis: aRedisReading({
        nodes: names.map((name, at) =>
          anEntry(name, {
            load: aLoad({ participants, rooms }),
            ageMs: silent && at === nodes - 1 ? 9000 : 500,
          }),
        ),
        rooms: names.flatMap((name) =>
          Array.from({ length: rooms }, (_, at) => aRoom(name, { room: `${name}/${at}`, participants })),
        ),
        atMs: nowMs + atMs,
      }),
      metrics: {},
      serverApi: undefined,
      launchRefusal: undefined,
      kubeNodes: undefined,
      revisions: [],
    },
    memory: coldMemory(nowMs),
    nowMs: nowMs + atMs,
    wallMs: wallMs + atMs,
    learned: undefined,
    launchMs: undefined,
  };
}

function redisOf({ observed }: DecideInput): Extract<RedisReading, { kind: 'Read' }> {
  if (observed.redis.kind !== 'Read') throw new Error('it was read');
  return observed.redis;
}

function journalOf(scenes: readonly Scene[], limits: Partial<JournalLimits> = {}): Journal {
  const journal = new Journal(limits);
  for (const scene of scenes) {
    const seen = input(scene);
    journal.record(seen, decide(seen), 1);
  }
  return journal;
}

const written = (entries: Iterable<JournalEntry>, mask?: (room: string) => string) =>
  [...journalLines(header, entries, mask === undefined ? {} : { maskRoom: mask })].join('');

describe('the journal in memory', () => {
  test('sums up passes that decide the same, and shows the newest apart with its own input', () => {
    const journal = journalOf([
      { atMs: 0 },
      { atMs: 1000, participants: 11 },
      { atMs: 2000, participants: 12 },
    ]);

    const [first, newest, ...others] = journal.entries();

    expect(others).toEqual([]);
    expect(first).toMatchObject({ seq: 1, count: 2, lastWallMs: wallMs + 1000 });
    expect(newest).toMatchObject({ seq: 3, count: 1, input: { nowMs: nowMs + 2000 } });
  });

  test.each<readonly [what: string, second: Scene]>([
    ['a load that needs more nodes', { atMs: 1000, participants: 90 }],
    ['another node', { atMs: 1000, nodes: 3 }],
    ['a changed spec', { atMs: 1000, max: 9 }],
    ['a minute', { atMs: 60_000 }],
  ])('%s begins a new entry', (_, second) => {
    expect(journalOf([{}, second]).entries()).toMatchObject([{ count: 1 }, { count: 1 }]);
  });

  test('of a fleet with thousands of rooms does not keep every change of a node, but every change of size', () => {
    const many = { rooms: 2000, participants: 1 };
    const silent = { ...many, silent: true };
    const journal = journalOf([many, { ...silent, atMs: 100 }, { ...silent, atMs: 300 }]);
    const grown = journalOf([many, { ...many, atMs: 100, participants: 3, nodes: 4 }]);

    const gist = (kept: Journal) => kept.entries().map(({ seq, count }) => [seq, count]);
    expect(gist(journal)).toEqual([
      [1, 2],
      [3, 1],
    ]);
    expect(gist(grown)).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  test('never sums up a pass that acts', () => {
    const journal = journalOf([{ nodes: 1 }, { atMs: 100, nodes: 1 }]);

    expect(journal.entries().map(({ decision }) => decision.actions.length)).toEqual([1, 1]);
  });

  test('keeps what the world refused apart from what was decided, so that a replay is identical', () => {
    const journal = new Journal();
    const seen = input({ nodes: 1 });
    const decided = decide(seen);
    const refused = { reason: 'LaunchFailed', message: 'quota' } as const;

    journal.record(seen, { ...decided, refusals: [...decided.refusals, refused] }, 1);

    const [entry] = journal.entries();
    expect(entry?.refusedByWorld).toEqual([refused]);
    expect(entry && replay(entry)).toEqual({ identical: true, differences: [] });
  });

  test('keeps one copy of what did not change, wherever it stands in the list', () => {
    const journal = new Journal({ sumUpMs: 0 });
    const [before, after] = [input({ rooms: 4 }), input({ rooms: 4, atMs: 1000 })];
    const shuffled = { ...after, observed: { ...after.observed, pods: after.observed.pods.toReversed() } };
    journal.record(before, decide(before), 1);
    journal.record(shuffled, decide(shuffled), 1);

    const [first, second] = journal.entries();

    expect(second?.input.observed.pods).toEqual(shuffled.observed.pods);
    expect(second?.input.observed.pods[0]).toBe(first?.input.observed.pods[1]);
    expect(second?.input.spec).toBe(first?.input.spec);
    expect(second?.decision.nodes[0]?.node.rooms[0]).toBe(roomsOf(first)[0]);
  });

  test('forgets the oldest entries beyond its number', () => {
    const scenes = Array.from({ length: 9 }, (_, at) => ({ atMs: at * 100_000 }));

    expect(
      journalOf(scenes, { entries: 4 })
        .entries()
        .map(({ seq }) => seq),
    ).toEqual([6, 7, 8, 9]);
  });

  test('holds no more than its bytes, however large the fleet, and always the newest entry', () => {
    const scenes = Array.from({ length: 40 }, (_, at) => ({
      atMs: at * 100_000,
      rooms: 50,
      participants: at + 1,
    }));

    const journal = journalOf(scenes, { bytes: 200_000 });

    expect(journal.bytes).toBeLessThan(200_000);
    expect(journal.entries().length).toBeGreaterThan(3);
    expect(journalOf(scenes, { bytes: 1 }).entries()).toHaveLength(1);
    const most = journal.bytes;
    journal.limitTo(most / 2);
    expect(journal.bytes).toBeLessThanOrEqual(most / 2);
    expect(journal.entries().at(-1)).toEqual(journalOf(scenes).entries().at(-1));
  });

  test('counts what many entries share once, and goes on counting it when the first of them is gone', () => {
    const scenes = Array.from({ length: 30 }, (_, at) => ({ atMs: at * 100_000, rooms: 50 }));
    const one = journalOf(scenes.slice(0, 1)).bytes;
    const many = journalOf(scenes, { entries: 10 }).bytes;

    expect(many).toBeGreaterThan(one);
    expect(many).toBeLessThan(4 * one);
  });

  test('gives the last entries when asked for few', () => {
    const journal = journalOf([{}, { atMs: 70_000 }, { atMs: 140_000 }]);

    expect(journal.entries(2).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(new Journal().entries()).toEqual([]);
  });
});

function roomsOf(entry: JournalEntry | undefined) {
  const redis = entry?.input.observed.redis;
  return redis?.kind === 'Read' ? redis.rooms : [];
}

/** Everything that JSON would lose. */
const oddities = {
  nothing: undefined,
  numbers: [-0, 0, Number.NaN, Infinity, -Infinity, 1e21, 0.1 + 0.2],
  none: null,
  text: 'a line\nfeed,  and "quotes"',
  record: { $: 1, $id: 2, usual: [undefined, { $list: [3] }] },
  empty: [{}, [], ''],
};

describe('the journal on paper', () => {
  const entryWith = (extra: unknown): JournalEntry => {
    const seen = input();
    const decision: Decision = decide(seen);
    const entry = { seq: 1, input: seen, decision, refusedByWorld: [], tookMs: 1, count: 1 };
    const odd = { ...entry, lastWallMs: wallMs, extra };
    return odd;
  };

  test('comes back exactly, to the bit', () => {
    const entry = entryWith(oddities);

    const { entries, truncated } = readJournal(written([entry]));

    expect(truncated).toBe(false);
    expect(differencesOf([entry], entries)).toEqual([]);
    expect(entries).toStrictEqual([entry]);
  });

  test('comes back exactly whatever is in it', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: false, maxDepth: 4 }).filter(isPlain), (extra) => {
        const entry = entryWith(extra);
        expect(differencesOf([entry], readJournal(written([entry])).entries)).toEqual([]);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test('writes what is shared once, and restores it shared', () => {
    const entries = journalOf(
      Array.from({ length: 20 }, (_, at) => ({ atMs: at * 100_000, rooms: 40 })),
    ).entries();

    const text = written(entries);
    const read = readJournal(text).entries;

    const lengths = text.split('\n').map((line) => line.length);
    expect(lengths[15]).toBeLessThan((lengths[1] ?? 0) / 3);
    expect(roomsOf(read[19])[5]).toBe(roomsOf(read[0])[5]);
    expect(read.every((entry) => replay(entry).identical)).toBe(true);
  });

  test('names of rooms appear nowhere once they are masked, and the replay is identical all the same', () => {
    const names = new Map<string, string>();
    const mask = (room: string) => names.get(room) ?? names.set(room, `~${names.size}`).get(room) ?? '';
    let checked = 0;
    fc.assert(
      fc.property(anySpec, glances, (spec, seen) => {
        const journal = new Journal({ sumUpMs: 0 });
        for (const step of live(spec, seen)) journal.record(step.input, step.decision, 0);
        const text = written(journal.entries(), mask);
        expect(text).not.toMatch(/room-on|dead-on/);
        for (const entry of readJournal(text).entries) {
          checked += 1;
          expect(replay(entry)).toEqual({ identical: true, differences: [] });
        }
      }),
      { seed: 11, numRuns: 60 },
    );
    expect(checked).toBeGreaterThan(100);
  });

  test('names of rooms that have just begun, which the memory holds for a moment, are masked too', () => {
    const begun = ['zoe', 'ann', 'mia'].map((room, at) =>
      aRoom(`c-media-${at % 2}`, { room, createdAtSeconds: wallMs / 1000 }),
    );
    const first = input({ atMs: 1000 });
    const seen: DecideInput = {
      ...first,
      observed: {
        ...first.observed,
        redis: aRedisReading({ nodes: redisOf(first).nodes, rooms: begun, atMs: first.nowMs }),
      },
    };
    const decision = decide(seen);
    const again = { ...seen, memory: decision.memory, nowMs: seen.nowMs + 1000, wallMs: seen.wallMs + 1000 };
    const journal = new Journal({ sumUpMs: 0 });
    journal.record(seen, decision, 1);
    journal.record(again, decide(again), 1);
    const keys: Readonly<Record<string, string>> = { zoe: '~1', ann: '~2', mia: '~3' };
    const text = written(journal.entries(), (room) => keys[room] ?? 'nobody');

    expect(decision.memory.cordonWatch?.counted).toEqual(['ann', 'mia', 'zoe']);
    expect(text).not.toMatch(/zoe|ann|mia/);
    expect(readJournal(text).entries.map((entry) => replay(entry).identical)).toEqual([true, true]);
  });

  test('of a writer that was stopped all whole lines are read', () => {
    const text = written(journalOf([{}, { atMs: 70_000 }]).entries());

    expect(readJournal(text.slice(0, -20))).toMatchObject({ truncated: true, entries: [{ seq: 1 }] });
    expect(readJournal(text.slice(0, -1))).toMatchObject({
      truncated: false,
      entries: [{ seq: 1 }, { seq: 2 }],
    });
  });

  test.each<readonly [what: string, text: string, message: RegExp]>([
    ['nothing', '', /^line 1 is not the header of a journal: give/],
    ['another file', 'start_s,duration_s\n1,2\n', /^line 1 is not the header/],
    ['a later version', '{"journal":2}\n', /^line 1 is of version 2, this program reads version 1/],
    ['a broken line', `${JSON.stringify(header)}\n{"seq":\n{}\n`, /^line 2 is no JSON/],
    ['an entry without a decision', `${JSON.stringify(header)}\n{"seq":1}\n`, /^line 2 holds no decision/],
    [
      'a file without its beginning',
      `${JSON.stringify(header)}\n{"input":{"$":9}}\n`,
      /^line 2 refers to object 9/,
    ],
    [
      'text that would exhaust the stack',
      `${JSON.stringify(header)}\n${'['.repeat(100_000)}${']'.repeat(100_000)}\n`,
      /^line 2 is more than 100 levels deep/,
    ],
  ])('%s is refused in one sentence that names the line', (_, text, message) => {
    expect(() => readJournal(text)).toThrow(JournalFormatError);
    expect(() => readJournal(text)).toThrow(message);
  });

  test('what is no plain value is a defect, not a silent loss', () => {
    expect(() => new LineWriter().line(entryWith(new Map()))).toThrow(BugError);
  });
});

function isPlain(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    const ordinary = Array.isArray(value) || prototype === Object.prototype;
    const items: readonly unknown[] = Object.values(value);
    return ordinary && (!Array.isArray(value) || items.length === value.length) && items.every(isPlain);
  }
  return !['function', 'symbol', 'bigint'].includes(typeof value);
}

describe('differences', () => {
  test.each<readonly [what: string, a: unknown, b: unknown, paths: readonly string[]]>([
    ['equal values', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ['a field that is absent against one that is undefined', {}, { a: undefined }, ['a']],
    ['zero against minus zero', { a: 0 }, { a: -0 }, ['a']],
    ['a longer list', { a: [1] }, { a: [1, 2] }, ['a[1]']],
    ['a list against an object', [], {}, ['']],
    ['a deep one', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, ['a[0].b']],
  ])('of %s are found at their path', (_, a, b, paths) => {
    expect(differencesOf(a, b).map(({ path }) => path)).toEqual(paths);
  });

  test('are told in short, and not without end', () => {
    const many = Array.from({ length: 50 }, (_, at) => at);
    const [first] = differencesOf({ a: 'x'.repeat(900) }, {});

    expect(
      differencesOf(
        many,
        many.map((item) => item + 1),
      ),
    ).toHaveLength(20);
    expect(first?.recorded).toHaveLength(200);
    expect(first?.replayed).toBe('absent');
  });
});

describe('replay', () => {
  test('tells where a decision that was tampered with differs', () => {
    const [entry] = journalOf([{}]).entries();
    if (entry === undefined) throw new Error('nothing was recorded');

    const told = replay({ ...entry, decision: { ...entry.decision, desired: 7 } });

    expect(told).toEqual({
      identical: false,
      differences: [{ path: 'desired', recorded: '7', replayed: '2' }],
    });
  });
});
