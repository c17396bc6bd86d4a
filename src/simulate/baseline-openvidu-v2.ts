import type { Baseline, BaselineNode, BaselineOrder, BaselineView } from './baseline.ts';
import { fewestParticipantsFirst, launch, launchingNodes, loadOf, runningNodes } from './baseline-fleet.ts';

/** The documents say "constantly"; no period is given. */
const ASSUMED_PERIOD_S = 30;

export interface OpenViduV2Limits {
  /** Average load above which a node is added, 1 is full. */
  readonly maxLoad: number;
  /** Average load below which one is taken away. */
  readonly minLoad: number;
}

const documentedDefaults: OpenViduV2Limits = { maxLoad: 0.7, minLoad: 0.2 };

/**
 * OpenVidu 2 Pro's own autoscaling, from its documents (its code was never public). Nodes that wait for their last
 * session are taken back before anything is launched, then canceled launches, the oldest first; of what is surplus,
 * launching nodes are canceled first, then the running node with the lowest load waits until it is idle. Whoever
 * waits is in the load but not in the number of nodes. One node a look. New sessions go to the least loaded node.
 */
export function createOpenViduV2(limits: OpenViduV2Limits = documentedDefaults): Baseline {
  return {
    name: 'openvidu-v2',
    periodS: ASSUMED_PERIOD_S,
    placement: 'LeastLoaded',
    look: (view) => decide(view, limits),
  };
}

function decide(view: BaselineView, limits: OpenViduV2Limits): readonly BaselineOrder[] {
  const count = runningNodes(view).length + launchingNodes(view).length;
  if (count < view.nodesMin) return grow(view, view.nodesMin - count);
  if (count > view.nodesMax) return shrink(view, count - view.nodesMax);
  const load = (loadOf(runningNodes(view)) + loadOf(waitingNodes(view))) / view.capacity;
  if (load > limits.maxLoad * count && count < view.nodesMax) return grow(view, 1);
  if (load < limits.minLoad * count && count > view.nodesMin) return shrink(view, 1);
  return [];
}

/** In status `waiting-idle-to-terminate`. */
function waitingNodes(view: BaselineView): readonly BaselineNode[] {
  return view.nodes.filter((node) => node.state === 'Draining' && node.readyAtS !== undefined);
}

/** In status `canceled`: still booting, to be terminated as soon as they are up. */
function canceledNodes(view: BaselineView): readonly BaselineNode[] {
  return view.nodes.filter((node) => node.state === 'Draining' && node.readyAtS === undefined);
}

function grow(view: BaselineView, count: number): readonly BaselineOrder[] {
  // The documents do not say which waiting node comes first: the one that is furthest from being idle.
  const waiting = waitingNodes(view).toSorted((one, other) => fewestParticipantsFirst(other, one));
  const back = [...waiting, ...canceledNodes(view)].slice(0, count);
  return [
    ...back.map(({ id }): BaselineOrder => ({ kind: 'Undrain', node: id })),
    ...launch(count - back.length),
  ];
}

function shrink(view: BaselineView, count: number): readonly BaselineOrder[] {
  const byLoad = runningNodes(view).toSorted(fewestParticipantsFirst);
  return [...launchingNodes(view).toReversed(), ...byLoad]
    .slice(0, count)
    .map(({ id }) => ({ kind: 'Drain', node: id }));
}
