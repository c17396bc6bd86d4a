/**
 * From a Kubernetes Node to whether its machine is to be freed. Whoever takes machines away leaves a mark first: a
 * cordon, a taint or an annotation. Known marks are a table; what is not in it means nothing.
 */
import { ANNOTATIONS } from '../api/names.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { parseCpus } from '../base/quantity.ts';
import type { Departure, KubeNodeObservation } from '../core/observed.ts';

type StringMap = Readonly<Record<string, string>>;

export interface RawTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  /** RFC 3339; most of those who taint leave it out. */
  readonly timeAdded?: string;
}

/** The fields of a Kubernetes Node that are read here, as they are on the wire. */
export interface RawKubeNode {
  readonly metadata: {
    readonly name: string;
    readonly deletionTimestamp?: string;
    readonly labels?: StringMap;
    readonly annotations?: StringMap;
  };
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly RawTaint[] };
  readonly status?: {
    readonly allocatable?: StringMap;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** `seenAtMs`: wall clock, when the first mark was seen; it stands in for the time that a notice does not tell. */
export function projectKubeNode(node: RawKubeNode, seenAtMs: number): KubeNodeObservation {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    name: node.metadata.name,
    ready: ready?.status === 'True',
    departure: departureOf(node, seenAtMs),
    ...machineOf(node),
  };
}

const instanceTypeLabel = 'node.kubernetes.io/instance-type';

function machineOf({ metadata, status }: RawKubeNode): Pick<KubeNodeObservation, 'instanceType' | 'cpus'> {
  const instanceType = metadata.labels?.[instanceTypeLabel];
  const cpus = parseCpus(status?.allocatable?.['cpu']);
  return {
    ...(instanceType === undefined || instanceType === '' ? {} : { instanceType }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

/** The mark with the nearest deadline speaks; without one, the first of the table. */
function departureOf(node: RawKubeNode, seenAtMs: number): Departure | undefined {
  const all = [...annotated(node), ...tainted(node, seenAtMs), ...bare(node)];
  return all.reduce<Departure | undefined>(
    (nearest, one) => (nearest === undefined || endOf(one) < endOf(nearest) ? one : nearest),
    undefined,
  );
}

function endOf({ deadlineMs }: Departure): number {
  return deadlineMs ?? Number.POSITIVE_INFINITY;
}

interface Mark {
  readonly key: string;
  /** As a person would say it. */
  readonly why: string;
  /** From the notice to the end of the machine, where that is promised. */
  readonly noticeMs?: (labels: StringMap) => number;
  /** Where other values of the key mean something else. */
  readonly value?: string;
}

const minuteMs = 60_000;

/** Amazon announces the end of a spot instance two minutes ahead. */
const spotNoticeMs = (): number => 2 * minuteMs;

/** Google gives spot and preemptible machines half a minute, machines with accelerators an hour. */
function googleNoticeMs(labels: StringMap): number {
  const isSpot = labels['cloud.google.com/gke-spot'] === 'true';
  return isSpot || labels['cloud.google.com/gke-preemptible'] === 'true' ? minuteMs / 2 : 60 * minuteMs;
}

/** `DeletionCandidateOfClusterAutoscaler` is missing on purpose: it only says that the machine is looked at. */
const marks: readonly Mark[] = [
  { key: 'node.kubernetes.io/out-of-service', why: 'out of service' },
  { key: 'node.cloudprovider.kubernetes.io/shutdown', why: 'machine shut down' },
  { key: 'aws-node-termination-handler/spot-itn', why: 'spot interruption notice', noticeMs: spotNoticeMs },
  {
    key: 'aws-node-termination-handler/asg-lifecycle-termination',
    why: 'Auto Scaling group takes the machine',
  },
  { key: 'aws-node-termination-handler/scheduled-maintenance', why: 'scheduled maintenance' },
  { key: 'aws-node-termination-handler/rebalance-recommendation', why: 'spot interruption is likely' },
  {
    key: 'cloud.google.com/impending-node-termination',
    why: 'machine is about to end',
    noticeMs: googleNoticeMs,
  },
  { key: 'remediator.kubernetes.azure.com/unschedulable', why: 'scheduled event' },
  { key: 'remediator.aks.microsoft.com/unschedulable', why: 'scheduled event' },
  { key: 'ToBeDeletedByClusterAutoscaler', why: 'Cluster Autoscaler takes the machine' },
  { key: 'karpenter.sh/disrupted', why: 'Karpenter takes the machine' },
  { key: 'karpenter.sh/disruption', value: 'disrupting', why: 'Karpenter takes the machine' },
  { key: 'node.kubernetes.io/unschedulable', why: 'cordoned' },
];

function tainted({ metadata, spec }: RawKubeNode, seenAtMs: number): readonly Departure[] {
  const taints = spec?.taints ?? [];
  return marks.flatMap(({ key, value, why, noticeMs }) => {
    const taint = taints.find((one) => one.key === key && (value === undefined || one.value === value));
    if (taint === undefined) return [];
    const noticedMs = parseIsoMs(taint.timeAdded ?? '') ?? seenAtMs;
    const deadlineMs = noticeMs === undefined ? undefined : noticedMs + noticeMs(metadata.labels ?? {});
    return [{ why, deadlineMs }];
  });
}

/** kured writes this only where it is told to annotate; it cordons in any case. */
const kuredReboot = 'weave.works/kured-reboot-in-progress';

function annotated({ metadata }: RawKubeNode): readonly Departure[] {
  const annotations = metadata.annotations ?? {};
  const why = annotations[ANNOTATIONS.maintenance];
  const deadline = annotations[ANNOTATIONS.maintenanceDeadline];
  const asked = why !== undefined || deadline !== undefined;
  return [
    ...(asked ? [{ why: saidOr(why, 'maintenance'), deadlineMs: parseIsoMs(deadline ?? '') }] : []),
    ...(kuredReboot in annotations ? [{ why: 'reboot by kured', deadlineMs: undefined }] : []),
  ];
}

function bare({ metadata, spec }: RawKubeNode): readonly Departure[] {
  return [
    ...(metadata.deletionTimestamp === undefined ? [] : [{ why: 'being deleted', deadlineMs: undefined }]),
    ...(spec?.unschedulable === true ? [{ why: 'cordoned', deadlineMs: undefined }] : []),
  ];
}

const longestWhy = 200;

function saidOr(text: string | undefined, otherwise: string): string {
  const said = text?.trim() ?? '';
  return said === '' ? otherwise : said.slice(0, longestWhy);
}
