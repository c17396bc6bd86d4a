/** From a Pod as the API server tells it to what the core wants to know of it. */
import { ANNOTATIONS, LABELS, PROTECTED, SIGNALLING_ON } from '../api/names.ts';
import { assert } from '../base/assert.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { shortened } from '../base/shortened.ts';
import type { CordonWish, PodObservation, WishBy } from '../core/observed.ts';
import { mediaContainerIndex } from '../manifests/media-container.ts';

type StringMap = Readonly<Record<string, string>>;

export interface RawTermination {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly finishedAt?: string;
}

export interface RawContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: RawTermination;
  };
  readonly lastState?: {
    readonly terminated?: RawTermination;
  };
}

/** The fields of a Pod that are read here, as they are on the wire. */
export interface RawPod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: StringMap;
    readonly annotations?: StringMap;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly podIP?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
    readonly containerStatuses?: readonly RawContainerStatus[];
  };
}

/** @throws BugError when the Pod has no readable creation time, which the API server always gives. */
export function projectPod(pod: RawPod): PodObservation {
  const { metadata } = pod;
  const createdAtMs = parseIsoMs(metadata.creationTimestamp);
  assert(createdAtMs !== undefined, `Pod ${metadata.name} has a creation time`);
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    phase: phaseOf(pod.status?.phase),
    ready: conditionOf(pod, 'Ready')?.status === 'True',
    ip: blankIsUnknown(pod.status?.podIP),
    kubeNode: blankIsUnknown(pod.spec.nodeName),
    createdAtMs,
    ...processOf(mediaStatus(pod)),
    revision: blankIsUnknown(metadata.annotations?.[ANNOTATIONS.revision]),
    deleting: metadata.deletionTimestamp !== undefined,
    ...wishes(metadata.annotations ?? {}, blankIsUnknown(metadata.labels?.[LABELS.underTest])),
    ...(hasRemains(metadata.annotations ?? {}) ? { hasRemains: true } : {}),
    inService: metadata.labels?.[LABELS.signalling] === SIGNALLING_ON,
    trouble: troubleOf(pod),
  };
}

function processOf(
  media: RawContainerStatus | undefined,
): Pick<PodObservation, 'startedAtMs' | 'restarts' | 'ended'> {
  const startedAt = media?.state?.running?.startedAt;
  const startedAtMs = startedAt === undefined ? undefined : parseIsoMs(startedAt);
  return { startedAtMs, restarts: media?.restartCount ?? 0, ended: endOf(media) };
}

/** Ended for good, or between two restarts of its container. */
function endOf(media: RawContainerStatus | undefined): PodObservation['ended'] {
  const end = lastEndOf(media);
  if (end === undefined) return undefined;
  const atMs = parseIsoMs(end.finishedAt ?? '');
  return { exitCode: end.exitCode, reason: end.reason ?? 'ended', ...(atMs === undefined ? {} : { atMs }) };
}

function lastEndOf(media: RawContainerStatus | undefined): RawTermination | undefined {
  const { terminated, waiting } = media?.state ?? {};
  return terminated ?? (waiting === undefined ? undefined : media?.lastState?.terminated);
}

function wishes(
  annotations: StringMap,
  underTest: string | undefined,
): Pick<PodObservation, 'cordonWish' | 'protected' | 'underTest'> {
  const wish = cordonWish(annotations);
  const isProtected = annotations[ANNOTATIONS.protect] === PROTECTED;
  if (underTest === undefined) return { cordonWish: wish, protected: isProtected };
  return { cordonWish: wish ?? loanWish(underTest), protected: true, underTest };
}

function loanWish(underTest: string): CordonWish {
  const why = `OpenViduLoadTest ${underTest}`;
  return { by: 'LoadTest', why, sinceMs: undefined, leaveWhenEmpty: false };
}

function blankIsUnknown(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function mediaStatus(pod: RawPod): RawContainerStatus | undefined {
  // Statuses come in an order of their own, so the name is what ties them to the spec.
  const name = pod.spec.containers[mediaContainerIndex(pod.spec.containers)]?.name;
  return pod.status?.containerStatuses?.find((status) => status.name === name);
}

const phases: readonly PodObservation['phase'][] = ['Pending', 'Running', 'Succeeded', 'Failed'];

function phaseOf(phase: string | undefined): PodObservation['phase'] {
  return phases.find((known) => known === phase) ?? 'Unknown';
}

function conditionOf(pod: RawPod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** The wish to drain includes the wish to cordon, so it wins where both are given. */
function cordonWish(annotations: StringMap): CordonWish | undefined {
  const drain = annotations[ANNOTATIONS.drain];
  const cordon = annotations[ANNOTATIONS.cordon];
  const why = drain ?? cordon;
  if (why === undefined) return undefined;
  const since = sinceOf(annotations);
  return {
    by: drain === undefined ? 'Person' : wishByOf(annotations[ANNOTATIONS.drainBy]),
    why: why.trim() === '' ? 'no reason given' : shortened(why, longestWhy),
    sinceMs: since === undefined ? undefined : parseIsoMs(since),
    leaveWhenEmpty: drain !== undefined,
  };
}

/**
 * The time of a drain, from which a deadline runs, is only what was written together with it: whoever writes one says by whom.
 * A time that is left over from a cordon, or from an earlier drain, would cut people sooner than the deadline says.
 */
function sinceOf(annotations: StringMap): string | undefined {
  const { drain, drainBy, cordonedSince } = ANNOTATIONS;
  const isOfAnother = annotations[drain] !== undefined && annotations[drainBy] === undefined;
  return isOfAnother ? undefined : annotations[cordonedSince];
}

/** Where somebody took a drain or a cordon away by hand, and not what was written with it. */
function hasRemains(annotations: StringMap): boolean {
  const { drain, cordon, drainBy, cordonedSince } = ANNOTATIONS;
  if (annotations[drain] !== undefined) return false;
  const isDated = annotations[cordonedSince] !== undefined && annotations[cordon] === undefined;
  return isDated || annotations[drainBy] !== undefined;
}

/** Whoever is not known is a person: what a person wants is never taken back by the operator. */
function wishByOf(by: string | undefined): WishBy {
  const known: Readonly<Record<string, WishBy>> = { update: 'Update', maintenance: 'Maintenance' };
  return (by === undefined ? undefined : known[by]) ?? 'Person';
}

/** Waiting for these does not end by itself. ContainerCreating and PodInitializing do. */
const lastingReasons: readonly string[] = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
];

/** What a person writes into an annotation shows in the status and in Events, where nobody wants a page of text. */
const longestWhy = 300;
const longestTrouble = 500;

function troubleOf(pod: RawPod): string | undefined {
  const text = failedPod(pod) ?? stuckContainer(pod) ?? unscheduled(pod);
  return text === undefined ? undefined : shortened(text, longestTrouble);
}

function failedPod({ status }: RawPod): string | undefined {
  if (status?.phase !== 'Failed') return undefined;
  return said(status.reason ?? 'Failed', status.message);
}

function stuckContainer({ status }: RawPod): string | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.map(stuckAt).find((text) => text !== undefined);
}

function stuckAt({ name, state, lastState }: RawContainerStatus): string | undefined {
  const reason = state?.waiting?.reason;
  if (reason === undefined || !lastingReasons.includes(reason)) return undefined;
  const why = `container ${name}: ${said(reason, state?.waiting?.message)}`;
  const last = lastState?.terminated;
  return last === undefined ? why : `${why} (last exit: ${exitOf(last)})`;
}

function exitOf({
  reason = 'ended',
  exitCode,
}: {
  readonly reason?: string;
  readonly exitCode?: number;
}): string {
  return exitCode === undefined ? reason : `${reason}, code ${exitCode}`;
}

function unscheduled(pod: RawPod): string | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  return said(scheduled.reason, scheduled.message);
}

function said(reason: string, message: string | undefined): string {
  return message === undefined || message === '' ? reason : `${reason}: ${message}`;
}
