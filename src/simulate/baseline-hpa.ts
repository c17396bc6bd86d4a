import type { Baseline, BaselineNode, BaselineOrder, BaselineView } from './baseline.ts';
import { activeNodes, launch, launchingFirst, loadOf, wholeNodes, withinBounds } from './baseline-fleet.ts';

/** Documented defaults of the HorizontalPodAutoscaler (`autoscaling/v2`), but for the target. */
const SYNC_PERIOD_S = 15;
const TOLERANCE = 0.1;
const DOWNSCALE_STABILIZATION_S = 300;
const SCALE_UP_PERCENT = 100;
const SCALE_UP_PODS = 4;
/** The value in LiveKit's chart, as is the grace period. */
const TARGET_CPU = 0.6;
const TERMINATION_GRACE_S = 18_000;
/** A sample counts when all of its window, which is as long as the metrics server's period, was spent Ready. */
const SAMPLE_WINDOW_S = 15;

interface Recommendation {
  readonly atS: number;
  readonly replicas: number;
}

/**
 * A Deployment of Media Nodes under an HPA: 60 % CPU, everything else by default, Pods deleted with the grace period
 * of LiveKit's chart (5 h). The ReplicaSet picks the victim: pending Pods first, then the youngest. Pods that are
 * being deleted do not count.
 */
export function createHpa(): Baseline {
  let replicas: number | undefined;
  let recommendations: readonly Recommendation[] = [];
  return {
    name: 'hpa',
    periodS: SYNC_PERIOD_S,
    placement: 'LiveKit',
    look: (view) => {
      const current = withinBounds(view, replicas ?? activeNodes(view).length);
      if (recommendations.length === 0) recommendations = [{ atS: view.nowS, replicas: current }];
      const recommended = recommendedReplicas(view, current);
      recommendations = [
        ...recommendations.filter(({ atS }) => view.nowS - atS < DOWNSCALE_STABILIZATION_S),
        { atS: view.nowS, replicas: recommended },
      ];
      replicas = withinBounds(view, rateLimited(current, stabilized(current, recommendations)));
      return replicaSetOrders(view, replicas);
    },
  };
}

/** The documented algorithm. Pods that are not ready yet count as 0 % when growing and not at all otherwise. */
function recommendedReplicas(view: BaselineView, current: number): number {
  const pods = activeNodes(view);
  const sampled = pods.filter((pod) => hasSample(pod, view.nowS));
  if (sampled.length === 0) return current;
  const ratio = usageRatio(sampled, sampled.length, view.capacity);
  const notReady = pods.length - sampled.length;
  if (notReady === 0 || ratio <= 1) {
    return isWithinTolerance(ratio) ? current : wholeNodes(ratio * sampled.length);
  }
  const dampened = usageRatio(sampled, pods.length, view.capacity);
  if (isWithinTolerance(dampened) || dampened < 1) return current;
  return Math.max(current, wholeNodes(dampened * pods.length));
}

function hasSample(pod: BaselineNode, nowS: number): boolean {
  return pod.state === 'Running' && pod.readyAtS !== undefined && nowS - pod.readyAtS >= SAMPLE_WINDOW_S;
}

function usageRatio(pods: readonly BaselineNode[], count: number, capacity: number): number {
  return loadOf(pods) / (count * capacity * TARGET_CPU);
}

function isWithinTolerance(ratio: number): boolean {
  return Math.abs(1 - ratio) <= TOLERANCE + 1e-9;
}

/** Growing is immediate; shrinking waits until the highest recommendation of the window allows it. */
function stabilized(current: number, recommendations: readonly Recommendation[]): number {
  const latest = recommendations.at(-1)?.replicas ?? current;
  const highest = recommendations.reduce((most, { replicas }) => Math.max(most, replicas), latest);
  return Math.min(highest, Math.max(current, latest));
}

/** The policies' period is the sync period, so each look has the whole allowance. Shrinking by 100 % is no limit. */
function rateLimited(current: number, wanted: number): number {
  const byPercent = Math.ceil(current * (1 + SCALE_UP_PERCENT / 100));
  return Math.min(wanted, Math.max(byPercent, current + SCALE_UP_PODS));
}

function replicaSetOrders(view: BaselineView, replicas: number): readonly BaselineOrder[] {
  const surplus = activeNodes(view).length - replicas;
  if (surplus <= 0) return launch(-surplus);
  return launchingFirst(view, youngestFirst)
    .slice(0, surplus)
    .map(({ id }) => ({ kind: 'Terminate', node: id, graceS: TERMINATION_GRACE_S }));
}

function youngestFirst(one: BaselineNode, other: BaselineNode): number {
  return (other.readyAtS ?? 0) - (one.readyAtS ?? 0) || other.launchedAtS - one.launchedAtS;
}
