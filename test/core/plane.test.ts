/** The whole media plane: companions and signalling fronts of nodes that are to leave. */
import { describe, expect, test } from '@jest/globals';
import { drainTransition, hasDrainNews } from '../../src/core/drains-told.ts';
import { hasIngress, ingestSince, nameIngest } from '../../src/core/ingest.ts';
import type { CompanionReading } from '../../src/core/readings.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { type NodeChanges, aNode, aRoom, aSpec, nowMs, ownWord, wallMs } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const [first, second] = ['c-media-0', 'c-media-1'] as const;
const cordonWish = { by: 'Person', why: 'ana: new kernel', sinceMs: wallMs, leaveWhenEmpty: true } as const;

/** Two nodes; the second one is drained and has nobody. */
function drained(): Story {
  return new Story({ spec: aSpec({ maxNodes: 2 }), nodes: 2 })
    .at(1)
    .load(first, 9)
    .change(second, { cordonWish });
}
const held = (story: Story) => story.decision.nodes.find(({ node }) => node.name === second)?.finding;

describe('a companion', () => {
  test('that records a room of another node holds the Pod, and its name and its jobs are told', () => {
    const story = drained().companion(second, 1).at(3600);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(held(story)?.message).toContain('egress has 1 job');
    const [removal] = story.companion(second, 0).at(3660).done.slice(-1);
    expect(removal?.action).toMatchObject({ kind: 'RemoveNode', evidence: { companions: ['egress'] } });
  });
});

describe('an ingest', () => {
  const companions = (...all: readonly CompanionReading[]): NodeChanges => ({
    metrics: ownWord('m-0', { companions: all }),
  });
  const ingress = { name: 'ingress', active: 1 };

  test.each<readonly [claim: string, changes: NodeChanges, isAlone: boolean]>([
    ['alone', companions(ingress), true],
    ['in a container of another name', companions({ name: 'my-ingress-2', active: 2 }), true],
    [
      'with a room in which nobody else is',
      { ...companions(ingress), rooms: [aRoom('m-0', { participants: 1 })] },
      true,
    ],
    [
      'with a room in which others are',
      { ...companions(ingress), rooms: [aRoom('m-0', { participants: 2 })] },
      false,
    ],
    ['beside a recording', companions(ingress, { name: 'egress', active: 1 }), false],
    ['beside an agent that says nothing', companions(ingress, { name: 'agent', active: undefined }), false],
    ['that has ended', companions({ name: 'ingress', active: 0 }), false],
    ['that is not known', companions({ name: 'ingress', active: undefined }), false],
  ])('is timed only while nothing else holds the node: one %s', (_, changes, isAlone) => {
    expect(ingestSince(aNode('m-0', changes), nowMs)).toBe(isAlone ? nowMs : undefined);
  });

  test('is timed on when the node has not spoken lately', () => {
    const old = ownWord('m-0', { atMs: nowMs - 6001 });
    expect(ingestSince(aNode('m-0', { metrics: old, memory: { ingestSinceMs: 5 } }), nowMs)).toBe(5);
    expect(ingestSince(aNode('m-0', { memory: { ingestSinceMs: 5 } }), nowMs)).toBe(5);
  });

  test('is only possible where a companion takes ingests', () => {
    expect(hasIngress(aNode('m-0', companions(ingress)))).toBe(true);
    expect(hasIngress(aNode('m-0', companions({ name: 'egress', active: 0 })))).toBe(false);
  });

  test('names no other reason to stay', () => {
    const node = aNode('m-0', { memory: { ingestSinceMs: nowMs - 21_600_001 } });
    const silent = { reason: 'HeartbeatStale', message: 'x', node: 'm-0' } as const;
    expect(nameIngest(node, silent, nowMs)).toBe(silent);
    expect(nameIngest(node, { ...silent, reason: 'CompanionBusy' }, nowMs).reason).toBe('IngestContinues');
  });

  test('is told once, when its six hours are over', () => {
    const view = (reason: ReasonCode) => ({
      node: aNode('m-0'),
      state: 'Cordoned' as const,
      finding: { reason, message: 'x', node: 'm-0' },
    });
    const [busy, endless] = [view('CompanionBusy'), view('IngestContinues')];
    expect(hasDrainNews(busy, endless)).toBe(true);
    expect(drainTransition(busy, endless)).toEqual([endless.finding]);
    expect([hasDrainNews(endless, endless), drainTransition(endless, endless)]).toEqual([false, []]);
  });
});

describe('a signalling front', () => {
  const grace = { maxNodes: 2, signallingGraceMs: 600_000 };
  const front = () =>
    new Story({ spec: aSpec(grace), nodes: 2 })
      .at(1)
      .load(first, 9)
      .relay(second, 3)
      .change(second, { cordonWish });

  test('leaves the Service at once, and goes when its clients have had their time', () => {
    const story = front().at(598);
    expect(story.deeds('SetInService')).toEqual(['SetInService c-media-1 out']);
    expect(story.deeds('RemoveNode')).toEqual([]);
    const { action } = story.at(620).done.findLast((deed) => deed.action.kind === 'RemoveNode') ?? {};
    expect(action).toMatchObject({
      evidence: {
        proofs: [{ relayedSignals: 3, ownParticipants: 3, redisParticipants: 3, roomsMapped: 0 }, {}],
      },
    });
  });

  test('goes before that when they have gone', () => {
    expect(front().at(100).relay(second, 0).at(120).deeds('RemoveNode')).toEqual(['RemoveNode c-media-1']);
  });

  test.each<readonly [claim: string, tell: (story: Story) => Story]>([
    ['somebody of whom it does not say that he only signals', (story) => story.load(second, 1)],
    ['a room of its own', (story) => story.claims(second, 1)],
    ['a recording', (story) => story.companion(second, 1)],
    ['silence', (story) => story.mute(second)],
  ])('is held as ever by %s', (_, tell) => {
    expect(tell(front()).at(900).deeds('RemoveNode')).toEqual([]);
  });

  test('has its time anew when it was needed in between', () => {
    const story = front().at(500).change(second, { cordonWish: undefined, inService: true }).at(510);
    story.change(second, { cordonWish }).at(1000);
    expect(story.deeds('RemoveNode')).toEqual([]);
  });
});
