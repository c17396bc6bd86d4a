/** The operator's own loop runs a simulated fleet: the same code, woken by what it would be woken by. */
import type { ClusterSpec } from '../core/spec.ts';
import type { SpecNow } from '../reconcile/ports.ts';
import { ClusterLoop } from '../reconcile/reconcile.ts';
import type { Driver } from './driver.ts';
import type { SimOutage } from './faults.ts';
import { GovernorPorts, type OnDecision } from './governor-ports.ts';
import type { World, WorldWatcher } from './world.ts';
import type { SimNode } from './world-node.ts';

/** Changes that come closer together are looked at together. */
const leastBetweenPassesMs = 250;
/** Growth is told by heartbeats that are up to 2 s old when they come: it waits for a look that comes soon anyway. */
const leastBeforeGrowthMs = 1000;
/** How long it goes without a look when nothing happens. */
const backstopMs = 5000;

export interface GovernorOptions {
  readonly world: World;
  /** Capacity, minimum and maximum are taken from here. */
  readonly spec: ClusterSpec;
  readonly outages: readonly SimOutage[];
  readonly onDecision: OnDecision | undefined;
}

const clusterName = 'sim';

export class GovernorDriver implements Driver, WorldWatcher {
  readonly policy = 'governor';
  readonly #world: World;
  readonly #specNow: SpecNow;
  readonly #ports: GovernorPorts;
  #loop: ClusterLoop;
  #alive = true;
  #lastPassMs = -Infinity;
  #wantedAtMs = 0;
  #dueMs = 0;

  constructor({ world, spec, outages, onDecision }: GovernorOptions) {
    this.#world = world;
    this.#specNow = { generation: 1, spec, problems: [], notYetEffective: [] };
    const { capacity, revision } = spec;
    this.#ports = new GovernorPorts({
      world,
      capacity,
      revision,
      keepsLearned: outages.length > 0,
      onDecision,
      wake: () => this.#wake(),
    });
    this.#loop = new ClusterLoop(clusterName, this.#ports.ports);
    for (const { fromS, toS } of outages) {
      world.calendar.enter(fromS * 1000, () => this.#die());
      world.calendar.enter(toS * 1000, () => this.#comeBack());
    }
  }

  get nextAtMs(): number {
    return this.#alive ? this.#dueMs : Infinity;
  }

  /** Gives the nodes that are there at the beginning the names of Pods. */
  nameFleet(nodes: Iterable<SimNode>): void {
    for (const node of nodes) this.#ports.name(node, `${clusterName}-media-${node.serial - 1}`);
  }

  async step(): Promise<void> {
    const { nowMs } = this.#world;
    this.#lastPassMs = nowMs;
    this.#wantedAtMs = Infinity;
    const { wakeAtMs } = await this.#loop.pass(this.#specNow);
    await this.#loop.evidenceSettled();
    const wakeMs = wakeAtMs === undefined ? Infinity : GovernorPorts.worldMs(wakeAtMs);
    const nextMs = Math.min(nowMs + backstopMs, wakeMs, this.#wantedAtMs);
    this.#dueMs = Math.ceil(Math.max(nowMs + leastBetweenPassesMs, nextMs));
  }

  onRoomStarted(): void {
    this.#wake();
  }

  /** People who leave are told of, too, but only an empty node changes what is to be done about it. */
  onRoomEnded(node: SimNode): void {
    if (node.rooms.size === 0) this.#wake();
  }

  onPublished(node: SimNode, grew: boolean): void {
    if (node.publishedParticipants === 0) this.#wake();
    else if (grew && !node.closed) this.#wake(leastBeforeGrowthMs);
  }

  onNodeChanged(node: SimNode): void {
    this.#ports.nodeChanged(node);
    this.#wake();
  }

  #wake(leastSinceMs = leastBetweenPassesMs): void {
    const atMs = Math.max(this.#world.nowMs, this.#lastPassMs + leastSinceMs);
    this.#wantedAtMs = Math.min(this.#wantedAtMs, atMs);
    this.#dueMs = Math.min(this.#dueMs, atMs);
  }

  #die(): void {
    this.#alive = false;
    this.#world.registry.setKept(false, this.#world.nodes);
  }

  /** Another process, with nothing but what the cluster and the checkpoint tell it. */
  #comeBack(): void {
    this.#alive = true;
    this.#world.registry.setKept(true, []);
    this.#ports.forget();
    this.#loop = new ClusterLoop(clusterName, this.#ports.ports);
    this.#lastPassMs = -Infinity;
    this.#dueMs = this.#world.nowMs;
  }
}
