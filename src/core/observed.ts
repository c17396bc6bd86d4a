/** Everything the loop knows at one moment. Immutable; every part carries its age or says why it is missing. */
import type { NodeMetricsReading, RedisReading, ServerApiReading } from './readings.ts';

/** A person's wish that a node takes no new rooms, read from an annotation on its Pod. */
export interface CordonWish {
  /** Who wants it and why, in that person's words. */
  readonly why: string;
  /** Whether the node is to leave once it is empty. */
  readonly leaveWhenEmpty: boolean;
}

/** A Pod of this OpenViduCluster. Instants are wall-clock milliseconds, as the API server tells them. */
export interface PodObservation {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly ready: boolean;
  readonly ip: string | undefined;
  readonly kubeNode: string | undefined;
  readonly createdAtMs: number;
  /** When the media server's present container started; `undefined` while it does not run. */
  readonly startedAtMs: number | undefined;
  readonly restarts: number;
  readonly deleting: boolean;
  readonly cordonWish: CordonWish | undefined;
  /** A person forbids its removal. */
  readonly protected: boolean;
  /** Whether the signalling Service selects it. */
  readonly inService: boolean;
  /** Why the kubelet or the scheduler cannot start it, in their words; `undefined` when nothing is wrong. */
  readonly trouble: string | undefined;
}

/** The last launches that the API server refused, in its words; gone with the first one it accepts. */
export interface LaunchRefusal {
  readonly message: string;
  readonly count: number;
  /** On the operator's monotonic clock. */
  readonly lastMs: number;
}

export interface Observed {
  readonly pods: readonly PodObservation[];
  /** Whether the Pods listed include the effects of all own writes. */
  readonly ownWritesSeen: boolean;
  readonly redis: RedisReading;
  /** By Pod name; only of nodes whose identity or emptiness was asked for. */
  readonly metrics: Readonly<Record<string, NodeMetricsReading>>;
  readonly serverApi: ServerApiReading | undefined;
  readonly launchRefusal: LaunchRefusal | undefined;
}
