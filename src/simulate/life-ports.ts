/** The ports of the operator's loop over a life: the API server with its faults, Redis and the nodes. */
import { never } from '../base/assert.ts';
import { silentLog } from '../base/log.ts';
import type { Action, PodRef } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { compareNames } from '../core/media-nodes.ts';
import type { KubeNodeObservation, PodObservation, RevisionObservation } from '../core/observed.ts';
import type { Finding } from '../core/reasons.ts';
import { ActionRefusedError, type LearnedPort, type Ports } from '../reconcile/ports.ts';
import type { LifeFleet } from './life-fleet.ts';
import type { LifePod } from './life-pod.ts';
import type { LifeRegistry } from './life-registry.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

/** What the operator does in a life, as it does it. */
export interface LifeWitness {
  /** Right before it is carried out, on a world as it is then. `pod`: the one that it is about. */
  onAction(action: Action, pod: LifePod | undefined): void;
  onEvent(finding: Finding): void;
  onDecision(input: DecideInput, decision: Decision): void;
}

export interface LifePortsOptions {
  readonly world: World;
  readonly fleet: LifeFleet;
  readonly registry: LifeRegistry;
  readonly restarts: boolean;
  /** Whether what the operator learns outlives it. Costs time, so only where the operator may go away. */
  readonly keepsLearned: boolean;
  readonly witness: LifeWitness;
  wake(): void;
}

/** How the API server presents itself to the operator. */
interface View {
  readonly pods: readonly PodObservation[];
  readonly kubeNodes: Readonly<Record<string, KubeNodeObservation>>;
  readonly revisions: readonly RevisionObservation[];
}

/** Graces with which the shell deletes. */
const evictGraceMs = 1000;
const unwedgeGraceMs = 5000;

export class LifePorts {
  readonly ports: Ports;
  /** States of template and configuration, oldest first. */
  revisions: readonly RevisionObservation[] = [];
  refuses: 'Nothing' | 'Creates' | 'All' = 'Nothing';
  #checkpoint: string | undefined;
  readonly #options: LifePortsOptions;
  #view: View | undefined;
  #isStale = false;
  #wroteWhileStale = false;

  constructor(options: LifePortsOptions) {
    this.#options = options;
    const { world, registry, witness } = options;
    this.ports = {
      clock: { elapsedMs: () => registry.elapsedMs, wallMs: () => world.startWallMs + world.nowMs },
      log: silentLog,
      media: {
        readRedis: () => Promise.resolve(registry.redis()),
        readServerApi: () => Promise.resolve(registry.serverApi()),
        readMetrics: (podIp) => Promise.resolve(registry.metrics(podIp)),
        steer: (closed, open) => Promise.resolve(this.#steer(closed, open)),
        removeGhost: (nodeId) => Promise.resolve(this.#removeGhost(nodeId)),
      },
      pods: {
        list: () => this.#shown.pods,
        ownWritesSeen: () => !this.#wroteWhileStale,
        kubeNodes: () => this.#shown.kubeNodes,
        revisions: () => this.#shown.revisions,
      },
      actor: { act: (action) => this.#act(action) },
      record: {
        status: () => undefined,
        event: (finding) => witness.onEvent(finding),
        decision: (input, decision) => witness.onDecision(input, decision),
      },
      ...(options.keepsLearned ? { learned: this.#learnedPort() } : {}),
      wake: () => options.wake(),
    };
  }

  /** Something that the API server shows has changed. */
  changed(): void {
    if (!this.#isStale) this.#view = undefined;
  }

  /** From now on the operator sees what it sees now; until it is told that the view is fresh again. */
  setStale(isStale: boolean): void {
    if (isStale) this.#view = this.#shown;
    else this.#view = undefined;
    this.#isStale = isStale;
    this.#wroteWhileStale = false;
  }

  /** The checkpoint of what was learned is gone. */
  loseLearned(): void {
    this.#checkpoint = undefined;
  }

  get #shown(): View {
    this.#view ??= this.#look();
    return this.#view;
  }

  #look(): View {
    const { world, fleet, restarts } = this.#options;
    return {
      pods: [...fleet.pods.values()]
        .map((pod) => pod.observe(world, restarts))
        .toSorted((a, b) => compareNames(a.name, b.name)),
      kubeNodes: Object.fromEntries(
        [...fleet.machines.values()].map((machine) => [machine.name, machine.observe()]),
      ),
      revisions: this.revisions,
    };
  }

  #learnedPort(): LearnedPort {
    return {
      salt: 1,
      load: () =>
        Promise.resolve<unknown>(this.#checkpoint === undefined ? undefined : JSON.parse(this.#checkpoint)),
      save: (checkpoint) => {
        this.#checkpoint = JSON.stringify(checkpoint);
      },
    };
  }

  /** As the script in Redis does it: nothing is closed unless a node that is relied on takes rooms. */
  #steer(closed: readonly string[], open: readonly string[]): void {
    const { world } = this.#options;
    const wanted = new Set(closed);
    const relied = [...world.nodes].some(({ id, state }) => state === 'Ready' && open.includes(id));
    // Here one takes rooms only when it is Ready, about a second after it registers: until then all stays as it is.
    if (!relied && [...world.nodes].some((node) => isRegistered(node) && open.includes(node.id))) return;
    for (const node of world.nodes) {
      if (node.state === 'Ready') world.close(node, relied && wanted.has(node.id));
    }
  }

  #removeGhost(nodeId: string): boolean {
    const { fleet, world } = this.#options;
    if (!world.registry.reachable) return false;
    for (const process of world.nodes) if (process.id === nodeId) world.registry.unlist(process);
    return fleet.ghosts.delete(nodeId);
  }

  async #act(action: Action): Promise<void> {
    if (this.refuses === 'All' && action.kind !== 'RemoveGhost') {
      throw new ActionRefusedError('the API server cannot be reached', false);
    }
    const pod = 'pod' in action ? this.#find(action.pod) : undefined;
    if (action.kind === 'CreatePod') return this.#create(action);
    this.#options.witness.onAction(action, pod);
    if (action.kind !== 'RemoveGhost') this.#wroteWhileStale = this.#isStale;
    this.#carryOut(action, pod);
    this.#options.wake();
  }

  #create(action: Extract<Action, { kind: 'CreatePod' }>): void {
    const { fleet, witness } = this.#options;
    if (this.refuses === 'Creates') throw new ActionRefusedError('exceeded quota', false);
    // The launch was made before, and the view does not show it yet.
    if (fleet.pods.has(action.name)) return;
    witness.onAction(action, undefined);
    this.#wroteWhileStale = this.#isStale;
    fleet.create(action.name, action.revision);
  }

  #carryOut(action: Exclude<Action, { kind: 'CreatePod' }>, pod: LifePod | undefined): void {
    if (pod !== undefined && 'pod' in action) return this.#carryOutOn(pod, action);
    if (action.kind === 'RemoveGhost') this.#removeGhost(action.nodeId);
    if (action.kind === 'JudgeRevision') this.#judge(action);
  }

  #carryOutOn(pod: LifePod, action: Extract<Action, { readonly pod: PodRef }>): void {
    const { fleet, world } = this.#options;
    switch (action.kind) {
      case 'SetInService':
        pod.inService = action.inService;
        return fleet.touch(pod);
      case 'SetWish': {
        const sinceMs = world.startWallMs + world.nowMs;
        pod.wish = action.wish === undefined ? undefined : { ...action.wish, sinceMs, leaveWhenEmpty: true };
        return fleet.touch(pod);
      }
      case 'RemoveNode':
      case 'RemoveFailed':
        return fleet.delete(pod);
      case 'EvictNode':
        return fleet.deleteWithin(pod, evictGraceMs, 'Operator');
      case 'EndWedged':
        return fleet.deleteWithin(pod, unwedgeGraceMs, 'Operator');
      default:
        return never(action);
    }
  }

  #judge({ revision, verdict }: Extract<Action, { kind: 'JudgeRevision' }>): void {
    this.revisions = this.revisions.map((known) =>
      known.revision === revision ? { ...known, verdict } : known,
    );
    this.changed();
  }

  /** The Pod, if it is still the one that was decided on. @throws ActionRefusedError otherwise. */
  #find({ name, uid, resourceVersion }: PodRef): LifePod {
    const pod = this.#options.fleet.pods.get(name);
    if (pod === undefined) throw new ActionRefusedError(`Pod ${name} is gone`, true);
    if (pod.uid === uid && pod.resourceVersion === resourceVersion) return pod;
    throw new ActionRefusedError(`Pod ${name} has changed`, true);
  }
}

function isRegistered({ state, registeredAtMs }: SimNode): boolean {
  return state === 'Launching' && registeredAtMs !== undefined;
}
