/**
 * What earlier passes must leave behind: plain JSON, an argument and a result of `decide`.
 * Losing it may grow the fleet, never shrink it.
 */
import type { Proof } from './action.ts';

/** Instants are on the operator's monotonic clock. */
export interface NodeMemory {
  /** Of its Pod, to tell of it when the Pod is gone. */
  readonly name?: string;
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
  /** It counts as closed although it is open, because rooms are not steered: it is empty, and nothing else is asked. */
  readonly letOpen?: true;
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
  /** Live rooms when it was last seen. */
  readonly rooms?: number;
  /** When its present server process began, or the last one that was seen; wall clock. */
  readonly startedAtMs?: number;
  /** How many of its server processes are known to have ended. */
  readonly endedProcesses?: number;
  /** Since when its server keeps ending: until one has run for a minute. */
  readonly endedSinceMs?: number;
  /** The registry id of the process whose loss was told last; empty where it had none. */
  readonly lostId?: string;
  /** Registry ids of earlier processes of this Pod. */
  readonly formerIds?: readonly string[];
  /** Whether it was told to stop when it was last seen. */
  readonly leaving?: true;
  /** Its removal as a failed launch was asked for: one failure, however often the API server has to be asked. */
  readonly failureCounted?: true;
  /** It was removed by a written policy, whatever it carried. */
  readonly evicted?: true;
  /** Since when nobody new comes to signal through it. */
  readonly outOfServiceSinceMs?: number;
  /** What it carried when it was first seen closed. */
  readonly closing?: ClosingNote;
  readonly drain?: DrainNote;
  /** Since when its ingress works on and nothing else holds the node. */
  readonly ingestSinceMs?: number;
  /** Since when it was told to stop, has nobody left and still runs. */
  readonly hangsSinceMs?: number;
  /** When its end was last asked for because it hangs. */
  readonly endAskedMs?: number;
  /** Since when it tells of more rooms than there are records of. */
  readonly roomsUnseenSinceMs?: number;
  /** Since when its server has told of no room although these records of rooms stand, as they stand now. */
  readonly forsaken?: { readonly sinceMs: number; readonly rooms: number; readonly participants: number };
  /** What `num_clients` counted beyond the rooms' records lately, to notice growth before the records show it. */
  readonly unexplained?: readonly Unexplained[];
}

export interface Unexplained {
  readonly count: number;
  /** Since when. */
  readonly atMs: number;
  /** When it was last so; absent: at the last look at the registry, so that nothing is written while it stays so. */
  readonly untilMs?: number;
}

export interface ClosingNote {
  /** Wall clock. */
  readonly atMs: number;
  readonly rooms: number;
  readonly participants: number;
}

/** A node that is to leave once it is empty. */
export interface DrainNote {
  /** By when it was to be empty, as was to be expected when it began; wall clock. Absent where nobody could say. */
  readonly dueMs?: number;
  readonly late?: true;
  /** Since when it is announced that what is on it will be cut. */
  readonly warnedMs?: number;
  /** The last announcement that was due. */
  readonly warned?: 'AtSight' | 'OneMinute';
}

/** Nodes that are being replaced. */
export interface ChangeMemory {
  /** Names of nodes that were launched beyond the wanted number, to take the place of others. */
  readonly standIns: readonly string[];
  /** Uids of nodes that were seen closed by the operator's own wish. */
  readonly wished: readonly string[];
  readonly trial?: TrialMemory;
}

/** How often the Pods of a revision on trial failed, by their uids. */
export interface TrialMemory {
  readonly revision: string;
  readonly failures: Readonly<Record<string, number>>;
}

/** Whether new rooms stay away from closed nodes. */
/** The new rooms of a minute. */
export interface CordonMinute {
  readonly atMs: number;
  readonly rooms: number;
  /** Those of them that were placed on closed nodes. */
  readonly slips: number;
  /** How many that would be if closing did nothing and all nodes were given the same. */
  readonly unheeded: number;
}

export interface CordonWatch {
  readonly lookedMs: number;
  /** The same instant by the wall. */
  readonly lookedWallMs: number;
  /** How far a server's clock was seen to be ahead. */
  readonly skewMs: number;
  /** Names of the youngest rooms, which are counted already. */
  readonly counted: readonly string[];
  readonly minutes: readonly CordonMinute[];
  /** They do not: until when, or until which change of the template, no node is closed, and what was seen. */
  readonly off?: {
    readonly untilMs: number;
    readonly revision: string;
    readonly slips: number;
    readonly rooms: number;
  };
}

/** How far the nodes are from what their capacity profile foretells. */
export interface DriftMemory {
  /** Of the profile: what was seen of another one says nothing. */
  readonly version: string;
  readonly lookedMs: number;
  /** Smoothed share by which more is used than foretold; less is negative. */
  readonly off: number;
  /** Since when that speaks against the present judgement. */
  readonly sinceMs?: number;
  /** The profile has drifted, by about this much when it was noticed. */
  readonly offPercent?: number;
}

export interface Memory {
  /** Since when the fleet is watched without a break: windows that reach further back are unknown. */
  readonly sinceMs: number;
  /** The first look by both clocks: whether the wall clock has jumped since shows in it. */
  readonly began?: { readonly nowMs: number; readonly wallMs: number };
  /** Wanted sizes of the past, newest last, as long as the longest stabilisation window. */
  readonly recommendations: readonly { readonly atMs: number; readonly nodes: number }[];
  /** Changes of the desired size, newest last, as long as the longest policy period. */
  readonly changes: readonly { readonly atMs: number; readonly delta: number }[];
  readonly desired: number | undefined;
  /** By the uid of the Pod: a later Pod of the same name is another node. */
  readonly nodes: Readonly<Record<string, NodeMemory>>;
  /** The last look at the registry, and since when there was no gap between such looks. */
  readonly readMs?: number;
  readonly readSinceMs?: number;
  readonly failures: { readonly count: number; readonly lastMs: number } | undefined;
  /** Until when removals are frozen after many nodes lost their load at once. */
  readonly frozenUntilMs: number | undefined;
  /** Participants a short while ago, to notice such a drop: of each Pod named the counts at the same place. */
  readonly loadHistory: readonly {
    readonly atMs: number;
    readonly names: readonly string[];
    readonly carried: readonly number[];
    readonly recorded: readonly number[];
  }[];
  /** Nodes that had served for long and were lost, at the last time that there were any. */
  readonly lost?: { readonly atMs: number; readonly count: number };
  /** Since when the registry has no entry of a node that rooms are mapped to, by its id. */
  readonly missing?: Readonly<Record<string, number>>;
  readonly change?: ChangeMemory;
  readonly cordonWatch?: CordonWatch;
  readonly drift?: DriftMemory;
  /** Since when servers that are no Pods of ours were seen in Redis, by registry id. */
  readonly strangers?: Readonly<Record<string, number>>;
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
