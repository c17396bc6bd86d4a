/**
 * A fleet that is not there, beside one that is: a simulation under the spec that is on trial, fed with the rooms as
 * they are seen, and the same figures of the fleet that really runs. Watching costs a little time and changes nothing.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import type { ClusterSpec } from '../core/spec.ts';
import { ActualFleet, type ActualFigures, liveRoomsOf } from './actual-fleet.ts';
import type { SimEvent } from './events.ts';
import { Simulation } from './simulation.ts';

export interface ShadowFigures {
  /** Nodes now, launching and leaving ones included. */
  readonly nodes: number;
  readonly nodeHours: number;
  /** Share of the participants' time on nodes above 90 % of capacity. */
  readonly overloadShare: number;
  readonly launches: number;
  readonly roomsCut: number;
}

export interface ShadowReport {
  /** Wall clock of the beginning. */
  readonly sinceWallMs: number;
  readonly wouldBe: ShadowFigures;
  readonly actual: ActualFigures;
}

export interface ShadowOptions {
  readonly spec: ClusterSpec;
  /** Told once if the simulation fails; the shadow then stays silent. */
  readonly onFailure: (error: unknown) => void;
  /** Lets other work go on between slices; for tests. */
  readonly pause?: () => Promise<unknown>;
}

/** How long a launch takes before one was measured. */
const usualLaunchMs = 30_000;
/** Looks that come closer together are taken together. */
const leastBetweenMs = 1000;
/** Simulated time between two pauses, so that nothing else waits for long. */
const sliceS = 5;

interface Look {
  readonly atS: number;
  readonly rooms: ReadonlyMap<string, number>;
}

interface Begun {
  readonly sim: Simulation;
  /** The same moment on the operator's monotonic clock and on the wall. */
  readonly fromMs: number;
  readonly wallMs: number;
}

export class Shadow {
  readonly #options: ShadowOptions;
  readonly #pause: () => Promise<unknown>;
  readonly #actual: ActualFleet;
  readonly #rooms = new Map<string, number>();
  readonly #tally = new NodeTally();
  #begun: Begun | undefined;
  #pending: Look | undefined;
  #lastLookMs = -Infinity;
  #running: Promise<void> | undefined;
  #failed = false;

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#pause = options.pause ?? turn;
    this.#actual = new ActualFleet(options.spec.capacity.participants);
  }

  /** Takes note of one pass over the real fleet and returns at once. */
  see(input: DecideInput, decision: Decision): void {
    const { redis } = input.observed;
    // What cannot be seen has not changed: the rooms of a moment ago go on, in both fleets.
    if (this.#failed || redis.kind !== 'Read' || decision.demand === undefined) return;
    this.#actual.see(input, decision);
    if (input.nowMs - this.#lastLookMs < leastBetweenMs) return;
    this.#lastLookMs = input.nowMs;
    const begun = this.#begin(input, decision);
    this.#pending = { atS: (input.nowMs - begun.fromMs) / 1000, rooms: liveRoomsOf(decision) };
    this.#running ??= this.#run(begun.sim).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when all that was seen has been played. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** What there is to compare; `undefined` before the beginning and after a failure. */
  report(): ShadowReport | undefined {
    if (this.#begun === undefined || this.#failed) return undefined;
    const { overloadShare, launches, roomsCut } = this.#begun.sim.figures();
    return {
      sinceWallMs: this.#begun.wallMs,
      wouldBe: {
        nodes: this.#tally.nodes,
        nodeHours: this.#tally.hoursUntil(this.#begun.sim.nowS),
        overloadShare,
        launches: launches - this.#tally.initial,
        roomsCut,
      },
      actual: this.#actual.figures(),
    };
  }

  #begin(input: DecideInput, decision: Decision): Begun {
    if (this.#begun !== undefined) return this.#begun;
    const { spec } = this.#options;
    const initialNodes = Math.max(
      spec.minNodes,
      decision.nodes.filter(({ node }) => node.phase === 'Up').length,
    );
    const sim = new Simulation({
      policy: { kind: 'governor', spec: { ...spec, mode: 'Enforce' } },
      capacity: spec.capacity.participants,
      launchSeconds: (input.launchMs ?? usualLaunchMs) / 1000,
      seed: 1,
      nodesMin: spec.minNodes,
      nodesMax: spec.maxNodes,
      initialNodes,
      startWallMs: input.wallMs,
      onEvent: (event) => this.#tally.take(event),
    });
    this.#begun = { sim, fromMs: input.nowMs, wallMs: input.wallMs };
    return this.#begun;
  }

  async #run(sim: Simulation): Promise<void> {
    try {
      for (let look = this.#pending; look !== undefined; look = this.#pending) {
        this.#pending = undefined;
        await this.#advance(sim, look.atS);
        this.#play(sim, look.rooms);
      }
    } catch (error) {
      this.#failed = true;
      this.#options.onFailure(error);
    }
  }

  async #advance(sim: Simulation, atS: number): Promise<void> {
    await this.#pause();
    for (let toS = sim.nowS + sliceS; toS < atS; toS += sliceS) {
      await sim.advanceTo(toS);
      await this.#pause();
    }
    await sim.advanceTo(atS);
  }

  #play(sim: Simulation, rooms: ReadonlyMap<string, number>): void {
    for (const name of this.#rooms.keys()) {
      if (rooms.has(name)) continue;
      sim.endRoom(name);
      this.#rooms.delete(name);
    }
    for (const [name, participants] of rooms) {
      const before = this.#rooms.get(name);
      // A room begins for the fleet when the first participant is in it.
      if (before === undefined && participants === 0) continue;
      if (before === undefined) sim.startRoom(name, participants);
      else if (before !== participants) sim.changeRoom(name, participants);
      this.#rooms.set(name, participants);
    }
  }
}

/** Node-hours up to any moment; the measures of a simulation end with its last event. */
class NodeTally {
  nodes = 0;
  initial = 0;
  #nodeSeconds = 0;
  #atS = 0;

  take({ t, e }: SimEvent): void {
    if (e !== 'launch' && e !== 'remove') return;
    this.#nodeSeconds += this.nodes * (t - this.#atS);
    this.#atS = t;
    this.nodes += e === 'launch' ? 1 : -1;
    if (e === 'launch' && t === 0) this.initial += 1;
  }

  hoursUntil(atS: number): number {
    return (this.#nodeSeconds + this.nodes * Math.max(0, atS - this.#atS)) / 3600;
  }
}
