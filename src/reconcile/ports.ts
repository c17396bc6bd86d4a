/** What the loop needs of the world. Adapters fit by structure; `operator/cluster-runtime.ts` joins them. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Action } from '../core/action.ts';
import type { ProfileReading } from '../core/capacity-profile.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import type { KubeNodeObservation, PodObservation, RevisionObservation } from '../core/observed.ts';
import type { NodeMetricsReading, RedisReading, ServerApiReading } from '../core/readings.ts';
import type { Finding } from '../core/reasons.ts';
import type { ClusterSpec, SpecProblem } from '../core/spec.ts';

/** The registry and the nodes' own words. No method throws for a state of the world: readings say why. */
export interface MediaPort {
  /** Where `roomsNow` is false, the rooms of a large fleet may be up to a second older than the nodes. */
  readRedis(wish?: { readonly roomsNow: boolean }): Promise<RedisReading>;
  readServerApi(podIps: readonly string[]): Promise<ServerApiReading>;
  /** Asks one node itself, at the port and with the login that its revision was given. */
  readMetrics(podIp: string, revision?: string): Promise<NodeMetricsReading>;
  /** Closes and opens nodes for new rooms, and keeps `closed` closed until told otherwise. */
  steer(closed: readonly string[], open: readonly string[]): Promise<void>;
  /** Removes exactly this entry if it has not changed since it was read. */
  removeGhost(nodeId: string): Promise<boolean>;
}

/** The Pods of one OpenViduCluster, from a cache. */
export interface PodsPort {
  list(): readonly PodObservation[];
  /** Kubernetes Nodes by name; `undefined` where they may not be watched. */
  kubeNodes(): Readonly<Record<string, KubeNodeObservation>> | undefined;
  /** States of template and configuration that Pods were or are made from, oldest first. */
  revisions(): readonly RevisionObservation[];
  /** Whether the cache shows every write this process has made to the Pods of this cluster. */
  ownWritesSeen(): boolean;
}

/** Carries out one action on the API server or Redis. */
export interface ActPort {
  /** @throws ActionRefusedError when the precondition no longer holds or the server refuses the object. */
  act(action: Action): Promise<void>;
}

/** Leaves word of what was decided and done. */
export interface RecordPort {
  /** Takes note and returns: a slow API server must not hold up the steering of rooms. */
  status(decision: Decision): void;
  event(finding: Finding, severity: 'Normal' | 'Warning'): void;
  decision(input: DecideInput, decision: Decision, tookMs: number): void;
}

/** Where what was learned outlives this process. Without it every start begins with the priors. */
export interface LearnedPort {
  /** Keeps the names of rooms from being guessed from their hashes: the same whole number for the life of a fleet. */
  readonly salt: number;
  /** The last checkpoint; `undefined` when there is none yet. Rejects when that cannot be told now. */
  load(): Promise<unknown>;
  /** Takes note and returns. Losing a checkpoint costs money, never a room. */
  save(checkpoint: unknown): void;
}

/** OpenViduCapacityProfiles in the namespace of the cluster, from a cache. */
export interface ProfilesPort {
  read(name: string): ProfileReading;
}

export interface Ports {
  readonly clock: Clock;
  readonly log: Log;
  readonly media: MediaPort;
  readonly pods: PodsPort;
  readonly actor: ActPort;
  readonly record: RecordPort;
  readonly learned?: LearnedPort;
  /** Left out where there is nowhere to look for a capacity profile: none is known then. */
  readonly profiles?: ProfilesPort;
  /** Asks for another pass soon: something that was asked in the background has been answered. */
  wake(): void;
}

/** The spec of the moment, compiled, with what is wrong in it. */
export interface SpecNow {
  readonly generation: number;
  readonly spec: ClusterSpec;
  readonly problems: readonly SpecProblem[];
  /** Paths of fields that are set but do nothing in this version. */
  readonly notYetEffective: readonly string[];
  /** What should be otherwise in how the media servers pick nodes. */
  readonly selectorAdvice?: readonly string[];
}

/** An action that the world refused: expected, reported as a finding, decided anew on the next pass. */
export class ActionRefusedError extends Error {
  override readonly name = 'ActionRefusedError';
  /** The object had changed since it was looked at: ordinary, and nothing to tell anybody of. */
  readonly stale: boolean;
  constructor(message: string, stale: boolean, options?: ErrorOptions) {
    super(message, options);
    this.stale = stale;
  }
}
