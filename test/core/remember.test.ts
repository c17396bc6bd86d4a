/** What is handed to the next pass about each node: nothing is written anew while nothing is new. */
import { describe, expect, test } from '@jest/globals';
import type { Proof } from '../../src/core/action.ts';
import { memories } from '../../src/core/look.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { coldMemory, type NodeMemory } from '../../src/core/memory.ts';
import { noteRole, noteSight } from '../../src/core/remember.ts';
import { aNode, anEmptyNode, anObservation, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';

type Past = NonNullable<NodeMemory['unexplained']>;

const readMs = nowMs - 250;

/** A node whose clients are, but for so many, in rooms with a record. */
function unexplaining(count: number, memory: Partial<NodeMemory>): MediaNode {
  const rooms = [aRoom('m-0', { participants: 20 })];
  return aNode('m-0', { load: { participants: 20 + count, rooms: 1 }, rooms, memory });
}

function noted(node: MediaNode, isRead = true): NodeMemory {
  return noteSight(node, { nowMs, wallMs, isRead, readMs, ownWritesSeen: true });
}

describe('of clients whom no record explains it is remembered', () => {
  const since = (agoMs: number, count: number, untilAgoMs?: number): Past[number] => ({
    count,
    atMs: nowMs - agoMs,
    ...(untilAgoMs === undefined ? {} : { untilMs: nowMs - untilAgoMs }),
  });
  test.each<readonly [claim: string, count: number, before: Past, after: Past]>([
    ['since when they are so many', 3, [], [since(0, 3)]],
    ['nothing new while they are as many, for however long', 3, [since(99_000, 3)], [since(99_000, 3)]],
    ['until when they were fewer', 5, [since(99_000, 3)], [since(99_000, 3, 250), since(0, 5)]],
    [
      'how many they were within the time that records take',
      5,
      [since(9000, 1, 5900), since(5900, 5)],
      [since(9000, 1, 5900), since(5900, 5)],
    ],
    ['nothing older than that', 5, [since(9000, 1, 6001), since(6001, 5)], [since(6001, 5)]],
    ['that they are so many again', 3, [since(9000, 3, 4000)], [since(9000, 3, 4000), since(0, 3)]],
  ])('%s', (_, count, unexplained, after) => {
    expect(noted(unexplaining(count, { unexplained })).unexplained).toEqual(after);
  });

  test('when it was last known, once the node is not seen', () => {
    const unseen: MediaNode = { ...unexplaining(3, { unexplained: [since(99_000, 3)] }), entry: undefined };
    expect(noted(unseen).unexplained).toEqual([since(99_000, 3, 250)]);
  });
});

describe('a node that was closed a while ago', () => {
  const closedSinceMs = nowMs - 120_000;
  const closing = { atMs: wallMs - 120_000, rooms: 2, participants: 7 };
  const node = anEmptyNode('m-0', {
    entry: { cordonMarked: true },
    memory: { proofs: [], standbySinceMs: 1, emptySinceMs: 1, closedSinceMs, closing },
  });
  const observed = anObservation({ pods: [node.pod] });
  const at = {
    clusterName: 'c',
    spec: aSpec(),
    observed,
    nowMs,
    wallMs,
    learned: undefined,
    launchMs: undefined,
  };
  const after = (unreadMs: number) =>
    noteRole(node, 'Standby', {
      ...at,
      memory: { ...coldMemory(0), readMs: nowMs - unreadMs },
      steered: true,
    });

  test('has been closed since then while Redis was read', () => {
    expect(after(6000)).toMatchObject({ closedSinceMs, proofs: [expect.anything()] });
  });

  test('is closed anew after a while in which nobody read it, and has to be proven empty from the beginning', () => {
    expect(after(6001)).toMatchObject({ closedSinceMs: nowMs, proofs: [], standbySinceMs: 1, closing });
  });
});

describe('a closed node that is seen between its heartbeat and the mark that follows', () => {
  const closedSinceMs = nowMs - 120_000;
  const closing = { atMs: wallMs - 120_000, rooms: 2, participants: 7 };
  const proofs: readonly Proof[] = [
    {
      atMs: nowMs - 1000,
      heartbeatsSeen: 99,
      redisParticipants: 0,
      roomsMapped: 0,
      ownParticipants: 0,
      ownRooms: 0,
      relayedSignals: 0,
      metricsAtMs: nowMs - 1100,
    },
  ];
  const seen = (ageMs: number, steered = true) => {
    const node = anEmptyNode('m-0', {
      entry: { cordonMarked: false, ageMs },
      memory: { proofs, standbySinceMs: 1, emptySinceMs: 1, closedSinceMs, closing },
    });
    return noteRole(node, 'Standby', {
      clusterName: 'c',
      spec: aSpec(),
      observed: anObservation({ pods: [node.pod] }),
      nowMs,
      wallMs,
      learned: undefined,
      launchMs: undefined,
      memory: { ...coldMemory(0), readMs: nowMs - 1000 },
      steered,
    });
  };

  test('stays closed, and what was proven of it stands', () => {
    expect(seen(900)).toMatchObject({ closedSinceMs, closing, proofs });
  });

  test.each([
    ['when the mark does not follow', 1001, true],
    ['when nobody is to mark it', 10, false],
  ])('is open %s', (_, ageMs, steered) => {
    expect(seen(ageMs, steered).closedSinceMs).not.toBe(closedSinceMs);
  });
});

test('a node of which nothing is new keeps its memory', () => {
  const once = { ...unexplaining(3, {}) };
  const memory = noted(once);
  expect(noted({ ...once, memory })).toBe(memory);
});

describe('the memories of all nodes', () => {
  const fleet = [aNode('m-0'), aNode('m-1')];
  const before = memories({}, {}, fleet);

  test('are kept while no node has a new one', () => {
    expect(memories(before, {}, fleet)).toBe(before);
  });

  test.each<readonly [claim: string, gone: typeof before, nodes: readonly MediaNode[]]>([
    ['one has a new one', {}, [aNode('m-0'), aNode('m-1', { memory: { served: false } })]],
    ['one is there no more', {}, fleet.slice(1)],
    ['one has come', {}, [...fleet, aNode('m-2')]],
    ['one is gone and is still remembered', { gone: { proofs: [], served: true, participants: 1 } }, fleet],
  ])('are made anew when %s', (_, gone, nodes) => {
    const after = memories(before, gone, nodes);
    const each = nodes.map(({ pod, memory }) => [pod.uid, memory]);
    expect(after).toEqual({ ...gone, ...Object.fromEntries(each) });
  });
});
