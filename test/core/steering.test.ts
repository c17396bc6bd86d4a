/** Stories of fleets whose rooms may not be steered: all else goes on. */
import { describe, expect, test } from '@jest/globals';
import type { ClusterStatusCondition } from '../../src/api/v1alpha1.gen.ts';
import { statusOf } from '../../src/core/status.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const first = 'c-media-0';
const second = 'c-media-1';

/** Three nodes of which one is needed. */
const quiet = () => new Story({ spec: aSpec(), nodes: 3 }).load(first, 5).load(second, 3);

function governed(story: Story): Pick<ClusterStatusCondition, 'status' | 'reason'> | undefined {
  const status = statusOf({
    clusterName: 'c',
    generation: 1,
    spec: aSpec(),
    problems: [],
    notYetEffective: [],
    decision: story.decision,
    previous: undefined,
    nowIso: '2026-03-01T12:00:00Z',
  });
  const found = status.conditions?.find(({ type }) => type === 'PlacementGoverned');
  return found === undefined ? undefined : { status: found.status, reason: found.reason };
}

describe('a node that is kept closed is not opened by the operator itself', () => {
  /** The second of three is drained by a person, and all but the first are empty. */
  const drained = () => {
    const wish = { by: 'Person', why: 'a look at it', sinceMs: undefined, leaveWhenEmpty: false } as const;
    return new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3 })
      .load(first, 5)
      .change(second, { cordonWish: wish })
      .at(20);
  };
  const isClosed = (story: Story) => story.decision.steering?.closed.includes('ND_2');

  test('from its Pod being deleted until its server says that it stops', () => {
    const story = drained().change(second, { deleting: true }).at(21);
    expect(story.state(second)).toBe('Leaving');
    expect(isClosed(story)).toBe(true);
    expect(isClosed(story.signal(second).at(24))).toBe(false);
  });

  test('while it is silent, so that it comes back closed', () => {
    const story = drained().silence(second).at(30);
    expect(story.state(second)).toBe('Suspect');
    expect(isClosed(story)).toBe(true);
  });

  test('but one that served and falls silent is not closed', () => {
    const story = drained().silence(first).at(30);
    expect(story.decision.steering?.closed).not.toContain('ND_1');
  });
});

describe('with servers of a version that was never tried', () => {
  test('no node is closed, all serve, and the condition tells why', () => {
    const story = quiet().runs('1.14.0').at(20);
    expect(story.decision.steering).toEqual({ open: [], closed: [] });
    expect(story.state(first)).toBe('Serving');
    expect(story.state(second)).toBe('Serving');
    expect(governed(story)).toEqual({ status: 'False', reason: 'ServerUnverified' });
  });

  test('an empty node that is not needed is removed all the same, on two proofs of an open node', () => {
    const story = quiet().runs(undefined).at(10, 'min');
    expect(story.deeds('RemoveNode')).toEqual(['RemoveNode c-media-2']);
  });

  test('a node with a room stays, though it is not needed', () => {
    const story = quiet().load('c-media-2', 1).runs('1.14.0').at(20, 'min');
    expect(story.deeds('RemoveNode', 'EvictNode')).toEqual([]);
  });

  test('a room that comes to the node between the proofs takes them back', () => {
    const story = quiet().runs('1.14.0');
    for (let atS = 1; atS <= 40; atS += 1) {
      story.at(atS).load('c-media-2', atS % 2);
    }
    expect(story.deeds('RemoveNode')).toEqual([]);
  });

  test('the fleet grows with its load', () => {
    const story = new Story({ spec: aSpec(), nodes: 1 }).runs('1.14.0').load(first, 95).at(60);
    expect(story.deeds('CreatePod').length).toBeGreaterThan(0);
  });

  test('a person may take the risk', () => {
    const story = new Story({ spec: aSpec({ trustUnverifiedServers: true }), nodes: 3 })
      .load(first, 5)
      .load(second, 3)
      .runs('1.14.0')
      .at(20);
    expect(story.decision.steering?.closed.length).toBeGreaterThan(0);
    expect(governed(story)).toEqual({ status: 'True', reason: 'PlacementSteered' });
  });

  test('steering begins as soon as the version is a verified one', () => {
    const story = quiet().runs('1.14.0').at(5).runs('1.13.5').at(10);
    expect(story.decision.steering?.closed.length).toBeGreaterThan(0);
  });

  test('nobody is told that nodes take no new rooms', () => {
    expect(quiet().runs('1.14.0').at(30).states()).not.toContain('Standby');
  });
});

test('where new rooms keep coming to closed nodes, no node is closed for an hour', () => {
  const story = quiet().at(30);
  const [closed] = story.decision.nodes.filter(({ state }) => state === 'Standby');
  const name = closed?.node.name ?? '';
  for (let room = 0; room < 4; room += 1) story.begin(name, 1, `slipped-${room}`);
  story.at(40);
  expect(story.decision.steering).toEqual({ open: [], closed: [] });
  expect(governed(story)).toEqual({ status: 'False', reason: 'CordonNotHolding' });
  for (let room = 0; room < 4; room += 1) story.load(name, 0, `slipped-${room}`);
  story.at(62, 'min');
  expect(governed(story)).toEqual({ status: 'True', reason: 'PlacementSteered' });
});
