/** What `status` shows, made from the OpenViduCluster and its Pods. Pure. */
import { ANNOTATIONS, PROTECTED } from '../api/names.ts';
import type {
  ClusterStatus,
  ClusterStatusLastDecision,
  ClusterStatusNode,
  OpenViduCluster,
} from '../api/v1alpha1.gen.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { Pod } from '../kube/kinds.ts';

/** Of the whole fleet; `undefined` while the operator has not said. */
interface Figures {
  readonly desiredNodes: number | undefined;
  readonly readyNodes: number | undefined;
  readonly rooms: number | undefined;
  readonly participants: number | undefined;
  readonly utilizationPercent: number | undefined;
  readonly freeSlots: number | undefined;
}

export interface StatusView extends Figures {
  readonly name: string;
  readonly namespace: string;
  readonly mode: string;
  readonly nodes: readonly NodeLine[];
  /** Conditions that are not as they should be. */
  readonly notFine: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  readonly lastDecision: ClusterStatusLastDecision | undefined;
  /** How far a changed template or config has come; `undefined` while the operator has not said. */
  readonly updates: ClusterStatus['updates'];
  /** When its deletion was asked for, RFC 3339. */
  readonly deletedAt: string | undefined;
  /** What one node is taken to carry, and whose figure that is; only where a capacity profile is asked for. */
  readonly capacity: ClusterStatus['capacity'];
  /** How many more rooms of known kinds there is space for; only with a capacity profile. */
  readonly freeRooms: ClusterStatus['freeRooms'];
  /** Only in mode DryRun: what the fleet has cost, and what it would have cost under the operator. */
  readonly shadow: ClusterStatus['shadow'];
  /** Why the figures may not be those of now. */
  readonly caveat: string | undefined;
}

export interface NodeLine {
  readonly name: string;
  readonly state: string;
  readonly rooms: number;
  readonly participants: number;
  /** When it came into this state: the cordon, the order to stop, or else the start of the Pod. RFC 3339. */
  readonly since: string | undefined;
  readonly expectedEmptyTime: string | undefined;
  /** With 95 percent certainty. */
  readonly latestEmptyTime: string | undefined;
  readonly kubeNode: string | undefined;
  /** A person's words, a protection, or the operator's reason. */
  readonly notes: readonly string[];
}

/** Conditions that are fine when they are True; of the others Degraded and ScalingLimited are fine when False. */
const fineWhenTrue: readonly string[] = [
  'Ready',
  'DataFresh',
  'ScalingActive',
  'PlacementGoverned',
  'SelectorSuitable',
  'RegistryExclusive',
  'CapacityKnown',
  'FieldsEffective',
];
const fineWhenFalse: readonly string[] = ['Degraded', 'ScalingLimited'];

export function statusView(cluster: OpenViduCluster, pods: readonly Pod[]): StatusView {
  const { metadata, spec, status } = cluster;
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    mode: spec.autoscaling.mode,
    nodes: nodeLines(status?.nodes ?? [], pods),
    ...figuresOf(status ?? {}),
    notFine: (status?.conditions ?? [])
      .filter(({ type, status: holds }) => isNotFine(type, holds))
      .map(({ type, reason, message }) => ({ type, reason, message })),
    ...partsOf(status ?? {}),
    deletedAt: metadata.deletionTimestamp,
    caveat: caveatOf(cluster),
  };
}

function figuresOf(status: ClusterStatus): Figures {
  const { desiredNodes, readyNodes, rooms, participants, utilizationPercent, freeSlots } = status;
  return { desiredNodes, readyNodes, rooms, participants, utilizationPercent, freeSlots };
}

type Parts = Pick<StatusView, 'lastDecision' | 'updates' | 'capacity' | 'freeRooms' | 'shadow'>;

function partsOf({ lastDecision, updates, capacity, freeRooms, shadow }: ClusterStatus): Parts {
  return { lastDecision, updates, capacity, freeRooms, shadow };
}

function isNotFine(type: string, holds: string): boolean {
  if (fineWhenTrue.includes(type)) return holds !== 'True';
  return fineWhenFalse.includes(type) && holds !== 'False';
}

function caveatOf({ metadata, status }: OpenViduCluster): string | undefined {
  if (status?.observedGeneration === undefined) {
    return 'The operator has written no status yet: is it running and does it watch this namespace?';
  }
  if (status.observedGeneration < (metadata.generation ?? 0)) {
    return 'The operator has not taken the last change of the spec into account yet.';
  }
  return undefined;
}

function nodeLines(nodes: readonly ClusterStatusNode[], pods: readonly Pod[]): readonly NodeLine[] {
  const podByName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const told = nodes.map((node) => lineOf(node, podByName.get(node.name)));
  const known = new Set(nodes.map(({ name }) => name));
  // A Pod that the status does not have yet is shown rather than hidden.
  const untold = pods
    .filter(({ metadata }) => !known.has(metadata.name))
    .map((pod) => lineOf({ name: pod.metadata.name, state: 'Launching', rooms: 0, participants: 0 }, pod));
  return [...told, ...untold].toSorted((one, other) => one.name.localeCompare(other.name));
}

function lineOf(node: ClusterStatusNode, pod: Pod | undefined): NodeLine {
  const annotations = pod?.metadata.annotations ?? {};
  const wish = annotations[ANNOTATIONS.drain] ?? annotations[ANNOTATIONS.cordon];
  return {
    name: node.name,
    state: node.state,
    rooms: node.rooms,
    participants: node.participants,
    since: sinceOf(node, pod),
    expectedEmptyTime: node.expectedEmptyTime,
    latestEmptyTime: node.latestEmptyTime,
    kubeNode: node.kubeNode ?? pod?.spec.nodeName,
    notes: [
      ...(wish === undefined ? [] : [`${deedOf(annotations)}: ${wish}`]),
      ...(annotations[ANNOTATIONS.protect] === PROTECTED ? ['protected'] : []),
      ...(node.reason === undefined ? [] : [node.reason]),
    ],
  };
}

/** Who closed it: a person with a word of the tool, or the operator itself. */
function deedOf(annotations: Readonly<Record<string, string>>): string {
  if (annotations[ANNOTATIONS.drain] === undefined) return 'cordoned';
  const by: Readonly<Record<string, string>> = { update: 'update', maintenance: 'maintenance' };
  return by[annotations[ANNOTATIONS.drainBy] ?? ''] ?? 'drained';
}

function sinceOf({ state }: ClusterStatusNode, pod: Pod | undefined): string | undefined {
  if (pod === undefined) return undefined;
  const { metadata } = pod;
  if (metadata.deletionTimestamp !== undefined) return stoppedAt(metadata);
  if (state === 'Cordoned') return metadata.annotations?.[ANNOTATIONS.cordonedSince];
  return metadata.creationTimestamp;
}

/** `deletionTimestamp` is when the grace ends, not when it began. */
function stoppedAt(metadata: Pod['metadata']): string | undefined {
  const endsMs = parseIsoMs(metadata.deletionTimestamp ?? '');
  if (endsMs === undefined) return undefined;
  return new Date(endsMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1000).toISOString();
}
