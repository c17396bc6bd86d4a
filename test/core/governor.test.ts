import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasSpace, openNodes } from '../../src/core/governor.ts';
import { type Learned, priorLearned } from '../../src/core/learned.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { Fortune, type NodeOutlook } from '../../src/core/outlook.ts';
import type { RoomPlacement } from '../../src/core/readings.ts';
import { roomKey } from '../../src/core/room-names.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { blindUntil } from '../../src/core/view-age.ts';
import { coldMemory } from '../../src/core/memory.ts';
import { type NodeChanges, aNode, aRedisReading, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';

const spec = aSpec({ capacity: { participants: 200, tracks: undefined, egressBytesPerSecond: undefined } });
const learned = priorLearned(200);
const closed = { standbySinceMs: nowMs - 1000 };
const ahead = { horizonS: 80, keepS: 900 };

/** Rooms of so many people that began so many seconds ago. */
function rooms(node: string, count: number, people: number, ageS: number): readonly RoomPlacement[] {
  return Array.from({ length: count }, (_, at) =>
    aRoom(node, {
      room: `${node}-${at}-${ageS}`,
      participants: people,
      createdAtSeconds: wallMs / 1000 - ageS,
    }),
  );
}

function nodeWith(name: string, placed: readonly RoomPlacement[], changes: NodeChanges = {}): MediaNode {
  const participants = placed.reduce((sum, room) => sum + (room.participants ?? 0), 0);
  return aNode(name, { ...changes, rooms: placed, load: { participants, ...changes.load } });
}

function outlook(node: MediaNode, known: Learned = learned, of: ClusterSpec = spec): NodeOutlook {
  return new Fortune(of, known, wallMs, ahead).tell(node);
}

function open(
  nodes: readonly MediaNode[],
  changes: { blind?: boolean; known?: Learned } = {},
): readonly string[] {
  const known = changes.known ?? learned;
  const outlooks = nodes.map((node) => outlook(node, known));
  return [...openNodes({ spec, learned: known, wallMs, blind: changes.blind ?? false }, outlooks)].toSorted();
}

describe('the committed load', () => {
  test('of grown rooms is what they have', () => {
    expect(outlook(nodeWith('m-0', rooms('m-0', 10, 8, 1200)))).toMatchObject({
      committed: 80,
      deviation: 0,
      empty: false,
    });
  });

  test('of young rooms counts those who are still to come, fewer with every minute', () => {
    const committed = [0, 60, 180, 400, 700].map(
      (ageS) => outlook(nodeWith('m-0', rooms('m-0', 10, 1, ageS))).committed,
    );
    expect(committed).toEqual(committed.toSorted((a, b) => b - a));
    expect(committed[0]).toBeGreaterThan(50);
    expect(committed[4]).toBe(10);
  });

  test('of a room that is known by name is what it had before, as soon as it begins', () => {
    const facts = { seen: 3, size: 120, sizeVariance: 25, lengthS: 3600, lengthVariance: 10_000 };
    const names = { salt: 9, count: 1, byHash: { [roomKey('all-hands', 9)]: facts } };
    const room = aRoom('m-0', { room: 'all-hands', participants: 1, createdAtSeconds: wallMs / 1000 });
    const known = outlook(nodeWith('m-0', [room]), { ...learned, names }).committed;
    expect(known).toBeGreaterThan(100);
    expect(outlook(nodeWith('m-0', [room])).committed).toBeLessThan(15);
  });

  test('of a room of unknown age is what it has', () => {
    const room = aRoom('m-0', { participants: 7, createdAtSeconds: undefined });
    expect(outlook(nodeWith('m-0', [room])).committed).toBe(7);
  });

  test('is never less than what any target measures', () => {
    const withCpu = aSpec({ ...spec, targets: [{ kind: 'Cpu', utilization: 0.7 }] });
    const hot = nodeWith('m-0', rooms('m-0', 1, 4, 1200), { load: { participants: 4, cpuLoad: 0.93 } });
    expect(outlook(hot, learned, withCpu).committed).toBeCloseTo(186, 6);
    expect(hasSpace(withCpu, outlook(hot, learned, withCpu))).toBe(false);
    const broken = nodeWith('m-0', [], { load: { cpuLoad: Number.NaN } });
    expect(outlook(broken, learned, withCpu).committed).toBe(0);
  });

  test('a clock of the servers that is behind does not make rooms old', () => {
    const young = nodeWith('m-0', rooms('m-0', 10, 1, 300));
    const skewed = { ...learned, clockSkewS: 300 };
    expect(outlook(young, skewed).committed).toBeGreaterThan(outlook(young).committed + 20);
  });
});

describe('the open nodes', () => {
  test.each<readonly [string, readonly MediaNode[], readonly string[]]>([
    ['a single one', [nodeWith('m-0', [])], ['m-0']],
    [
      'a busy one rather than an empty one',
      [nodeWith('m-0', []), nodeWith('m-1', rooms('m-1', 9, 6, 900))],
      ['m-1'],
    ],
    [
      'one that a long room holds anyway rather than one that will soon be empty',
      [
        nodeWith('m-0', rooms('m-0', 3, 6, 1700), { memory: closed }),
        nodeWith('m-1', rooms('m-1', 3, 6, 15_000), { memory: closed }),
      ],
      ['m-1'],
    ],
    [
      'one with space rather than one that is full',
      [nodeWith('m-0', rooms('m-0', 30, 6, 900)), nodeWith('m-1', [], { memory: closed })],
      ['m-1'],
    ],
    [
      'one with space rather than one whose young rooms will fill it',
      [nodeWith('m-0', rooms('m-0', 40, 1, 2)), nodeWith('m-1', [], { memory: closed })],
      ['m-1'],
    ],
    [
      'the one that is open already among those that are alike',
      [
        nodeWith('m-0', rooms('m-0', 9, 6, 900), { memory: closed }),
        nodeWith('m-1', rooms('m-1', 9, 6, 900)),
      ],
      ['m-1'],
    ],
    [
      'the two least loaded where all are full',
      [
        nodeWith('m-0', rooms('m-0', 40, 6, 900)),
        nodeWith('m-1', rooms('m-1', 32, 6, 900)),
        nodeWith('m-2', rooms('m-2', 33, 6, 900)),
      ],
      ['m-1', 'm-2'],
    ],
    ['none where there is none', [], []],
  ])('are %s', (_, nodes, names) => {
    expect(open(nodes)).toEqual(names);
    expect(open(nodes.toReversed())).toEqual(names);
  });

  test('are as many as the rooms of the next seconds need', () => {
    const nodes = Array.from({ length: 6 }, (_, at) => nodeWith(`m-${at}`, rooms(`m-${at}`, 24, 6, 900)));
    const flash = { ...learned, arrivals: { ...learned.arrivals, recentPerMinute: 600 } };
    expect(open(nodes)).toHaveLength(1);
    expect(open(nodes, { known: flash }).length).toBeGreaterThan(2);
  });

  describe('for a large room that is due', () => {
    // m-0 is full for many hours, so that it costs least; m-1 is nearly empty.
    const nodes = [nodeWith('m-0', rooms('m-0', 16, 6, 900)), nodeWith('m-1', rooms('m-1', 2, 6, 900))];
    const dueIn = (seconds: number, size = 120): Learned => ({
      ...learned,
      names: { salt: 9, count: 0, byHash: {} },
      calendar: [{ key: roomKey('all-hands', 9), atS: wallMs / 1000 + seconds, size }],
    });

    test.each<readonly [string, Learned, readonly string[]]>([
      ['are the one that has space for it', dueIn(60), ['m-1']],
      ['are that one still when it is late', dueIn(-200), ['m-1']],
      ['are the emptiest when none has', dueIn(60, 400), ['m-1']],
      ['are as ever when it is not due yet', dueIn(600), ['m-0']],
      ['are as ever when it did not come', dueIn(-600), ['m-0']],
      ['are as ever when all have space for it', dueIn(60, 20), ['m-0']],
    ])('%s', (_, known, names) => {
      expect(open(nodes)).toEqual(['m-0']);
      expect(open(nodes, { known })).toEqual(names);
    });

    test('are as ever once it has begun, by name or by key', () => {
      for (const room of ['all-hands', roomKey('all-hands', 9)]) {
        const begun = aRoom('m-1', { room, participants: 1, createdAtSeconds: wallMs / 1000 - 20 });
        const [first, second] = nodes;
        if (first === undefined || second === undefined) throw new TypeError('Two nodes are missing.');
        const known = dueIn(60);
        const withIt = [first, nodeWith('m-1', [...second.rooms, begun])];
        expect(open(withIt, { known })).toEqual(open(withIt));
      }
    });
  });

  test.each([
    [1, 1],
    [4, 2],
    [10, 4],
    [100, 10],
  ])('are the root of %i nodes or more while the view is old', (count, least) => {
    const nodes = Array.from({ length: count }, (_, at) => nodeWith(`m-${at}`, []));
    expect(open(nodes, { blind: true })).toHaveLength(least);
  });

  test('are never none, whatever the nodes carry', () => {
    const aRoomOf = fc.record({ people: fc.nat(150), ageS: fc.nat(20_000) });
    const aFleet = fc.array(fc.array(aRoomOf, { maxLength: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(aFleet, fc.boolean(), (fleet, blind) => {
        const nodes = fleet.map((carried, at) =>
          nodeWith(
            `m-${at}`,
            carried.flatMap(({ people, ageS }, nth) => rooms(`m-${at}`, 1, people, ageS + nth)),
          ),
        );
        const names = open(nodes, { blind });
        expect(names.length).toBeGreaterThanOrEqual(1);
        const free = nodes.filter((node) => hasSpace(spec, outlook(node))).map(({ name }) => name);
        if (free.length > 0) expect(free).toEqual(expect.arrayContaining([...names]));
      }),
      { seed: 4, numRuns: 1500 },
    );
  });
});

describe('the view', () => {
  const nodes = [0, 1, 2].map((at) => aNode(`m-${at}`));
  const view = { redis: aRedisReading(), nodes, memory: coldMemory(nowMs), nowMs };

  test.each([
    ['is fresh', {}, false],
    ['is old when Redis was read long ago', { redis: aRedisReading({ atMs: nowMs - 2500 }) }, true],
    ['is old when the pass comes late', { memory: { ...coldMemory(nowMs), dueMs: nowMs - 2500 } }, true],
    [
      'is fresh when the pass comes in time',
      { memory: { ...coldMemory(nowMs), dueMs: nowMs - 1500 } },
      false,
    ],
    [
      'is old when half of the heartbeats are',
      { nodes: nodes.map((node, at) => aged(node, at === 0 ? 1 : 5000)) },
      true,
    ],
    [
      'is fresh when a single heartbeat is old',
      { nodes: nodes.map((node, at) => aged(node, at === 0 ? 5000 : 1)) },
      false,
    ],
    ['stays old for a while', { memory: { ...coldMemory(nowMs), blindUntilMs: nowMs + 1 } }, true],
    ['is fresh again after it', { memory: { ...coldMemory(nowMs), blindUntilMs: nowMs } }, false],
  ])('%s', (_, changes, blind) => {
    expect(blindUntil({ ...view, ...changes }) !== undefined).toBe(blind);
  });

  function aged(node: MediaNode, ageMs: number): MediaNode {
    return node.entry === undefined ? node : { ...node, entry: { ...node.entry, ageMs } };
  }
});
