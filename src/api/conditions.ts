import type { ClusterStatusCondition } from './v1alpha1.gen.ts';

/** Types of the conditions in `status.conditions`. */
export const CONDITION_TYPES = [
  'Ready',
  'DataFresh',
  'ScalingActive',
  'ScalingLimited',
  'PlacementGoverned',
  'SelectorSuitable',
  'RegistryExclusive',
  'CapacityKnown',
  'Updated',
  'Progressing',
  'Degraded',
  'FieldsEffective',
] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];
export type ConditionStatus = ClusterStatusCondition['status'];

/** A condition as a decision states it; when its status last changed is for `setCondition` to know. */
export interface NextCondition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  /** Generation of the spec that the condition is about. */
  readonly observedGeneration?: number;
}

/**
 * The list with `next` in the place of the condition of its type, or at the end. `lastTransitionTime` moves to
 * `nowIso` (RFC 3339) only when the status changes, so that stating the same again changes nothing.
 */
export function setCondition(
  list: readonly ClusterStatusCondition[],
  next: NextCondition,
  nowIso: string,
): readonly ClusterStatusCondition[] {
  const before = list.find((condition) => condition.type === next.type);
  const unchanged = before !== undefined && before.status === next.status;
  const after = { ...next, lastTransitionTime: unchanged ? before.lastTransitionTime : nowIso };
  if (before === undefined) return [...list, after];
  return list.map((condition) => (condition === before ? after : condition));
}
