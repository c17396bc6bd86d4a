import { describe, expect, test } from '@jest/globals';
import { ghostRooms, noteMissing, removeGhosts } from '../../src/core/ghosts.ts';
import type { MediaNode, RegisteredEntry } from '../../src/core/media-nodes.ts';
import { type NodeMemory, coldMemory } from '../../src/core/memory.ts';
import type { Observed } from '../../src/core/observed.ts';
import type { RoomPlacement } from '../../src/core/readings.ts';
import {
  type NodeChanges,
  aNode,
  aRedisReading,
  aRoom,
  anEntry,
  nowMs,
  wallMs,
} from '../support/builders.ts';

const born = wallMs / 1000 - 3590;

function removed(
  entry: RegisteredEntry,
  { nodes = [], gone }: { readonly nodes?: readonly MediaNode[]; readonly gone?: Partial<NodeMemory> },
): readonly string[] {
  const redis = aRedisReading({ nodes: [entry, anEntry('x-9', { ageMs: 60_000 })] });
  const known: NodeMemory = { proofs: [], served: true, participants: 4, nodeId: 'ND_m-0', ...gone };
  const memory = { ...coldMemory(0), nodes: gone === undefined ? {} : { 'uid-gone': known } };
  const observed = { redis } as Observed;
  return removeGhosts({ input: { observed }, nodes, memory }).map((action) => {
    return action.kind === 'RemoveGhost' ? action.nodeId : action.kind;
  });
}

describe('the entry of a process that has ended', () => {
  const entry = anEntry('m-0', { startedAtSeconds: born });

  test.each<readonly [claim: string, gone: Partial<NodeMemory>]>([
    ['was evicted', { evicted: true }],
    ['had ended before', { endedSinceMs: 5 }],
  ])('goes at once when its Pod is gone and %s', (_, gone) => {
    expect(removed(entry, { gone })).toEqual(['ND_m-0']);
  });

  test('waits for the heartbeat when nobody saw how its Pod went', () => {
    expect(removed(entry, { gone: {} })).toEqual([]);
    expect(removed({ ...entry, ageMs: 6001 }, { gone: {} })).toEqual(['ND_m-0']);
  });

  test('of which only an earlier id is left goes with the others', () => {
    expect(removed(entry, { gone: { nodeId: 'ND_y', formerIds: ['ND_m-0'], evicted: true } })).toEqual([
      'ND_m-0',
    ]);
  });

  const lost = (atMs: number | undefined): NodeChanges => ({
    phase: 'Failed',
    pod: {
      startedAtMs: undefined,
      ended: { exitCode: 137, reason: 'OOMKilled', ...(atMs === undefined ? {} : { atMs }) },
    },
    memory: { nodeId: 'ND_m-0' },
  });

  test.each<readonly [claim: string, changes: NodeChanges, ageMs: number, expected: readonly string[]]>([
    ['that began before the end goes at once', lost(wallMs), 0, ['ND_m-0']],
    ['that began after it is of the next process', lost(born * 1000), 0, []],
    ['that began after it is so however late its heartbeat is', lost(born * 1000), 6001, []],
    ['waits where nobody says when it ended', lost(undefined), 0, []],
    ['and goes then with the heartbeat', lost(undefined), 6001, ['ND_m-0']],
  ])('while its Pod is there: one %s', (_, changes, ageMs, expected) => {
    expect(removed({ ...entry, ageMs }, { nodes: [aNode('m-0', changes)] })).toEqual(expected);
  });

  const again = (startedAtMs: number): NodeChanges => ({
    pod: { restarts: 1, startedAtMs },
    entry: { nodeId: 'ND_new' },
    memory: { nodeId: 'ND_new', formerIds: ['ND_m-0'] },
  });

  test('goes at once when another one runs in its place, by the clock of the same machine', () => {
    expect(removed(entry, { nodes: [aNode('m-0', again(wallMs))] })).toEqual(['ND_m-0']);
    expect(removed(entry, { nodes: [aNode('m-0', again(born * 1000))] })).toEqual([]);
  });

  test('is never that of a node which is there', () => {
    const other = aNode('m-1', { entry: { nodeId: 'ND_m-0' } });
    expect(removed(entry, { nodes: [other], gone: { evicted: true } })).toEqual([]);
  });
});

describe('rooms whose Media Node is gone', () => {
  const rooms: readonly RoomPlacement[] = [
    aRoom('m-1', { room: 'a', participants: 3 }),
    aRoom('m-1', { room: 'b', participants: 0 }),
    aRoom('m-1', { room: 'c', participants: undefined }),
    aRoom('m-0', { room: 'd', participants: 5 }),
    aRoom('m-2', { room: 'e', participants: 2 }),
  ];
  const redis = aRedisReading({ nodes: [anEntry('m-0')], rooms });

  test('are noted by node from the first time that its entry is missing', () => {
    const first = noteMissing(redis, coldMemory(0), nowMs);
    expect(first).toEqual({ 'ND_m-1': nowMs, 'ND_m-2': nowMs });
    expect(noteMissing(redis, { ...coldMemory(0), missing: { 'ND_m-1': 5 } }, nowMs)).toEqual({
      'ND_m-1': 5,
      'ND_m-2': nowMs,
    });
  });

  test('are nothing new while Redis cannot be read, and nothing when every node is there', () => {
    const failed = { kind: 'Failed', why: 'timeout', atMs: nowMs } as const;
    expect(noteMissing(failed, { ...coldMemory(0), missing: { x: 5 } }, nowMs)).toEqual({ x: 5 });
    expect(ghostRooms({ redis: failed, missing: { x: 5 }, nodes: [], nowMs })).toEqual([]);
    expect(noteMissing(aRedisReading({ rooms: [] }), coldMemory(0), nowMs)).toBeUndefined();
  });

  test('are told after a minute with their number and no name, those with nobody left out', () => {
    const missing = { 'ND_m-1': nowMs - 60_001, 'ND_m-2': nowMs - 60_000 };
    expect(ghostRooms({ redis, missing, nodes: [], nowMs })).toEqual([
      {
        reason: 'GhostRooms',
        message: 'Redis has records of 1 room with 3 participants on Media Nodes that are gone.',
      },
    ]);
    const early = { 'ND_m-2': nowMs - 60_000 };
    expect(ghostRooms({ redis, missing: early, nodes: [], nowMs })).toEqual([]);
  });
});
