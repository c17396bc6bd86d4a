import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SimEvent } from '../../src/simulate/events.ts';
import { type SimFaults, noFaults } from '../../src/simulate/faults.ts';
import type { Trace } from '../../src/workload/trace.ts';
import { only, play, policies, someTrace } from './a-simulation.ts';
import { impossible } from './impossible.ts';

const someFaults: fc.Arbitrary<SimFaults> = fc.record({
  launchSpreadS: fc.constantFrom(0, 30),
  launchFailureShare: fc.constantFrom(0, 0.3),
  registrationDelayS: fc.constantFrom(0, 15),
  nodeLosses: fc.constantFrom([], [{ atS: 300, nodes: 1 }]),
  redisOutages: fc.constantFrom([], [{ fromS: 200, toS: 260 }]),
  operatorOutages: fc.constantFrom([], [{ fromS: 400, toS: 700 }]),
});

/** Generous: the machine may be at work on other things. */
const patientMs = 60_000;

describe.each(policies)('under %s', (_, policy) => {
  test(
    'no log shows what cannot be, whatever goes wrong',
    async () => {
      await fc.assert(
        fc.asyncProperty(someTrace, someFaults, fc.nat(99), async (trace, faults, seed) => {
          const { events } = await play({ trace, policy, faults, seed });
          expect(impossible(events)).toEqual([]);
        }),
        { numRuns: 8, seed: 11 },
      );
    },
    patientMs,
  );

  test(
    'every room of the trace begins in time, fills up and ends in time where nothing goes wrong',
    async () => {
      await fc.assert(
        fc.asyncProperty(someTrace, async (trace) => {
          const { events, result } = await play({ trace, policy });
          expect(result.rooms).toBe(trace.rooms.length);
          expect(livesOf(events)).toEqual(wantedLives(trace));
        }),
        { numRuns: 4, seed: 12 },
      );
    },
    patientMs,
  );

  test(
    'the people are the same as under any other policy',
    async () => {
      await fc.assert(
        fc.asyncProperty(someTrace, async (trace) => {
          const [one, other] = [
            await play({ trace, policy }),
            await play({ trace, policy: policies[0]?.[1] ?? policy }),
          ];
          expect(only(one.events, 'load', 'end')).toEqual(only(other.events, 'load', 'end'));
          expect(one.result.boundNodeHours).toBe(other.result.boundNodeHours);
        }),
        { numRuns: 1, seed: 13 },
      );
    },
    patientMs,
  );
});

interface Lived {
  readonly fromS: number;
  readonly toS: number;
  readonly most: number;
}

function livesOf(events: readonly SimEvent[]): Readonly<Record<string, Lived>> {
  const lives: Record<string, Lived> = {};
  for (const event of events) {
    if (event.e === 'room') lives[event.room] = { fromS: event.t, toS: NaN, most: 0 };
    const life = event.e === 'load' || event.e === 'end' ? lives[event.room] : undefined;
    if (life === undefined) continue;
    if (event.e === 'load') lives[event.room] = { ...life, most: Math.max(life.most, event.n) };
    if (event.e === 'end') lives[event.room] = { ...life, toS: event.t };
  }
  return lives;
}

function wantedLives({ rooms }: Trace): Readonly<Record<string, Lived>> {
  return Object.fromEntries(
    rooms.map(({ startS, durationS, participants }, at) => [
      `r${at + 1}`,
      { fromS: startS, toS: startS + durationS, most: participants },
    ]),
  );
}

test(
  'the governor cuts nobody, whatever goes wrong but the loss of a node',
  async () => {
    const [, policy] = policies[0] ?? [];
    await fc.assert(
      fc.asyncProperty(someTrace, someFaults, async (trace, faults) => {
        const { result } = await play({ trace, faults, ...(policy === undefined ? {} : { policy }) });
        expect(result).toMatchObject({ roomsCut: 0, participantsCut: 0 });
      }),
      { numRuns: 25, seed: 14, examples: [[{ name: 'none', rooms: [] }, noFaults]] },
    );
  },
  patientMs,
);
