/** What all objects of a fleet have in common: who owns them, and the labels that find them again. */
import type { OwnerReference } from '../api/object-meta.ts';
import { API_VERSION, COMPONENT_MEDIA_NODE, KIND, LABELS, MANAGED_BY } from '../api/names.ts';

/** The OpenViduCluster that an object belongs to. */
export interface OwnerRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type StringMap = Readonly<Record<string, string>>;

export interface OwnedMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: StringMap;
  readonly annotations?: StringMap;
  readonly ownerReferences: readonly OwnerReference[];
}

/** `cluster` makes the operator find the object again; deleting the OpenViduCluster collects it. */
export function ownedMeta(owner: OwnerRef, name: string): OwnedMeta {
  return {
    name,
    namespace: owner.namespace,
    labels: { [LABELS.cluster]: owner.name, [LABELS.managedBy]: MANAGED_BY },
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: KIND,
        name: owner.name,
        uid: owner.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

/** Labels that all Media Node Pods of the cluster carry for as long as they live. */
export function mediaNodeLabels(owner: OwnerRef): StringMap {
  return { [LABELS.cluster]: owner.name, [LABELS.component]: COMPONENT_MEDIA_NODE };
}

/** The Secret with the configuration of the media servers of one revision. */
export function livekitSecretName(cluster: string, revision: string): string {
  return `${cluster}-livekit-${revision}`;
}

/** The ControllerRevision that keeps what the Pods of one revision are made from. */
export function revisionName(cluster: string, revision: string): string {
  return `${cluster}-${revision}`;
}

/** The Service that takes signalling and API requests. */
export function signalServiceName(cluster: string): string {
  return `${cluster}-signal`;
}

/** The PodDisruptionBudget over the Media Nodes. */
export function disruptionBudgetName(cluster: string): string {
  return `${cluster}-media-nodes`;
}
