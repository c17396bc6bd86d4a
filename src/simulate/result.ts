/** What `simulate` prints: one object, a contract. All of it but `wallMs` can be computed from the event log. */
export interface SimResult {
  readonly policy: string;
  readonly seed: number;
  readonly trace: string;
  readonly rooms: number;
  /** From each node's launch to its removal, or to the end of the log. */
  readonly nodeHours: number;
  /** The integral of max(1, ceil(load / (0.7 · capacity))) over the same time, in hours. */
  readonly boundNodeHours: number;
  readonly ratio: number;
  /** Share of the participant-time spent on nodes above 90 % of capacity. */
  readonly overloadShare: number;
  /** The part of it that belongs to rooms which alone exceed 90 % of a node: no policy can avoid it. */
  readonly unavoidableOverloadShare: number;
  readonly roomsCut: number;
  readonly participantsCut: number;
  readonly launches: number;
  /** Changes between launching and letting go, a day. */
  readonly directionChangesPerDay: number;
  /** Most nodes that existed at once, launching ones included. */
  readonly peakNodes: number;
  /** From a removed node's last cordon to the moment its last room ended, 0 if it was empty by then. */
  readonly drainMinutesP50: number;
  readonly drainMinutesP95: number;
  readonly wallMs: number;
}

/** The part of the overload that a better policy could avoid. */
export function avoidableOverloadShare(
  run: Pick<SimResult, 'overloadShare' | 'unavoidableOverloadShare'>,
): number {
  return run.overloadShare - run.unavoidableOverloadShare;
}
