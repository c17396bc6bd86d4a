import { describe, expect, test } from '@jest/globals';
import type { NodeMetricsReading } from '../../src/core/readings.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { noteHang, planEnds } from '../../src/core/wedge.ts';
import { type NodeChanges, aNode, aRoom, aSpec, nowMs, ownWord } from '../support/builders.ts';
import { Story } from '../support/story.ts';

/** Told to stop, with nobody left, and still there. */
const hanging = (changes: NodeChanges = {}, sinceMs: number | undefined = nowMs - 30_001) =>
  aNode('m-0', {
    phase: 'Leaving',
    metrics: ownWord('m-0'),
    ...changes,
    entry: { state: 'ShuttingDown', ...changes.entry },
    memory: { hangsSinceMs: sinceMs, ...changes.memory },
  });

describe('a server that was told to stop seems to hang', () => {
  const fresh = (changes: NodeChanges = {}) =>
    noteHang(
      aNode('m-0', { phase: 'Leaving', ...changes, entry: { state: 'ShuttingDown', ...changes.entry } }),
      nowMs,
    );

  test('from the moment on at which nobody is left, deleted or not', () => {
    expect(fresh().hangsSinceMs).toBe(nowMs);
    expect(fresh({ pod: { deleting: true } }).hangsSinceMs).toBe(nowMs);
    const before = hanging();
    expect(noteHang(before, nowMs)).toBe(before.memory);
  });

  test.each<readonly [claim: string, changes: NodeChanges]>([
    ['has a client', { load: { participants: 1 } }],
    ['has a room, be nobody in it', { rooms: [aRoom('m-0', { participants: 0 })] }],
    ['was not told to stop', { entry: { state: 'Serving' } }],
    ['has not reported lately', { entry: { ageMs: 6001 } }],
    ['was never seen to report', { entry: { heartbeatsSeen: 0 } }],
    ['does not run', { pod: { startedAtMs: undefined } }],
    ['has ended', { pod: { ended: { exitCode: 0, reason: 'Completed' } } }],
  ])('not while it %s', (_, changes) => {
    expect(fresh(changes).hangsSinceMs).toBeUndefined();
    expect(noteHang(hanging(changes), nowMs).hangsSinceMs).toBeUndefined();
  });
});

describe('a server that hangs', () => {
  const plan = (node: ReturnType<typeof hanging>, ownWritesSeen = true) => {
    const observed = { ownWritesSeen } as Parameters<typeof planEnds>[0]['observed'];
    return planEnds({ observed, nowMs }, [node]);
  };

  test('is ended when all sources show nobody on it for more than half a minute', () => {
    expect(plan(hanging()).actions).toMatchObject([{ kind: 'EndWedged', nodeId: 'ND_m-0' }]);
    expect(plan(hanging({}, nowMs - 30_000)).actions).toEqual([]);
  });

  test('is asked for its own word a little before', () => {
    expect(plan(hanging({}, nowMs - 20_000)).evidenceWanted).toEqual([]);
    expect(plan(hanging({}, nowMs - 20_001)).evidenceWanted).toEqual(['m-0']);
  });

  const failed: NodeMetricsReading = { kind: 'Failed', why: 'timeout', atMs: nowMs };
  test.each<readonly [claim: string, changes: NodeChanges, reason: ReasonCode]>([
    ['it is protected', { pod: { protected: true } }, 'Protected'],
    ['it did not answer', { metrics: failed }, 'EvidenceMissing'],
    ['its word is old', { metrics: ownWord('m-0', { atMs: nowMs - 6001 }) }, 'EvidenceMissing'],
    ['its word is of before', { metrics: ownWord('m-0', { atMs: nowMs - 30_001 }) }, 'EvidenceMissing'],
    ['another process answered', { metrics: ownWord('m-0', { nodeId: 'ND_x' }) }, 'EvidenceMissing'],
    ['it tells of a participant', { metrics: ownWord('m-0', { participants: 1 }) }, 'EvidenceContradicts'],
    ['it tells of a room', { metrics: ownWord('m-0', { rooms: 1 }) }, 'EvidenceContradicts'],
    ['it relays signalling', { metrics: ownWord('m-0', { relayedSignals: 1 }) }, 'EvidenceContradicts'],
    [
      'a recording runs',
      { metrics: ownWord('m-0', { companions: [{ name: 'egress', active: 1 }] }) },
      'CompanionBusy',
    ],
    [
      'an agent says nothing',
      { metrics: ownWord('m-0', { companions: [{ name: 'agent', active: undefined }] }) },
      'CompanionBusy',
    ],
  ])('is only told of while %s', (_, changes, reason) => {
    const { actions, findings } = plan(hanging(changes));
    expect([actions, findings.map((finding) => finding.reason)]).toEqual([[], [reason]]);
  });

  test('is ended on no view of the Pods that is behind, and not asked for twice within half a minute', () => {
    expect(plan(hanging(), false).actions).toEqual([]);
    expect(plan(hanging({ memory: { endAskedMs: nowMs - 29_999 } })).actions).toEqual([]);
    expect(plan(hanging({ memory: { endAskedMs: nowMs - 30_000 } })).actions).toHaveLength(1);
  });
});

describe('in the course of time', () => {
  const spec = aSpec({ minNodes: 2 });
  const [first, second] = ['c-media-0', 'c-media-1'] as const;

  test('one that somebody signalled while it was empty is ended half a minute later', () => {
    const story = new Story({ spec, nodes: 2 }).at(1).load(first, 9).at(30).signal(second).at(60);
    expect(story.deeds('EndWedged')).toEqual([]);
    expect(story.at(64).deeds('EndWedged')).toEqual(['EndWedged c-media-1']);
  });

  test('one with people is left to its people', () => {
    const story = new Story({ spec, nodes: 2 }).at(1).load(second, 9).at(30).signal(second).at(900);
    expect(story.deeds('EndWedged')).toEqual([]);
  });
});
