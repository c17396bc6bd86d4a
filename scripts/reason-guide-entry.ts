/** What an entry of the reason guide says. */
import type { ConditionType } from '../src/api/conditions.ts';
import type { ReasonCode } from '../src/core/reasons.ts';

/**
 * Where a reason is seen. `size`: why the last decision wants this many. `lastDecision`: the same, without a metric.
 * `refusal`: something was not done. `node`: beside a Media Node in the status. `event`: an Event. `loadTest`: a
 * condition of an OpenViduLoadTest. `profile`: a condition of an OpenViduCapacityProfile.
 */
export type PlainPlace = 'size' | 'lastDecision' | 'refusal' | 'node' | 'event' | 'loadTest' | 'profile';
export type ConditionPlace = `${ConditionType}=${'True' | 'False'}`;
export type Place = PlainPlace | ConditionPlace;

export interface ReasonGuide {
  readonly places: readonly Place[];
  /** Exactly when the code gives it. */
  readonly when: string;
  /** What that means for rooms and nodes. */
  readonly meaning: string;
  /** In this order. */
  readonly whatToDo: readonly string[];
  readonly seeAlso?: readonly ReasonCode[];
}
