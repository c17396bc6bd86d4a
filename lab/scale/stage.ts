/** Fleets of a given size on one real API server, each with a Redis of its own, and the operator that looks after them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectPod } from '../../src/reconcile/project-pod.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { PODS } from '../../src/kube/resource.ts';
import { type Plane, startPlane } from '../plane/plane.ts';
import { define, makeKeys } from '../plane/steps.ts';
import { BenchOperator } from './operator.ts';
import { LabError, type Say } from '../exec.ts';
import { HollowTraffic } from '../hollow/traffic.ts';
import type { Planner } from '../hollow/types.ts';
import { HollowWorld, quickPlan } from '../hollow/world.ts';
import { type LocalRedis, startRedis } from '../local-redis.ts';
import { buildDir } from '../paths.ts';

export interface StageWish {
  readonly clusters: number;
  readonly nodesEach: number;
  /** One more than `nodesEach` unless told. */
  readonly mostEach?: number;
  readonly roomsEach: number;
  /** Compiled operator. */
  readonly entry: string;
  readonly say: Say;
  readonly profile?: boolean;
  /** Of the life of a room; 20 to 40 minutes unless told. */
  readonly roomLifeMs?: readonly [number, number];
}

export const namespace = 'default';
/** Of one node. */
const slots = 200;
const people: readonly [number, number] = [2, 4];
/** A surplus Pod of a measured step is taken away before it would start. */
const heldMs = 100_000_000;
const minute = 60_000;
/** The CRD takes no more nodes in one cluster. */
export const mostNodes = 1000;

export class Stage {
  readonly plane: Plane;
  readonly redises: readonly LocalRedis[];
  readonly world: HollowWorld;
  readonly traffics: readonly HollowTraffic[];
  readonly dir: string;
  readonly wish: StageWish;
  readonly #hold: { now: boolean };
  #operator: BenchOperator | undefined;

  /** Everything but the operator. */
  static async build(wish: StageWish): Promise<Stage> {
    const dir = join(buildDir, 'bench-scale');
    await mkdir(dir, { recursive: true });
    const hold = { now: false };
    const plane = await startPlane({ audit: true });
    const redises = await Promise.all(Array.from({ length: wish.clusters }, () => startRedis()));
    await define(plane.client, 'openviducluster', 'openviducapacityprofile', 'openviduloadtest');
    await makeKeys(plane.client, namespace);
    const plan: Planner = (pod, random) =>
      hold.now ? { ...quickPlan(pod, random), launchMs: heldMs } : quickPlan(pod, random);
    const world = await HollowWorld.start({
      client: plane.client,
      fleets: redises.map(({ address }, at) => ({ cluster: fleetName(at), redis: address })),
      seed: 1,
      machines: 20,
      plan,
    });
    return new Stage(wish, { plane, redises, world, dir, hold });
  }

  private constructor(
    wish: StageWish,
    parts: Pick<Stage, 'plane' | 'redises' | 'world' | 'dir'> & { readonly hold: { now: boolean } },
  ) {
    this.wish = wish;
    this.plane = parts.plane;
    this.redises = parts.redises;
    this.world = parts.world;
    this.dir = parts.dir;
    this.#hold = parts.hold;
    this.traffics = parts.redises.map((_, at) =>
      HollowTraffic.start(parts.world, {
        cluster: fleetName(at),
        rooms: 0,
        participants: people,
        lifeMs: wish.roomLifeMs ?? [20 * minute, 40 * minute],
        seed: at + 1,
        mostOpened: Math.max(1, Math.round(40 / parts.redises.length)),
      }),
    );
  }

  /** The operator that runs now. @throws LabError */
  get operator(): BenchOperator {
    if (this.#operator === undefined) throw new LabError('No operator was started.');
    return this.#operator;
  }

  get rooms(): number {
    return this.traffics.reduce((sum, { rooms }) => sum + rooms, 0);
  }

  async startOperator(): Promise<BenchOperator> {
    const { entry, profile } = this.wish;
    this.#operator = await BenchOperator.start({
      entry,
      kubeconfig: this.plane.kubeconfig,
      logFile: join(this.dir, 'operator.log'),
      ...(profile === true ? { profileDir: join(this.dir, 'profiles') } : {}),
    });
    return this.#operator;
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = undefined;
  }

  /** Makes the clusters and waits until all their nodes are ready. Needs an operator. */
  async fillNodes(): Promise<void> {
    const { clusters, nodesEach, say } = this.wish;
    for (let at = 0; at < clusters; at += 1) await this.#makeCluster(at);
    const all = clusters * nodesEach;
    await this.#until(`${all} ready nodes`, 600, () => this.#readyPods(), all);
    say(`${all} nodes are ready`);
  }

  /**
   * Waits until all rooms are open. In reality they come over hours; here they come at once, so no operator should
   * run, which would send a day's rooms to the few nodes that are enough for the first of them.
   */
  async fillRooms(): Promise<void> {
    const { clusters, roomsEach, say } = this.wish;
    for (const traffic of this.traffics) traffic.setRooms(roomsEach);
    const rooms = clusters * roomsEach;
    await this.#until(`${rooms} rooms`, 600, () => this.rooms, rooms);
    say(`${rooms} rooms are open, ${this.world.counts.refused} were refused on the way`);
  }

  /** Pods beyond the size of the fleets are not started, or are again. */
  holdLaunches(hold: boolean): void {
    this.#hold.now = hold;
  }

  async podNames(): Promise<readonly string[]> {
    const { items } = await this.plane.client.list(PODS, { namespace });
    return items.map(({ metadata }) => metadata.name);
  }

  async stop(): Promise<void> {
    for (const traffic of this.traffics) traffic.stop();
    await this.stopOperator();
    await this.world.stop();
    await this.plane.stop();
    await Promise.all(this.redises.map((redis) => redis.stop()));
  }

  #readyPods(): number {
    return this.world.pods().filter((pod) => projectPod(pod).ready).length;
  }

  async #until(what: string, seconds: number, count: () => number, wanted: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000;
    while (count() < wanted) {
      if (performance.now() > endMs)
        throw new LabError(`Not within ${seconds} s: ${what}; there are ${count()}.`);
      await sleep(250);
    }
  }

  async #makeCluster(at: number): Promise<void> {
    const { nodesEach, mostEach = nodesEach + 1 } = this.wish;
    const rules = {
      stabilizationWindowSeconds: 0,
      policies: [{ type: 'Pods', value: 1000, periodSeconds: 1 }],
    };
    await this.plane.client.create(CLUSTERS, {
      apiVersion: 'openvidu.io/v1alpha1',
      kind: 'OpenViduCluster',
      metadata: { name: fleetName(at), namespace },
      spec: {
        redis: { standalone: { address: this.redises[at]?.address ?? '' } },
        server: { credentialsSecretRef: { name: 'livekit-keys' } },
        mediaNodes: {
          ...this.world.mediaNodes,
          min: nodesEach,
          max: mostEach,
          capacity: { participants: slots },
        },
        autoscaling: { behavior: { scaleUp: rules, scaleDown: rules } },
      },
    });
  }
}

export function fleetName(at: number): string {
  return `fleet-${at}`;
}

/** Claims of one heartbeat that no fleet of this size could carry. */
export function overload(nodes: number): number {
  return nodes * slots * 2;
}
