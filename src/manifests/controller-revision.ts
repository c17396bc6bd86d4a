/**
 * What the Pods of one revision are made from, kept as a ControllerRevision: after the spec has changed, a node of the
 * state before can still be made, and after a restart everybody knows what became of which state.
 */
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { isJsonObject } from '../base/json-object.ts';
import type { MediaNodeSource } from './media-node-pod.ts';
import { type OwnedMeta, type OwnerRef, ownedMeta, revisionName } from './owned-object.ts';

export interface ControllerRevisionObject {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'ControllerRevision';
  readonly metadata: OwnedMeta;
  /** Counts up; the state in the spec has the highest number. */
  readonly revision: number;
  readonly data: { readonly source: MediaNodeSource };
}

/** The ControllerRevision of `source`, under the name that `mediaNodeRevision` gave it. */
export function controllerRevision(
  owner: OwnerRef,
  { revision, source }: { readonly revision: string; readonly source: MediaNodeSource },
  number: number,
): ControllerRevisionObject {
  const meta = ownedMeta(owner, revisionName(owner.name, revision));
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { ...meta, labels: { ...meta.labels, [LABELS.revision]: revision } },
    revision: number,
    data: { source },
  };
}

/** The source in the data of a ControllerRevision; `undefined` when somebody else wrote it. */
export function sourceIn(data: unknown): MediaNodeSource | undefined {
  if (!isJsonObject(data) || !isJsonObject(data['source'])) return undefined;
  const { redis, mediaNodes, drain } = data['source'];
  if (!isJsonObject(redis) || !isJsonObject(mediaNodes) || !isJsonObject(drain)) return undefined;
  const { template } = mediaNodes;
  if (!isJsonObject(template) || !isJsonObject(template['spec'])) return undefined;
  if (!Array.isArray(template['spec']['containers'])) return undefined;
  // Written by `controllerRevision` from a spec that the schema had checked, and immutable since.
  return { redis, mediaNodes, drain } as unknown as MediaNodeSource;
}

/** Annotations that say what became of a revision. */
export function verdictAnnotations({ kind, why }: { readonly kind: string; readonly why: string }) {
  return { [ANNOTATIONS.verdict]: kind, [ANNOTATIONS.verdictWhy]: why };
}
