/** What was done to a fleet in a night, so that what it suffered can be told apart from what the operator did. */

export interface Fault {
  readonly what: string;
  readonly fromMs: number;
  /** Its echoes included: whoever is cut until then was cut by the fault. */
  readonly toMs: number;
  /** Ids of the nodes it hit; all of them where it is not given. */
  readonly nodeIds?: ReadonlySet<string>;
}

/** An egress at work in a Pod. */
export interface Recording {
  readonly uid: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where the egress of each Pod says what it does. */
export const egressPort = 9101;

export class Ledger {
  readonly faults: Fault[] = [];
  readonly recordings: Recording[] = [];
  /** Uids of Pods that a person or a fault took away: nobody's removal. */
  readonly taken = new Set<string>();
  readonly counts = new Map<string, number>();

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Whether a fault that hit one of these nodes explains what happened then. */
  explains(atMs: number, hosts: readonly string[]): boolean {
    return this.faults.some(
      ({ fromMs, toMs, nodeIds }) =>
        atMs >= fromMs && atMs <= toMs && (nodeIds === undefined || hosts.some((host) => nodeIds.has(host))),
    );
  }

  /** Whether a fault hit everything at some moment between. */
  hasGeneral(fromMs: number, toMs: number): boolean {
    return this.faults.some(
      (fault) => fault.nodeIds === undefined && fault.fromMs <= toMs && fault.toMs >= fromMs,
    );
  }
}
