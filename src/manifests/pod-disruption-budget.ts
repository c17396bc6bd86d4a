import {
  disruptionBudgetName,
  mediaNodeLabels,
  type OwnedMeta,
  type OwnerRef,
  ownedMeta,
  type StringMap,
} from './owned-object.ts';

export interface PodDisruptionBudgetObject {
  readonly apiVersion: 'policy/v1';
  readonly kind: 'PodDisruptionBudget';
  readonly metadata: OwnedMeta;
  readonly spec: {
    readonly minAvailable: number;
    readonly unhealthyPodEvictionPolicy: 'IfHealthyBudget';
    readonly selector: { readonly matchLabels: StringMap };
  };
}

/** More Pods than any fleet has, so that the budget is never free. */
const moreThanAnyFleet = 2_147_483_647;

/**
 * Holds every eviction of a Media Node back: only the operator knows which one has no rooms.
 *
 * `maxUnavailable: 0` would not do. For it, and for percentages, Kubernetes reckons from the owner's scale
 * subresource, whose `spec.replicas` is here only a wish of mode External: three running nodes with
 * `replicas: 1` would leave two evictions free. A number in `minAvailable` is compared with the Pods themselves.
 */
export function podDisruptionBudget(owner: OwnerRef): PodDisruptionBudgetObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: ownedMeta(owner, disruptionBudgetName(owner.name)),
    spec: {
      minAvailable: moreThanAnyFleet,
      // An outage of Redis makes all nodes unready while their rooms go on, so unready Pods are held back too.
      unhealthyPodEvictionPolicy: 'IfHealthyBudget',
      selector: { matchLabels: mediaNodeLabels(owner) },
    },
  };
}
