/** The ports of the operator's loop over a simulated world: what the API server, Redis and the nodes would say. */
import { never } from '../base/assert.ts';
import { silentLog } from '../base/log.ts';
import type { Action, PodRef } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { compareNames } from '../core/media-nodes.ts';
import type { PodObservation, RevisionObservation } from '../core/observed.ts';
import type { NodeEntry, NodeMetricsReading, RedisReading, ServerApiReading } from '../core/readings.ts';
import type { Capacity } from '../core/spec.ts';
import { ActionRefusedError, type LearnedPort, type MediaPort, type Ports } from '../reconcile/ports.ts';
import { NodeFace } from './node-face.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

/** What an empty server takes to stop. */
const stopsWithinMs = 2000;
/** The operator's monotonic clock need not begin with the world. */
const bootMs = 3_600_000;

export type OnDecision = (input: DecideInput, decision: Decision) => void;

export interface GovernorPortsOptions {
  readonly world: World;
  readonly capacity: Capacity;
  /** What every node here is made from. */
  readonly revision: string;
  /** Whether what the operator learns outlives it. Costs time, so only where the operator may die. */
  readonly keepsLearned: boolean;
  readonly onDecision: OnDecision | undefined;
  wake(): void;
}

interface Found {
  readonly node: SimNode;
  readonly face: NodeFace;
}

export class GovernorPorts {
  readonly ports: Ports;
  readonly #options: GovernorPortsOptions;
  readonly #world: World;
  readonly #faces = new Map<SimNode, NodeFace>();
  readonly #byName = new Map<string, SimNode>();
  readonly #byIp = new Map<string, SimNode>();
  #pods: readonly PodObservation[] | undefined;

  constructor(options: GovernorPortsOptions) {
    this.#options = options;
    this.#world = options.world;
    const { world, revision, onDecision } = options;
    const verdict = { kind: 'Proven', why: 'The whole fleet is made of it.' } as const;
    const revisions: readonly RevisionObservation[] = [{ revision, createdAtMs: world.startWallMs, verdict }];
    this.ports = {
      clock: {
        elapsedMs: () => bootMs + world.nowMs,
        wallMs: () => world.startWallMs + world.nowMs,
      },
      log: silentLog,
      media: this.#mediaPort(),
      pods: {
        list: () => this.#list(),
        ownWritesSeen: () => true,
        kubeNodes: () => undefined,
        revisions: () => revisions,
      },
      actor: { act: (action) => this.#act(action) },
      record: {
        status: () => undefined,
        event: () => undefined,
        decision: (input, decision) => onDecision?.(input, decision),
      },
      ...(options.keepsLearned ? { learned: learnedPort() } : {}),
      wake: () => options.wake(),
    };
  }

  /** An instant of the operator's monotonic clock in the world's time. */
  static worldMs(elapsedMs: number): number {
    return elapsedMs - bootMs;
  }

  /** Takes note of a change of a node's Pod. */
  nodeChanged(node: SimNode): void {
    this.#pods = undefined;
    const face = this.#faces.get(node);
    if (face === undefined || node.state !== 'Gone') return;
    this.#byName.delete(face.podName);
    this.#byIp.delete(face.ip);
    // A server that ends in order takes its entry along; a lost one leaves it behind.
    if (!node.lost || node.registeredAtMs === undefined) this.#faces.delete(node);
  }

  /** Another process knows nothing of what this one has seen. */
  forget(): void {
    for (const face of this.#faces.values()) face.forget();
  }

  /** Gives a node that the world has launched the name of its Pod. */
  name(node: SimNode, podName: string): void {
    const face = new NodeFace(node, podName, this.#world, this.#options);
    this.#faces.set(node, face);
    this.#byName.set(podName, node);
    this.#byIp.set(face.ip, node);
    this.#pods = undefined;
  }

  #mediaPort(): MediaPort {
    return {
      readRedis: () => Promise.resolve(this.#redis()),
      readServerApi: () => Promise.resolve(this.#serverApi()),
      readMetrics: (podIp) => Promise.resolve(this.#metrics(podIp)),
      steer: (closed, open) => Promise.resolve(this.#steer(closed, open)),
      removeGhost: (nodeId) => Promise.resolve(this.#removeGhost(nodeId)),
    };
  }

  /** The same list until something about a Pod changes, in the order that the core puts them in. */
  #list(): readonly PodObservation[] {
    this.#pods ??= [...this.#byName.values()]
      .flatMap((node) => this.#faces.get(node)?.pod ?? [])
      .toSorted((a, b) => compareNames(a.name, b.name));
    return this.#pods;
  }

  #redis(): RedisReading {
    const { registry, nowMs } = this.#world;
    const atMs = bootMs + nowMs;
    if (!registry.reachable) return { kind: 'Failed', why: 'connection refused', atMs };
    const nodes: NodeEntry[] = [];
    for (const [node, face] of this.#faces) {
      if (node.registeredAtMs !== undefined) nodes.push(face.entry());
    }
    return { kind: 'Read', nodes, rooms: registry.records, atMs, serverVersion: '1.13.5' };
  }

  #serverApi(): ServerApiReading {
    const rooms = [...this.#world.rooms.values()].map(({ record, participants }) => ({
      room: record.room,
      participants,
    }));
    return { kind: 'Read', rooms, atMs: bootMs + this.#world.nowMs };
  }

  #metrics(podIp: string): NodeMetricsReading {
    const atMs = bootMs + this.#world.nowMs;
    const node = this.#byIp.get(podIp);
    if (node === undefined) return { kind: 'Failed', why: 'no route to host', atMs };
    const { id: nodeId, participants, rooms } = node;
    return {
      kind: 'Read',
      nodeId,
      participants,
      rooms: rooms.size,
      relayedSignals: 0,
      companions: [],
      quality: undefined,
      atMs,
    };
  }

  /** As the script in Redis does it: nothing is closed unless a node that is relied on takes rooms. */
  #steer(closed: readonly string[], open: readonly string[]): void {
    const wanted = new Set(closed);
    let relied = false;
    for (const node of this.#world.nodes) relied ||= node.state === 'Ready' && open.includes(node.id);
    for (const node of this.#world.nodes) {
      if (node.state === 'Ready') this.#world.close(node, relied && wanted.has(node.id));
    }
  }

  #removeGhost(nodeId: string): boolean {
    for (const node of this.#faces.keys()) {
      if (node.id === nodeId && node.state === 'Gone') return this.#faces.delete(node);
    }
    return false;
  }

  async #act(action: Action): Promise<void> {
    if ('pod' in action) return this.#actOn(action);
    switch (action.kind) {
      case 'CreatePod':
        if (!this.#byName.has(action.name)) this.name(this.#world.launch(), action.name);
        return;
      case 'RemoveGhost':
        this.#removeGhost(action.nodeId);
        return;
      // A world of one revision has nothing to judge.
      case 'JudgeRevision':
        return;
      default:
        return never(action);
    }
  }

  #actOn(action: Extract<Action, { readonly pod: PodRef }>): void {
    switch (action.kind) {
      case 'SetInService':
        this.#find(action.pod).face.setInService(action.inService);
        return this.#podWritten();
      case 'RemoveNode':
        return this.#stop(action.pod);
      case 'RemoveFailed':
        return this.#world.remove(this.#find(action.pod).node);
      // Without persons, changes and machines nobody has a wish, and no server hangs.
      case 'SetWish':
      case 'EvictNode':
      case 'EndWedged':
        return;
      default:
        return never(action);
    }
  }

  #stop(pod: PodRef): void {
    const { node, face } = this.#find(pod);
    face.setDeleting();
    this.#world.leave(node, stopsWithinMs);
  }

  #podWritten(): void {
    this.#pods = undefined;
    this.#options.wake();
  }

  /** The Pod, if it is still the one that was decided on. @throws ActionRefusedError otherwise. */
  #find(pod: PodRef): Found {
    const node = this.#byName.get(pod.name);
    const face = node === undefined ? undefined : this.#faces.get(node);
    if (node === undefined || face === undefined) {
      throw new ActionRefusedError(`Pod ${pod.name} is gone`, true);
    }
    const { uid, resourceVersion } = face.pod;
    if (uid === pod.uid && resourceVersion === pod.resourceVersion) return { node, face };
    throw new ActionRefusedError(`Pod ${pod.name} has changed`, true);
  }
}

/** Keeps a checkpoint as it would be kept in the cluster: as text. */
function learnedPort(): LearnedPort {
  let kept: string | undefined;
  return {
    salt: 1,
    load: () => Promise.resolve<unknown>(kept === undefined ? undefined : JSON.parse(kept)),
    save: (checkpoint) => {
      kept = JSON.stringify(checkpoint);
    },
  };
}
