/** Small simulations for tests: a trace, a policy, and all that happened. */
import fc from 'fast-check';
import type { ClusterSpec } from '../../src/core/spec.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { policyByName } from '../../src/simulate/policies.ts';
import type { SimResult } from '../../src/simulate/result.ts';
import { type SimOptions, simulateFully } from '../../src/simulate/run.ts';
import type { SimPolicy } from '../../src/simulate/simulation.ts';
import type { WorldCounts } from '../../src/simulate/world.ts';
import type { Trace, TraceRoom } from '../../src/workload/trace.ts';
import { aSpec } from '../support/builders.ts';

export function aRoom(startS: number, durationS: number, participants: number): TraceRoom {
  return { startS, durationS, participants, publishers: participants, name: undefined };
}

export function aTrace(...rooms: readonly TraceRoom[]): Trace {
  return { name: 'small', rooms: rooms.toSorted((a, b) => a.startS - b.startS) };
}

/** So many rooms of two to six people within an hour, each of a quarter of an hour. */
export function aBusyHour(rooms: number): Trace {
  const all = Array.from({ length: rooms }, (_, at) =>
    aRoom(Math.floor((at * 3600) / rooms), 900, 2 + (at % 5)),
  );
  return { name: 'busy hour', rooms: all };
}

export const someTrace: fc.Arbitrary<Trace> = fc
  .array(
    fc.record({
      startS: fc.integer({ min: 0, max: 600 }),
      durationS: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 900 })),
      participants: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
        fc.integer({ min: 1, max: 40 }),
      ),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((rooms) =>
    aTrace(...rooms.map(({ startS, durationS, participants }) => aRoom(startS, durationS, participants))),
  );

export function governor(changes: Partial<ClusterSpec> = {}): SimPolicy {
  return { kind: 'governor', spec: aSpec(changes) };
}

export function baseline(name: string): SimPolicy {
  return { kind: 'baseline', create: policyByName(name).create };
}

export const policies: readonly (readonly [name: string, policy: SimPolicy])[] = [
  ['governor', governor()],
  ...['hpa', 'openvidu-v2', 'jitsi', 'agones-buffer', 'target-tracking', 'static-2'].map(
    (name) => [name, baseline(name)] as const,
  ),
];

export function options(changes: Partial<SimOptions> & Pick<SimOptions, 'trace'>): SimOptions {
  return {
    policy: governor(),
    capacity: 20,
    launchSeconds: 20,
    seed: 1,
    nodesMin: 1,
    nodesMax: 20,
    // How long a test takes is none of its affair.
    clock: { wallMs: () => 0, elapsedMs: () => 0 },
    ...changes,
  };
}

export interface Played {
  readonly result: SimResult;
  readonly counts: WorldCounts;
  readonly events: readonly SimEvent[];
}

export async function play(changes: Partial<SimOptions> & Pick<SimOptions, 'trace'>): Promise<Played> {
  const events: SimEvent[] = [];
  const played = await simulateFully(options({ ...changes, onEvent: (event) => events.push(event) }));
  return { ...played, events };
}

/** Events of one kind. */
export function only<K extends SimEvent['e']>(
  events: readonly SimEvent[],
  ...kinds: readonly K[]
): readonly Extract<SimEvent, { e: K }>[] {
  const wanted: readonly string[] = kinds;
  return events.filter((event): event is Extract<SimEvent, { e: K }> => wanted.includes(event.e));
}
