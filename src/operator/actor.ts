/** Carries out one action as one small write, with the precondition that it was decided on. */
import { ANNOTATIONS, LABELS, SIGNALLING_ON } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { assert, never } from '../base/assert.ts';
import type { Action, OwnWish, PodRef } from '../core/action.ts';
import type { KubeClient } from '../kube/client.ts';
import {
  AlreadyExistsError,
  ApiError,
  ConflictError,
  InvalidError,
  NotFoundError,
  NotLeadingError,
} from '../kube/errors.ts';
import { PODS } from '../kube/resource.ts';
import { RedisRefusedError, RedisUnavailableError } from '../livekit/redis.ts';
import { type MediaNodeSource, mediaNodePod, mediaNodeRevision } from '../manifests/media-node-pod.ts';
import { ActionRefusedError, type ActPort, type MediaPort } from '../reconcile/ports.ts';
import type { PodsCache } from './pods-cache.ts';
import { type Removal, writeReceipt } from './receipts.ts';
import type { RevisionStore } from './revision-store.ts';
import { isTrial } from './spec-now.ts';

/** Long enough for a signal to be sent, short enough that clients notice at once and go elsewhere. */
const evictionGraceSeconds = 1;
/** A hung server does not hear the first signal; the second comes at once, and the end soon after. */
const wedgedGraceSeconds = 5;

/** What was seen of a node holds for about two heartbeats. */
const proofHoldsMs = 5000;

export interface ActorParts {
  readonly client: KubeClient;
  readonly pods: PodsCache;
  readonly revisions: Pick<RevisionStore, 'sourceOf' | 'judge'>;
  readonly media: Pick<MediaPort, 'removeGhost'>;
  /** The resource as last seen. */
  cluster(): OpenViduCluster;
  /** On the operator's monotonic clock. */
  elapsedMs(): number;
  /** RFC 3339, for receipts. */
  nowIso(): string;
  onDone(action: Action, outcome: 'done' | 'refused'): void;
}

type Changes = Readonly<Record<string, string | null>>;
type Marks = { readonly labels: Changes } | { readonly annotations: Changes };

export class Actor implements ActPort {
  readonly #parts: ActorParts;

  constructor(parts: ActorParts) {
    this.#parts = parts;
  }

  /** @throws ActionRefusedError as the port says; BugError in mode DryRun, in which nothing may be decided. */
  async act(action: Action): Promise<void> {
    assert(!isTrial(this.#parts.cluster()), 'a trial carries nothing out');
    try {
      await this.#carryOut(action);
    } catch (error) {
      this.#parts.onDone(action, 'refused');
      throw asRefusal(error);
    }
    this.#parts.onDone(action, 'done');
  }

  #carryOut(action: Action): Promise<unknown> {
    switch (action.kind) {
      case 'CreatePod':
        return this.#createPod(action.name, action.revision);
      case 'SetInService':
        return this.#setInService(action.pod, action.inService);
      case 'RemoveNode':
        return this.#removeNode(action, undefined);
      case 'RemoveFailed':
        return this.#removeFailed(action);
      case 'SetWish':
        return this.#setWish(action.pod, action.wish);
      case 'JudgeRevision':
        return this.#parts.revisions.judge(action.revision, action.verdict);
      case 'EvictNode':
        return this.#removeNode(action, evictionGraceSeconds);
      case 'EndWedged':
        return this.#removeNode(action, wedgedGraceSeconds);
      case 'RemoveGhost':
        return this.#parts.media.removeGhost(action.nodeId);
      default:
        return never(action);
    }
  }

  /** The name is a function of what was seen: that it exists already means that this launch was made before. */
  async #createPod(name: string, revision: string): Promise<void> {
    const { metadata } = this.#parts.cluster();
    const source = this.#sourceOf(revision);
    try {
      this.#parts.pods.created(
        await this.#parts.client.create(PODS, mediaNodePod(metadata, name, source, revision)),
      );
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      await this.#noteExisting(name);
    }
  }

  /** Another process made it, a moment before it ended: it counts before it is shown. */
  async #noteExisting(name: string): Promise<void> {
    const { namespace, name: cluster } = this.#parts.cluster().metadata;
    const pod = await this.#parts.client.find(PODS, { name, namespace });
    if (pod === undefined) throw new ActionRefusedError(`Pod ${name} was there a moment ago`, true);
    if (pod.metadata.labels?.[LABELS.cluster] !== cluster) {
      const remedy = `remove it, or give it the label ${LABELS.cluster}: ${cluster} back`;
      throw new ActionRefusedError(`Pod ${name} exists and is none of this fleet: ${remedy}`, false);
    }
    this.#parts.pods.created(pod);
  }

  /** @throws ActionRefusedError when nobody knows what that revision was. */
  #sourceOf(revision: string): MediaNodeSource {
    const { spec } = this.#parts.cluster();
    const stored = this.#parts.revisions.sourceOf(revision);
    if (stored !== undefined) return stored;
    if (mediaNodeRevision(spec) === revision) return spec;
    throw new ActionRefusedError(`what revision ${revision} was made from is not stored`, true);
  }

  #setWish(pod: PodRef, wish: OwnWish | undefined): Promise<void> {
    const annotations = {
      [ANNOTATIONS.drain]: wish?.why ?? null,
      [ANNOTATIONS.drainBy]: wish?.by.toLowerCase() ?? null,
      [ANNOTATIONS.cordonedSince]: wish === undefined ? null : this.#parts.nowIso(),
    };
    return this.#mark(pod, { annotations });
  }

  #setInService(pod: PodRef, inService: boolean): Promise<void> {
    return this.#mark(pod, { labels: { [LABELS.signalling]: inService ? SIGNALLING_ON : null } });
  }

  /** Changes labels or annotations of the Pod if it is still as it was looked at. */
  async #mark(pod: PodRef, marks: Marks): Promise<void> {
    const { uid, resourceVersion } = pod;
    const written = await this.#parts.client.patchMerge(PODS, this.#ref(pod), {
      metadata: { uid, resourceVersion, ...marks },
    });
    this.#parts.pods.wrote(written.metadata.resourceVersion);
  }

  /** Whoever served is accounted for, however it ended. */
  async #removeFailed(action: Extract<Action, { kind: 'RemoveFailed' }>): Promise<void> {
    if (action.lost) await this.#removeNode(action, undefined);
    else await this.#deletePod(action.pod);
  }

  /** The receipt is written first: a removal without one must not be possible. */
  async #removeNode(removal: Removal, gracePeriodSeconds: number | undefined): Promise<void> {
    const { client } = this.#parts;
    const sinceMs = this.#parts.elapsedMs();
    await writeReceipt(client, this.#parts.cluster(), removal, this.#parts.nowIso());
    // People may have come meanwhile, and the Pod would be the same.
    if (this.#parts.elapsedMs() - sinceMs > proofHoldsMs) {
      throw new ActionRefusedError('its receipt took so long that the node has to be looked at again', true);
    }
    await this.#deletePod(removal.pod, gracePeriodSeconds);
  }

  /** Unless told otherwise with the grace of the Pod, within which the server waits for its participants. */
  async #deletePod(pod: PodRef, gracePeriodSeconds?: number): Promise<void> {
    const { uid, resourceVersion } = pod;
    const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    try {
      await this.#parts.client.delete(PODS, this.#ref(pod), { uid, resourceVersion, ...grace });
      this.#parts.pods.asked(uid);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  #ref(pod: PodRef): { readonly name: string; readonly namespace: string } {
    return { name: pod.name, namespace: this.#parts.cluster().metadata.namespace };
  }
}

/** States of the world are refusals; anything else is a defect, and is passed on. */
function asRefusal(error: unknown): unknown {
  if (error instanceof ApiError) return refusal(error);
  // That Redis is away is what the next look tells.
  if (error instanceof RedisUnavailableError)
    return new ActionRefusedError(error.message, true, { cause: error });
  if (error instanceof RedisRefusedError)
    return new ActionRefusedError(error.message, false, { cause: error });
  return error;
}

function refusal(error: ApiError): ActionRefusedError {
  const stale = error instanceof ConflictError || error instanceof NotLeadingError;
  if (!(error instanceof InvalidError)) return new ActionRefusedError(error.message, stale, { cause: error });
  const causes = error.causes.map(({ field, message }) => `spec.mediaNodes.template, ${field}: ${message}`);
  const why = causes.length > 0 ? causes.join('; ') : error.message;
  return new ActionRefusedError(why, false, { cause: error });
}
