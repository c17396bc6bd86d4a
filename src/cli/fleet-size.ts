/** The size of a fleet that is simulated. */

/** As far as something is said of it. */
export interface FleetSize {
  /** Participants that one node carries. */
  readonly capacity: number | undefined;
  readonly nodesMin: number | undefined;
  readonly nodesMax: number | undefined;
}

/** What holds where neither the command line nor a manifest says anything. */
export const fleetDefaults = { capacity: 200, nodesMin: 1, nodesMax: 100 } as const;
