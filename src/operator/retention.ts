/** The finalizer that lets an OpenViduCluster go only when its rooms have ended, and that can never hold it for ever. */
import { FIELD_MANAGER, RETAIN_FINALIZER } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { parseDurationMs, sayDuration } from '../base/duration.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { PodObservation } from '../core/observed.ts';
import type { KubeClient } from '../kube/client.ts';
import { ConflictError, NotFoundError } from '../kube/errors.ts';
import { CLUSTERS } from './cluster-type.ts';

/** The default of the CRD, for a duration that cannot be read. */
const defaultTimeoutMs = 86_400_000;

export type Retention =
  /** Nothing to write; where it is being deleted, `untilMs` (wall clock) is when that ends whatever runs. */
  | { readonly kind: 'Keep'; readonly untilMs?: number }
  | { readonly kind: 'Hold' }
  | { readonly kind: 'Release'; readonly why: string };

export interface RetentionInput {
  readonly cluster: OpenViduCluster;
  /** Its own Pods, whatever a trial looks at. */
  readonly pods: readonly Pick<PodObservation, 'deleting'>[];
  /** Whether the Pods listed include all own writes. */
  readonly ownWritesSeen: boolean;
  readonly wallMs: number;
}

/** Neither Redis nor the nodes are asked: that they are away must not hold a deletion up. */
export function retention(input: RetentionInput): Retention {
  const { cluster } = input;
  const isHeld = isRetained(cluster);
  if (isHeld && cluster.spec.deletion.policy === 'Delete') {
    return { kind: 'Release', why: 'spec.deletion.policy is Delete' };
  }
  const { deletionTimestamp } = cluster.metadata;
  if (deletionTimestamp === undefined)
    return mayHold(cluster) && !isHeld ? { kind: 'Hold' } : { kind: 'Keep' };
  return isHeld ? untilEmpty(input, deletionTimestamp) : { kind: 'Keep' };
}

/** A trial has nothing that would have to be kept. */
function mayHold({ spec }: OpenViduCluster): boolean {
  return spec.deletion.policy === 'Retain' && spec.autoscaling.mode !== 'DryRun';
}

function untilEmpty({ cluster, pods, ownWritesSeen, wallMs }: RetentionInput, deletedAt: string): Retention {
  const left = pods.filter(({ deleting }) => !deleting).length;
  if (left === 0 && ownWritesSeen) {
    return { kind: 'Release', why: 'every Media Node has left or has been told to stop' };
  }
  const timeoutMs = parseDurationMs(cluster.spec.deletion.timeout) ?? defaultTimeoutMs;
  const untilMs = (parseIsoMs(deletedAt) ?? wallMs) + timeoutMs;
  if (wallMs < untilMs) return { kind: 'Keep', untilMs };
  const why = `spec.deletion.timeout of ${sayDuration(timeoutMs)} is over; ${left} Media Nodes are told to stop with their rooms`;
  return { kind: 'Release', why };
}

export function isRetained({ metadata }: OpenViduCluster): boolean {
  return metadata.finalizers?.includes(RETAIN_FINALIZER) === true;
}

/** Sets or takes away the finalizer. One that is gone, or changed meanwhile, is looked at again anyway. @throws ApiError */
export async function writeRetention(
  client: KubeClient,
  cluster: OpenViduCluster,
  step: Exclude<Retention, { kind: 'Keep' }>,
): Promise<void> {
  const { name, namespace, uid, resourceVersion, finalizers = [] } = cluster.metadata;
  const others = finalizers.filter((finalizer) => finalizer !== RETAIN_FINALIZER);
  const next = step.kind === 'Hold' ? [...others, RETAIN_FINALIZER] : others;
  const patch = { metadata: { uid, resourceVersion, finalizers: next } };
  try {
    await client.patchMerge(CLUSTERS, { name, namespace }, patch, { fieldManager: FIELD_MANAGER });
  } catch (error) {
    if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
  }
}
