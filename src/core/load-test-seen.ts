/** What is known of one load test at one moment, and what can be done for it. */
import type { LoadTestSpec, LoadTestStatus } from '../api/v1alpha1.gen.ts';
import type { NodeState } from './decision.ts';

export type LoadTestPhase = NonNullable<LoadTestStatus['phase']>;

/** Immutable. Instants are wall-clock milliseconds. */
export interface LoadTestSeen {
  readonly name: string;
  /** The ConfigMap that the coordinator writes and that outlives the test. */
  readonly resultName: string;
  readonly generation: number;
  readonly spec: LoadTestSpec;
  /** As it was written last: all that is remembered. */
  readonly status: LoadTestStatus | undefined;
  readonly deletedAtMs: number | undefined;
  readonly hasFinalizer: boolean;
  readonly scenario: ScenarioSeen;
  /** Why nothing can be started, for good, with the remedy; `undefined` when it can. */
  readonly refusal: string | undefined;
  /** `undefined` where the target is no OpenViduCluster, or where it does not exist. */
  readonly cluster: LoadTestCluster | undefined;
  /** The Pod of the Media Node that is chosen or asked for; `undefined` where there is none. */
  readonly pod: LoadTestPod | undefined;
  readonly coordinator: JobSeen | undefined;
  readonly workers: JobSeen | undefined;
  /** Address of the coordinator's Pod; `undefined` while it has none. */
  readonly address: string | undefined;
  /** The one that the generators dial. */
  readonly dialled: string | undefined;
  /** Pods of both that have not ended. */
  readonly podsLeft: number;
  /** Why a Pod of them does not start, in the words of scheduler or kubelet. */
  readonly trouble: string | undefined;
  readonly result: ResultSeen | undefined;
  readonly nowMs: number;
}

export type ScenarioSeen =
  | { readonly kind: 'Valid' }
  /** All that is wrong with it, with the place and the remedy of each. */
  | { readonly kind: 'Invalid'; readonly message: string }
  | { readonly kind: 'Missing'; readonly message: string };

export interface LoadTestCluster {
  readonly mode: 'Enforce' | 'DryRun' | 'External' | 'Paused';
  readonly maxNodes: number;
  readonly deleting: boolean;
  /** By the status of the OpenViduCluster. */
  readonly nodes: readonly LoadTestNode[];
}

export interface LoadTestNode {
  readonly name: string;
  readonly nodeId?: string | undefined;
  readonly state: NodeState;
  readonly rooms: number;
  readonly participants: number;
  readonly cordonedBy?: string | undefined;
}

export interface LoadTestPod {
  readonly name: string;
  readonly uid: string;
  /** Running, with an address, and not told to stop. */
  readonly usable: boolean;
  /** Name of the load test that it is lent to. */
  readonly underTest: string | undefined;
}

export interface JobSeen {
  readonly state: 'Active' | 'Complete' | 'Failed';
  readonly message: string | undefined;
}

/** What the coordinator has written. */
export interface ResultSeen {
  readonly abortAsked: boolean;
  /** Whether it goes when the load test is deleted. */
  readonly owned: boolean;
  readonly progress: CoordinatorProgress | undefined;
  readonly summary: CoordinatorSummary | undefined;
  readonly keys: readonly string[];
  /** Of the record of the run. */
  readonly sha256: string | undefined;
  /** Spec of the capacity profile that the run gives. */
  readonly profile: Readonly<Record<string, unknown>> | undefined;
}

export interface CoordinatorProgress {
  readonly phase: LoadTestPhase | 'Connecting';
  /** As the status shows it. */
  readonly shown: NonNullable<LoadTestStatus['progress']>;
}

export interface CoordinatorSummary {
  readonly outcome: 'Complete' | 'Stopped' | 'Inconclusive';
  readonly why: string;
  readonly result: NonNullable<LoadTestStatus['result']>;
}

/** Each is one idempotent deed. */
export type LoadTestAction =
  | { readonly kind: 'Hold' }
  | { readonly kind: 'Lend'; readonly pod: LoadTestPod }
  | { readonly kind: 'GiveBack'; readonly pod: LoadTestPod }
  /** Everything that runs and that can be made by now: rights, configuration, coordinator, generators. */
  | { readonly kind: 'Start' }
  /** Deletes the Job of the generators: those that are made next dial the coordinator where it is now. */
  | { readonly kind: 'EndGenerators' }
  | { readonly kind: 'AskAbort' }
  /** Deletes the Jobs that have not ended, with their Pods. */
  | { readonly kind: 'EndJobs' }
  /** Deletes rooms that the test has left behind; best effort, they end by themselves. */
  | { readonly kind: 'SweepRooms' }
  | { readonly kind: 'PublishProfile'; readonly spec: Readonly<Record<string, unknown>> }
  | { readonly kind: 'OwnResult'; readonly owned: boolean }
  | { readonly kind: 'Release' }
  | { readonly kind: 'Delete' };
