/** A rolling change, told as stories: nobody is cut, there are never more nodes than allowed, and it comes to an end. */
import { describe, expect, test } from '@jest/globals';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const surge = (value: number) => ({
  maxSurge: { kind: 'Nodes', value } as const,
  canary: undefined,
  paused: false,
});

/** Four nodes with rooms that go on, made from r1, which has served for long. */
function fleet(changes: Parameters<typeof aSpec>[0] = {}): Story {
  const spec = aSpec({ minNodes: 4, ...changes });
  const story = new Story({ spec, nodes: 4, revisions: ['r1'] }).at(0);
  for (let at = 0; at < 4; at += 1) story.load(`c-media-${at}`, 10);
  return story.at(30);
}

describe.each(['Packed', 'Spread'] as const)('where rooms are %s', (strategy) => {
  const placement = { strategy, ceiling: 0.9, priority: 16 };

  test('a first revision is proven as soon as a node of it serves, and nothing else is done', () => {
    const story = fleet({ placement });
    expect(story.deeds()).toEqual(['r1 Proven'].map((what) => `JudgeRevision ${what}`));
    expect(story.decision.updates).toMatchObject({ phase: 'Idle', updatedNodes: 4, outdatedNodes: 0 });
  });

  test('another node comes first, and only when it serves is one closed', () => {
    const story = fleet({ placement }).revise('r2').at(40);
    expect(story.deeds('CreatePod', 'SetWish')).toEqual(['CreatePod c-media-4']);
    expect(story.decision.updates).toMatchObject({ phase: 'Rolling', updatedNodes: 1, outdatedNodes: 4 });
    story.at(75);
    expect(story.verdict('r2')).toBe('Proven');
    expect(story.deeds('CreatePod', 'SetWish')).toHaveLength(2);
    expect(story.states().filter((state) => state === 'Cordoned')).toHaveLength(1);
    story.at(600);
    expect(story.deeds('CreatePod', 'SetWish')).toHaveLength(2);
    expect(story.deeds('RemoveNode')).toEqual([]);
  });

  test('as nodes become empty the rest follows, one by one, until all are new and as many as before', () => {
    const story = fleet({ placement }).revise('r2');
    let most = 0;
    for (let atS = 31; atS < 900; atS += 1) {
      story.at(atS);
      most = Math.max(most, story.names.length);
      for (const { node, state } of story.decision.nodes) if (state === 'Cordoned') story.clear(node.name);
    }
    expect(most).toBe(5);
    expect(story.of('r2')).toHaveLength(4);
    expect(story.names).toHaveLength(4);
    expect(story.decision.updates).toMatchObject({ phase: 'Idle', updatedNodes: 4, outdatedNodes: 0 });
    expect(story.decision.desired).toBe(4);
  });

  test('what is left of a wish that somebody took away by hand is tidied', () => {
    const story = fleet({ placement }).change('c-media-2', { hasRemains: true }).at(31);
    expect(story.deeds('SetWish').at(-1)).toBe('SetWish c-media-2 freed');
    expect(story.state('c-media-2')).toBe(fleet({ placement }).at(31).state('c-media-2'));
  });

  test('at the maximum with a node short it goes on all the same', () => {
    const story = fleet({ placement, maxNodes: 4 }).silence('c-media-3').at(120).revise('r2').at(240);
    for (let atS = 240; atS < 1500; atS += 1) {
      story.at(atS);
      for (const { node, state } of story.decision.nodes) if (state === 'Cordoned') story.clear(node.name);
    }
    expect(story.of('r2')).toHaveLength(3);
    expect(story.of('r1')).toEqual(['c-media-3']);
  });

  test('with more surge as many are replaced at once', () => {
    const story = fleet({ placement, updates: surge(3) })
      .revise('r2')
      .at(75)
      .at(110);
    expect(story.names).toHaveLength(7);
    expect(story.states().filter((state) => state === 'Cordoned')).toHaveLength(3);
    expect(story.refusals()).toContain('UpdateSurgeLimit');
  });

  test('a paused change does nothing, and goes on where it was', () => {
    const story = fleet({ placement, updates: { ...surge(1), paused: true } })
      .revise('r2')
      .at(90);
    expect(story.deeds('CreatePod', 'SetWish')).toEqual([]);
    expect(story.refusals()).toContain('UpdatePaused');
    expect(story.decision.updates?.phase).toBe('Paused');
    story.respec({ updates: surge(1) }).at(150);
    expect(story.deeds('CreatePod', 'SetWish')).toHaveLength(2);
  });

  test('a change that is taken back frees the nodes that it had closed', () => {
    const story = fleet({ placement }).revise('r2').at(75);
    expect(story.states()).toContain('Cordoned');
    story.revise('r1').at(80);
    expect(story.deeds('SetWish').at(-1)).toContain('freed');
    story.at(200);
    for (const name of story.of('r2')) story.clear(name);
    story.at(400);
    expect(story.of('r2')).toEqual([]);
    expect(story.names).toHaveLength(4);
  });

  test('a node that a person protects stays as it is', () => {
    const story = fleet({ placement, updates: surge(4) });
    story.change('c-media-0', { protected: true }).revise('r2');
    for (let atS = 31; atS < 600; atS += 1) {
      story.at(atS);
      for (const { node, state } of story.decision.nodes) if (state === 'Cordoned') story.clear(node.name);
    }
    expect(story.of('r1')).toEqual(['c-media-0']);
    expect(story.names).toHaveLength(4);
  });

  test('a revision that does not start is stopped, and its nodes never took the place of others', () => {
    const story = fleet({ placement }).breaks('r2').revise('r2').at(200);
    expect(story.verdict('r2')).toBe('Failed');
    expect(story.deeds('SetWish')).toEqual([]);
    expect(story.decision.updates).toMatchObject({ phase: 'Stopped', fallbackRevision: 'r1' });
    expect(story.refusals()).toContain('UpdateStopped');
    const launched = story.deeds('CreatePod').length;
    expect(launched).toBe(3);
    story.at(600);
    expect(story.deeds('CreatePod')).toHaveLength(launched);
    expect(story.names).toHaveLength(4);
    story.load('c-media-0', 90).load('c-media-1', 90).load('c-media-2', 90).load('c-media-3', 90).at(700);
    expect(story.of('r2')).toEqual([]);
    expect(story.of('r1').length).toBeGreaterThan(4);
  });

  test('the operator may start anew at any moment: the change goes on and ends', () => {
    const story = fleet({ placement }).revise('r2');
    let most = 0;
    for (let atS = 31; atS < 1500; atS += 1) {
      if (atS % 97 === 0) story.restart();
      story.at(atS);
      most = Math.max(most, story.names.length);
      for (const { node, state } of story.decision.nodes) {
        if (state === 'Cordoned' || state === 'Standby') story.clear(node.name);
      }
    }
    expect(story.of('r1')).toEqual([]);
    expect(most).toBeLessThanOrEqual(6);
    expect(story.decision.updates?.phase).toBe('Idle');
  });
});
