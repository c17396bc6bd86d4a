import { describe, expect, test } from '@jest/globals';
import { type Decision, type NodeState, undecided } from '../../src/core/decide.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { severityOf, transitions } from '../../src/core/transitions.ts';
import { type NodeChanges, aNode, aRoom } from '../support/builders.ts';

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

const proof = {
  atMs: 0,
  heartbeatsSeen: 1,
  redisParticipants: 0,
  roomsMapped: 0,
  ownParticipants: 0,
  ownRooms: 0,
  metricsAtMs: 0,
} as const;
const surplus: NodeChanges = { memory: { standbySinceMs: 5 } };

describe('what is told of a node', () => {
  test.each<
    readonly [from: NodeState | undefined, to: NodeState, reason: ReasonCode | undefined, NodeChanges?]
  >([
    [undefined, 'Launching', undefined],
    ['Launching', 'Serving', 'MediaNodeReady'],
    [undefined, 'Serving', 'MediaNodeReady'],
    ['Serving', 'Standby', 'MediaNodeStandby', surplus],
    ['Serving', 'Standby', 'MediaNodeFull'],
    ['Standby', 'Serving', 'MediaNodeServing'],
    ['Suspect', 'Serving', 'MediaNodeServing'],
    ['Serving', 'Cordoned', 'MediaNodeCordoned'],
    ['Cordoned', 'Serving', 'MediaNodeUncordoned'],
    ['Serving', 'Suspect', 'MediaNodeSuspect'],
    ['Launching', 'Failed', 'MediaNodeFailed'],
    ['Standby', 'Leaving', undefined],
    ['Serving', 'Serving', undefined],
  ])('from %s to %s: %s', (from, to, reason, changes = {}) => {
    const before = decision(1, from === undefined ? {} : { 'm-0': from });
    const told = transitions(before, decision(1, { 'm-0': to }, changes));
    expect(told.map((finding) => [finding.reason, finding.node])).toEqual(
      reason === undefined ? [] : [[reason, 'm-0']],
    );
  });

  test('says what it carries, in words', () => {
    const changes = { load: { participants: 1 }, rooms: [aRoom('m-0')] };
    const [told] = transitions(decision(1, { 'm-0': 'Standby' }), decision(1, { 'm-0': 'Serving' }, changes));
    expect(told?.message).toBe('m-0 takes new rooms again. It has 1 participant in 1 room.');
  });

  test('quotes the person who cordoned it', () => {
    const pod = { cordonWish: { why: 'ana: new kernel', leaveWhenEmpty: false } };
    const [told] = transitions(
      decision(1, { 'm-0': 'Serving' }),
      decision(1, { 'm-0': 'Cordoned' }, { pod }),
    );
    expect(told?.message).toContain('ana: new kernel');
  });
});

describe('a Pod that is gone', () => {
  const carrying: NodeChanges = { load: { participants: 4 }, rooms: [aRoom('m-0')] };
  test.each<readonly [claim: string, state: NodeState, changes: NodeChanges, told: boolean]>([
    ['while it served was lost', 'Serving', {}, true],
    ['while it was silent was lost', 'Suspect', carrying, true],
    ['as it was told to was not lost', 'Leaving', {}, false],
    ['with people on it was lost, told to or not', 'Leaving', carrying, true],
    ['before it served was not lost', 'Launching', {}, false],
    [
      'after it was proven empty twice was not lost',
      'Standby',
      { memory: { proofs: [proof, proof] } },
      false,
    ],
  ])('%s', (_, state, changes, told) => {
    const findings = transitions(decision(1, { 'm-0': state }, changes), decision(1, {}));
    expect(findings.map(({ reason }) => reason)).toEqual(told ? ['MediaNodeLost'] : []);
  });

  test('is told of with what it had, also when another one has taken its name', () => {
    const [told] = transitions(
      decision(1, { 'm-0': 'Serving' }, carrying),
      decision(1, { 'm-0': 'Serving' }, { pod: { uid: 'uid-new' } }),
    );
    expect(told?.message).toBe('m-0 vanished with its Pod. It had 4 participants in 1 room.');
  });
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
