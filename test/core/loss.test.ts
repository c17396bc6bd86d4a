import { describe, expect, test } from '@jest/globals';
import { type Loss, goneOf, hasEnded, lossesOf, lostLately, noteProcess } from '../../src/core/loss.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { type Memory, type NodeMemory, coldMemory } from '../../src/core/memory.ts';
import type { PodObservation } from '../../src/core/observed.ts';
import { transitions } from '../../src/core/transitions.ts';
import { type NodeChanges, aNode, aSpec, nowMs, wallMs } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const oom = { exitCode: 137, reason: 'OOMKilled', atMs: wallMs };
const at = { nowMs, wallMs, ownWritesSeen: true };

/** What earlier passes remember of a node that has served for an hour with four people in two rooms. */
const busy: Partial<NodeMemory> = {
  name: 'm-0',
  nodeId: 'ND_m-0',
  participants: 4,
  rooms: 2,
  endedProcesses: 0,
  startedAtMs: wallMs - 3_590_000,
};
const node = (pod: Partial<PodObservation>, memory: Partial<NodeMemory> = {}): MediaNode =>
  aNode('m-0', { pod, memory: { ...busy, ...memory } });
const losses = (one: MediaNode) => lossesOf([one], [], wallMs);
const gone = (memory: Partial<NodeMemory>): Memory => ({
  ...coldMemory(0),
  nodes: { 'uid-m-0': { proofs: [], served: true, participants: 0, ...busy, ...memory } },
});

describe('a server that ended', () => {
  test.each<readonly [claim: string, pod: Partial<PodObservation>, why: string]>([
    [
      'for want of memory',
      { phase: 'Failed', ended: oom },
      'its server was killed for want of memory (OOMKilled, exit code 137)',
    ],
    [
      'by a fault',
      { ended: { exitCode: 2, reason: 'Error', atMs: wallMs } },
      'its server ended (Error, exit code 2)',
    ],
    [
      'in a way nobody tells',
      { ended: { exitCode: undefined, reason: 'ended' } },
      'its server ended (ended)',
    ],
    ['with its whole Pod', { phase: 'Failed' }, 'its Pod failed'],
    ['unseen, and was started again', { restarts: 1, startedAtMs: wallMs }, 'its server was restarted'],
  ])('%s is a loss with what it was last seen to carry', (_, pod, why) => {
    expect(losses(node(pod))).toEqual([
      { node: 'm-0', nodeId: 'ND_m-0', rooms: 2, participants: 4, why, shortLived: false },
    ]);
  });

  test.each<readonly [claim: string, one: MediaNode]>([
    ['runs', node({})],
    ['never served', node({ ended: oom }, { served: false })],
    ['had ended before anything was known of it', aNode('m-0', { pod: { ended: oom } })],
    ['was told of already', node({ ended: oom }, { endedProcesses: 1 })],
    ['was told of before it was started again', node({ restarts: 1 }, { endedProcesses: 1 })],
    [
      'has not served again since',
      node({ restarts: 1, ended: oom }, { endedProcesses: 1, lostId: 'ND_m-0' }),
    ],
    ['was told to stop and had nobody left', node({ ended: oom }, { leaving: true, participants: 0 })],
    ['leaves with its Pod', node({ deleting: true, ended: oom })],
  ])('is none where the server %s', (_, one) => {
    expect(losses(one)).toEqual([]);
  });

  test.each([
    ['has lived for less than a minute', wallMs - 59_000, true],
    ['has lived for a minute', wallMs - 60_000, false],
    ['was never seen to run', undefined, true],
  ] as const)('counts as a crash loop if it %s', (_, startedAtMs, shortLived) => {
    const { startedAtMs: _known, ...rest } = busy;
    const memory = { ...rest, ...(startedAtMs === undefined ? {} : { startedAtMs }) };
    expect(losses(aNode('m-0', { pod: { ended: oom }, memory }))).toMatchObject([{ shortLived }]);
  });
});

describe('a Pod that is gone', () => {
  test.each<readonly [claim: string, memory: Partial<NodeMemory>, isLoss: boolean]>([
    ['while it served was lost', { participants: 0 }, true],
    ['as it was told to was not lost', { participants: 0, leaving: true }, false],
    ['with people on it was lost, told to or not', { leaving: true }, true],
    ['before it served was not lost', { served: false }, false],
    ['after it was proven empty twice was not lost', { proofs: twoProofs() }, false],
    ['by a written policy was not lost but evicted', { evicted: true }, false],
    ['after its server had ended was lost before', { lostId: 'ND_m-0' }, false],
    ['for some passes was lost before', { goneSinceMs: nowMs - 1000 }, false],
  ])('%s', (_, memory, isLoss) => {
    expect(lossesOf([], goneOf([], gone(memory)), wallMs)).toHaveLength(Number(isLoss));
  });

  test('is told of with what it had, also when another one has taken its name', () => {
    const successor = aNode('m-0', { pod: { uid: 'uid-new' } });
    expect(lossesOf([successor], goneOf([successor], gone({})), wallMs)).toEqual([
      {
        node: 'm-0',
        nodeId: 'ND_m-0',
        rooms: 2,
        participants: 4,
        why: 'it vanished with its Pod',
        shortLived: false,
      },
    ]);
  });
});

function twoProofs(): NodeMemory['proofs'] {
  const proof = {
    atMs: 0,
    heartbeatsSeen: 1,
    redisParticipants: 0,
    roomsMapped: 0,
    ownParticipants: 0,
    ownRooms: 0,
    relayedSignals: 0,
    metricsAtMs: 0,
  } as const;
  return [proof, proof];
}

describe('what is noted of a process', () => {
  const noted = (one: MediaNode, changes: Partial<typeof at> = {}) => noteProcess(one, { ...at, ...changes });

  test('is the same object while nothing changes', () => {
    const one = node({});
    expect(noted(one)).toBe(one.memory);
  });

  test('is which one was told as lost, so that it is told once', () => {
    const one = node({ ended: oom });
    const memory = noted(one);
    expect(memory).toMatchObject({ endedProcesses: 1, endedSinceMs: nowMs, lostId: 'ND_m-0' });
    expect(losses({ ...one, memory })).toEqual([]);
  });

  test.each<readonly [claim: string, pod: Partial<PodObservation>, sinceMs: number | undefined]>([
    ['goes on while it keeps ending', { restarts: 1, startedAtMs: wallMs - 59_000 }, 5],
    ['is over when one has run for a minute', { restarts: 1, startedAtMs: wallMs - 60_000 }, undefined],
  ])('a crash loop %s', (_, pod, sinceMs) => {
    expect(noted(node(pod, { endedProcesses: 1, endedSinceMs: 5 })).endedSinceMs).toBe(sinceMs);
  });

  test.each<readonly [claim: string, changes: NodeChanges, ids: readonly string[] | undefined]>([
    [
      'are kept when the container was started again under a new one',
      { pod: { restarts: 1 }, entry: { nodeId: 'ND_new' } },
      ['ND_m-0'],
    ],
    ['are none while only the address misleads', { entry: { nodeId: 'ND_new' } }, undefined],
    ['are none while the id is the same', { pod: { restarts: 1 } }, undefined],
  ])('former ids %s', (_, changes, ids) => {
    expect(noted(aNode('m-0', { ...changes, memory: busy })).formerIds).toEqual(ids);
  });

  test('an eviction that was refused did not happen, once the Pods are shown as they are', () => {
    const one = node({}, { evicted: true });
    expect(noted(one).evicted).toBeUndefined();
    expect(noted(one, { ownWritesSeen: false }).evicted).toBe(true);
    expect(noted(node({ deleting: true }, { evicted: true })).evicted).toBe(true);
  });
});

test.each([
  ['runs', {}, false],
  ['is between two restarts', { ended: oom }, true],
  ['has failed', { phase: 'Failed' as const }, true],
  ['has succeeded', { phase: 'Succeeded' as const }, true],
])('a Pod that %s', (_, pod, expected) => {
  expect(hasEnded(aNode('m-0', { pod }).pod)).toBe(expected);
});

describe('in the course of time', () => {
  const [first, second] = ['c-media-0', 'c-media-1'] as const;
  const fleet = () =>
    new Story({ spec: aSpec({ minNodes: 2, maxNodes: 2 }), nodes: 2 })
      .at(1)
      .load(first, 9)
      .load(second, 7)
      .at(30);

  test('a lost server is replaced in the very pass that sees it, at the maximum too, and its entry goes at once', () => {
    const story = fleet().crash(second).at(31);
    expect(story.deeds()).toEqual(['CreatePod c-media-2', 'RemoveFailed c-media-1', 'RemoveGhost ND_2']);
    expect(story.decision.losses).toMatchObject([{ node: second, rooms: 1, participants: 7 }]);
    expect(story.state(second)).toBe('Lost');
    expect(story.decision.nodes.find(({ node }) => node.name === second)?.node.participants).toBe(0);
  });

  test('one Event tells of it', () => {
    const story = fleet();
    const before = story.decision;
    const told = transitions(before, story.crash(second).at(31).decision);
    expect(told.map(({ reason }) => reason)).toEqual(['MediaNodeLost']);
    expect(told[0]?.message).toBe(
      'c-media-1 is lost: its server was killed for want of memory (OOMKilled, exit code 137). It had 7 participants in 1 room.',
    );
    expect(transitions(story.decision, story.at(40).decision).map(({ reason }) => reason)).toEqual([]);
  });

  test('a container that is started again is lost once, replaced, and its old entry removed', () => {
    const story = fleet().crash(second, 3000).at(31);
    expect(story.decision.losses).toHaveLength(1);
    expect(story.deeds()).toEqual(['CreatePod c-media-2', 'RemoveGhost ND_2']);
    const later = story.at(60);
    expect(later.state(second)).not.toBe('Lost');
    expect(later.deeds('RemoveGhost')).toEqual(['RemoveGhost ND_2']);
    expect(later.deeds('RemoveFailed')).toEqual([]);
  });

  test('its Pod goes when it did not come back in a minute and its companions say that they are idle', () => {
    const story = fleet().crash(second, 3_600_000).at(89);
    expect(story.deeds('RemoveFailed')).toEqual([]);
    expect(story.at(93).deeds('RemoveFailed')).toEqual(['RemoveFailed c-media-1']);
  });

  test('a recording that goes on in it holds the Pod for as long as it goes on', () => {
    const story = fleet().companion(second, 1).crash(second, 3_600_000).at(30, 'min');
    expect(story.deeds('RemoveFailed')).toEqual([]);
    expect(story.companion(second, 0).at(1803).deeds('RemoveFailed')).toHaveLength(1);
  });

  test('companions of which nobody knows what they do hold it for ten minutes', () => {
    const story = fleet().companion(second, 1).mute(second).crash(second, 3_600_000).at(620);
    expect(story.deeds('RemoveFailed')).toEqual([]);
    expect(story.at(635).deeds('RemoveFailed')).toHaveLength(1);
  });

  test('a recording holds it also for an operator that began only after the server had ended', () => {
    const story = fleet().companion(second, 1).crash(second, 3_600_000).at(60).restart().at(120);
    expect(story.deeds('RemoveFailed')).toEqual([]);
    expect(story.companion(second, 0).at(125).deeds('RemoveFailed')).toEqual(['RemoveFailed c-media-1']);
  });

  test('failing launches do not delay the replacement of a node that had served for long, those of a crash loop do', () => {
    const story = fleet().launches(false).crash(second).at(31).at(400).crash(first).at(401);
    const launched = story.done.filter(({ atS, action }) => atS === 401 && action.kind === 'CreatePod');
    expect(launched).toHaveLength(1);
  });

  test('a machine that takes its Pod along is told as before, and its entry waits for the heartbeat', () => {
    const story = fleet().vanish(second).at(31);
    expect(story.decision.losses).toMatchObject([{ node: second, why: 'it vanished with its Pod' }]);
    expect(story.deeds('RemoveGhost')).toEqual([]);
    expect(story.at(40).deeds('RemoveGhost')).toEqual(['RemoveGhost ND_2']);
  });
});

describe('what is replaced without waiting for earlier failures', () => {
  const loss: Loss = {
    node: 'm-0',
    nodeId: 'ND_m-0',
    rooms: 1,
    participants: 2,
    why: 'OOM',
    shortLived: true,
  };
  const failed = { count: 1, lastMs: nowMs - 1000 };

  test.each<readonly [string, Loss, Memory['failures'], number | undefined]>([
    ['is a node that had served for long', { ...loss, shortLived: false }, failed, 1],
    ['is the first one that lived only for a moment', loss, undefined, 1],
    ['is not the next one: short lives that repeat are a crash loop', loss, failed, undefined],
  ])('%s', (_, lost, failures, count) => {
    expect(lostLately([lost], { ...coldMemory(0), failures }, nowMs)?.count).toBe(count);
  });
});
