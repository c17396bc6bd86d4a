/** The operator's own loop in a life: woken by what it would be woken by, gone and back when the life says so. */
import type { ClusterSpec } from '../core/spec.ts';
import type { Ports, SpecNow } from '../reconcile/ports.ts';
import { ClusterLoop } from '../reconcile/reconcile.ts';
import { LifeRegistry } from './life-registry.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

/** Changes that come closer together are looked at together. */
const leastBetweenPassesMs = 250;
/** Growth is told by heartbeats that are up to 2 s old when they come: it waits for a look that comes soon anyway. */
const leastBeforeGrowthMs = 1000;
/** How long it goes without a look when nothing happens. */
const backstopMs = 5000;

export const clusterName = 'life';

/** One pass of an operator. Tests put one in that does wrong. */
export interface LifeLoop {
  pass(specNow: SpecNow): Promise<{ readonly wakeAtMs: number | undefined }>;
  evidenceSettled(): Promise<void>;
}

export type MakeLoop = (ports: Ports) => LifeLoop;

export const productLoop: MakeLoop = (ports) => new ClusterLoop(clusterName, ports);

export interface LifeOperatorOptions {
  readonly world: World;
  readonly registry: LifeRegistry;
  readonly ports: () => Ports;
  readonly makeLoop: MakeLoop;
  readonly spec: ClusterSpec;
}

export class LifeOperator {
  readonly #options: LifeOperatorOptions;
  #specNow: SpecNow;
  #loop: LifeLoop | undefined;
  #lastPassMs = -Infinity;
  #wantedAtMs = 0;
  #dueMs = 0;
  passes = 0;

  constructor(options: LifeOperatorOptions) {
    this.#options = options;
    this.#specNow = { generation: 1, spec: options.spec, problems: [], notYetEffective: [] };
  }

  get spec(): ClusterSpec {
    return this.#specNow.spec;
  }

  get isAway(): boolean {
    return this.#loop === undefined;
  }

  get nextAtMs(): number {
    return this.isAway ? Infinity : this.#dueMs;
  }

  respec(change: Partial<ClusterSpec>): void {
    const { generation, spec } = this.#specNow;
    const changed = { ...spec, ...change };
    // A fleet that is being deleted is let go whatever its mode says.
    const mode = changed.deleting ? 'Enforce' : changed.mode;
    this.#specNow = { ...this.#specNow, generation: generation + 1, spec: { ...changed, mode } };
    this.wake();
  }

  /** A new process, with nothing but what the cluster and the checkpoint tell it. */
  start(): void {
    const { world, registry, ports, makeLoop } = this.#options;
    world.registry.setKept(true, []);
    registry.forget();
    this.#loop = makeLoop(ports());
    this.#lastPassMs = -Infinity;
    this.#wantedAtMs = Infinity;
    this.#dueMs = world.nowMs;
  }

  stop(): void {
    const { world } = this.#options;
    this.#loop = undefined;
    world.registry.setKept(false, world.nodes);
  }

  wake(leastSinceMs = leastBetweenPassesMs): void {
    const atMs = Math.max(this.#options.world.nowMs, this.#lastPassMs + leastSinceMs);
    this.#wantedAtMs = Math.min(this.#wantedAtMs, atMs);
    this.#dueMs = Math.min(this.#dueMs, atMs);
  }

  async step(): Promise<void> {
    const loop = this.#loop;
    if (loop === undefined) return;
    const { nowMs } = this.#options.world;
    this.#lastPassMs = nowMs;
    this.#wantedAtMs = Infinity;
    this.passes += 1;
    const { wakeAtMs } = await loop.pass(this.#specNow);
    await loop.evidenceSettled();
    const wakeMs = wakeAtMs === undefined ? Infinity : LifeRegistry.toWorldMs(wakeAtMs);
    const nextMs = Math.min(nowMs + backstopMs, wakeMs, this.#wantedAtMs);
    this.#dueMs = Math.ceil(Math.max(nowMs + leastBetweenPassesMs, nextMs));
  }

  onRoomStarted(): void {
    this.wake();
  }

  /** People who leave are told of, too, but only an empty node changes what is to be done about it. */
  onRoomEnded(node: SimNode): void {
    if (node.rooms.size === 0) this.wake();
  }

  onPublished(node: SimNode, grew: boolean): void {
    if (node.publishedParticipants === 0) this.wake();
    else if (grew && !node.closed) this.wake(leastBeforeGrowthMs);
  }
}
