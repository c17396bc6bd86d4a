/** The end of a fleet, told as stories: its OpenViduCluster is deleted, and nobody is cut. */
import { describe, expect, test } from '@jest/globals';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

/** Three nodes with people, and then the resource is deleted. */
function deleted(changes: Parameters<typeof aSpec>[0] = {}): Story {
  const story = new Story({ spec: aSpec({ minNodes: 3, ...changes }), nodes: 3 }).at(0);
  for (let at = 0; at < 3; at += 1) story.load(`c-media-${at}`, 10);
  return story.at(30).respec({ deleting: true });
}

const serving = (story: Story) => story.decision.nodes.filter(({ state }) => state === 'Serving');

describe.each(['Packed', 'Spread'] as const)('where rooms are %s', (strategy) => {
  const placement = { strategy, ceiling: 0.9, priority: 16 };

  test('nothing is launched and nobody is removed while all have rooms; one stays open for new ones', () => {
    const story = deleted({ placement }).at(600);
    expect(story.deeds('CreatePod', 'RemoveNode', 'EvictNode', 'SetWish')).toEqual([]);
    expect(serving(story)).toHaveLength(1);
    expect(story.decision).toMatchObject({
      desired: 0,
      because: {
        reason: 'Deleting',
        message:
          'The OpenViduCluster is being deleted: 3 Media Nodes are left, 3 with 3 rooms, first c-media-0.',
      },
    });
  });

  test('each leaves when it is empty, twice proven, and the last one when nobody is left', () => {
    const story = deleted({ placement }).at(60);
    const open = serving(story)[0]?.node.name ?? '';
    const closed = story.names.filter((name) => name !== open);
    for (const name of closed) story.clear(name);
    story.at(200);
    expect(story.names).toEqual([open]);
    expect(story.state(open)).toBe('Serving');
    story.clear(open).at(300);
    expect(story.names).toEqual([]);
    expect(story.deeds('RemoveNode')).toHaveLength(3);
    expect(story.deeds('CreatePod')).toEqual([]);
  });
});

test('an empty fleet is gone within seconds', () => {
  const story = new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3 })
    .at(30)
    .respec({ deleting: true })
    .at(90);
  expect(story.names).toEqual([]);
});

test('the one that is open changes only when it has no space left', () => {
  const story = deleted().at(60);
  const first = serving(story)[0]?.node.name ?? '';
  expect(serving(story.at(120))[0]?.node.name).toBe(first);
  story.load(first, 100, 'a crowd').at(180);
  const next = serving(story).map(({ node }) => node.name);
  expect(next).toHaveLength(1);
  expect(next).not.toContain(first);
  story.load(first, 0, 'a crowd').at(240);
  expect(serving(story).map(({ node }) => node.name)).toEqual([first]);
});

test('while somebody is on a node that does not report, the last one that does stays open', () => {
  const story = deleted().at(60);
  const open = serving(story)[0]?.node.name ?? '';
  const [silent = '', other = ''] = story.names.filter((name) => name !== open);
  story.silence(silent).clear(open).clear(other).at(400);
  expect(story.state(open)).toBe('Serving');
});

test('a node that a person protects is never removed', () => {
  const story = deleted().change('c-media-1', { protected: true }).at(60);
  story.clear('c-media-0').at(90).clear('c-media-1').at(120).clear('c-media-2');
  expect(story.at(600).names).toEqual(['c-media-1']);
});

test('while Redis cannot be read nothing is done, and afterwards it goes on', () => {
  const story = deleted().at(60);
  story.redis(false).at(300);
  for (const name of story.names) story.load(name, 1).clear(name);
  expect(story.names).toHaveLength(3);
  expect(story.redis(true).at(500).names).toEqual([]);
});

test('no deadline runs from a cordon that a person gave the day before, and nobody is cut for it', () => {
  const dayBefore = Date.UTC(2026, 0, 1);
  const wish = { by: 'Person', why: 'a look at it', sinceMs: dayBefore, leaveWhenEmpty: false } as const;
  const spec = aSpec({ minNodes: 3, drainDeadlineMs: 7_200_000, onDrainDeadline: 'Evict' });
  const story = new Story({ spec, nodes: 3 }).at(0);
  story.load('c-media-1', 10).change('c-media-1', { cordonWish: wish }).at(30).respec({ deleting: true });
  expect(story.at(20, 'min').deeds('EvictNode')).toEqual([]);
  expect(story.names).toContain('c-media-1');
});

test('wishes that stand on the Pods stay as they are', () => {
  const wish = { by: 'Person', why: 'a look at it', sinceMs: undefined, leaveWhenEmpty: false } as const;
  const story = new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3 }).at(0);
  story.load('c-media-0', 10).change('c-media-1', { cordonWish: wish }).respec({ deleting: true }).at(60);
  expect(story.deeds('SetWish')).toEqual([]);
  expect(story.names).not.toContain('c-media-1');
});
