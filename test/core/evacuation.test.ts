/** Machines that are to be freed, told as stories: replaced first, closed then, and left when empty. */
import { describe, expect, test } from '@jest/globals';
import type { Decision } from '../../src/core/decision.ts';
import { transitions } from '../../src/core/transitions.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

type Changes = Parameters<typeof aSpec>[0];

/** Three nodes on three machines, each with a room that goes on. */
function fleet(changes: Changes = {}): Story {
  const story = new Story({ spec: aSpec({ minNodes: 3, ...changes }), nodes: 3 }).at(0);
  for (let at = 0; at < 3; at += 1) {
    story.change(`c-media-${at}`, { kubeNode: `worker-${at}` }).load(`c-media-${at}`, 10);
  }
  return story.departs('worker-9', undefined).at(30);
}

/** What is told of a stretch of time. */
function told(story: Story, fromS: number, untilS: number): readonly string[] {
  const all: string[] = [];
  let before: Decision = story.decision;
  for (let atS = fromS; atS <= untilS; atS += 1) {
    const { decision } = story.at(atS);
    all.push(...transitions(before, decision).map(({ reason }) => reason));
    before = decision;
  }
  return all.filter((reason) => reason.startsWith('Maintenance'));
}

describe.each(['Packed', 'Spread'] as const)('where rooms are %s', (strategy) => {
  const placement = { strategy, ceiling: 0.9, priority: 16 };

  test('a node on a machine that is to be freed serves on until another serves in its place', () => {
    const story = fleet({ placement }).departs('worker-1', 'cordoned').at(31);
    expect(story.deeds('CreatePod', 'SetWish')).toEqual(['CreatePod c-media-3']);
    expect(story.decision.nodes[1]?.finding?.reason).toBe('ReplacementAwaited');
    story.at(45);
    expect(story.deeds('SetWish')).toEqual([]);
    story.at(60);
    expect(story.deeds('SetWish')).toEqual(['SetWish c-media-1 wished closed']);
    expect(story.state('c-media-1')).toBe('Cordoned');
    story.at(300);
    expect(story.deeds('RemoveNode')).toEqual([]);
    story.clear('c-media-1').at(330);
    expect(story.deeds('RemoveNode')).toEqual(['RemoveNode c-media-1']);
    expect(story.names).toEqual(['c-media-0', 'c-media-2', 'c-media-3']);
    expect(story.decision.desired).toBe(3);
    story.at(600);
    expect(story.deeds('CreatePod', 'SetWish')).toHaveLength(2);
  });

  test('also when there are as many as the maximum allows: then as many more as the surge', () => {
    const story = fleet({ placement, maxNodes: 3 });
    for (const at of [0, 1, 2]) story.departs(`worker-${at}`, 'drained');
    let most = 0;
    for (let atS = 31; atS < 400; atS += 1) {
      story.at(atS);
      most = Math.max(most, story.names.length);
      for (const { node, state } of story.decision.nodes) if (state === 'Cordoned') story.clear(node.name);
    }
    expect(most).toBe(4);
    expect(story.names).toHaveLength(3);
    expect(story.decision.departures).toEqual([]);
  });

  test('a deadline that is too near is not waited for, but one node always takes rooms', () => {
    const story = fleet({ placement });
    for (const at of [0, 1, 2]) story.departs(`worker-${at}`, 'spot interruption notice', 60);
    story.at(31);
    expect(story.deeds('SetWish')).toHaveLength(3);
    expect(story.deeds('CreatePod')).toHaveLength(3);
    for (let atS = 32; atS < 120; atS += 1) {
      expect(story.at(atS).decision.steering?.open.length).toBeGreaterThan(0);
    }
    expect(story.decision.steering?.open).toHaveLength(strategy === 'Spread' ? 3 : 1);
  });

  test('when the machine may be used again the node is, too', () => {
    const story = fleet({ placement }).departs('worker-1', 'cordoned').at(60);
    expect(story.state('c-media-1')).toBe('Cordoned');
    story.departs('worker-1', undefined).at(62);
    expect(story.deeds('SetWish').at(-1)).toBe('SetWish c-media-1 freed');
    expect(story.state('c-media-1')).not.toBe('Cordoned');
  });

  test('what a person wants stays as it is', () => {
    const wish = { by: 'Person', why: 'ana', sinceMs: undefined, leaveWhenEmpty: false } as const;
    const story = fleet({ placement }).change('c-media-1', { cordonWish: wish });
    story.departs('worker-1', 'cordoned').at(90).departs('worker-1', undefined).at(120);
    expect(story.deeds('SetWish')).toEqual([]);
  });
});

test('what is not known of machines changes nothing', () => {
  const story = fleet().departs('worker-1', 'cordoned').at(60);
  story.change('c-media-1', { kubeNode: 'nobody-knows' }).at(120);
  expect(story.deeds('SetWish')).toEqual(['SetWish c-media-1 wished closed']);
  const unwatched = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(60);
  expect(unwatched.deeds()).toEqual([]);
  expect(unwatched.decision.departures).toEqual([]);
});

test('the beginning is told, a deadline at sight, 5 min before and 1 min before, and the end', () => {
  const story = fleet();
  story.departs('worker-1', 'maintenance', 600);
  expect(told(story, 31, 32)).toEqual(['MaintenanceStarted', 'MaintenanceDeadline']);
  expect(told(story, 33, 325)).toEqual([]);
  expect(told(story, 326, 340)).toEqual(['MaintenanceDeadline']);
  expect(told(story, 341, 565)).toEqual([]);
  expect(told(story, 566, 580)).toEqual(['MaintenanceDeadline']);
  story.departs('worker-1', undefined);
  expect(told(story, 581, 590)).toEqual(['MaintenanceEnded']);
});

test('a deadline is told in figures', () => {
  const story = fleet().departs('worker-1', 'spot interruption notice', 120);
  const before = story.decision;
  const messages = transitions(before, story.at(31).decision)
    .filter(({ reason }) => reason.startsWith('Maintenance'))
    .map(({ message }) => message);
  expect(messages).toEqual([
    'worker-1 is to be freed (spot interruption notice): c-media-1 is replaced, takes no new rooms then, and leaves when it is empty. It has 10 participants in 1 room.',
    'worker-1 will be taken away at 2026-03-01 12:02:30 UTC; what is then left on c-media-1 is cut, as of now 10 participants in 1 room.',
  ]);
});
