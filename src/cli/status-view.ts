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
import { textTable } from './output.ts';

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
    lastDecision: status?.lastDecision,
    shadow: status?.shadow,
    caveat: caveatOf(cluster),
  };
}

function figuresOf(status: ClusterStatus): Figures {
  const { desiredNodes, readyNodes, rooms, participants, utilizationPercent, freeSlots } = status;
  return { desiredNodes, readyNodes, rooms, participants, utilizationPercent, freeSlots };
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
  const drains = annotations[ANNOTATIONS.drain] !== undefined;
  return {
    name: node.name,
    state: node.state,
    rooms: node.rooms,
    participants: node.participants,
    since: sinceOf(node, pod),
    expectedEmptyTime: node.expectedEmptyTime,
    kubeNode: node.kubeNode ?? pod?.spec.nodeName,
    notes: [
      ...(wish === undefined ? [] : [`${drains ? 'drained' : 'cordoned'}: ${wish}`]),
      ...(annotations[ANNOTATIONS.protect] === PROTECTED ? ['protected'] : []),
      ...(node.reason === undefined ? [] : [node.reason]),
    ],
  };
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

export function statusText(view: StatusView, nowMs: number): string {
  const lines = [headline(view), ...(view.caveat === undefined ? [] : [view.caveat]), ''];
  lines.push(nodesText(view.nodes, nowMs));
  if (view.lastDecision !== undefined) {
    const { time, desired, reason, message } = view.lastDecision;
    lines.push('', `Last decision, ${ago(time, nowMs)} ago: ${desired} wanted (${reason}). ${message}`);
  }
  if (view.shadow !== undefined) lines.push('', shadowText(view.shadow, nowMs));
  if (view.notFine.length > 0) lines.push('');
  for (const { type, reason, message } of view.notFine)
    lines.push(`Not fine: ${type} (${reason}). ${message}`);
  return lines.join('\n');
}

/** Each figure as it would have been, and as it was. */
function shadowText(shadow: NonNullable<ClusterStatus['shadow']>, nowMs: number): string {
  const both = (would: number, was: number): string => `${would} (is ${was})`;
  const figures = [
    `${both(shadow.nodes, shadow.actualNodes)} nodes now`,
    `${both(shadow.nodeHours, shadow.actualNodeHours)} node-hours`,
    `${both(shadow.overloadPercent, shadow.actualOverloadPercent)} % overload`,
    `${both(shadow.launches, shadow.actualLaunches)} launches`,
    `${both(shadow.roomsCut, shadow.actualRoomsCut)} rooms cut`,
  ];
  return `Trial since ${ago(shadow.sinceTime, nowMs)}, under this spec it would be: ${figures.join(', ')}.`;
}

function headline(view: StatusView): string {
  const number = (value: number | undefined, word: string): string => `${value ?? '?'} ${word}`;
  return [
    `${view.namespace}/${view.name}, mode ${view.mode}`,
    `${number(view.readyNodes, 'ready')} of ${number(view.desiredNodes, 'wanted')}`,
    number(view.rooms, 'rooms'),
    number(view.participants, 'participants'),
    `${view.utilizationPercent ?? '?'} % used`,
    number(view.freeSlots, 'free slots'),
  ].join(', ');
}

function nodesText(nodes: readonly NodeLine[], nowMs: number): string {
  if (nodes.length === 0) return 'No Media Nodes.';
  const rows = nodes.map((node) => [
    node.name,
    node.state,
    String(node.rooms),
    String(node.participants),
    node.since === undefined ? '-' : ago(node.since, nowMs),
    node.expectedEmptyTime === undefined ? '-' : until(node.expectedEmptyTime, nowMs),
    node.kubeNode ?? '-',
    node.notes.join('; '),
  ]);
  return textTable(
    [
      { title: 'node' },
      { title: 'state' },
      { title: 'rooms', align: 'right' },
      { title: 'participants', align: 'right' },
      { title: 'since' },
      { title: 'empty in' },
      { title: 'kubernetes node' },
      { title: 'notes' },
    ],
    rows,
  );
}

function ago(iso: string, nowMs: number): string {
  const atMs = parseIsoMs(iso);
  return atMs === undefined ? '?' : shortAge(nowMs - atMs);
}

function until(iso: string, nowMs: number): string {
  const atMs = parseIsoMs(iso);
  return atMs === undefined ? '?' : shortAge(atMs - nowMs);
}

/** An age as kubectl shows it: the two largest units at most. */
export function shortAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
