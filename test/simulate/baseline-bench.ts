/** A small world for baselines: it carries out their orders, counts what they break, and holds no room. */
import { expect } from '@jest/globals';
import type {
  Baseline,
  BaselineNode,
  BaselineNodeState,
  BaselineOrder,
  BaselineView,
} from '../../src/simulate/baseline.ts';

/** A running node that has been ready for an hour by `nowS` 3600, unless told. */
export function aNode(id: string, changes: Partial<BaselineNode> = {}): BaselineNode {
  const node = {
    id,
    state: 'Running',
    load: 0,
    rooms: 0,
    launchedAtS: 0,
    readyAtS: 0,
    stateSinceS: 0,
  } as const;
  return { ...node, ...changes };
}

/** Running nodes `m-1`, `m-2` and so on, launched a second after one another, with one room for each load above 0. */
export function running(...loads: readonly number[]): readonly BaselineNode[] {
  return loads.map((load, at) =>
    aNode(`m-${at + 1}`, { load, rooms: load > 0 ? 1 : 0, launchedAtS: at, readyAtS: at, stateSinceS: at }),
  );
}

export function launching(id: string): BaselineNode {
  return aNode(id, { state: 'Launching', readyAtS: undefined, launchedAtS: 3500 });
}

/** At 3600 s, 100 participants a node, 1 to 20 nodes. */
export function aView(nodes: readonly BaselineNode[], changes: Partial<BaselineView> = {}): BaselineView {
  return { nowS: 3600, capacity: 100, nodesMin: 1, nodesMax: 20, nodes, ...changes };
}

/** Shows the baseline the same fleet at each look for `durationS` and returns the orders of each look. */
export function looks(
  baseline: Baseline,
  view: BaselineView,
  durationS: number,
): readonly (readonly BaselineOrder[])[] {
  const all: (readonly BaselineOrder[])[] = [];
  for (let atS = view.nowS; atS <= view.nowS + durationS; atS += baseline.periodS) {
    all.push(baseline.look({ ...view, nowS: atS }));
  }
  return all;
}

const mayGoTo: Readonly<Record<BaselineOrder['kind'], readonly BaselineNodeState[]>> = {
  Launch: [],
  Drain: ['Launching', 'Running'],
  Undrain: ['Draining'],
  Terminate: ['Launching', 'Running', 'Draining'],
};

/**
 * Runs a baseline over loads that change freely, one share of capacity for each look, and checks at each look that
 * orders name existing nodes in a fitting state, once, and that the active fleet stays within its bounds.
 */
export function checkOrders(
  baseline: Baseline,
  bounds: readonly [number, number],
  shares: readonly number[],
): void {
  const [nodesMin, nodesMax] = bounds;
  let nodes: readonly BaselineNode[] = running(...Array.from({ length: nodesMin }, () => 0));
  let launched = nodesMin;
  for (const [at, share] of shares.entries()) {
    const nowS = at * baseline.periodS;
    nodes = settle(nodes, nowS).map((node, index) => ({ ...node, ...loadAt(node, share, index) }));
    const orders = baseline.look({ nowS, capacity: 100, nodesMin, nodesMax, nodes });
    expectFitting(orders, nodes);
    const asked = orders.reduce((sum, order) => sum + (order.kind === 'Launch' ? order.count : 0), 0);
    nodes = [...nodes.map((node) => ordered(node, orders, nowS)), ...fresh(launched, asked, nowS)];
    launched += asked;
    const active = nodes.filter(({ state }) => state === 'Launching' || state === 'Running').length;
    expect(active).toBeGreaterThanOrEqual(nodesMin);
    expect(active).toBeLessThanOrEqual(nodesMax);
  }
}

function expectFitting(orders: readonly BaselineOrder[], nodes: readonly BaselineNode[]): void {
  const named = orders.flatMap((order) => (order.kind === 'Launch' ? [] : [order.node]));
  expect(new Set(named).size).toBe(named.length);
  for (const order of orders) {
    if (order.kind === 'Launch') {
      expect(Number.isInteger(order.count) && order.count > 0).toBe(true);
      continue;
    }
    expect(mayGoTo[order.kind]).toContain(nodes.find(({ id }) => id === order.node)?.state);
  }
}

/** Boots take 45 s; who drains is empty on every fourth look and then gone. */
function settle(nodes: readonly BaselineNode[], nowS: number): readonly BaselineNode[] {
  return nodes
    .filter(({ state, stateSinceS }) => !isLeaving(state) || nowS - stateSinceS < 600)
    .map((node) =>
      node.state === 'Launching' && nowS - node.launchedAtS >= 45
        ? { ...node, state: 'Running', readyAtS: nowS, stateSinceS: nowS }
        : node,
    );
}

function isLeaving(state: BaselineNodeState): boolean {
  return state === 'Draining' || state === 'Terminating';
}

/** Uneven on purpose, and empty at times. */
function loadAt(node: BaselineNode, share: number, index: number): { load: number; rooms: number } {
  if (node.readyAtS === undefined) return { load: 0, rooms: 0 };
  const load = Math.round(100 * share * (0.6 + 0.2 * (index % 5)));
  return { load, rooms: Math.ceil(load / 5) };
}

function ordered(node: BaselineNode, orders: readonly BaselineOrder[], nowS: number): BaselineNode {
  const order = orders.find((one) => one.kind !== 'Launch' && one.node === node.id);
  if (order === undefined) return node;
  return { ...node, state: stateAfter(order, node), stateSinceS: nowS };
}

function stateAfter(order: BaselineOrder, node: BaselineNode): BaselineNodeState {
  switch (order.kind) {
    case 'Drain':
      return 'Draining';
    case 'Undrain':
      return node.readyAtS === undefined ? 'Launching' : 'Running';
    case 'Terminate':
      return 'Terminating';
    case 'Launch':
      return node.state;
  }
}

function fresh(from: number, count: number, nowS: number): readonly BaselineNode[] {
  return Array.from({ length: count }, (_, at) => ({
    ...launching(`m-${from + at + 1}`),
    launchedAtS: nowS,
    stateSinceS: nowS,
  }));
}
