import type { Baseline, BaselineNode, BaselineOrder, BaselineView } from './baseline.ts';
import {
  activeNodes,
  launch,
  runningNodes,
  utilizationOf,
  wholeNodes,
  withinBounds,
} from './baseline-fleet.ts';

const DATAPOINT_S = 60;
const TARGET_CPU = 0.5;
const DATAPOINTS_TO_GROW = 3;
const DATAPOINTS_TO_SHRINK = 15;
/** The lower alarm lies 10 % below the target. */
const SHRINK_BELOW = 0.9 * TARGET_CPU;
const INSTANCE_WARMUP_S = 120;
/** A lifecycle hook's wait ends after 48 h, and the instance with it. */
const LIFECYCLE_WAIT_S = 48 * 3600;
const BILLING_HOUR_S = 3600;

type Datapoint = number | undefined;

/**
 * An EC2 Auto Scaling group under a target-tracking policy, as OpenVidu's template for AWS sets it up: average CPU
 * 50 %, warm-up 120 s, a lifecycle hook that holds a leaving instance. Documented: proportional growth and gradual
 * shrinking, shrinking only below 90 % of the target, warming instances left out of the metric but not
 * launched twice, leaving ones still counted as capacity when more are to go, no shrinking while the group grows, the
 * default termination policy (nearest to its next billing hour), the 48 h limit of a hook. Not in the
 * documents but in the alarms that the service creates: 3 of 3 and 15 of 15 one-minute datapoints.
 */
export function createTargetTracking(): Baseline {
  let desired: number | undefined;
  let datapoints: readonly Datapoint[] = [];
  return {
    name: 'target-tracking',
    periodS: DATAPOINT_S,
    placement: 'LiveKit',
    look: (view) => {
      const current = withinBounds(view, desired ?? activeNodes(view).length);
      const warm = runningNodes(view).filter((node) => isWarm(node, view.nowS));
      datapoints = [...datapoints, utilizationOf(warm, view.capacity)].slice(-DATAPOINTS_TO_SHRINK);
      desired = withinBounds(view, wantedCapacity({ view, current, warm, datapoints }));
      return groupOrders(view, desired);
    },
  };
}

function isWarm(node: BaselineNode, nowS: number): boolean {
  return node.readyAtS !== undefined && nowS - node.readyAtS >= INSTANCE_WARMUP_S;
}

interface Situation {
  readonly view: BaselineView;
  readonly current: number;
  readonly warm: readonly BaselineNode[];
  readonly datapoints: readonly Datapoint[];
}

function wantedCapacity({ view, current, warm, datapoints }: Situation): number {
  const latest = datapoints.at(-1);
  if (latest === undefined) return current;
  const needed = (capacity: number) => wholeNodes((capacity * latest) / TARGET_CPU);
  if (holds(datapoints, DATAPOINTS_TO_GROW, (share) => share > TARGET_CPU)) {
    return Math.max(current, needed(warm.length));
  }
  const isGrowing = warm.length < activeNodes(view).length;
  if (!isGrowing && holds(datapoints, DATAPOINTS_TO_SHRINK, (share) => share < SHRINK_BELOW)) {
    const leaving = view.nodes.filter(({ state }) => state === 'Terminating');
    return Math.min(current, needed(warm.length + leaving.length));
  }
  return current;
}

/** All of the last `count` datapoints are there and breach. A missing one never does. */
function holds(
  datapoints: readonly Datapoint[],
  count: number,
  breaches: (share: number) => boolean,
): boolean {
  const last = datapoints.slice(-count);
  return last.length === count && last.every((share) => share !== undefined && breaches(share));
}

function groupOrders(view: BaselineView, desired: number): readonly BaselineOrder[] {
  const surplus = activeNodes(view).length - desired;
  if (surplus <= 0) return launch(-surplus);
  return activeNodes(view)
    .toSorted((one, other) => untilNextHour(one, view.nowS) - untilNextHour(other, view.nowS))
    .slice(0, surplus)
    .map(({ id }) => ({ kind: 'Terminate', node: id, graceS: LIFECYCLE_WAIT_S }));
}

function untilNextHour(node: BaselineNode, nowS: number): number {
  return BILLING_HOUR_S - ((nowS - node.launchedAtS) % BILLING_HOUR_S);
}
