import { describe, expect, test } from '@jest/globals';
import type { Baseline, BaselineNode, BaselineOrder, BaselineView } from '../../src/simulate/baseline.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { noFaults } from '../../src/simulate/faults.ts';
import type { SimOptions } from '../../src/simulate/run.ts';
import { aRoom, aTrace, play } from './a-simulation.ts';

interface Scripted {
  readonly events: readonly SimEvent[];
  /** What the baseline saw at each second. */
  readonly views: ReadonlyMap<number, BaselineView>;
  readonly told: readonly string[];
}

/** A baseline that looks each second and gives these orders at these seconds; one room lives from 0 to 600 s. */
async function scripted(
  orders: Readonly<Record<number, readonly BaselineOrder[]>>,
  changes: Partial<SimOptions> = {},
): Promise<Scripted> {
  const views = new Map<number, BaselineView>();
  const baseline: Baseline = {
    name: 'scripted',
    periodS: 1,
    placement: 'LiveKit',
    look: (view) => {
      views.set(view.nowS, view);
      return orders[view.nowS] ?? [];
    },
  };
  const { events } = await play({
    trace: aTrace(aRoom(0, 600, 4)),
    policy: { kind: 'baseline', create: () => baseline },
    nodesMin: 1,
    ...changes,
  });
  const told = events.flatMap((event) => ('node' in event && event.e !== 'room' ? [said(event)] : []));
  return { events, views, told };
}

function said(event: Extract<SimEvent, { node: string }>): string {
  return `${event.t} ${event.e} ${event.node}${event.e === 'remove' && event.cut > 0 ? ` cutting ${event.cut}` : ''}`;
}

function nodeAt({ views }: Scripted, second: number, id: string): BaselineNode | undefined {
  return views.get(second)?.nodes.find((node) => node.id === id);
}

const first = ['0 launch n1', '0 ready n1'];

describe('a baseline', () => {
  test('looks at the beginning and then once a period', async () => {
    const { views } = await scripted({});
    expect([...views.keys()].slice(0, 3)).toEqual([0, 1, 2]);
    expect(views.get(0)).toMatchObject({ capacity: 20, nodesMin: 1, nodesMax: 20 });
  });

  test('sees its nodes with what they carry at that moment', async () => {
    const play = await scripted({});
    expect(nodeAt(play, 599, 'n1')).toEqual({
      id: 'n1',
      state: 'Running',
      load: 4,
      rooms: 1,
      launchedAtS: 0,
      readyAtS: 0,
      stateSinceS: 0,
    });
  });

  test('does not look while its operator is dead', async () => {
    const { views } = await scripted(
      {},
      { faults: { ...noFaults, operatorOutages: [{ fromS: 10, toS: 20 }] } },
    );
    expect([views.has(9), views.has(10), views.has(19), views.has(20)]).toEqual([true, false, false, true]);
  });

  test('launches nodes that are ready after the launch time', async () => {
    const play = await scripted({ 5: [{ kind: 'Launch', count: 2 }] });
    expect(play.told).toEqual([...first, '5 launch n2', '5 launch n3', '25 ready n2', '25 ready n3']);
    expect(nodeAt(play, 24, 'n2')).toMatchObject({ state: 'Launching', readyAtS: undefined, stateSinceS: 5 });
    expect(nodeAt(play, 26, 'n2')).toMatchObject({ state: 'Running', readyAtS: 25, stateSinceS: 25 });
  });

  test('gives up a launch that fails after five minutes', async () => {
    const faults = { ...noFaults, launchFailureShare: 1 };
    const { told } = await scripted({ 5: [{ kind: 'Launch', count: 1 }] }, { faults });
    expect(told).toEqual([...first, '5 launch n2', '305 remove n2']);
  });

  test('drains a node, which goes with its last room', async () => {
    const play = await scripted(
      { 5: [{ kind: 'Launch', count: 1 }], 30: [{ kind: 'Drain', node: 'n1' }] },
      { trace: aTrace(aRoom(0, 100, 4), aRoom(50, 300, 2)) },
    );
    expect(play.told.slice(2)).toEqual(['5 launch n2', '25 ready n2', '30 cordon n1', '100 remove n1']);
    expect(nodeAt(play, 99, 'n1')).toMatchObject({ state: 'Draining', stateSinceS: 30 });
    expect(play.events).toContainEqual({ t: 50, e: 'room', room: 'r2', node: 'n2' });
  });

  test('takes a draining node back', async () => {
    const play = await scripted({
      30: [{ kind: 'Drain', node: 'n1' }],
      40: [{ kind: 'Undrain', node: 'n1' }],
    });
    expect(play.told).toEqual([...first, '30 cordon n1', '40 uncordon n1']);
    expect(nodeAt(play, 41, 'n1')).toMatchObject({ state: 'Running', stateSinceS: 40 });
  });

  test('drains an empty node at once', async () => {
    const { told } = await scripted({
      5: [{ kind: 'Launch', count: 1 }],
      30: [{ kind: 'Drain', node: 'n2' }],
    });
    expect(told.slice(-2)).toEqual(['30 cordon n2', '30 remove n2']);
  });

  test('drains a launching node, which goes when it has come up', async () => {
    const play = await scripted({
      5: [{ kind: 'Launch', count: 1 }],
      10: [{ kind: 'Drain', node: 'n2' }],
    });
    expect(nodeAt(play, 24, 'n2')).toMatchObject({ state: 'Draining', readyAtS: undefined });
    expect(play.told.slice(2)).toEqual(['5 launch n2', '10 cordon n2', '25 ready n2', '25 remove n2']);
  });

  test('takes a draining launch back, which then serves', async () => {
    const play = await scripted({
      5: [{ kind: 'Launch', count: 1 }],
      10: [{ kind: 'Drain', node: 'n2' }],
      15: [{ kind: 'Undrain', node: 'n2' }],
    });
    expect(nodeAt(play, 16, 'n2')).toMatchObject({ state: 'Launching' });
    expect(nodeAt(play, 26, 'n2')).toMatchObject({ state: 'Running' });
  });

  test('terminates a launching node at once', async () => {
    const { told } = await scripted({
      5: [{ kind: 'Launch', count: 1 }],
      10: [{ kind: 'Terminate', node: 'n2', graceS: 60 }],
    });
    expect(told.slice(-1)).toEqual(['10 remove n2']);
  });

  test('terminates a node with its last room, within the grace', async () => {
    const { told } = await scripted(
      { 5: [{ kind: 'Launch', count: 1 }], 30: [{ kind: 'Terminate', node: 'n1', graceS: 100 }] },
      { trace: aTrace(aRoom(0, 100, 4), aRoom(50, 300, 2)) },
    );
    expect(told.slice(-2)).toEqual(['30 cordon n1', '100 remove n1']);
  });

  test('cuts what is left when the grace is over; a terminating node is not taken back', async () => {
    const play = await scripted({
      5: [{ kind: 'Launch', count: 1 }],
      300: [{ kind: 'Terminate', node: 'n1', graceS: 100 }],
      350: [{ kind: 'Undrain', node: 'n1' }],
    });
    expect(nodeAt(play, 351, 'n1')).toMatchObject({ state: 'Terminating', stateSinceS: 300 });
    expect(play.told.slice(-2)).toEqual(['300 cordon n1', '400 remove n1 cutting 4']);
    expect(play.events.slice(-3)).toEqual([
      { t: 402, e: 'room', room: 'r1~1', node: 'n2' },
      { t: 402, e: 'load', room: 'r1~1', n: 4 },
      { t: 600, e: 'end', room: 'r1~1' },
    ]);
  });

  test('is not confused by orders for nodes that are gone', async () => {
    const { told } = await scripted({
      30: [
        { kind: 'Drain', node: 'n7' },
        { kind: 'Undrain', node: 'n7' },
        { kind: 'Terminate', node: 'n7', graceS: 0 },
      ],
    });
    expect(told).toEqual(first);
  });
});
