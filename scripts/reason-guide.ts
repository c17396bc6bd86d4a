/** What a person needs to know of each reason beside its sentence. A reason without an entry does not compile. */
import type { ConditionType } from '../src/api/conditions.ts';
import type { ReasonCode } from '../src/core/reasons.ts';
import { conditionReasons } from './reason-guide-conditions.ts';
import { capacityReasons } from './reason-guide-capacity.ts';
import { eventReasons } from './reason-guide-events.ts';
import { loadTestReasons } from './reason-guide-load-tests.ts';
import { nodeReasons } from './reason-guide-nodes.ts';
import { refusalReasons } from './reason-guide-refusals.ts';
import { sizeReasons } from './reason-guide-size.ts';

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

export const reasonGuide: Readonly<Record<ReasonCode, ReasonGuide>> = {
  ...sizeReasons,
  ...refusalReasons,
  ...nodeReasons,
  ...eventReasons,
  ...conditionReasons,
  ...loadTestReasons,
  ...capacityReasons,
};
