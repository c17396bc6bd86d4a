/** What a person needs to know of each reason beside its sentence. A reason without an entry does not compile. */
import type { ReasonCode } from '../src/core/reasons.ts';
import type { ReasonGuide } from './reason-guide-entry.ts';
import { conditionReasons } from './reason-guide-conditions.ts';
import { capacityReasons } from './reason-guide-capacity.ts';
import { eventReasons } from './reason-guide-events.ts';
import { loadTestReasons } from './reason-guide-load-tests.ts';
import { nodeReasons } from './reason-guide-nodes.ts';
import { refusalReasons } from './reason-guide-refusals.ts';
import { sizeReasons } from './reason-guide-size.ts';

export const reasonGuide: Readonly<Record<ReasonCode, ReasonGuide>> = {
  ...sizeReasons,
  ...refusalReasons,
  ...nodeReasons,
  ...eventReasons,
  ...conditionReasons,
  ...loadTestReasons,
  ...capacityReasons,
};
