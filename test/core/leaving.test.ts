import { describe, expect, test } from '@jest/globals';
import type { Proof } from '../../src/core/action.ts';
import { planLeaving } from '../../src/core/leaving.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { type Memory, coldMemory } from '../../src/core/memory.ts';
import type { Observed } from '../../src/core/observed.ts';
import type { Role } from '../../src/core/placement.ts';
import type { RedisReading } from '../../src/core/readings.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import {
  type NodeChanges,
  aLoad,
  aNode,
  aRedisReading,
  aRoom,
  aSpec,
  anEmptyNode,
  anEntry,
  anObservation,
  nowMs,
  ownWord,
  wallMs,
} from '../support/builders.ts';

const proof = (agoMs: number): Proof => ({
  atMs: nowMs - agoMs,
  heartbeatsSeen: 100 - agoMs / 2000,
  redisParticipants: 0,
  roomsMapped: 0,
  ownParticipants: 0,
  ownRooms: 0,
  relayedSignals: 0,
  metricsAtMs: nowMs - agoMs - 100,
});
const twice = [proof(2000), proof(0)];

/** Closed, out of the Service and proven empty twice. */
const provenNode = (name: string, changes: NodeChanges = {}) =>
  anEmptyNode(name, {
    ...changes,
    memory: { proofs: twice, standbySinceMs: 1, closedSinceMs: nowMs - 60_000 },
  });

interface World {
  readonly nodes: readonly MediaNode[];
  readonly roles?: Readonly<Record<string, Role>>;
  /** Names of the nodes that are more than are needed: those on standby unless it says otherwise. */
  readonly surplus?: readonly string[];
  readonly redis?: RedisReading;
  readonly memory?: Partial<Memory>;
  readonly ownWritesSeen?: boolean;
  readonly maxConcurrentLeaving?: number;
  readonly kubeNodes?: Observed['kubeNodes'];
}

function plan(world: World) {
  const { nodes, ownWritesSeen = true, maxConcurrentLeaving = 2 } = world;
  const pods = nodes.map(({ pod }) => pod);
  const { kubeNodes } = world;
  const observed = anObservation({
    pods,
    ownWritesSeen,
    kubeNodes,
    ...(world.redis && { redis: world.redis }),
  });
  const memory: Memory = { ...coldMemory(0), ...world.memory };
  const spec = aSpec({ maxConcurrentLeaving });
  const input = {
    clusterName: 'c',
    spec,
    observed,
    memory,
    nowMs,
    wallMs,
    learned: undefined,
    launchMs: undefined,
  };
  const roles = world.roles ?? Object.fromEntries(nodes.map(({ name }) => [name, 'Standby' as const]));
  const standby = Object.keys(roles).filter((name) => roles[name] === 'Standby');
  const surplus = new Set(world.surplus ?? standby);
  return planLeaving({ input, nodes, memory, roles: new Map(Object.entries(roles)), surplus, losses: [] });
}

const kinds = (world: World) => plan(world).actions.map(({ kind }) => kind);
const wish = (leaveWhenEmpty: boolean) => ({
  pod: { cordonWish: { by: 'Person' as const, why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty } },
});

describe('a proven empty node', () => {
  test('is removed with its evidence, on the very Pod that was looked at', () => {
    expect(plan({ nodes: [provenNode('m-0')] }).actions).toEqual([
      {
        kind: 'RemoveNode',
        pod: { name: 'm-0', uid: 'uid-m-0', resourceVersion: '7' },
        evidence: expect.objectContaining({ nodeId: 'ND_m-0', closedAtMs: nowMs - 60_000, proofs: twice }),
        because: 'It is not needed, and two observations show it empty.',
      },
    ]);
  });

  test.each([
    ['stays while it serves', 'Serving', {}, []],
    ['stays while it is closed only because it was full', 'Full', {}, []],
    ['stays when a person only cordoned it', 'Cordoned', wish(false), []],
    ['leaves when a person drains it', 'Cordoned', wish(true), ['RemoveNode']],
  ] as const)('%s', (_, role, changes, expected) => {
    const nodes = [
      provenNode('m-0', {
        ...changes,
        pod: { inService: role === 'Serving', ...('pod' in changes ? changes.pod : {}) },
      }),
    ];
    expect(kinds({ nodes, roles: { 'm-0': role } })).toEqual(expected);
  });

  test('stays while it is in reserve, however empty it is', () => {
    expect(plan({ nodes: [provenNode('m-0')], roles: { 'm-0': 'Standby' }, surplus: [] })).toMatchObject({
      actions: [],
      evidenceWanted: [],
      findings: [],
    });
  });

  test('that a person drains leaves with the words of that person', () => {
    const nodes = [provenNode('m-0', { pod: { inService: false, ...wish(true).pod } })];
    expect(plan({ nodes, roles: { 'm-0': 'Cordoned' } }).actions).toMatchObject([
      { because: 'ana: new kernel' },
    ]);
  });

  test.each<readonly [claim: string, world: World, reason: ReasonCode]>([
    [
      'is protected',
      { nodes: [provenNode('m-0', { pod: { protected: true, inService: false } })] },
      'Protected',
    ],
    [
      'has a container younger than 10 s',
      { nodes: [provenNode('m-0', { pod: { startedAtMs: wallMs - 9999, inService: false } })] },
      'TooYoung',
    ],
    [
      'has a container of unknown age',
      { nodes: [provenNode('m-0', { pod: { startedAtMs: undefined, inService: false } })] },
      'TooYoung',
    ],
    [
      'is not seen as it was last written',
      { nodes: [provenNode('m-0')], ownWritesSeen: false },
      'CacheBehind',
    ],
    [
      'follows a drop of load',
      { nodes: [provenNode('m-0')], memory: { frozenUntilMs: nowMs + 60_000 } },
      'LoadDropped',
    ],
    [
      'comes when enough others are leaving',
      { nodes: [provenNode('m-0'), aNode('m-1', { phase: 'Leaving' })], maxConcurrentLeaving: 1 },
      'LeavingLimit',
    ],
  ])('waits when it %s', (_, world, reason) => {
    const { actions, nodeFindings } = plan({ roles: { 'm-0': 'Standby' }, ...world });
    expect(actions).toEqual([]);
    expect(nodeFindings.get('m-0')?.reason).toBe(reason);
  });
});

test('no more nodes begin to leave than there are places, the first by name first', () => {
  const nodes = ['m-0', 'm-1', 'm-2', 'm-3'].map((name) => provenNode(name));
  const { actions, nodeFindings } = plan({ nodes, maxConcurrentLeaving: 3 });
  expect(actions.flatMap((action) => (action.kind === 'RemoveNode' ? [action.pod.name] : []))).toEqual([
    'm-0',
    'm-1',
    'm-2',
  ]);
  expect(nodeFindings.get('m-3')?.reason).toBe('LeavingLimit');
});

test('a Pod that somebody else deleted under its people takes no place, one that is empty or evicted does', () => {
  const leaving = (changes: NodeChanges) => aNode('m-1', { phase: 'Leaving', ...changes });
  const busy = { rooms: [aRoom('m-1', { participants: 3 })] };
  const limited = (node: MediaNode) =>
    plan({
      nodes: [provenNode('m-0'), node],
      roles: { 'm-0': 'Standby' },
      maxConcurrentLeaving: 1,
    }).nodeFindings.get('m-0')?.reason;
  expect(limited(leaving(busy))).toBeUndefined();
  expect(limited(leaving({ ...busy, memory: { evicted: true } }))).toBe('LeavingLimit');
  expect(limited(leaving({}))).toBe('LeavingLimit');
});

test.each<readonly [claim: string, machine: boolean | undefined, ageMs: number, reason: string | undefined]>([
  ['on a dead machine takes no place, however long its Pod stays', false, 60_000, undefined],
  ['on a machine that is gone takes none either', undefined, 60_000, undefined],
  ['that still reports takes one', false, 1000, 'LeavingLimit'],
  ['on a machine that lives takes one', true, 60_000, 'LeavingLimit'],
])('a Pod that leaves %s', (_, ready, ageMs, reason) => {
  const kubeNodes =
    ready === undefined ? {} : { 'worker-9': { name: 'worker-9', ready, departure: undefined } };
  const leaving = aNode('m-1', { phase: 'Leaving', pod: { kubeNode: 'worker-9' }, entry: { ageMs } });
  const { nodeFindings } = plan({
    nodes: [provenNode('m-0'), leaving],
    roles: { 'm-0': 'Standby' },
    maxConcurrentLeaving: 1,
    kubeNodes,
  });
  expect(nodeFindings.get('m-0')?.reason).toBe(reason);
});

describe('a needless node', () => {
  const toStay = (name: string, ready: boolean): MediaNode =>
    aNode(name, { pod: { ready, inService: true } });
  const left = (...staying: readonly MediaNode[]) => {
    const needless = ['m-0', 'm-1'].map((name) => provenNode(name));
    const roles = { 'm-0': 'Standby', 'm-1': 'Standby' } as const;
    return plan({ nodes: [...needless, ...staying], roles });
  };

  test.each([
    ['all that stay are ready', [true, true], ['m-0', 'm-1']],
    ['one that stays is not ready', [true, false], ['m-0']],
    ['none that stays is ready', [false, false], []],
  ] as const)('leaves as far as it stands in for none: %s', (_, ready, gone) => {
    const { actions, nodeFindings } = left(...ready.map((is, at) => toStay(`m-${at + 2}`, is)));
    expect(actions.flatMap((action) => (action.kind === 'RemoveNode' ? [action.pod.name] : []))).toEqual(
      gone,
    );
    expect(nodeFindings.get('m-1')?.reason).toBe(gone.length === 2 ? undefined : 'OthersNotReady');
  });

  test('that is not ready itself stands in for none', () => {
    const nodes = [provenNode('m-0', { pod: { ready: false, inService: false } }), toStay('m-1', false)];
    expect(kinds({ nodes, roles: { 'm-0': 'Standby', 'm-1': 'Serving' } })).toEqual(['RemoveNode']);
  });
});

describe('on the way out', () => {
  test('an idle node is taken out of the Service before it is proven empty', () => {
    expect(plan({ nodes: [anEmptyNode('m-0', { pod: { inService: true } })] }).actions).toMatchObject([
      { kind: 'SetInService', inService: false },
    ]);
  });

  test('so is one through which people only signal, so that it loses them', () => {
    const nodes = [anEmptyNode('m-0', { pod: { inService: true }, load: { participants: 3 } })];
    expect(kinds({ nodes })).toEqual(['SetInService']);
  });

  test('one with a room stays in the Service', () => {
    const nodes = [anEmptyNode('m-0', { pod: { inService: true }, rooms: [aRoom('m-0')] })];
    expect(kinds({ nodes })).toEqual([]);
  });

  test('one proof is not enough', () => {
    const memory = { proofs: [proof(0)], standbySinceMs: 1, closedSinceMs: nowMs - 60_000 };
    const { actions, nodeFindings } = plan({ nodes: [anEmptyNode('m-0', { memory })] });
    expect([actions, nodeFindings.get('m-0')?.reason]).toEqual([[], 'ProvenOnce']);
  });

  test('two proofs of the past do not outweigh a present contradiction', () => {
    const nodes = [provenNode('m-0', { metrics: ownWord('m-0', { participants: 2 }) })];
    const { actions, nodeFindings } = plan({ nodes });
    expect([actions, nodeFindings.get('m-0')?.reason]).toEqual([[], 'EvidenceContradicts']);
  });

  test('a node that is needed again is put back into the Service', () => {
    const nodes = [aNode('m-0', { pod: { inService: false } })];
    expect(plan({ nodes, roles: { 'm-0': 'Serving' } }).actions).toMatchObject([
      { kind: 'SetInService', inService: true },
    ]);
  });

  test('the word is asked of nodes without rooms, of those with an ingress, and of launches that never registered', () => {
    const ingress = ownWord('m-6', { companions: [{ name: 'ingress', active: undefined }] });
    const nodes = [
      anEmptyNode('m-0'),
      anEmptyNode('m-1', { load: { participants: 3 } }),
      aNode('m-2', { phase: 'Suspect', entry: undefined, memory: { served: false } }),
      aNode('m-3', { phase: 'Suspect' }),
      anEmptyNode('m-5', { rooms: [aRoom('m-5')] }),
      anEmptyNode('m-6', { rooms: [aRoom('m-6')], metrics: ingress }),
    ];
    const roles = { 'm-0': 'Standby', 'm-1': 'Standby', 'm-5': 'Standby', 'm-6': 'Standby' } as const;
    expect(plan({ nodes, roles }).evidenceWanted).toEqual(['m-0', 'm-1', 'm-6', 'm-2']);
  });

  test('while somebody may leave the next look is one heartbeat away', () => {
    expect(plan({ nodes: [anEmptyNode('m-0')] }).wakeAtMs).toBe(nowMs + 2000);
    expect(plan({ nodes: [aNode('m-0')], roles: { 'm-0': 'Serving' } }).wakeAtMs).toBeUndefined();
  });
});

describe('failed Pods', () => {
  const failed = (changes: NodeChanges = {}) => aNode('m-0', { phase: 'Failed', ...changes });

  test.each([
    [
      'in the words of the kubelet',
      failed({ pod: { trouble: 'ImagePullBackOff' }, memory: { served: false } }),
      { because: 'ImagePullBackOff', lost: false, count: 3 },
    ],
    [
      'that never registered',
      failed({ memory: { served: false } }),
      { because: 'it did not register in time', lost: false, count: 3 },
    ],
    [
      'whose server ended, which is no failure of a launch',
      failed(),
      { because: 'its server has ended', lost: true, count: 2 },
    ],
    [
      'that are older than the memory of this operator, so that they may have served',
      failed({ memory: { served: false }, pod: { createdAtMs: -1 } }),
      { because: 'it did not register in time', lost: true, count: 3 },
    ],
  ])('are removed: those %s', (_, node, { because, lost, count }) => {
    const { actions, failures } = plan({
      nodes: [node],
      roles: {},
      memory: { failures: { count: 2, lastMs: 5 }, began: { nowMs: 0, wallMs: 0 } },
    });
    expect(actions).toMatchObject([{ kind: 'RemoveFailed', because, lost }]);
    expect(failures?.count).toBe(count);
  });

  test('stay while they are protected or the view of the Pods is behind', () => {
    expect(kinds({ nodes: [failed({ pod: { protected: true } })], roles: {} })).toEqual([]);
    expect(kinds({ nodes: [failed()], roles: {}, ownWritesSeen: false })).toEqual([]);
  });

  test.each([
    ['are forgiven after ten calm minutes', [aNode('m-0')], 600_001, undefined],
    ['are not forgiven before', [aNode('m-0')], 600_000, 2],
    ['are not forgiven while nothing serves', [], 600_001, 2],
  ] as const)('%s', (_, nodes, agoMs, count) => {
    const memory = { failures: { count: 2, lastMs: nowMs - agoMs } };
    expect(plan({ nodes, roles: {}, memory }).failures?.count).toBe(count);
  });
});

describe('ghosts', () => {
  const gone = {
    proofs: [],
    unexplained: [],
    served: true,
    participants: 4,
    nodeId: 'ND_m-9',
    goneSinceMs: nowMs - 5000,
  };
  const ghost = anEntry('m-9', { ageMs: 6001, load: aLoad({ participants: 4 }) });
  const memory = { nodes: { 'uid-m-9': gone } };

  test('of Pods that were known and are gone are removed, with what they had', () => {
    const redis = aRedisReading({ nodes: [ghost], rooms: [aRoom('m-9'), aRoom('m-0')] });
    expect(plan({ nodes: [], redis, memory }).actions).toEqual([
      { kind: 'RemoveGhost', nodeId: 'ND_m-9', rooms: 1, participants: 4 },
    ]);
  });

  const undecodable = { kind: 'Undecodable', nodeId: 'ND_m-9', why: 'truncated' } as const;
  test.each<readonly [claim: string, world: World]>([
    ['never known', { nodes: [], redis: aRedisReading({ nodes: [ghost] }) }],
    [
      'that still report',
      { nodes: [], redis: aRedisReading({ nodes: [{ ...ghost, ageMs: 6000 }] }), memory },
    ],
    ['that cannot be read', { nodes: [], redis: aRedisReading({ nodes: [undecodable] }), memory }],
    [
      'whose Pod is there',
      { nodes: [aNode('m-9')], redis: aRedisReading({ nodes: [ghost] }), memory, roles: {} },
    ],
  ])('%s are left alone', (_, world) => {
    expect(kinds(world)).toEqual([]);
  });
});
