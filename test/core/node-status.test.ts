import { describe, expect, test } from '@jest/globals';
import type { ClusterStatus, ClusterStatusNode } from '../../src/api/v1alpha1.gen.ts';
import type { NodeView } from '../../src/core/decision.ts';
import { nodeStatuses } from '../../src/core/node-status.ts';
import { aNode, wallMs } from '../support/builders.ts';

const nowIso = '2026-03-01T12:00:00Z';

function shown(changes: Partial<NodeView>, before?: ClusterStatusNode): ClusterStatusNode | undefined {
  const view: NodeView = { node: aNode('m-0'), state: 'Cordoned', finding: undefined, ...changes };
  const previous = before === undefined ? undefined : ({ nodes: [before] } as unknown as ClusterStatus);
  return nodeStatuses([view], { previous, nowIso })[0];
}

describe('a node in the status', () => {
  test('that nobody closes has neither an end nor a cordon', () => {
    expect(Object.keys(shown({ state: 'Serving' }) ?? {})).toEqual([
      'name',
      'nodeId',
      'state',
      'rooms',
      'participants',
      'revision',
      'kubeNode',
    ]);
  });

  test('has its expected end, likely and latest, as instants', () => {
    expect(shown({ end: { expectedInS: 600, latestInS: 3600 } })).toMatchObject({
      expectedEmptyTime: '2026-03-01T12:10:00Z',
      latestEmptyTime: '2026-03-01T13:00:00Z',
    });
  });

  test.each([
    ['it is empty already', { expectedInS: 0, latestInS: 0 }],
    ['nobody can say', { expectedInS: undefined, latestInS: undefined }],
  ])('has none where %s', (_, end) => {
    expect(shown({ end })).not.toHaveProperty('expectedEmptyTime');
    expect(shown({ end })).not.toHaveProperty('latestEmptyTime');
  });

  test('keeps the instants that were shown while they are about right', () => {
    const first = shown({ end: { expectedInS: 600, latestInS: 3600 } });
    const end = { expectedInS: 610, latestInS: 3000 };
    expect(shown({ end }, first)).toEqual(first);
    expect(shown({ end: { expectedInS: 610, latestInS: 1800 } }, first)).toMatchObject({
      expectedEmptyTime: first?.expectedEmptyTime,
      latestEmptyTime: '2026-03-01T12:30:00Z',
    });
  });

  test('tells who wants it closed, and since when where that is known', () => {
    const wish = {
      by: 'Maintenance',
      why: 'kernel',
      sinceMs: wallMs - 60_000,
      leaveWhenEmpty: true,
    } as const;
    expect(shown({ node: aNode('m-0', { pod: { cordonWish: wish } }) })).toMatchObject({
      cordonedBy: 'Maintenance',
      cordonedSince: '2026-03-01T11:59:00Z',
    });
    const undated = aNode('m-0', { pod: { cordonWish: { ...wish, sinceMs: undefined } } });
    expect(shown({ node: undated })).toMatchObject({ cordonedBy: 'Maintenance' });
    expect(shown({ node: undated })).not.toHaveProperty('cordonedSince');
  });
});
