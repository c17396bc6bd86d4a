/**
 * What earlier passes must leave behind: plain JSON, an argument and a result of `decide`.
 * Losing it may grow the fleet, never shrink it.
 */
import type { Proof } from './action.ts';

/** Instants are on the operator's monotonic clock. */
export interface NodeMemory {
  /** Since when the governor wants it closed as surplus. */
  readonly standbySinceMs?: number;
  /** Since when the governor wants it closed as full. */
  readonly fullSinceMs?: number;
  /** Why it was last told to be closed, until it takes rooms again: what the governor does in between is not told. */
  readonly toldAs?: 'Surplus' | 'Full';
  /** Since when it is closed and empty. */
  readonly emptySinceMs?: number;
  /** Since when its entry was seen closed without a gap. */
  readonly closedSinceMs?: number;
  readonly proofs: readonly Proof[];
  /** Whether it was ever Ready and registered. */
  readonly served: boolean;
  /** Since when its heartbeat is overdue. */
  readonly staleSinceMs?: number;
  /** Since when its Pod is gone. */
  readonly goneSinceMs?: number;
  /** The last registry id seen of it, to tell a ghost. */
  readonly nodeId?: string;
  readonly participants: number;
  /** What `num_clients` counted beyond the rooms' records lately, to notice growth before the records show it. */
  readonly unexplained?: readonly { readonly atMs: number; readonly count: number }[];
}

export interface Memory {
  /** Since when the fleet is watched without a break: windows that reach further back are unknown. */
  readonly sinceMs: number;
  /** Wanted sizes of the past, newest last, as long as the longest stabilisation window. */
  readonly recommendations: readonly { readonly atMs: number; readonly nodes: number }[];
  /** Changes of the desired size, newest last, as long as the longest policy period. */
  readonly changes: readonly { readonly atMs: number; readonly delta: number }[];
  readonly desired: number | undefined;
  /** By the uid of the Pod: a later Pod of the same name is another node. */
  readonly nodes: Readonly<Record<string, NodeMemory>>;
  readonly failures: { readonly count: number; readonly lastMs: number } | undefined;
  /** Until when removals are frozen after many nodes lost their load at once. */
  readonly frozenUntilMs: number | undefined;
  /** Participants by Pod name a short while ago, to notice such a drop. */
  readonly loadHistory: readonly {
    readonly atMs: number;
    readonly byNode: Readonly<Record<string, number>>;
  }[];
  /** When the next look was due at the latest; looks that come late tell that the view may be old again. */
  readonly dueMs?: number;
  /** Until when the view counts as old. */
  readonly blindUntilMs?: number;
}

export function coldMemory(nowMs: number): Memory {
  return {
    sinceMs: nowMs,
    recommendations: [],
    changes: [],
    desired: undefined,
    nodes: {},
    failures: undefined,
    frozenUntilMs: undefined,
    loadHistory: [],
  };
}
