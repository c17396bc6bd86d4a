/** A change as the status, its condition and Events tell it. */
import { describe, expect, test } from '@jest/globals';
import type { ClusterStatus } from '../../src/api/v1alpha1.gen.ts';
import type { Decision, UpdateView } from '../../src/core/decision.ts';
import { statusOf } from '../../src/core/status.ts';
import { transitions } from '../../src/core/transitions.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';
import { isoFromMs } from '../../src/base/iso-time.ts';
import { updatedCondition, updatesStatus } from '../../src/core/updates-status.ts';

const view: UpdateView = {
  phase: 'Rolling',
  revision: 'r2',
  fallbackRevision: undefined,
  updatedNodes: 1,
  outdatedNodes: 3,
  endsInS: 3600,
  message: '3 Media Nodes are still to be replaced for revision r2.',
};
const nowIso = '2026-03-01T12:00:00Z';

describe('the status', () => {
  test('shows how far the change is and when it is expected to end', () => {
    expect(updatesStatus(view, undefined, nowIso).updates).toEqual({
      phase: 'Rolling',
      revision: 'r2',
      updatedNodes: 1,
      outdatedNodes: 3,
      expectedEndTime: '2026-03-01T13:00:00Z',
      message: view.message,
    });
  });

  test('keeps the expected end while it hardly moves', () => {
    const before = updatesStatus(view, undefined, nowIso).updates;
    const later = updatesStatus({ ...view, endsInS: 3300 }, before, '2026-03-01T12:10:00Z').updates;
    expect(later).toEqual(before);
    const late = updatesStatus({ ...view, endsInS: 7200 }, before, '2026-03-01T12:10:00Z').updates;
    expect(late?.expectedEndTime).toBe('2026-03-01T14:10:00Z');
  });

  test('keeps what was told where nothing can be told', () => {
    const before = updatesStatus(view, undefined, nowIso).updates;
    expect(updatesStatus(undefined, before, nowIso)).toEqual({ updates: before });
    expect(updatesStatus(undefined, undefined, nowIso)).toEqual({});
    const condition = {
      type: 'Updated',
      status: 'False',
      reason: 'UpdateRolling',
      message: 'as before',
    } as const;
    const previous: ClusterStatus = { conditions: [{ ...condition, lastTransitionTime: nowIso }] };
    expect(updatedCondition(undefined, previous)).toEqual({
      status: 'False',
      reason: 'UpdateRolling',
      message: 'as before',
    });
  });

  test.each([
    ['Idle', 'True', 'AllUpdated'],
    ['Canary', 'False', 'CanaryObserved'],
    ['Rolling', 'False', 'UpdateRolling'],
    ['Paused', 'False', 'UpdatePaused'],
    ['Stopped', 'False', 'UpdateStopped'],
  ] as const)('%s is told by the condition as %s, because of %s', (phase, status, reason) => {
    expect(updatedCondition({ ...view, phase }, undefined)).toMatchObject({ status, reason });
  });
});

function aFleet(): Story {
  const spec = aSpec({ minNodes: 3 });
  const story = new Story({ spec, nodes: 3, revisions: ['r1'] }).at(0);
  for (let at = 0; at < 3; at += 1) story.begin(`c-media-${at}`, 10, `room-${at}`);
  return story.at(30).revise('r2');
}

function statusAt({ decision, input }: Story, previous: ClusterStatus | undefined): ClusterStatus {
  return statusOf({
    clusterName: 'c',
    generation: 1,
    spec: input.spec,
    problems: [],
    notYetEffective: [],
    decision,
    previous,
    nowIso: isoFromMs(input.wallMs),
  });
}

test('while nothing moves the status is not written, although a change is under way', () => {
  const story = aFleet().at(120);
  let status = statusAt(story, undefined);
  let writes = 0;
  for (let atS = 121; atS < 420; atS += 1) {
    const next = statusAt(story.at(atS), status);
    if (
      JSON.stringify([next.updates, next.conditions]) !== JSON.stringify([status.updates, status.conditions])
    ) {
      writes += 1;
    }
    status = next;
  }
  expect(status.updates).toMatchObject({ phase: 'Rolling', outdatedNodes: 3, updatedNodes: 1 });
  expect(status.updates?.expectedEndTime).toBeDefined();
  expect(writes).toBeLessThanOrEqual(2);
});

test('the beginning and the end are told once', () => {
  const story = aFleet();
  const told: string[] = [];
  let before: Decision = story.decision;
  for (let atS = 31; atS < 800; atS += 1) {
    const { decision } = story.at(atS);
    told.push(...transitions(before, decision).map(({ reason }) => reason));
    before = decision;
    for (const { node, state } of decision.nodes) if (state === 'Cordoned') story.clear(node.name);
  }
  expect(told.filter((reason) => reason.startsWith('Update'))).toEqual(['UpdateStarted', 'UpdateFinished']);
  expect(told.filter((reason) => reason === 'MediaNodeCordoned')).toHaveLength(3);
  expect(told).not.toContain('MediaNodeLost');
});
