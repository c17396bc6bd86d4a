/** One action is one small write. Each names what must still hold when it is carried out. */

/** Why a node may go: what two observations showed, kept with the removal. */
export interface Evidence {
  readonly nodeId: string;
  readonly closedAtMs: number;
  readonly proofs: readonly Proof[];
}

/** One observation of an empty node. Instants are on the operator's monotonic clock. */
export interface Proof {
  readonly atMs: number;
  readonly heartbeatsSeen: number;
  readonly redisParticipants: 0;
  readonly roomsMapped: 0;
  readonly ownParticipants: 0;
  readonly ownRooms: number;
  readonly metricsAtMs: number;
}

export interface PodRef {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type Action =
  | { readonly kind: 'CreatePod'; readonly name: string; readonly because: string }
  /** Take the node out of the signalling Service, or back into it. */
  | { readonly kind: 'SetInService'; readonly pod: PodRef; readonly inService: boolean }
  /** Remove a node that two observations showed to be empty. */
  | {
      readonly kind: 'RemoveNode';
      readonly pod: PodRef;
      readonly evidence: Evidence;
      readonly because: string;
    }
  /** Remove a Pod that never became a Media Node, or whose process has ended for good. */
  | { readonly kind: 'RemoveFailed'; readonly pod: PodRef; readonly because: string }
  /** Remove the registry entry of a process whose Pod is gone. */
  | {
      readonly kind: 'RemoveGhost';
      readonly nodeId: string;
      readonly rooms: number;
      readonly participants: number;
    };

/** Which registry ids take new rooms and which do not: Redis only, undone by itself when we stop. */
export interface Steering {
  readonly open: readonly string[];
  readonly closed: readonly string[];
}
