import { describe, expect, test } from '@jest/globals';
import type { Decision, NodeState } from '../../src/core/decision.ts';
import { undecided } from '../../src/core/hold.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { severityOf, transitions } from '../../src/core/transitions.ts';
import { type NodeChanges, aNode, aRoom, aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const because = { reason: 'LoadRequiresNodes', message: 'Many people.' } as const;

function decision(
  desired: number,
  nodes: Readonly<Record<string, NodeState>>,
  changes: NodeChanges = {},
): Decision {
  return {
    ...undecided(desired, because, 0),
    nodes: Object.entries(nodes).map(([name, state]) => ({
      node: aNode(name, changes),
      state,
      finding: undefined,
    })),
  };
}

const surplus: NodeChanges = { memory: { standbySinceMs: 5, toldAs: 'Surplus' } };
const full: NodeChanges = { memory: { fullSinceMs: 5, toldAs: 'Full' } };
/** Closed only because the governor prefers another node for the moment. */
const passedOver: NodeChanges = { memory: { standbySinceMs: 5 } };
const open: NodeChanges = {};

interface Sight {
  readonly state: NodeState;
  readonly changes: NodeChanges;
}
const as = (state: NodeState, changes: NodeChanges = open): Sight => ({ state, changes });

function told(from: Sight | undefined, to: Sight): readonly (readonly [ReasonCode, string | undefined])[] {
  const before = from === undefined ? decision(1, {}) : decision(1, { 'm-0': from.state }, from.changes);
  const now = decision(1, { 'm-0': to.state }, to.changes);
  return transitions(before, now).map(({ reason, node }) => [reason, node]);
}

describe('what is told of a node', () => {
  test.each<readonly [claim: string, from: Sight | undefined, to: Sight, reason: ReasonCode]>([
    ['a launch that serves', as('Launching'), as('Serving'), 'MediaNodeReady'],
    ['a launch that waits until rooms need it', as('Launching'), as('Standby', passedOver), 'MediaNodeReady'],
    ['a node that appears', undefined, as('Serving'), 'MediaNodeReady'],
    ['a node that became more than are needed', as('Serving'), as('Standby', surplus), 'MediaNodeStandby'],
    [
      'a node in reserve that became so',
      as('Standby', passedOver),
      as('Standby', surplus),
      'MediaNodeStandby',
    ],
    ['a full node that became so', as('Standby', full), as('Standby', surplus), 'MediaNodeStandby'],
    ['a node that is full', as('Serving'), as('Standby', full), 'MediaNodeFull'],
    ['a surplus node that is needed again', as('Standby', surplus), as('Serving'), 'MediaNodeServing'],
    ['a full node that has space again', as('Standby', full), as('Serving'), 'MediaNodeServing'],
    ['a silent node that speaks again', as('Suspect'), as('Serving'), 'MediaNodeServing'],
    ['a cordon', as('Serving'), as('Cordoned'), 'MediaNodeCordoned'],
    ['its end', as('Cordoned'), as('Serving'), 'MediaNodeUncordoned'],
    ['its end on a node in reserve', as('Cordoned'), as('Standby', passedOver), 'MediaNodeUncordoned'],
    ['a node that fell silent', as('Serving'), as('Suspect'), 'MediaNodeSuspect'],
    ['a launch that failed', as('Launching'), as('Failed'), 'MediaNodeFailed'],
  ])('%s', (_, from, to, reason) => {
    expect(told(from, to)).toEqual([[reason, 'm-0']]);
  });

  test.each<readonly [claim: string, from: Sight | undefined, to: Sight]>([
    ['a launch on its way', undefined, as('Launching')],
    ['a node that the governor passes over', as('Serving'), as('Standby', passedOver)],
    ['a node that the governor takes up again', as('Standby', passedOver), as('Serving')],
    [
      'a surplus node that is no longer surplus, as long as it is not needed',
      as('Standby', surplus),
      as('Standby', surplus),
    ],
    [
      'the end of a surplus node, which is told by its removal',
      as('Standby', surplus),
      as('Leaving', surplus),
    ],
    ['a node that goes on serving', as('Serving'), as('Serving')],
  ])('nothing of %s', (_, from, to) => {
    expect(told(from, to)).toEqual([]);
  });

  test('says what it carries, in words', () => {
    const changes = { load: { participants: 1 }, rooms: [aRoom('m-0')] };
    const before = decision(1, { 'm-0': 'Standby' }, surplus);
    const [finding] = transitions(before, decision(1, { 'm-0': 'Serving' }, changes));
    expect(finding?.message).toBe('m-0 takes new rooms again. It has 1 participant in 1 room.');
  });

  test('quotes the person who cordoned it', () => {
    const pod = {
      cordonWish: {
        by: 'Person' as const,
        why: 'ana: new kernel',
        sinceMs: undefined,
        leaveWhenEmpty: false,
      },
    };
    const [told] = transitions(
      decision(1, { 'm-0': 'Serving' }),
      decision(1, { 'm-0': 'Cordoned' }, { pod }),
    );
    expect(told?.message).toContain('ana: new kernel');
  });
});

describe('in the course of time', () => {
  const [first, second] = ['c-media-0', 'c-media-1'] as const;
  const names = [first, second];

  /** What is told from one second of the story to another. */
  function toldBetween(story: Story, fromS: number, untilS: number): readonly string[] {
    const events: string[] = [];
    for (let atS = fromS + 1; atS <= untilS; atS += 1) {
      const before = story.decision;
      const findings = transitions(before, story.at(atS).decision);
      events.push(...findings.map(({ reason, node = '' }) => `${reason} ${node}`.trim()));
    }
    return events;
  }

  test('the governor steers many times a day and nobody hears of it', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1);
    const open = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const [busy, idle] = round % 2 === 0 ? [second, first] : [first, second];
      story.load(busy, 10).load(idle, 0);
      expect(toldBetween(story, 1 + 20 * round, 21 + 20 * round)).toEqual([]);
      open.add(names.filter((name) => story.state(name) === 'Serving').join(' '));
    }
    expect(open).toEqual(new Set(names));
  });

  test('a surplus is told when it arises and when it ends, however long it lasts', () => {
    const spec = aSpec({ mode: 'External', replicas: 2 });
    const story = new Story({ spec, nodes: 2 }).at(1).load(first, 96).load(second, 5).at(30);
    const fewer = toldBetween(story.respec({ replicas: 1 }), 30, 600);
    const more = toldBetween(story.respec({ replicas: 2 }).load(first, 0), 600, 1200);
    expect([fewer, more]).toEqual([
      ['MediaNodeServing c-media-0', 'MediaNodeStandby c-media-1', 'ScaledDown'],
      ['MediaNodeServing c-media-1', 'ScaledUp'],
    ]);
  });

  /** Serving, full, cordoned, in reserve and silent: one of each. */
  function motley(): Story {
    const wish = { by: 'Person' as const, why: 'ana: looks odd', sinceMs: undefined, leaveWhenEmpty: false };
    return new Story({ spec: aSpec({ minNodes: 4, maxNodes: 5 }), nodes: 5, launchesWork: false })
      .at(1)
      .load(second, 96)
      .change('c-media-2', { cordonWish: wish })
      .at(20)
      .silence('c-media-4')
      .at(40);
  }

  test('an outage of Redis is not the silence of nodes: they are shown as they were last seen', () => {
    const story = motley();
    const before = story.states();
    expect(before).toEqual(['Serving', 'Standby', 'Cordoned', 'Standby', 'Suspect']);
    expect(toldBetween(story.redis(false), 40, 100)).toEqual([]);
    expect(story.states()).toEqual(before);
  });

  test('nor is its end the return of nodes', () => {
    const story = motley().redis(false).at(100);
    expect(toldBetween(story.redis(true), 100, 160)).toEqual([]);
    expect(story.states()).toEqual(['Serving', 'Standby', 'Cordoned', 'Standby', 'Suspect']);
  });

  test('a node that fell silent meanwhile is told of when Redis is back', () => {
    const story = motley().redis(false).at(60).silence(second).at(100);
    expect(toldBetween(story.redis(true), 100, 160)).toEqual(['MediaNodeSuspect c-media-1']);
  });

  test('a Pod that vanishes meanwhile is lost at once', () => {
    const story = motley().redis(false).at(60).vanish(second);
    expect(toldBetween(story, 60, 80)).toEqual(['MediaNodeLost c-media-1']);
  });

  test('an operator that starts while Redis is away tells of no arrivals and returns when it is back', () => {
    const story = motley().speak('c-media-4').redis(false).at(60).restart().at(61);
    const reasons = toldBetween(story.redis(true), 61, 120).map((event) => event.split(' ')[0]);
    const arrivals: readonly ReasonCode[] = ['MediaNodeReady', 'MediaNodeServing', 'MediaNodeSuspect'];
    expect(arrivals.filter((reason) => reasons.includes(reason))).toEqual([]);
  });
});

test('a loss is told with what was lost', () => {
  const loss = { node: 'm-0', nodeId: 'ND_1', rooms: 1, participants: 4, why: 'it vanished with its Pod' };
  const now = { ...decision(1, {}), losses: [{ ...loss, shortLived: false }] };
  expect(transitions(decision(1, {}), now)).toEqual([
    {
      reason: 'MediaNodeLost',
      message: 'm-0 is lost: it vanished with its Pod. It had 4 participants in 1 room.',
      node: 'm-0',
    },
  ]);
});

test.each([
  [2, 3, 'ScaledUp', 'From 2 to 3 Media Nodes: Many people.'],
  [3, 2, 'ScaledDown', 'From 3 to 2 Media Nodes: Many people.'],
])('a change of size from %d to %d is %s', (from, to, reason, message) => {
  expect(transitions(decision(from, {}), decision(to, {}))).toEqual([{ reason, message }]);
});

test('a restart tells nothing: what is seen first is not a change', () => {
  expect(transitions(undefined, decision(3, { 'm-0': 'Failed' }))).toEqual([]);
});

test('troubles are warnings and the life of a fleet is not', () => {
  const warnings: readonly ReasonCode[] = ['MediaNodeLost', 'LaunchFailed', 'RedisUnavailable', 'AtMaximum'];
  const normal: readonly ReasonCode[] = [
    'MediaNodeLaunched',
    'MediaNodeLeaving',
    'ScaledUp',
    'MediaNodeFull',
  ];
  expect(warnings.map(severityOf)).toEqual(warnings.map(() => 'Warning'));
  expect(normal.map(severityOf)).toEqual(normal.map(() => 'Normal'));
});
