/** Words of the hollow fleet: media servers and kubelets that are only played, on a real API server and a real Redis. */
import type { Pod } from '../../src/kube/kinds.ts';
import type { Random } from '../../src/workload/random.ts';

/**
 * One OpenViduCluster whose Pods are played, with the Redis (`host:port`, database 0) that its servers share. No two
 * fleets of a world have the same name. A cluster that is deleted and made anew is the same fleet.
 */
export interface HollowFleet {
  readonly cluster: string;
  readonly redis: string;
  readonly namespace?: string;
  /** Kubernetes Nodes of its own, `hollow-CLUSTER-0` and on; those of the world unless told. */
  readonly machines?: number;
}

/** What becomes of a Pod. */
export type Fate =
  | { readonly kind: 'Serves' }
  /** Its server runs and is registered, and the Pod never becomes Ready. */
  | { readonly kind: 'NeverReady' }
  /** Its process ends by itself, `afterMs` after it was started. */
  | { readonly kind: 'Crashes'; readonly afterMs: number; readonly exitCode: number }
  /** No container is ever started, for this reason. */
  | { readonly kind: 'Stuck'; readonly reason: string };

export interface PodPlan {
  /** From the Pod's creation to the start of its server, which registers at once. */
  readonly launchMs: number;
  /** From there until it is Ready. */
  readonly readyMs: number;
  readonly fate: Fate;
  /** Its container says that it was started this much earlier; nothing unless told. */
  readonly ageMs?: number;
}

export type Planner = (pod: Pod, random: Random) => PodPlan;

export interface HollowRoom {
  readonly name: string;
  readonly cluster: string;
  readonly nodeId: string;
  readonly participants: number;
  readonly createdAtMs: number;
}

/** A media server that runs. */
export interface HollowNode {
  readonly cluster: string;
  readonly pod: string;
  readonly podUid: string;
  readonly ip: string;
  readonly nodeId: string;
  readonly state: 'Serving' | 'ShuttingDown';
  readonly participants: number;
  readonly rooms: number;
  readonly startedAtMs: number;
  /** When it was told to stop; `undefined` when it was not. */
  readonly signalledAtMs: number | undefined;
}

/** `GraceOver` and `PodGone` are the doing of whoever deleted the Pod, `Fault` of whoever asked for the fault. */
export type CutWhy = 'GraceOver' | 'PodGone' | 'Fault';

/** A room that ended with its server while people were in it. */
export interface Cut {
  readonly atMs: number;
  readonly cluster: string;
  readonly room: string;
  readonly participants: number;
  readonly nodeId: string;
  readonly pod: string;
  readonly podUid: string;
  readonly why: CutWhy;
}

/** Totals since the start. */
export interface HollowCounts {
  opened: number;
  ended: number;
  /** Rooms for which no serving node was found. */
  refused: number;
  podsStarted: number;
  podsEnded: number;
  heartbeats: number;
  /** Heartbeats that Redis did not take. */
  heartbeatsLost: number;
}
