/** What the baselines share: how they count a group, and how they put a wish into orders. */
import { never } from '../base/assert.ts';
import type { BaselineNode, BaselineOrder, BaselineView } from './baseline.ts';

/** The nodes that count towards a group's size in all of the products: neither draining nor being deleted. */
export function activeNodes(view: BaselineView): readonly BaselineNode[] {
  return view.nodes.filter(isActive);
}

function isActive(node: BaselineNode): boolean {
  switch (node.state) {
    case 'Launching':
    case 'Running':
      return true;
    case 'Draining':
    case 'Terminating':
      return false;
    default:
      return never(node.state);
  }
}

export function runningNodes(view: BaselineView): readonly BaselineNode[] {
  return view.nodes.filter((node) => node.state === 'Running');
}

export function launchingNodes(view: BaselineView): readonly BaselineNode[] {
  return view.nodes.filter((node) => node.state === 'Launching');
}

/** Participants on these nodes. */
export function loadOf(nodes: readonly BaselineNode[]): number {
  return nodes.reduce((sum, node) => sum + node.load, 0);
}

/** Their average utilisation, which stands for CPU: 1 is full. `undefined` when there is no node to ask. */
export function utilizationOf(nodes: readonly BaselineNode[], capacity: number): number | undefined {
  return nodes.length === 0 ? undefined : loadOf(nodes) / (nodes.length * capacity);
}

export function withinBounds(view: BaselineView, wanted: number): number {
  return Math.min(view.nodesMax, Math.max(view.nodesMin, wanted));
}

/** A load that is exactly at its target must not ask for one node more because of a rounding error. */
export function wholeNodes(nodes: number): number {
  return Math.ceil(nodes - 1e-9);
}

export function launch(count: number): readonly BaselineOrder[] {
  return count > 0 ? [{ kind: 'Launch', count }] : [];
}

/** Launching ones first, the last asked for before the others, then the running ones in the order given. */
export function launchingFirst(
  view: BaselineView,
  byPreference: (one: BaselineNode, other: BaselineNode) => number,
): readonly BaselineNode[] {
  return [...launchingNodes(view).toReversed(), ...runningNodes(view).toSorted(byPreference)];
}

export function fewestParticipantsFirst(one: BaselineNode, other: BaselineNode): number {
  return one.load - other.load || one.rooms - other.rooms || other.launchedAtS - one.launchedAtS;
}
