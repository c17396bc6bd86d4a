/** The Media Nodes one by one, as the status lists them. */
import type { ClusterStatus, ClusterStatusNode } from '../api/v1alpha1.gen.ts';
import { isoFromMs, parseIsoMs } from '../base/iso-time.ts';
import type { NodeView } from './decision.ts';
import { liveRoomCount } from './media-nodes.ts';
import type { PodObservation } from './observed.ts';
import { steadyInstant } from './steady-instant.ts';

interface Shown {
  readonly previous: ClusterStatus | undefined;
  /** RFC 3339. */
  readonly nowIso: string;
}

export function nodeStatuses(
  views: readonly NodeView[],
  { previous, nowIso }: Shown,
): readonly ClusterStatusNode[] {
  const before = new Map((previous?.nodes ?? []).map((node) => [node.name, node]));
  const wallMs = parseIsoMs(nowIso) ?? 0;
  return views.map((view) => nodeStatus(view, before.get(view.node.name), wallMs));
}

function nodeStatus(
  view: NodeView,
  before: ClusterStatusNode | undefined,
  wallMs: number,
): ClusterStatusNode {
  const { node, state, finding } = view;
  const { pod } = node;
  return {
    name: node.name,
    ...(node.entry === undefined ? {} : { nodeId: node.entry.nodeId }),
    state,
    rooms: liveRoomCount(node),
    participants: node.participants,
    ...endOf(view, before, wallMs),
    ...cordonOf(pod),
    ...(pod.revision === undefined ? {} : { revision: pod.revision }),
    ...(finding === undefined ? {} : { reason: finding.reason }),
    ...(pod.kubeNode === undefined ? {} : { kubeNode: pod.kubeNode }),
  };
}

/** When a node that is empty already will have gone depends on others than its rooms. */
function endOf({ end }: NodeView, before: ClusterStatusNode | undefined, wallMs: number) {
  const expectedEmptyTime = steadyInstant(
    before?.expectedEmptyTime,
    inSeconds(end?.expectedInS, wallMs),
    wallMs,
  );
  const latestEmptyTime = steadyInstant(before?.latestEmptyTime, inSeconds(end?.latestInS, wallMs), wallMs);
  return {
    ...(expectedEmptyTime === undefined ? {} : { expectedEmptyTime }),
    ...(latestEmptyTime === undefined ? {} : { latestEmptyTime }),
  };
}

function inSeconds(seconds: number | undefined, wallMs: number): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : wallMs + seconds * 1000;
}

function cordonOf({ cordonWish }: PodObservation): Pick<ClusterStatusNode, 'cordonedBy' | 'cordonedSince'> {
  if (cordonWish === undefined) return {};
  const { by, sinceMs } = cordonWish;
  if (sinceMs === undefined) return { cordonedBy: by };
  return { cordonedBy: by, cordonedSince: `${isoFromMs(sinceMs).slice(0, 19)}Z` };
}
