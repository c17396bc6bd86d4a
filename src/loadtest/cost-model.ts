/** What load costs a node, fitted on windows. */

/** A figure with its interval of 95 %. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Cores = base + in·packetsIn + out·packetsOut + perMegabyte·megabytes + join·joins, all per second, + participant·participants. */
export interface CostModel {
  readonly baseCores: Estimate;
  readonly coresPerPacketIn: Estimate;
  readonly coresPerPacketOut: Estimate;
  readonly coresPerMegabyte: Estimate;
  readonly coresPerParticipant: Estimate;
  /** Left out where nobody joined while windows were measured. */
  readonly coreSecondsPerJoin?: Estimate;
  readonly baseBytes: Estimate;
  readonly bytesPerParticipant: Estimate;
  /** Of the residuals, cores. */
  readonly residualCores: number;
  /** Above `mostCondition` the windows cannot tell the terms apart, and the single costs mean nothing. */
  readonly conditionNumber: number;
  readonly windows: number;
}

/** The condition number (after Belsley) up to which costs can be told apart. */
export const mostCondition = 30;
