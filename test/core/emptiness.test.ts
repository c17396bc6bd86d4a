import { describe, expect, test } from '@jest/globals';
import {
  type Asked,
  emptyRefusal,
  evidenceOf,
  nextProofs,
  redisRefusal,
  roomRefusal,
} from '../../src/core/emptiness.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import type { NodeMemory } from '../../src/core/memory.ts';
import type { ServerApiReading } from '../../src/core/readings.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { type NodeChanges, aRoom, anEmptyNode, nowMs, ownWord, wallMs } from '../support/builders.ts';

const empty = (changes: NodeChanges = {}) => anEmptyNode('m-0', changes);
const asked = (changes: Partial<Asked> = {}): Asked => ({
  serverApi: undefined,
  nowMs,
  signallingGraceMs: 600_000,
  ...changes,
});
const failed = { kind: 'Failed', why: 'timeout', atMs: nowMs } as const;

describe('a node is not empty', () => {
  test.each<readonly [claim: string, node: MediaNode, reason: ReasonCode]>([
    ['without an entry', empty({ entry: undefined }), 'HeartbeatStale'],
    [
      'when its heartbeat is overdue',
      empty({ entry: { ageMs: 6001, cordonMarked: true } }),
      'HeartbeatStale',
    ],
    [
      'when no heartbeat of it was ever seen',
      empty({ entry: { heartbeatsSeen: 0, cordonMarked: true } }),
      'HeartbeatStale',
    ],
    ['while it takes rooms', empty({ entry: { cordonMarked: false } }), 'NotClosedYet'],
    [
      'while it is not known since when it takes none',
      { ...empty(), memory: { proofs: [], unexplained: [], served: true, participants: 0 } },
      'NotClosedYet',
    ],
    ['with a participant', empty({ load: { participants: 1 } }), 'StillHasParticipants'],
    ['with a room, be nobody in it', empty({ rooms: [aRoom('m-0', { participants: 0 })] }), 'StillHasRooms'],
    ['when it was not asked itself', { ...empty(), metrics: undefined }, 'EvidenceMissing'],
    ['when it did not answer', empty({ metrics: failed }), 'EvidenceMissing'],
    [
      'on the word of another process',
      empty({ metrics: ownWord('m-0', { nodeId: 'ND_old' }) }),
      'EvidenceMissing',
    ],
    [
      'on a word from before it was closed',
      empty({ metrics: ownWord('m-0', { atMs: nowMs - 60_000 }) }),
      'EvidenceMissing',
    ],
    [
      'on a word that is three heartbeats old',
      empty({ metrics: ownWord('m-0', { atMs: nowMs - 6001 }) }),
      'EvidenceMissing',
    ],
    [
      'when it tells of a participant itself',
      empty({ metrics: ownWord('m-0', { participants: 1 }) }),
      'EvidenceContradicts',
    ],
    [
      'when it tells of a room itself',
      empty({ metrics: ownWord('m-0', { rooms: 1 }) }),
      'EvidenceContradicts',
    ],
    [
      'while a recording runs',
      empty({ metrics: ownWord('m-0', { companions: [{ name: 'egress', active: 1 }] }) }),
      'CompanionBusy',
    ],
    [
      'while the work of a companion is unknown',
      empty({ metrics: ownWord('m-0', { companions: [{ name: 'agent', active: undefined }] }) }),
      'CompanionBusy',
    ],
    [
      'while clients of other nodes signal through it',
      empty({ metrics: ownWord('m-0', { relayedSignals: 2 }) }),
      'SignallingRelayed',
    ],
  ])('%s', (_, node, reason) => {
    expect(emptyRefusal(node, asked())).toMatchObject({ reason, node: 'm-0' });
    expect(nextProofs(node, asked())).toEqual([]);
  });

  const api = (room: string, participants: number): ServerApiReading => ({
    kind: 'Read',
    rooms: [{ room, participants }],
    atMs: nowMs,
  });
  const mapped = empty({ rooms: [aRoom('m-0', { room: 'lesson', participants: undefined })] });
  test.each([
    ['a room of its own with people contradicts', mapped, api('lesson', 1), 'EvidenceContradicts'],
    ['a room of its own with nobody does not', mapped, api('lesson', 0), undefined],
    ['a room of another node does not', mapped, api('party', 5), undefined],
    ['a failure to ask does not', mapped, failed, undefined],
  ] as const)('by the server API: %s', (_, node, serverApi, reason) => {
    expect(emptyRefusal(node, asked({ serverApi }))?.reason).toBe(reason);
  });
});

test('a closed node of which every source says so is empty', () => {
  expect(emptyRefusal(empty(), asked())).toBeUndefined();
});

test('a word of its own counts for three heartbeats', () => {
  expect(emptyRefusal(empty({ metrics: ownWord('m-0', { atMs: nowMs - 6000 }) }), asked())).toBeUndefined();
});

test('a mapping that no room stands behind does not keep a node', () => {
  expect(
    emptyRefusal(empty({ rooms: [aRoom('m-0', { participants: undefined })] }), asked()),
  ).toBeUndefined();
});

test('a node that only relays signalling has no room, and one that Redis shows empty need not be', () => {
  expect(roomRefusal(empty({ metrics: ownWord('m-0', { relayedSignals: 2 }) }))).toBeUndefined();
  const busy = empty({ metrics: ownWord('m-0', { participants: 3 }) });
  expect([redisRefusal(busy), emptyRefusal(busy, asked())?.reason]).toEqual([
    undefined,
    'EvidenceContradicts',
  ]);
});

describe('proofs', () => {
  const once = nextProofs(empty(), asked());
  const later = (heartbeats: number, toldAtMs: number) =>
    empty({
      entry: { cordonMarked: true, heartbeatsSeen: 100 + heartbeats },
      metrics: ownWord('m-0', { atMs: toldAtMs }),
      memory: { proofs: once, standbySinceMs: nowMs - 60_000, closedSinceMs: nowMs - 60_000 },
    });

  test.each([
    ['a heartbeat, a fresh word and two seconds later there are two', 1, 1900, 2000, 2],
    ['without a further heartbeat there is one', 0, 1900, 2000, 1],
    ['without a fresh word there is one', 1, -100, 2000, 1],
    ['less than a heartbeat later there is one', 1, 1900, 1999, 1],
  ])('%s', (_, heartbeats, toldAfterMs, afterMs, count) => {
    const proofs = nextProofs(later(heartbeats, nowMs + toldAfterMs), asked({ nowMs: nowMs + afterMs }));
    expect(proofs).toHaveLength(count);
  });

  test('are the last two, and both are younger than the closing', () => {
    let proofs = once;
    for (let at = 1; at < 6; at += 1) {
      const node = later(at, nowMs + at * 2000 - 1);
      proofs = nextProofs(
        { ...node, memory: { ...node.memory, proofs } },
        asked({ nowMs: nowMs + at * 2000 }),
      );
    }
    expect(proofs.map(({ atMs }) => atMs - nowMs)).toEqual([8000, 10_000]);
  });

  test('are all lost by one observation of people', () => {
    const node = later(1, nowMs + 1900);
    expect(nextProofs({ ...node, rooms: [aRoom('m-0')] }, asked({ nowMs: nowMs + 2000 }))).toEqual([]);
  });

  test('are evidence only when there are two', () => {
    const node = later(1, nowMs + 1900);
    const twice = nextProofs(node, asked({ nowMs: nowMs + 2000 }));
    const proven = (proofs: NodeMemory['proofs']) =>
      evidenceOf({ ...node, memory: { ...node.memory, proofs } }, { wallMs });
    expect(proven(once)).toBeUndefined();
    expect(proven(twice)).toEqual({
      nodeId: 'ND_m-0',
      closedAtMs: nowMs - 60_000,
      closing: {
        by: 'Operator',
        why: 'It is not needed.',
        askedAtMs: undefined,
        closedAtMs: wallMs - 60_000,
        rooms: 2,
        participants: 9,
      },
      tookMs: 60_000,
      companions: [],
      proofs: twice,
    });
  });
});
