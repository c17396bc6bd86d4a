/**
 * Taking over from an earlier leader. What that one had decided may still be on its way: it was frozen within the last
 * instructions before sending, or the network was slow. Its removals name the version of the Pod that they were decided
 * on, so a Pod that has been written to since cannot be removed by them.
 */
import { ANNOTATIONS } from '../api/names.ts';
import type { PodObservation } from '../core/observed.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, ConflictError, NotFoundError } from '../kube/errors.ts';
import { PODS } from '../kube/resource.ts';

export interface ClaimParts {
  readonly client: Pick<KubeClient, 'patchMerge'>;
  readonly namespace: string;
  /** Now, RFC 3339: unlike what any leader before has written. */
  readonly nowIso: string;
  /** A Pod was written, as this version. */
  wrote(resourceVersion: string): void;
}

/** Requests under way at once. */
const atOnce = 16;

/** Writes to each Pod that somebody may be about to remove. Answers whether none is left out; never throws an ApiError. */
export async function claimPods(parts: ClaimParts, pods: readonly PodObservation[]): Promise<boolean> {
  const exposed = pods.filter(isExposed);
  let done = true;
  for (let at = 0; at < exposed.length; at += atOnce) {
    const claimed = await Promise.all(exposed.slice(at, at + atOnce).map((pod) => claim(parts, pod)));
    done &&= claimed.every(Boolean);
  }
  return done;
}

/** A node that serves and that nobody wants away is first taken out of the Service, which is a write to its Pod too. */
function isExposed({ inService, phase, ended, ready, cordonWish }: PodObservation): boolean {
  return !inService || phase !== 'Running' || !ready || ended !== undefined || cordonWish !== undefined;
}

async function claim(parts: ClaimParts, { name, uid, resourceVersion }: PodObservation): Promise<boolean> {
  const annotations = { [ANNOTATIONS.claimed]: parts.nowIso };
  const patch = { metadata: { uid, resourceVersion, annotations } };
  try {
    const written = await parts.client.patchMerge(PODS, { name, namespace: parts.namespace }, patch);
    parts.wrote(written.metadata.resourceVersion);
    return true;
  } catch (error) {
    // It has changed since anyway, or is another one, or is gone.
    if (error instanceof ConflictError || error instanceof NotFoundError) return true;
    if (!(error instanceof ApiError)) throw error;
    return false;
  }
}
