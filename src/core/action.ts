/** One action is one small write. Each names what must still hold when it is carried out. */
import type { RevisionVerdict, WishBy } from './observed.ts';
import type { CompanionReading } from './readings.ts';

/** How a node came to be closed, for the record of its removal. Instants are wall-clock milliseconds. */
export interface Closing {
  /** Who wanted it; `Operator` where it was simply not needed. */
  readonly by: WishBy | 'Operator';
  readonly why: string;
  /** When it was asked for; `undefined` where nobody said. */
  readonly askedAtMs: number | undefined;
  /** When this process first saw it closed, which is when its rooms and participants were counted. */
  readonly closedAtMs: number;
  readonly rooms: number;
  readonly participants: number;
}

/** Why a node may go: what two observations showed, kept with the removal. */
export interface Evidence {
  readonly nodeId: string;
  /** On the operator's monotonic clock, like the instants of the proofs. */
  readonly closedAtMs: number;
  readonly closing: Closing;
  /** From when it was asked to be closed, or else first seen closed, until now. */
  readonly tookMs: number;
  /** Names of the companions that said themselves that they are idle. */
  readonly companions: readonly string[];
  readonly proofs: readonly Proof[];
}

/**
 * One observation of an empty node. Instants are on the operator's monotonic clock. Nobody has media on it: the
 * participants that a node which relays signalling counts are clients of rooms elsewhere, at most `relayedSignals`.
 */
export interface Proof {
  readonly atMs: number;
  readonly heartbeatsSeen: number;
  readonly redisParticipants: number;
  readonly roomsMapped: 0;
  readonly ownParticipants: number;
  readonly ownRooms: number;
  /** Clients who only signalled through it, and whose time to leave was over. */
  readonly relayedSignals: number;
  readonly metricsAtMs: number;
}

/** What is cut, and by which written deadline, for the record of an eviction. */
export interface Eviction {
  /** `undefined` where it was never seen closed. */
  readonly closing: Closing | undefined;
  /** Wall clock: when spec.drain.deadline was over. */
  readonly deadlineMs: number;
  readonly tookMs: number;
  /** By the companions' last word; one that said nothing has `undefined` jobs. */
  readonly companions: readonly CompanionReading[];
}

/** A wish of the operator itself: the node is closed and leaves once it is empty. */
export interface OwnWish {
  readonly by: Exclude<WishBy, 'Person' | 'LoadTest'>;
  readonly why: string;
}

export interface PodRef {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type Action =
  | {
      readonly kind: 'CreatePod';
      readonly name: string;
      /** Which state of template and configuration it is made from. */
      readonly revision: string;
      readonly because: string;
    }
  /** Write the operator's own wish to close a node, with leave once empty, on its Pod, or take it back. */
  | { readonly kind: 'SetWish'; readonly pod: PodRef; readonly wish: OwnWish | undefined }
  /** Leave word of what became of a revision. */
  | { readonly kind: 'JudgeRevision'; readonly revision: string; readonly verdict: RevisionVerdict }
  /** Take the node out of the signalling Service, or back into it. */
  | { readonly kind: 'SetInService'; readonly pod: PodRef; readonly inService: boolean }
  /** Remove a node that two observations showed to be empty. */
  | {
      readonly kind: 'RemoveNode';
      readonly pod: PodRef;
      readonly evidence: Evidence;
      readonly because: string;
    }
  /** Remove a node with people on it, because a written policy says so. */
  | {
      readonly kind: 'EvictNode';
      readonly pod: PodRef;
      readonly nodeId: string | undefined;
      readonly rooms: number;
      readonly participants: number;
      readonly eviction: Eviction;
      readonly because: string;
    }
  /** End a server that was told to stop, has nobody left by all sources, and does not end by itself. */
  | { readonly kind: 'EndWedged'; readonly pod: PodRef; readonly nodeId: string; readonly because: string }
  /**
   * Remove a Pod that never became a Media Node, or whose process has ended for good: then its loss was told. `lost`: it
   * served, or may have done so before this operator began.
   */
  | { readonly kind: 'RemoveFailed'; readonly pod: PodRef; readonly lost: boolean; readonly because: string }
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
