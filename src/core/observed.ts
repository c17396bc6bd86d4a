/** Everything the loop knows at one moment. Immutable; every part carries its age or says why it is missing. */
import type { NodeMetricsReading, RedisReading, ServerApiReading } from './readings.ts';

/** Who wants a node closed: a person, the operator for a rolling change or for a machine that goes, or a load test. */
export type WishBy = 'Person' | 'Update' | 'Maintenance' | 'LoadTest';

/** A wish that a node takes no new rooms, read from an annotation on its Pod, so that it survives a restart. */
export interface CordonWish {
  readonly by: WishBy;
  /** Why, in the words of whoever wants it. */
  readonly why: string;
  /** Since when, wall clock; `undefined` where the annotation does not say. */
  readonly sinceMs: number | undefined;
  /** Whether the node is to leave once it is empty. */
  readonly leaveWhenEmpty: boolean;
}

export interface ContainerEnd {
  readonly exitCode: number | undefined;
  /** As the kubelet calls it, such as `Error`, `OOMKilled` or `Completed`. */
  readonly reason: string;
  /** When, wall clock of its machine; absent where the kubelet did not say. */
  readonly atMs?: number;
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
  /** How the media server's container ended, where it runs no more; `undefined` while it runs or never ran. */
  readonly ended: ContainerEnd | undefined;
  /** Which template and configuration it was made from; `undefined` when the Pod does not say. */
  readonly revision: string | undefined;
  readonly deleting: boolean;
  readonly cordonWish: CordonWish | undefined;
  /** Annotations are left of a wish that is gone: they would say when and by whom the next one is. */
  readonly hasRemains?: true;
  /** A person forbids its removal, or a load test uses it. */
  readonly protected: boolean;
  /** Name of the load test that it is lent to: what it carries is no load of the fleet's. */
  readonly underTest?: string;
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

/** A Kubernetes Node that Media Nodes run on. */
export interface KubeNodeObservation {
  readonly name: string;
  readonly ready: boolean;
  /** Somebody wants the machine free, and why; `undefined` while it may be used. */
  readonly departure: Departure | undefined;
  /** Absent where its label does not say. */
  readonly instanceType?: string;
  /** Processors that Pods may use; absent where the machine does not say. */
  readonly cpus?: number;
}

export interface Departure {
  /** In the words of a person, such as `cordoned` or `spot interruption notice`. */
  readonly why: string;
  /** Wall clock, when the machine is taken away whatever runs on it; `undefined` when nobody says. */
  readonly deadlineMs: number | undefined;
}

/** One state of template and configuration that Pods were or are made from, with what became of it. */
export interface RevisionObservation {
  readonly revision: string;
  /** Wall clock. */
  readonly createdAtMs: number;
  /** `undefined`: not yet known. A failed one is never launched again. */
  readonly verdict: RevisionVerdict | undefined;
}

export interface RevisionVerdict {
  readonly kind: 'Proven' | 'Failed';
  readonly why: string;
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
  /** By name; `undefined` where the operator may not watch Kubernetes Nodes. */
  readonly kubeNodes: Readonly<Record<string, KubeNodeObservation>> | undefined;
  /** Oldest first. */
  readonly revisions: readonly RevisionObservation[];
}
