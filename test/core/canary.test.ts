/** A changed revision on trial, told as stories: a share of the new rooms, and a verdict that rests on figures. */
import { describe, expect, test } from '@jest/globals';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const canary = (share: number, durationMs = 600_000) =>
  ({ maxSurge: { kind: 'Nodes', value: 1 }, canary: { share, durationMs }, paused: false }) as const;

/** Four nodes with a room each, made from r1, which is proven; then r2 is wanted. */
function trial(changes: Parameters<typeof aSpec>[0] = {}): Story {
  const spec = aSpec({ minNodes: 4, updates: canary(0.25), ...changes });
  const story = new Story({ spec, nodes: 4, revisions: ['r1'] }).at(0);
  for (let at = 0; at < 4; at += 1) story.load(`c-media-${at}`, 10);
  for (let at = 0; at < 4; at += 1) {
    story.serves(`c-media-${at}`, { joinsStarted: 500, joinsFailed: 5, requests: 900 });
  }
  return story.at(30).revise('r2');
}

describe.each(['Packed', 'Spread'] as const)('where rooms are %s', (strategy) => {
  const placement = { strategy, ceiling: 0.9, priority: 16 };

  test('one node is added, and nobody is closed while it is on trial', () => {
    const story = trial({ placement }).at(300);
    expect(story.deeds('CreatePod', 'SetWish', 'RemoveNode')).toEqual(['CreatePod c-media-4']);
    expect(story.of('r2')).toEqual(['c-media-4']);
    expect(story.decision).toMatchObject({ desired: 4, aside: 1, updates: { phase: 'Canary' } });
    expect(story.refusals()).toContain('CanaryObserved');
  });

  test('it gets its share of the new rooms, not more, also over a restart', () => {
    const story = trial({ placement }).at(60);
    let there = 0;
    for (let room = 0; room < 80; room += 1) {
      if (room === 40) story.restart();
      if (story.at(60 + room).enter(1, `room-${room}`) === 'c-media-4') there += 1;
    }
    expect(there / 80).toBeGreaterThan(0.15);
    expect(there / 80).toBeLessThanOrEqual(0.26);
  });

  test('it passes after its time, and only when people were seen to join there', () => {
    const story = trial({ placement }).at(900);
    expect(story.verdict('r2')).toBeUndefined();
    story.serves('c-media-4', { joinsStarted: 12, joinsFailed: 1 }).at(910);
    expect(story.verdict('r2')).toBe('Proven');
    expect(story.decision.updates?.phase).toBe('Rolling');
    story.at(915);
    expect(story.deeds('CreatePod')).toHaveLength(1);
    expect(story.deeds('SetWish')).toHaveLength(1);
  });

  test('not before its time, however well it serves', () => {
    const story = trial({ placement }).at(60).serves('c-media-4', { joinsStarted: 900 }).at(600);
    expect(story.verdict('r2')).toBeUndefined();
    expect(story.at(700).verdict('r2')).toBe('Proven');
  });

  test('joins that fail there stop it: its nodes are closed, and new ones are made from the one before', () => {
    const story = trial({ placement }).at(60);
    story.load('c-media-4', 5).serves('c-media-4', { joinsStarted: 6, joinsFailed: 6 }).at(63);
    expect(story.verdict('r2')).toBe('Failed');
    expect(story.deeds('SetWish')).toEqual(['SetWish c-media-4 wished closed']);
    story.at(200);
    expect(story.names).toHaveLength(5);
    story.clear('c-media-4').at(260);
    expect(story.deeds('RemoveNode')).toEqual(['RemoveNode c-media-4']);
    expect(story.deeds('CreatePod')).toHaveLength(1);
    expect(story.decision.updates).toMatchObject({ phase: 'Stopped', outdatedNodes: 4, updatedNodes: 0 });
  });

  test('a server that ends while it serves stops it at once', () => {
    const story = trial({ placement }).at(60).crash('c-media-4').at(65);
    expect(story.verdict('r2')).toBe('Failed');
  });

  test('a node of it that vanishes with its machine says nothing', () => {
    const story = trial({ placement }).at(60).vanish('c-media-4').at(120);
    expect(story.verdict('r2')).toBeUndefined();
    expect(story.of('r2')).toHaveLength(1);
  });

  test('growth meanwhile is served with what is proven', () => {
    const story = trial({ placement }).at(60);
    for (let at = 0; at < 4; at += 1) story.load(`c-media-${at}`, 88);
    story.at(120);
    expect(story.of('r2')).toEqual(['c-media-4']);
    expect(story.of('r1').length).toBeGreaterThan(4);
  });
});

test('a changed mind about the canary lets the change go on at once', () => {
  const story = trial()
    .at(60)
    .respec({ updates: { ...canary(0.25), canary: undefined } })
    .at(63);
  expect(story.verdict('r2')).toBe('Proven');
});

test('how its nodes and some others serve is asked now and then, not all the time', () => {
  const story = trial().at(60);
  expect(story.input.spec.updates.canary).toBeDefined();
  const wanted = new Set<string>();
  for (let atS = 61; atS < 64; atS += 1)
    for (const name of story.at(atS).decision.evidenceWanted) wanted.add(name);
  expect([...wanted].toSorted()).toEqual(['c-media-0', 'c-media-1', 'c-media-2', 'c-media-3', 'c-media-4']);
  const { metrics } = story.input.observed;
  const fresh = Object.values(metrics).every(({ atMs }) => story.input.nowMs - atMs < 10_000);
  expect(fresh).toBe(true);
  expect(story.decision.evidenceWanted.filter((name) => metrics[name] !== undefined)).toEqual([]);
});
