/** The same rooms in the simulator, with the same spec, for as long as reality was watched. */
import type { ClusterSpec } from '../../src/core/spec.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { Simulation } from '../../src/simulate/simulation.ts';
import { TraceFeed } from '../../src/simulate/trace-feed.ts';
import type { Trace } from '../../src/workload/trace.ts';

export interface TwinOptions {
  readonly trace: Trace;
  /** Decides how rooms fill: the same as in reality. */
  readonly seed: number;
  /** Decides which node a room gets, and when nodes send their heartbeats. */
  readonly diceSeed: number;
  readonly spec: ClusterSpec;
  readonly launchSeconds: number;
  readonly endS: number;
}

export async function simulateTwin(options: TwinOptions): Promise<readonly SimEvent[]> {
  const { trace, seed, diceSeed, spec, launchSeconds, endS } = options;
  const events: SimEvent[] = [];
  const simulation = new Simulation({
    policy: { kind: 'governor', spec },
    capacity: spec.capacity.participants,
    launchSeconds,
    seed: diceSeed,
    nodesMin: spec.minNodes,
    nodesMax: spec.maxNodes,
    onEvent: (event) => events.push(event),
  });
  // It enters the rooms into the simulation's calendar, and needs no more.
  const feed = new TraceFeed(simulation.world, trace, seed);
  await simulation.advanceTo(endS);
  if (!feed.done) throw new RangeError(`The last room of ${trace.name} is not over after ${endS} s.`);
  return events;
}
