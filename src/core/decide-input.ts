/** All that a decision is made from. */
import type { Learned } from './learned.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './observed.ts';
import type { ClusterSpec } from './spec.ts';

export interface DecideInput {
  readonly clusterName: string;
  readonly spec: ClusterSpec;
  readonly observed: Observed;
  readonly memory: Memory;
  /** The operator's monotonic clock. */
  readonly nowMs: number;
  /** Wall clock, for comparison with what the API server says of Pods. */
  readonly wallMs: number;
  /** What was learned of the rooms; `undefined`: nothing yet. */
  readonly learned: Learned | undefined;
  /** How long a launch takes by measurement; `undefined` before the first one. */
  readonly launchMs: number | undefined;
}
