/** Leaves word of decisions: status, Events, metrics and the journal. Nothing here holds up a pass. */
import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, FIELD_MANAGER, KIND } from '../api/names.ts';
import type { ClusterStatus, ClusterStatusNode, OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { undecided } from '../core/hold.ts';
import type { Finding } from '../core/reasons.ts';
import type { SpecProblem } from '../core/spec.ts';
import { type StatusSurroundings, sharedFinding } from '../core/status-surroundings.ts';
import { specFinding, statusOf, withoutPassingWords } from '../core/status.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { RecordPort, SpecNow } from '../reconcile/ports.ts';
import { CLUSTERS } from './cluster-type.ts';

/** Numbers follow the load at most this often; a change that somebody may wait for is written at once. */
const numbersEveryMs = 5000;
/** Of large fleets more seldom, for each node: a status of a thousand nodes has 200 kB, and some room always comes or goes. */
const numbersEveryMsANode = 60;
/** Where the governor closes and opens nodes all the time, that is a number as well. */
const governedFrom = 50;
const retryStatusMs = 2000;

export interface RecorderParts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  cluster(): OpenViduCluster;
  specNow(): SpecNow;
  /** What a trial has found so far; `undefined` where there is none. */
  shadow?(): ClusterStatus['shadow'];
  /** What is known beside the decision. */
  surroundings?(): StatusSurroundings;
  onDecision(input: DecideInput, decision: Decision, tookMs: number): void;
}

/** Where a second Event within minutes is news of its own: another revision, a nearer end, other rooms. */
const tellsEachTime: ReadonlySet<Finding['reason']> = new Set([
  'UpdateStarted',
  'UpdateProven',
  'UpdateFailed',
  'UpdateFinished',
  'MaintenanceStarted',
  'MaintenanceDeadline',
  'EvictionNear',
  'MediaNodeEvicted',
  'MediaNodeLost',
]);

export class Recorder implements RecordPort {
  readonly #parts: RecorderParts;
  #written: ClusterStatus | undefined;
  #wanted: ClusterStatus | undefined;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  /** After a failed write. */
  #notBeforeMs = 0;
  #stopped = false;
  #toldShared: string | undefined;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#written = parts.cluster().status;
  }

  status(decision: Decision): void {
    const { clock } = this.#parts;
    const { generation, spec, problems, notYetEffective, selectorAdvice } = this.#parts.specNow();
    const cluster = this.#parts.cluster();
    this.#wanted = statusOf({
      clusterName: cluster.metadata.name,
      generation,
      spec,
      problems,
      notYetEffective,
      selectorAdvice,
      decision,
      previous: this.#wanted ?? this.#written,
      nowIso: isoFromMs(clock.wallMs()),
      shadow: this.#parts.shadow?.(),
      ...this.#surroundings(),
    });
    this.#schedule();
  }

  #surroundings(): StatusSurroundings {
    const now = this.#parts.surroundings?.() ?? {};
    const shared = sharedFinding(now.sharingRedis ?? []);
    if (shared !== undefined && shared.message !== this.#toldShared) this.event(shared, 'Warning');
    this.#toldShared = shared?.message;
    return now;
  }

  /** The spec cannot be acted on at all: said in the conditions and once as an Event. */
  faulty(problem: SpecProblem): void {
    const { spec } = this.#parts.specNow();
    const finding = specFinding(problem);
    this.status(undecided(spec.minNodes, finding, this.#parts.clock.elapsedMs()));
    this.event(finding, 'Warning');
  }

  event(finding: Finding, type: 'Normal' | 'Warning'): void {
    const { metadata } = this.#parts.cluster();
    const { name, namespace, uid } = metadata;
    this.#parts.events.record({
      regarding: { apiVersion: API_VERSION, kind: KIND, name, namespace, uid },
      type,
      reason: finding.reason,
      action: 'Reconcile',
      note: finding.message,
      ...(tellsEachTime.has(finding.reason) ? {} : { noteKey: finding.node ?? finding.reason }),
    });
  }

  decision(input: DecideInput, decision: Decision, tookMs: number): void {
    this.#parts.onDecision(input, decision, tookMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#writing || this.#stopped || this.#wanted === undefined) return;
    if (saysTheSame(this.#written, this.#wanted)) return;
    const nowMs = this.#parts.clock.elapsedMs();
    const dueMs = isUrgent(this.#written, this.#wanted) ? nowMs : this.#writtenAtMs + paceMs(this.#wanted);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => void this.#write(),
      Math.max(0, Math.max(dueMs, this.#notBeforeMs) - nowMs),
    );
  }

  async #write(): Promise<void> {
    const status = this.#wanted;
    if (status === undefined || this.#writing || this.#stopped) return;
    this.#writing = true;
    const { name, namespace } = this.#parts.cluster().metadata;
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, status };
    try {
      await this.#parts.client.applyStatus(CLUSTERS, body, { fieldManager: FIELD_MANAGER, force: true });
      this.#written = status;
      this.#writtenAtMs = this.#parts.clock.elapsedMs();
      this.#writing = false;
      this.#schedule();
    } catch (error) {
      this.#writing = false;
      if (!(error instanceof ApiError)) throw error;
      this.#notBeforeMs = this.#parts.clock.elapsedMs() + retryStatusMs;
      this.#parts.log.warn('status not written', { code: error.code, why: error.message });
      // One that failed because of the stop itself is not tried again: its timer would keep the process.
      if (!this.#stopped) this.#timer = setTimeout(() => void this.#write(), retryStatusMs);
    }
  }
}

function saysTheSame(before: ClusterStatus | undefined, now: ClusterStatus): boolean {
  if (before === undefined) return false;
  return isDeepStrictEqual(withoutPassingWords(before), withoutPassingWords(now));
}

/** What people and tools wait for: sizes, states and conditions; not how many are in which room. */
function isUrgent(before: ClusterStatus | undefined, now: ClusterStatus): boolean {
  if (before === undefined) return true;
  return !isDeepStrictEqual(skeleton(before), skeleton(now));
}

function paceMs({ nodes = [] }: ClusterStatus): number {
  return Math.max(numbersEveryMs, nodes.length * numbersEveryMsANode);
}

function skeleton(status: ClusterStatus): unknown {
  const isLarge = (status.nodes?.length ?? 0) >= governedFrom;
  return {
    generation: status.observedGeneration,
    desired: status.desiredNodes,
    conditions: status.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    nodes: status.nodes?.map(({ name, state }) => [name, isLarge ? told(state) : state]),
  };
}

/** A node that is ready takes new rooms or does not, as the load wants it. */
function told(state: ClusterStatusNode['state']): ClusterStatusNode['state'] | 'Ready' {
  return state === 'Serving' || state === 'Standby' ? 'Ready' : state;
}
