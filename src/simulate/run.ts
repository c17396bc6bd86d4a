/** One policy on one trace, from the first room to the end of the last one. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Trace } from '../workload/trace.ts';
import type { SimResult } from './result.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { TraceFeed } from './trace-feed.ts';
import type { WorldCounts } from './world.ts';

export interface SimOptions extends SimulationOptions {
  readonly trace: Trace;
  /** Told now and then how far it is: the share of the trace's time, and that time itself. */
  readonly onProgress?: (share: number, simSeconds: number) => void;
  /** Stops it cleanly. */
  readonly signal?: AbortSignal;
  /** Measures how long it took. */
  readonly clock?: Clock;
}

/** It was stopped before its end; `partial` is what had been measured until then. */
export class SimulationStoppedError extends Error {
  override readonly name = 'SimulationStoppedError';
  readonly simSeconds: number;
  readonly partial: SimResult;
  constructor(simSeconds: number, partial: SimResult) {
    super(`The simulation was stopped after ${simSeconds} simulated seconds.`);
    this.simSeconds = simSeconds;
    this.partial = partial;
  }
}

/** So many steps are made before anybody else may run. */
const stepsATurn = 1024;

/** @throws SimulationStoppedError when the signal says so. */
export async function simulate(options: SimOptions): Promise<SimResult> {
  return (await simulateFully(options)).result;
}

/** The same, with what no log tells. */
export async function simulateFully(
  options: SimOptions,
): Promise<{ readonly result: SimResult; readonly counts: WorldCounts }> {
  const { trace, seed, signal, onProgress, clock = systemClock } = options;
  const startedMs = clock.elapsedMs();
  const simulation = new Simulation(options);
  const feed = new TraceFeed(simulation.world, trace, seed);
  const endS = trace.rooms.reduce((latest, room) => Math.max(latest, room.startS + room.durationS), 0);
  const resultNow = (): SimResult => {
    const wallMs = Math.round(clock.elapsedMs() - startedMs);
    return resultOf(simulation, { trace: trace.name, seed, wallMs });
  };
  for (let steps = 0; !feed.done; steps += 1) {
    const stepping = simulation.step();
    if (stepping !== undefined) await stepping;
    if (steps % stepsATurn !== 0) continue;
    await turn();
    if (signal?.aborted === true) throw new SimulationStoppedError(simulation.nowS, resultNow());
    onProgress?.(endS === 0 ? 1 : Math.min(1, simulation.nowS / endS), simulation.nowS);
  }
  onProgress?.(1, simulation.nowS);
  return { result: resultNow(), counts: simulation.counts };
}

interface Heading {
  readonly trace: string;
  readonly seed: number;
  readonly wallMs: number;
}

function resultOf(simulation: Simulation, { trace, seed, wallMs }: Heading): SimResult {
  const { rooms, ...figures } = simulation.figures();
  return { policy: simulation.policy, seed, trace, rooms, ...figures, wallMs };
}
