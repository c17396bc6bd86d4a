/** A baseline runs a simulated fleet: the same rooms, the same selection and launch time as for the governor. */
import { never } from '../base/assert.ts';
import type { Baseline, BaselineNode, BaselineNodeState, BaselineOrder } from './baseline.ts';
import type { Driver } from './driver.ts';
import type { SimOutage } from './faults.ts';
import type { World, WorldWatcher } from './world.ts';
import type { SimNode } from './world-node.ts';

/** A machine that does not come up is replaced by its cloud's health check. */
const launchGivenUpMs = 300_000;

export interface BaselineOptions {
  readonly world: World;
  readonly baseline: Baseline;
  readonly capacity: number;
  readonly nodesMin: number;
  readonly nodesMax: number;
  readonly outages: readonly SimOutage[];
}

interface Wish {
  readonly wish: 'Keep' | 'Drain' | 'Terminate';
  readonly sinceMs: number;
}

export class BaselineDriver implements Driver, WorldWatcher {
  readonly policy: string;
  readonly #options: BaselineOptions;
  readonly #world: World;
  readonly #wishes = new Map<SimNode, Wish>();
  #looks = 0;

  constructor(options: BaselineOptions) {
    this.#options = options;
    this.#world = options.world;
    this.policy = options.baseline.name;
    this.#world.placement = options.baseline.placement;
  }

  get nextAtMs(): number {
    return Math.round(this.#looks * this.#options.baseline.periodS * 1000);
  }

  step(): void {
    const nowS = this.#world.nowMs / 1000;
    this.#looks += 1;
    if (this.#options.outages.some(({ fromS, toS }) => nowS >= fromS && nowS < toS)) return;
    const { baseline, capacity, nodesMin, nodesMax } = this.#options;
    const nodes = [...this.#world.nodes].map((node) => this.#show(node));
    for (const order of baseline.look({ nowS, capacity, nodesMin, nodesMax, nodes })) this.#obey(order);
  }

  onRoomStarted(): void {
    // It learns of rooms when it looks.
  }

  onRoomEnded(node: SimNode): void {
    this.#letGo(node);
  }

  onPublished(): void {
    // It learns of load when it looks.
  }

  onNodeChanged(node: SimNode): void {
    if (node.state === 'Gone') this.#wishes.delete(node);
    else this.#letGo(node);
  }

  #show(node: SimNode): BaselineNode {
    const { wish, sinceMs } = this.#wishOf(node);
    return {
      id: node.id,
      state: stateOf(node, wish),
      load: node.participants,
      rooms: node.rooms.size,
      launchedAtS: node.launchedAtMs / 1000,
      readyAtS: node.readyAtMs === undefined ? undefined : node.readyAtMs / 1000,
      stateSinceS: Math.max(sinceMs, wish === 'Keep' ? (node.readyAtMs ?? 0) : 0) / 1000,
    };
  }

  #wishOf(node: SimNode): Wish {
    return this.#wishes.get(node) ?? { wish: 'Keep', sinceMs: node.launchedAtMs };
  }

  #obey(order: BaselineOrder): void {
    if (order.kind === 'Launch') {
      for (let left = order.count; left > 0; left -= 1) this.#launch();
      return;
    }
    for (const node of this.#world.nodes) if (node.id === order.node) return this.#obeyFor(node, order);
  }

  #launch(): void {
    const node = this.#world.launch();
    if (!node.doomed) return;
    this.#world.calendar.enter(this.#world.nowMs + launchGivenUpMs, () => this.#world.remove(node));
  }

  #obeyFor(node: SimNode, order: Exclude<BaselineOrder, { kind: 'Launch' }>): void {
    const { wish } = this.#wishOf(node);
    if (wish === 'Terminate') return;
    const sinceMs = this.#world.nowMs;
    switch (order.kind) {
      case 'Drain':
        if (wish === 'Keep') this.#wishes.set(node, { wish: 'Drain', sinceMs });
        this.#world.close(node, true);
        return this.#letGo(node);
      case 'Undrain':
        this.#wishes.set(node, { wish: 'Keep', sinceMs });
        return this.#world.close(node, false);
      case 'Terminate':
        return this.#terminate(node, order.graceS);
      default:
        return never(order);
    }
  }

  #terminate(node: SimNode, graceS: number): void {
    const sinceMs = this.#world.nowMs;
    this.#wishes.set(node, { wish: 'Terminate', sinceMs });
    this.#world.close(node, true);
    if (graceS === 0) return this.#world.remove(node);
    if (Number.isFinite(graceS)) {
      this.#world.calendar.enter(Math.ceil(sinceMs + graceS * 1000), () => this.#world.remove(node));
    }
    this.#world.leave(node, 0);
  }

  /** A draining node goes when it is empty; one that still starts, when it has started. */
  #letGo(node: SimNode): void {
    const isIdle = node.state === 'Ready' && node.rooms.size === 0;
    if (isIdle && this.#wishOf(node).wish === 'Drain') this.#world.remove(node);
  }
}

function stateOf(node: SimNode, wish: Wish['wish']): BaselineNodeState {
  if (wish === 'Terminate') return 'Terminating';
  if (wish === 'Drain') return 'Draining';
  return node.state === 'Launching' ? 'Launching' : 'Running';
}
