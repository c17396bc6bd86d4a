import { describe, expect, test } from '@jest/globals';
import { type Phase, liveRooms, mediaNodes } from '../../src/core/media-nodes.ts';
import { type Memory, type NodeMemory, coldMemory } from '../../src/core/memory.ts';
import type { PodObservation } from '../../src/core/observed.ts';
import type { NodeEntry, NodeMetricsReading, RoomPlacement } from '../../src/core/readings.ts';
import {
  aLoad,
  aPod,
  aRedisReading,
  aRoom,
  anEntry,
  anObservation,
  nowMs,
  ownWord,
  wallMs,
} from '../support/builders.ts';

interface World {
  readonly pod?: Partial<PodObservation>;
  readonly entries?: readonly NodeEntry[];
  readonly metrics?: NodeMetricsReading;
  readonly rooms?: readonly RoomPlacement[];
  readonly served?: boolean;
  readonly remembered?: number;
  readonly unexplained?: NodeMemory['unexplained'];
  readonly roomsUnseenSinceMs?: number;
  readonly began?: Memory['began'];
  /** For how long the registry has been read without a gap. */
  readonly readForMs?: number;
}

function only(world: World) {
  const { entries = [anEntry('m-0')], metrics, served = false, remembered = 0 } = world;
  const observed = anObservation({
    pods: [aPod('m-0', world.pod)],
    redis: aRedisReading({ nodes: entries, rooms: world.rooms ?? [] }),
    metrics: metrics === undefined ? {} : { 'm-0': metrics },
  });
  const nodes = {
    'uid-m-0': {
      proofs: [],
      unexplained: world.unexplained ?? [],
      served,
      participants: remembered,
      ...(world.roomsUnseenSinceMs === undefined ? {} : { roomsUnseenSinceMs: world.roomsUnseenSinceMs }),
    },
  };
  const began = world.began === undefined ? {} : { began: world.began };
  const { readForMs = 60_000 } = world;
  // What is unexplained is judged at the last look, and here that is this one.
  const read =
    world.unexplained === undefined ? { readMs: nowMs - 1000, readSinceMs: nowMs - readForMs } : {};
  const memory: Memory = {
    ...coldMemory(0),
    ...began,
    ...read,
    nodes: served || remembered > 0 ? nodes : {},
  };
  const [node] = mediaNodes(observed, memory, { startupDeadlineMs: 300_000, wallMs, nowMs });
  if (node === undefined) throw new Error('one Pod is one node');
  return node;
}

/** The operator began long before the Pod. */
const watched = { began: { nowMs: 0, wallMs: 0 } };
const young = { createdAtMs: wallMs - 60_000, ready: false };
const late = { createdAtMs: wallMs - 300_001, ready: false };
const stale = anEntry('m-0', { ageMs: 6001 });
const undecodable: NodeEntry = { kind: 'Undecodable', nodeId: 'ND_m-0', why: 'truncated' };
const idle = ownWord('m-0');

describe('a node is', () => {
  test.each<readonly [phase: Phase, when: string, world: World]>([
    ['Up', 'its Pod is ready and its heartbeat fresh', {}],
    ['Up', 'it served before and only its Pod is not ready', { pod: { ready: false }, served: true }],
    ['Launching', 'its Pod is not ready yet', { pod: young }],
    ['Launching', 'it is not registered yet', { pod: young, entries: [] }],
    [
      'Launching',
      'its container does not run yet',
      { pod: { ...young, startedAtMs: undefined }, entries: [] },
    ],
    ['Suspect', 'its Pod is ready and it is not registered', { entries: [] }],
    ['Suspect', 'its heartbeat is overdue', { entries: [stale] }],
    ['Suspect', 'its entry cannot be read', { entries: [undecodable], metrics: idle }],
    ['Suspect', 'it served and is gone from the registry', { pod: young, entries: [], served: true }],
    [
      'Suspect',
      'its last word tells of people, ready or not',
      { pod: late, entries: [anEntry('m-0', { ageMs: 9000, load: aLoad({ participants: 2 }) })] },
    ],
    ['Up', 'it reports, and was not Ready when the operator began long after its start', { pod: late }],
    [
      'Suspect',
      'it reported before the operator began, and is silent',
      { pod: late, entries: [stale], metrics: idle },
    ],
    [
      'Failed',
      'it is late, is not Ready and was watched from its start',
      { pod: late, metrics: idle, ...watched },
    ],
    [
      'Launching',
      'it is late and its process has only just begun',
      { pod: { ...late, startedAtMs: wallMs - 9000 }, entries: [], metrics: idle },
    ],
    [
      'Launching',
      'it is late, and the registry has only just come back',
      { pod: late, entries: [], metrics: idle, readForMs: 5000 },
    ],
    [
      'Suspect',
      'it is late, and said so a while ago',
      { pod: late, entries: [], metrics: ownWord('m-0', { atMs: nowMs - 7000 }) },
    ],
    ['Suspect', 'it is late and has not been asked', { pod: late, entries: [] }],
    [
      'Suspect',
      'it is late and tells of people',
      { pod: late, entries: [], metrics: ownWord('m-0', { participants: 1 }) },
    ],
    [
      'Suspect',
      'it is late and tells of rooms',
      { pod: late, entries: [], metrics: ownWord('m-0', { rooms: 1 }) },
    ],
    [
      'Failed',
      'it is late and says itself that it carries nothing',
      { pod: late, entries: [], metrics: idle },
    ],
    [
      'Failed',
      'it is late and its container does not run',
      { pod: { ...late, startedAtMs: undefined }, entries: [] },
    ],
    ['Failed', 'its process has ended', { pod: { phase: 'Failed' } }],
    ['Failed', 'its process has ended well', { pod: { phase: 'Succeeded' }, served: true }],
    ['Leaving', 'its Pod is being deleted', { pod: { deleting: true } }],
    ['Leaving', 'it says that it shuts down', { entries: [anEntry('m-0', { state: 'ShuttingDown' })] }],
    ['Suspect', 'it said long ago that it shuts down', { entries: [{ ...stale, state: 'ShuttingDown' }] }],
    ['Up', 'its own state is not known to this build', { entries: [anEntry('m-0', { state: 'Unknown' })] }],
  ])('%s when %s', (phase, _, world) => {
    expect(only(world).phase).toBe(phase);
  });
});

describe('the entry of a node is', () => {
  const old = anEntry('m-0', { nodeId: 'ND_old', startedAtSeconds: 100 });
  const now = anEntry('m-0', { nodeId: 'ND_now', startedAtSeconds: 200 });
  test.each<readonly [claim: string, world: World, nodeId: string | undefined]>([
    ['that of the youngest process at its address', { entries: [old, now] }, 'ND_now'],
    ['in whatever order they come', { entries: [now, old] }, 'ND_now'],
    [
      'the one that it names itself',
      { entries: [old, now], metrics: ownWord('m-0', { nodeId: 'ND_old' }) },
      'ND_old',
    ],
    ['by address when the one it names is not there', { entries: [now], metrics: ownWord('m-0') }, 'ND_now'],
    [
      'none when the one that it names cannot be read',
      { entries: [undecodable, now], metrics: idle },
      undefined,
    ],
    ['none without an address', { pod: { ip: undefined } }, undefined],
    ['never one of another address', { entries: [anEntry('m-7')] }, undefined],
  ])('%s', (_, world, nodeId) => {
    expect(only(world).entry?.nodeId).toBe(nodeId);
  });
});

describe('a node carries', () => {
  const room = (participants: number | undefined) => [aRoom('m-0', { participants })];
  const unexplained = (agoMs: number, count: number) => [{ atMs: nowMs - agoMs, count }];
  interface Load {
    readonly count: number;
    readonly rooms: readonly RoomPlacement[];
    readonly past: NonNullable<NodeMemory['unexplained']>;
  }
  test.each<readonly [claim: string, load: Load, carried: number]>([
    [
      'the people in its rooms, not those who only signal through it',
      { count: 50, rooms: room(20), past: unexplained(1000, 30) },
      20,
    ],
    [
      'also most of those whom the records do not show yet: some of them only signal through it',
      { count: 60, rooms: room(20), past: unexplained(1000, 30) },
      25,
    ],
    [
      'all of those whom the records do not show yet where nobody signals through another node',
      { count: 30, rooms: room(20), past: unexplained(1000, 0) },
      30,
    ],
    [
      'those who came once, when the records have caught up',
      { count: 30, rooms: room(30), past: unexplained(1000, 0) },
      30,
    ],
    [
      'no longer those who came so long ago that the records would show them',
      { count: 55, rooms: room(25), past: unexplained(6001, 20) },
      25,
    ],
    [
      'the first people of a fleet, whom no record shows yet',
      { count: 5, rooms: [], past: unexplained(1000, 0) },
      5,
    ],
    [
      'never more people than it counts itself',
      { count: 18, rooms: room(20), past: unexplained(1000, 0) },
      18,
    ],
    [
      'newcomers before its heartbeat counts them',
      { count: 18, rooms: [aRoom('m-0', { participants: 23, newcomers: 5 })], past: unexplained(1000, 0) },
      23,
    ],
    [
      'newcomers once, when its heartbeat counts them too',
      { count: 33, rooms: [aRoom('m-0', { participants: 23, newcomers: 5 })], past: unexplained(1000, 10) },
      23,
    ],
    ['nobody when it only relays', { count: 50, rooms: [], past: unexplained(1000, 50) }, 0],
    ['nobody in a mapping without a record', { count: 0, rooms: room(undefined), past: [] }, 0],
  ])('%s', (_, { count, rooms, past }, carried) => {
    const entries = [anEntry('m-0', { load: aLoad({ participants: count }) })];
    expect(only({ entries, rooms, unexplained: past, served: true }).participants).toBe(carried);
  });
});

describe('a node with more rooms than there are records of', () => {
  const entries = [anEntry('m-0', { load: aLoad({ participants: 40, rooms: 2 }) })];
  const rooms = [aRoom('m-0', { participants: 20 })];

  test.each<readonly [carries: string, world: World, participants: number]>([
    ['carries what it counts itself where it is met for the first time', {}, 40],
    ['carries so once that lasts', { served: true, roomsUnseenSinceMs: nowMs - 6001 }, 40],
    ['carries the records for the moment after a room has ended', { served: true }, 20],
  ])('%s', (_, world, participants) => {
    expect(only({ entries, rooms, ...world }).participants).toBe(participants);
  });
});

test('a silent node carries what it was last seen with', () => {
  expect(only({ entries: [], served: true, remembered: 12 }).participants).toBe(12);
});

test('a memory of an earlier Pod of the same name is none of this one', () => {
  expect(
    only({ pod: { ...young, uid: 'uid-new' }, entries: [], served: true, remembered: 12 }),
  ).toMatchObject({
    phase: 'Launching',
    participants: 0,
  });
});

test('rooms are those mapped to the entry, and live are those with a record', () => {
  const rooms = [aRoom('m-0'), aRoom('m-0', { room: 'dead', participants: undefined }), aRoom('m-1')];
  const node = only({ rooms });
  expect(node.rooms.map(({ room }) => room)).toEqual(['room-on-m-0', 'dead']);
  expect(liveRooms(node).map(({ room }) => room)).toEqual(['room-on-m-0']);
});
