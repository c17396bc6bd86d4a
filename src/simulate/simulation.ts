/**
 * A fleet in simulated time under one policy. Fed from outside, be it from a trace or with the rooms that are seen in
 * a real cluster: tell what happens to rooms, then let time go on.
 */
import { withoutProfile } from '../core/capacity-use.ts';
import type { ClusterSpec } from '../core/spec.ts';
import type { Baseline } from './baseline.ts';
import { BaselineDriver } from './baseline-run.ts';
import type { Driver } from './driver.ts';
import type { SimEvent } from './events.ts';
import { type SimFaults, noFaults } from './faults.ts';
import type { OnDecision } from './governor-ports.ts';
import { GovernorDriver } from './governor-run.ts';
import { Measures, type SimFigures } from './measures.ts';
import { type Selector, recommendedSelector } from './selection.ts';
import { World, type WorldCounts, type WorldWatcher } from './world.ts';

export type SimPolicy =
  /** The product's own loop. Capacity, minimum and maximum come from the options. */
  | { readonly kind: 'governor'; readonly spec: ClusterSpec }
  | { readonly kind: 'baseline'; readonly create: () => Baseline };

export interface SimulationOptions {
  readonly policy: SimPolicy;
  /** Participants that one node carries. */
  readonly capacity: number;
  readonly launchSeconds: number;
  readonly seed: number;
  readonly nodesMin: number;
  readonly nodesMax: number;
  /** Nodes that are ready at the beginning; `nodesMin` unless told. */
  readonly initialNodes?: number;
  /** Two-choice by default. */
  readonly selector?: Selector;
  readonly faults?: SimFaults;
  /** Wall clock at the beginning, Unix milliseconds; Monday 2026-01-05 00:00 UTC unless told. */
  readonly startWallMs?: number;
  readonly onEvent?: (event: SimEvent) => void;
  /** Every decision of the governor with all that it was made from. */
  readonly onDecision?: OnDecision;
}

/** Monday 2026-01-05T00:00:00Z. */
const mondayMs = 1_767_571_200_000;

export class Simulation {
  readonly world: World;
  readonly #driver: Driver;
  readonly #measures: Measures;

  constructor(options: SimulationOptions) {
    const measures = new Measures(options.capacity);
    this.#measures = measures;
    this.world = new World({
      launchMs: Math.round(options.launchSeconds * 1000),
      seed: options.seed,
      selector: options.selector ?? recommendedSelector,
      faults: options.faults ?? noFaults,
      startWallMs: options.startWallMs ?? mondayMs,
      emit: (event) => {
        measures.take(event);
        options.onEvent?.(event);
      },
    });
    const initial = options.initialNodes ?? options.nodesMin;
    for (let count = 0; count < initial; count += 1) this.world.found();
    this.#driver = driverOf(options, this.world);
  }

  get policy(): string {
    return this.#driver.policy;
  }

  get nowS(): number {
    return this.world.nowMs / 1000;
  }

  /** What a result does not tell: rooms that no node took, and what faults have cut. */
  get counts(): WorldCounts {
    return this.world.counts;
  }

  /** What has been measured so far. */
  figures(): SimFigures {
    return this.#measures.figures();
  }

  /** `room` may not be used again in this simulation; `title` is what people call it, if that is something else. */
  startRoom(room: string, participants: number, title = room): void {
    this.world.startRoom(room, participants, title);
  }

  changeRoom(room: string, participants: number): void {
    this.world.changeRoom(room, participants);
  }

  endRoom(room: string): void {
    this.world.endRoom(room);
  }

  /** Lets everything happen up to and with this instant. */
  async advanceTo(atS: number): Promise<void> {
    const untilMs = Math.round(atS * 1000);
    while (this.nextAtMs <= untilMs) {
      const stepping = this.step();
      if (stepping !== undefined) await stepping;
    }
    this.world.nowMs = Math.max(this.world.nowMs, untilMs);
  }

  /** When the next thing happens, in the world's milliseconds. */
  get nextAtMs(): number {
    return Math.min(this.world.calendar.nextAtMs, this.#driver.nextAtMs);
  }

  /** Lets the next thing happen. What happens in the world comes before what the policy does at that instant. */
  step(): void | Promise<void> {
    const { world } = this;
    const driverAtMs = this.#driver.nextAtMs;
    const worldAtMs = world.calendar.nextAtMs;
    world.nowMs = Math.max(world.nowMs, Math.min(worldAtMs, driverAtMs));
    if (driverAtMs < worldAtMs) return this.#driver.step();
    world.calendar.take()?.();
    return undefined;
  }
}

function driverOf(options: SimulationOptions, world: World): Driver {
  const { policy, capacity, nodesMin, nodesMax } = options;
  const outages = options.faults?.operatorOutages ?? [];
  if (policy.kind === 'baseline') {
    const baseline = policy.create();
    return watched(world, new BaselineDriver({ world, baseline, capacity, nodesMin, nodesMax, outages }));
  }
  const spec: ClusterSpec = {
    ...withoutProfile(policy.spec),
    minNodes: nodesMin,
    maxNodes: nodesMax,
    capacity: { ...policy.spec.capacity, participants: capacity },
  };
  const driver = new GovernorDriver({ world, spec, outages, onDecision: options.onDecision });
  driver.nameFleet(world.nodes);
  return watched(world, driver);
}

function watched<T extends Driver & WorldWatcher>(world: World, driver: T): T {
  world.watcher = driver;
  return driver;
}
