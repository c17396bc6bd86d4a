import { describe, expect, test } from '@jest/globals';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { priorLearned } from '../../src/core/learned.ts';
import { Fortune } from '../../src/core/outlook.ts';
import { type PlacementResult, type Role, keepOrder, place } from '../../src/core/placement.ts';
import { paceOf } from '../../src/core/reserve.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type NodeChanges, aNode, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';

const wish = { by: 'Person' as const, why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty: false };
const standby = { standbySinceMs: nowMs - 60_000 };
const full = { fullSinceMs: nowMs - 60_000 };
const spreading = aSpec({ placement: { ...aSpec().placement, strategy: 'Spread' } });
const external = aSpec({ mode: 'External' });
const people = (participants: number, changes: NodeChanges = {}): NodeChanges => ({
  ...changes,
  load: { participants },
});

function fleet(...changes: readonly NodeChanges[]): readonly MediaNode[] {
  return changes.map((change, at) => aNode(`m-${at}`, change));
}

function placed(nodes: readonly MediaNode[], desired: number, spec: ClusterSpec): PlacementResult {
  const learned = priorLearned(spec.capacity.participants);
  const fortune = new Fortune(spec, learned, wallMs, paceOf(undefined));
  const outlooks = keepOrder(nodes).map((node) => fortune.tell(node));
  return place({ steer: { spec, learned, wallMs, blind: false }, nodes, outlooks, desired });
}

function roles(nodes: readonly MediaNode[], desired: number, spec = aSpec()): Readonly<Record<string, Role>> {
  return Object.fromEntries(placed(nodes, desired, spec).roles);
}

const surplus = (nodes: readonly MediaNode[], desired: number, spec = aSpec()) => [
  ...placed(nodes, desired, spec).surplus,
];

const names = (nodes: readonly MediaNode[]) => nodes.map(({ name }) => name);

describe('who stays', () => {
  test.each<readonly [claim: string, nodes: readonly MediaNode[], order: readonly string[]]>([
    [
      'the fullest stays first and an empty one goes first',
      fleet({}, people(9), people(30)),
      ['m-2', 'm-1', 'm-0'],
    ],
    [
      'one that is closed as surplus goes before one that is open, however full it is',
      fleet(people(40, { memory: standby }), people(3)),
      ['m-1', 'm-0'],
    ],
    [
      'an empty one goes before a closed one with people',
      fleet({}, people(40, { memory: standby }), people(3)),
      ['m-2', 'm-1', 'm-0'],
    ],
    [
      'with as many people the one with more rooms stays',
      fleet(people(4, { rooms: [aRoom('m-0')] }), people(4, { rooms: [aRoom('m-1'), aRoom('m-1')] })),
      ['m-1', 'm-0'],
    ],
    [
      'a node with a room but nobody in it is not empty',
      fleet({}, { rooms: [aRoom('m-1', { participants: 0 })] }),
      ['m-1', 'm-0'],
    ],
    [
      'a mapping without a room does not make a node busy',
      fleet({}, { rooms: [aRoom('m-1', { participants: undefined })] }),
      ['m-0', 'm-1'],
    ],
    ['a protected one stays before its equal', fleet({}, { pod: { protected: true } }), ['m-1', 'm-0']],
    ['the oldest of equals stays', fleet({}, { pod: { createdAtMs: 1 } }), ['m-1', 'm-0']],
  ])('%s', (_, nodes, order) => {
    expect(names(keepOrder(nodes))).toEqual(order);
    expect(names(keepOrder(nodes.toReversed()))).toEqual(order);
  });

  test('names are ordered by number', () => {
    const nodes = ['m-10', 'm-2', 'm-1'].map((name) => aNode(name));
    expect(names(keepOrder(nodes))).toEqual(['m-1', 'm-2', 'm-10']);
  });

  test('only nodes that report and that nobody cordoned are capacity', () => {
    const phases = (['Suspect', 'Leaving', 'Failed', 'Launching'] as const).map((phase) => ({ phase }));
    expect(keepOrder(fleet(...phases, { pod: { cordonWish: wish } }))).toEqual([]);
  });
});

describe('with strategy Packed', () => {
  test('one node takes new rooms, and the others stand by with their own and are not surplus', () => {
    const nodes = fleet(people(50), people(10), people(20));
    expect(Object.values(roles(nodes, 3)).toSorted()).toEqual(['Serving', 'Standby', 'Standby']);
    expect(surplus(nodes, 3)).toEqual([]);
  });

  test('what is more than the desired number is surplus, and does not take the rooms', () => {
    const nodes = fleet(people(50), people(10), people(20));
    expect(surplus(nodes, 2)).toEqual(['m-1']);
    expect(roles(nodes, 2)).toMatchObject({ 'm-1': 'Standby' });
    expect(surplus(nodes, 1)).toEqual(['m-2', 'm-1']);
    expect(roles(nodes, 1)).toEqual({ 'm-0': 'Serving', 'm-1': 'Standby', 'm-2': 'Standby' });
  });

  test('a full node is closed while another has space', () => {
    expect(roles(fleet(people(90), people(10)), 2)).toEqual({ 'm-0': 'Full', 'm-1': 'Serving' });
  });

  test('a node with less than a twentieth of its capacity below the ceiling is full', () => {
    expect(roles(fleet(people(86), people(0)), 2)).toMatchObject({ 'm-0': 'Full' });
    expect(roles(fleet(people(85), people(0)), 2)).not.toMatchObject({ 'm-0': 'Full' });
  });

  test('where none has space the two with the least load share what still comes', () => {
    expect(roles(fleet(people(90), people(99), people(95)), 3)).toEqual({
      'm-0': 'Serving',
      'm-1': 'Full',
      'm-2': 'Serving',
    });
  });

  test('a surplus node with space is taken back before rooms crowd on full ones', () => {
    const nodes = fleet(people(90), people(10, { memory: standby }));
    expect([roles(nodes, 1), surplus(nodes, 1)]).toEqual([{ 'm-0': 'Full', 'm-1': 'Serving' }, []]);
  });

  test('but not where somebody else has set the number', () => {
    const nodes = fleet(people(90), people(10, { memory: standby }));
    expect(roles(nodes, 1, external)).toEqual({ 'm-0': 'Serving', 'm-1': 'Standby' });
    expect(surplus(nodes, 1, external)).toEqual(['m-1']);
  });
});

describe('with strategy Spread', () => {
  test('every node that stays takes new rooms', () => {
    expect(roles(fleet(people(50), {}, people(20)), 3, spreading)).toEqual({
      'm-0': 'Serving',
      'm-1': 'Serving',
      'm-2': 'Serving',
    });
  });

  test('the surplus is closed and keeps its rooms', () => {
    const nodes = fleet(people(50), people(10), people(20));
    expect(roles(nodes, 2, spreading)).toEqual({ 'm-0': 'Serving', 'm-1': 'Standby', 'm-2': 'Serving' });
    expect(surplus(nodes, 2, spreading)).toEqual(['m-1']);
  });

  test('the surplus stays the same when it is no longer the emptiest', () => {
    expect(roles(fleet(people(10), people(12, { memory: standby })), 1, spreading)).toEqual({
      'm-0': 'Serving',
      'm-1': 'Standby',
    });
  });

  test('full nodes stay open where none has space', () => {
    expect(roles(fleet(people(90), people(95)), 2, spreading)).toEqual({
      'm-0': 'Serving',
      'm-1': 'Serving',
    });
  });

  test.each([
    ['stays closed until it is well below the ceiling', 81, 'Full'],
    ['is opened again when it is', 80, 'Serving'],
  ] as const)('a node that was closed as full %s', (_, participants, role) => {
    const nodes = fleet(people(participants, { memory: full }), people(10));
    expect(roles(nodes, 2, spreading)).toMatchObject({ 'm-0': role });
  });

  test('a standby node that is needed is opened at once below the ceiling', () => {
    const nodes = fleet(people(10), people(85, { memory: standby }));
    expect(roles(nodes, 2, spreading)).toMatchObject({ 'm-1': 'Serving' });
  });
});

describe("a person's cordon", () => {
  test('closes a node that is not surplus', () => {
    expect(roles(fleet({ pod: { cordonWish: wish } }, {}), 2)).toEqual({
      'm-0': 'Cordoned',
      'm-1': 'Serving',
    });
  });

  test('waits on the last node, the emptiest of them, and says so', () => {
    const nodes = fleet(people(9, { pod: { cordonWish: wish } }), people(2, { pod: { cordonWish: wish } }));
    const { roles: given, findings } = placed(nodes, 2, aSpec());
    expect(Object.fromEntries(given)).toEqual({ 'm-0': 'Cordoned', 'm-1': 'Serving' });
    expect(findings).toMatchObject([{ reason: 'PlacementNotSteered', node: 'm-1' }]);
  });
});

test('one node stays open although none is desired', () => {
  expect(roles(fleet({}, {}), 0)).toEqual({ 'm-0': 'Serving', 'm-1': 'Standby' });
});

test('nodes that do not report are given no role', () => {
  expect(roles(fleet({ phase: 'Suspect' }, { phase: 'Launching' }), 2)).toEqual({});
});
