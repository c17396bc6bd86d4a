/**
 * What must hold in every life of a fleet, judged by the world itself and not by what the operator believes of it.
 * The judge sees each action right before it is carried out, each decision after it, and the end.
 */
import type { Action, Evidence, PodRef } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { RevisionObservation } from '../core/observed.ts';
import type { ClusterSpec } from '../core/spec.ts';
import type { Claim, Violation } from './life-claims.ts';
import type { Doer, LifeFleet } from './life-fleet.ts';
import type { LifePod } from './life-pod.ts';
import { LifeSteeringJudge } from './life-steering-judge.ts';
import type { World } from './world.ts';
import { type SimNode, heartbeatMs } from './world-node.ts';

export interface JudgeOptions {
  readonly world: World;
  readonly fleet: LifeFleet;
  readonly revisions: () => readonly RevisionObservation[];
  readonly spec: () => ClusterSpec;
}

/** A recording in a Pod whose server has ended is waited for this long. */
const companionsHoldMs = 600_000;
/** An expected end may be told anew once in a while. */
const mostStatusesAtRest = 2;

export class LifeJudge {
  readonly violations: Violation[] = [];
  readonly #options: JudgeOptions;
  readonly #removed = new Set<string>();
  readonly #proofs = new Set<string>();
  readonly #evicted = new Set<LifePod>();
  readonly #steering: LifeSteeringJudge;

  constructor(options: JudgeOptions) {
    this.#options = options;
    const { world, fleet } = options;
    this.#steering = new LifeSteeringJudge(world, fleet, (claim, holds, detail) =>
      this.#claim(claim, holds, detail),
    );
  }

  action(action: Action, pod: LifePod | undefined): void {
    const { mode } = this.#options.spec();
    const still = mode === 'Paused' || mode === 'DryRun';
    this.#claim('modesHold', !still, `${action.kind} in mode ${mode}`);
    if (action.kind === 'CreatePod') this.#create(action.revision);
    if (action.kind === 'RemoveGhost') this.#ghost(action.nodeId);
    if (pod !== undefined && 'pod' in action) this.#onPod(action, pod);
  }

  /** A running server was ended with all it carried. */
  cut(pod: LifePod, process: SimNode, by: Doer): void {
    if (by === 'World' || this.#evicted.has(pod)) return;
    const nobody = process.participants === 0 && process.rooms.size === 0;
    this.#claim('nobodyIsCut', nobody, `${pod.name} was killed with ${process.participants} people`);
  }

  decided(input: DecideInput): void {
    // A trial steers nobody, and keeps nobody's cordon.
    if (input.spec.mode === 'DryRun') this.#steering.forget();
    else this.#steering.judge(input.observed.pods);
  }

  /** While nobody steers nothing can be asked. */
  operatorAway(): void {
    this.#steering.forget();
  }

  atRest(isRest: boolean, why: string): void {
    this.#claim('comesToRest', isRest, why);
  }

  silent(statuses: number): void {
    this.#claim('staysSilent', statuses <= mostStatusesAtRest, `${statuses} statuses of a fleet at rest`);
  }

  end(placed: boolean): void {
    const { fleet, spec } = this.#options;
    if (!spec().deleting) return this.#claim('serves', placed, 'a room that begins now finds no node');
    const held = [...fleet.pods.values()].filter(
      (pod) => !pod.protected && (pod.process?.rooms.size ?? 0) === 0,
    );
    const names = held.map(({ name }) => name).join(', ');
    this.#claim('deletionEnds', held.length === 0, `${names} is still there`);
  }

  #onPod(action: Extract<Action, { readonly pod: PodRef }>, pod: LifePod): void {
    switch (action.kind) {
      case 'RemoveNode':
        this.#ends(pod, 'RemoveNode');
        return this.#removal(pod, action.evidence);
      case 'RemoveFailed':
        this.#ends(pod, 'RemoveFailed');
        return this.#failed(pod);
      case 'EndWedged':
        this.#ends(pod, 'EndWedged');
        return this.#isIdle(pod, 'EndWedged');
      case 'EvictNode':
        this.#ends(pod, 'EvictNode');
        return this.#eviction(pod);
      case 'SetWish':
        return this.#wish(pod, action.wish?.by);
      case 'SetInService':
        return;
    }
  }

  #create(revision: string): void {
    const { fleet, spec, revisions } = this.#options;
    const verdict = revisions().find((known) => known.revision === revision)?.verdict;
    this.#claim('failedStaysOut', verdict?.kind !== 'Failed', `${revision} was launched`);
    const staying = [...fleet.pods.values()].filter(isStaying).length;
    const most = spec().maxNodes + surgeOf(spec());
    this.#claim('withinLimits', staying < most, `${staying + 1} nodes where ${most} are allowed`);
    this.#claim('modesHold', !spec().deleting, 'a launch for a fleet that is being deleted');
  }

  #ends(pod: LifePod, what: string): void {
    this.#claim('personsDecide', !pod.protected, `${what} of ${pod.name}, which is protected`);
    const kept = pod.wish?.by === 'Person' && !pod.wish.leaveWhenEmpty && !this.#options.spec().deleting;
    const serves = pod.process?.state === 'Ready';
    this.#claim('personsDecide', !(kept && serves), `${what} of ${pod.name}, which a person cordons`);
  }

  #removal(pod: LifePod, evidence: Evidence): void {
    const { process } = pod;
    this.#isIdle(pod, 'RemoveNode');
    this.#claim('twoProofs', process?.id === evidence.nodeId, `${pod.name} is not ${evidence.nodeId}`);
    const [first, second] = evidence.proofs.slice(-2);
    const apart = first !== undefined && second !== undefined && second.atMs - first.atMs >= heartbeatMs;
    this.#claim(
      'twoProofs',
      apart,
      `${evidence.proofs.length} proofs for ${pod.name}, or too close together`,
    );
    const later = evidence.proofs.every(
      ({ atMs, metricsAtMs }) => Math.min(atMs, metricsAtMs) >= evidence.closedAtMs,
    );
    this.#claim('twoProofs', later, `a proof for ${pod.name} is older than its closing`);
    this.#claim('twoProofs', !this.#removed.has(pod.uid), `${pod.name} was removed before`);
    this.#removed.add(pod.uid);
    for (const proof of evidence.proofs.slice(-2)) {
      const key = `${evidence.nodeId} ${proof.atMs}`;
      this.#claim('twoProofs', !this.#proofs.has(key), `a proof for ${pod.name} was used before`);
      this.#proofs.add(key);
    }
    const isUnsteered = [...this.#options.world.nodes].every(({ closed }) => !closed);
    const mayBeOpen = this.#options.spec().deleting && (isUnsteered || this.#isLast(process));
    this.#claim('nobodyIsCut', process?.closed === true || mayBeOpen, `${pod.name} may still be given rooms`);
  }

  /** The last one of a fleet that ends cannot be closed: the registry's script never closes all. Where rooms are not steered, none is. */
  #isLast(process: SimNode | undefined): boolean {
    const { registry, nodes, nowMs } = this.#options.world;
    const isUp = (node: SimNode) =>
      node.state === 'Ready' && nowMs - registry.lastBeatMs(node) <= heartbeatMs;
    return ![...nodes].some((node) => node !== process && isUp(node));
  }

  #failed(pod: LifePod): void {
    const { process } = pod;
    const { participants = 0, rooms } = process ?? {};
    const isNobodyThere = participants === 0 && (rooms === undefined || rooms.size === 0);
    this.#claim('nobodyIsCut', isNobodyThere, `RemoveFailed of ${pod.name} with ${participants} people`);
    const serves = process?.state === 'Ready' && this.#options.world.registry.reachable;
    this.#claim('twoProofs', !serves, `RemoveFailed of ${pod.name}, which serves`);
    this.#failedAtWork(pod);
  }

  #failedAtWork(pod: LifePod): void {
    const endedMs = pod.ended?.atMs ?? this.#options.world.nowMs;
    const waited = this.#options.world.nowMs - endedMs >= companionsHoldMs;
    const jobs = pod.jobsAt(this.#options.world.nowMs);
    this.#claim(
      'nobodyIsCut',
      jobs === 0 || waited || !pod.make.machine.alive,
      `RemoveFailed of ${pod.name} with ${jobs} jobs`,
    );
  }

  #isIdle(pod: LifePod, what: string): void {
    const people = pod.process?.participants ?? 0;
    const jobs = pod.jobsAt(this.#options.world.nowMs);
    this.#claim(
      'nobodyIsCut',
      people + jobs === 0,
      `${what} of ${pod.name} with ${people} people and ${jobs} jobs`,
    );
  }

  #eviction(pod: LifePod): void {
    const { drainDeadlineMs, onDrainDeadline } = this.#options.spec();
    const { world } = this.#options;
    const sinceMs = pod.wish?.sinceMs;
    const written =
      onDrainDeadline === 'Evict' && drainDeadlineMs !== undefined && pod.wish?.leaveWhenEmpty === true;
    const passed =
      sinceMs !== undefined && world.startWallMs + world.nowMs >= sinceMs + (drainDeadlineMs ?? Infinity);
    this.#claim('evictionsAreWritten', written && passed, `${pod.name} is evicted`);
    this.#claim(
      'evictionsAreWritten',
      world.registry.reachable,
      `${pod.name} is evicted while Redis is away`,
    );
    this.#evicted.add(pod);
  }

  #wish(pod: LifePod, by: 'Update' | 'Maintenance' | undefined): void {
    this.#claim(
      'personsDecide',
      pod.wish?.by !== 'Person',
      `the wish of a person for ${pod.name} is overwritten`,
    );
    if (by !== 'Update' || pod.wish?.by === 'Update') return;
    const { fleet, spec, revisions } = this.#options;
    const failed = revisions().filter(({ verdict }) => verdict?.kind === 'Failed');
    const isFailed = (of: LifePod) => failed.some(({ revision }) => revision === of.make.revision);
    if (isFailed(pod)) return;
    const standing = [...fleet.pods.values()].filter(
      (other) => isStaying(other) && other.wish?.by === 'Update' && !isFailed(other),
    ).length;
    const most = surgeOf(spec());
    this.#claim(
      'wishesWithinSurge',
      standing < most,
      `${standing + 1} nodes are closed, the surge is ${most}`,
    );
  }

  #ghost(nodeId: string): void {
    const runs = [...this.#options.world.nodes].some((process) => process.id === nodeId);
    this.#claim('ghostsAreDead', !runs, `the entry of ${nodeId}, which runs, is removed`);
  }

  #claim(claim: Claim, holds: boolean, detail: string): void {
    if (!holds) this.violations.push({ atMs: this.#options.world.nowMs, claim, detail });
  }
}

/** Neither told to go nor ended. One whose server ended is replaced at once, and may yet be started again. */
function isStaying({ deleting, process, ended }: LifePod): boolean {
  if (process === undefined || process.state === 'Launching') return !deleting && ended === undefined;
  return !deleting && process.state !== 'Leaving';
}

/** Nodes beyond the wanted number that a rolling change, or a machine that goes, may have at once. */
export function surgeOf({ updates, maxNodes }: ClusterSpec): number {
  const { kind, value } = updates.maxSurge;
  return Math.max(1, kind === 'Nodes' ? value : Math.ceil((value / 100) * maxNodes));
}
