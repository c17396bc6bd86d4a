/** What goes wrong in a simulated world, as data. Times are seconds since the beginning of the trace. */

export interface SimOutage {
  readonly fromS: number;
  readonly toS: number;
}

export interface SimFaults {
  /** Each launch takes up to this much longer, evenly spread. */
  readonly launchSpreadS: number;
  /** Share of the launches that never become a Media Node, 0 to 1. */
  readonly launchFailureShare: number;
  /** How much later than its Pod is ready a node shows in the registry. */
  readonly registrationDelayS: number;
  /** Nodes that vanish with all they carry, drawn from those that are ready. */
  readonly nodeLosses: readonly { readonly atS: number; readonly nodes: number }[];
  /** The registry cannot be reached: no room can be created, nothing is published, the operator is blind. */
  readonly redisOutages: readonly SimOutage[];
  /** The operator is dead; it comes back with what its checkpoint holds. Baselines do not look, either. */
  readonly operatorOutages: readonly SimOutage[];
}

/** A world in which everything works. */
export const noFaults: SimFaults = {
  launchSpreadS: 0,
  launchFailureShare: 0,
  registrationDelayS: 0,
  nodeLosses: [],
  redisOutages: [],
  operatorOutages: [],
};
