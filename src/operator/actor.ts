/** Carries out one action as one small write, with the precondition that it was decided on. */
import { LABELS, SIGNALLING_ON } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { assert, never } from '../base/assert.ts';
import type { Action, PodRef } from '../core/action.ts';
import type { KubeClient } from '../kube/client.ts';
import { AlreadyExistsError, ApiError, ConflictError, InvalidError, NotFoundError } from '../kube/errors.ts';
import { PODS } from '../kube/resource.ts';
import { mediaNodePod } from '../manifests/media-node-pod.ts';
import { ActionRefusedError, type ActPort, type MediaPort } from '../reconcile/ports.ts';
import type { PodsCache } from './pods-cache.ts';
import { type Removal, writeReceipt } from './receipts.ts';

export interface ActorParts {
  readonly client: KubeClient;
  readonly pods: PodsCache;
  readonly media: Pick<MediaPort, 'removeGhost'>;
  /** The resource as last seen; the Pod template is read from it at the moment of the launch. */
  cluster(): OpenViduCluster;
  /** RFC 3339, for receipts. */
  nowIso(): string;
  onDone(action: Action, outcome: 'done' | 'refused'): void;
}

export class Actor implements ActPort {
  readonly #parts: ActorParts;

  constructor(parts: ActorParts) {
    this.#parts = parts;
  }

  /** @throws ActionRefusedError as the port says; BugError in mode DryRun, in which nothing may be decided. */
  async act(action: Action): Promise<void> {
    assert(this.#parts.cluster().spec.autoscaling.mode !== 'DryRun', 'a trial carries nothing out');
    try {
      await this.#carryOut(action);
    } catch (error) {
      this.#parts.onDone(action, 'refused');
      throw error instanceof ApiError ? refusal(error) : error;
    }
    this.#parts.onDone(action, 'done');
  }

  #carryOut(action: Action): Promise<unknown> {
    switch (action.kind) {
      case 'CreatePod':
        return this.#createPod(action.name);
      case 'SetInService':
        return this.#setInService(action.pod, action.inService);
      case 'RemoveNode':
        return this.#removeNode(action);
      case 'RemoveFailed':
        return this.#deletePod(action.pod);
      case 'RemoveGhost':
        return this.#parts.media.removeGhost(action.nodeId);
      default:
        return never(action);
    }
  }

  /** The name is a function of what was seen: that it exists already means that this launch was made before. */
  async #createPod(name: string): Promise<void> {
    const { metadata, spec } = this.#parts.cluster();
    try {
      const pod = await this.#parts.client.create(PODS, mediaNodePod(metadata, name, spec));
      this.#parts.pods.wrote(pod.metadata.resourceVersion);
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
  }

  async #setInService(pod: PodRef, inService: boolean): Promise<void> {
    const labels = { [LABELS.signalling]: inService ? SIGNALLING_ON : null };
    const { uid, resourceVersion } = pod;
    const written = await this.#parts.client.patchMerge(PODS, this.#ref(pod), {
      metadata: { uid, resourceVersion, labels },
    });
    this.#parts.pods.wrote(written.metadata.resourceVersion);
  }

  /** The receipt is written first: a removal without one must not be possible. */
  async #removeNode(removal: Removal): Promise<void> {
    await writeReceipt(this.#parts.client, this.#parts.cluster(), removal, this.#parts.nowIso());
    await this.#deletePod(removal.pod);
  }

  async #deletePod(pod: PodRef): Promise<void> {
    const { uid, resourceVersion } = pod;
    try {
      await this.#parts.client.delete(PODS, this.#ref(pod), { uid, resourceVersion });
      this.#parts.pods.asked(uid);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  #ref(pod: PodRef): { readonly name: string; readonly namespace: string } {
    return { name: pod.name, namespace: this.#parts.cluster().metadata.namespace };
  }
}

function refusal(error: ApiError): ActionRefusedError {
  const stale = error instanceof ConflictError;
  if (!(error instanceof InvalidError)) return new ActionRefusedError(error.message, stale, { cause: error });
  const causes = error.causes.map(({ field, message }) => `spec.mediaNodes.template, ${field}: ${message}`);
  const why = causes.length > 0 ? causes.join('; ') : error.message;
  return new ActionRefusedError(why, false, { cause: error });
}
