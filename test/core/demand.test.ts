import { describe, expect, test } from '@jest/globals';
import { demand, freeSlots, headroomSlots } from '../../src/core/demand.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { keepOrder } from '../../src/core/placement.ts';
import type { Target } from '../../src/core/spec.ts';
import { aNode, aRoom, aSpec } from '../support/builders.ts';

const of = (spec: ReturnType<typeof aSpec>, nodes: readonly MediaNode[]) =>
  demand(spec, nodes, keepOrder(nodes));

const everyTarget: readonly Target[] = [
  { kind: 'Participants', utilization: 0.7 },
  { kind: 'Tracks', utilization: 0.5 },
  { kind: 'Bandwidth', utilization: 0.5 },
  { kind: 'Cpu', utilization: 0.5 },
];
const capacity = { participants: 100, tracks: 1000, egressBytesPerSecond: 1e8 };
const spec = aSpec({ targets: everyTarget, capacity });

describe('the wanted number of nodes', () => {
  test.each([
    ['no people need one node, for the headroom', 0, 1],
    ['one slot below the target needs no further node', 69, 1],
    ['a load exactly at the target needs no further node', 70, 1],
    ['one slot above the target needs one more', 71, 2],
    ['three nodes at their target need three', 210, 3],
    ['a load above what one node can hold counts in full', 350, 5],
  ])('%s', (_, participants, wanted) => {
    expect(of(aSpec(), [aNode('m-0', { load: { participants } })]).wanted).toBe(wanted);
  });

  test.each([
    ['participants', { participants: 141 }, 3],
    ['tracks in and out', { tracksIn: 100, tracksOut: 1401 }, 4],
    ['bytes sent', { bytesOutPerSecond: 2.1e8 }, 5],
    ['CPU', { cpuLoad: 0.9 }, 2],
  ])('is raised by %s alone', (_, load, wanted) => {
    const { wanted: got, because } = of(spec, [aNode('m-0', { load })]);
    expect(got).toBe(wanted);
    expect(because.reason).toBe('LoadRequiresNodes');
  });

  test('is the largest of all opinions', () => {
    const load = { participants: 71, tracksIn: 1600, cpuLoad: 0.6 };
    const { wanted, opinions } = of(spec, [aNode('m-0', { load })]);
    expect(opinions.map(({ kind, atLeast }) => [kind, atLeast])).toEqual([
      ['Participants', 2],
      ['Tracks', 4],
      ['Bandwidth', 0],
      ['Cpu', 2],
      ['Headroom', 1],
    ]);
    expect(wanted).toBe(4);
  });

  test('is not moved by rounding errors of fractions', () => {
    const nodes = [0.1, 0.2, 0.3].map((cpuLoad, at) => aNode(`m-${at}`, { load: { cpuLoad } }));
    expect(of(aSpec({ targets: [{ kind: 'Cpu', utilization: 0.6 }] }), nodes).wanted).toBe(1);
  });

  test('counts silent and leaving nodes with what they last had, failed and launching ones not at all', () => {
    const nodes = (['Up', 'Suspect', 'Leaving', 'Failed', 'Launching'] as const).map((phase, at) =>
      aNode(`m-${at}`, { phase, load: { participants: 70 } }),
    );
    expect(of(aSpec(), nodes).opinions[0]?.atLeast).toBe(3);
  });
});

describe('the fleet may become smaller', () => {
  test('when every target is known on every node', () => {
    expect(of(spec, [aNode('m-0'), aNode('m-1')]).mayLower).toBe(true);
  });

  const unknown: readonly (readonly [string, MediaNode])[] = [
    ['a node has no readable CPU figure', aNode('m-1', { load: { cpuLoad: undefined } })],
    ['a node has no entry', aNode('m-1', { phase: 'Suspect', entry: undefined })],
    ['a figure is no number', aNode('m-1', { load: { bytesOutPerSecond: Number.NaN } })],
    ['a figure is negative', aNode('m-1', { load: { tracksIn: -1 } })],
  ];
  test.each(unknown)('but not when %s', (_, node) => {
    expect(of(spec, [aNode('m-0'), node]).mayLower).toBe(false);
  });

  test('but not when the capacity in a unit is not known', () => {
    const targets: readonly Target[] = [{ kind: 'Tracks', utilization: 0.5 }];
    const demanded = of(aSpec({ targets }), [aNode('m-0', { load: { tracksIn: 5000 } })]);
    expect([demanded.mayLower, demanded.opinions[0]?.atLeast]).toEqual([false, 0]);
  });

  test('by participants when a silent node was heard before, but not when it never was', () => {
    const silent = (served: boolean) =>
      aNode('m-1', { phase: 'Suspect', entry: undefined, memory: { served, participants: 0 } });
    expect(of(aSpec(), [aNode('m-0'), silent(true)]).mayLower).toBe(true);
    expect(of(aSpec(), [aNode('m-0'), silent(false)]).mayLower).toBe(false);
  });

  test('and an unknown figure still lets the others raise it', () => {
    const nodes = [aNode('m-0', { load: { participants: 150, cpuLoad: undefined } })];
    expect(of(spec, nodes)).toMatchObject({ wanted: 3, mayLower: false });
  });
});

describe('headroom', () => {
  const nodes = [
    aNode('m-0', { load: { participants: 80 }, rooms: [aRoom('m-0', { participants: 25 })] }),
    aNode('m-1', { load: { participants: 20 }, rooms: [aRoom('m-1', { participants: undefined })] }),
  ];
  test.each([
    ['is never less than one slot', { slots: 0, share: 0, largestRoom: false }, 1],
    ['is the slots asked for', { slots: 12, share: 0, largestRoom: false }, 12],
    ['is the share of those present, rounded up', { slots: 0, share: 0.125, largestRoom: false }, 13],
    ['is the largest room where that is asked for', { slots: 0, share: 0, largestRoom: true }, 25],
    ['is the largest of its parts', { slots: 30, share: 0.1, largestRoom: true }, 30],
  ])('%s', (_, headroom, slots) => {
    expect(headroomSlots(aSpec({ headroom }), nodes)).toBe(slots);
  });

  test.each([
    ['fits on the nodes that the load needs', 10, 'LoadRequiresNodes', 2],
    ['needs one more node than the load', 81, 'HeadroomRequiresNodes', 3],
    ['needs several more nodes than there are', 81 + 180, 'HeadroomRequiresNodes', 5],
  ])('%s', (_, slots, reason, wanted) => {
    const demanded = of(aSpec({ headroom: { slots, share: 0, largestRoom: false } }), nodes);
    expect([demanded.because.reason, demanded.wanted]).toEqual([reason, wanted]);
  });

  test('ends at the ceiling of a node, and an overfull node has none', () => {
    const free = (participants: number) => freeSlots(aSpec(), aNode('m-0', { load: { participants } }));
    expect([0, 89, 90, 120].map(free)).toEqual([90, 1, 0, 0]);
  });
});
