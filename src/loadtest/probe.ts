/**
 * Probes: people who decode what they receive, in processes of their own. A process that is lost costs the figures of
 * its probes in the windows that it missed, and nothing else: it is no disconnect, since no server had a part in it.
 */
import type { Clock } from '../base/clock.ts';
import type { Timers } from '../livekit/timers.ts';
import type { Fixtures } from './fixture.ts';
import { packetsOf } from './probe-counts.ts';
import type { ProcessReading } from './probe-message.ts';
import { ProbeProcess, type StartLink } from './probe-process.ts';
import { HostedProbe } from './probe-seat.ts';
import type { ProbeSeat, TakeSeat } from './worker-person.ts';
import type { WorkerWindow } from './window.ts';

export interface ProbeHostParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fixtures: Fixtures;
  readonly start: StartLink;
  /** A process ended that nobody had asked to. */
  readonly onTrouble: (text: string) => void;
}

export type ProbeCost = NonNullable<WorkerWindow['probeCost']>;

/** Each probe keeps about a third of a processor busy. */
const probesPerProcess = 3;

/** The probes of one worker. */
export class ProbeHost {
  readonly #parts: ProbeHostParts;
  readonly #processes = new Set<ProbeProcess>();
  #isStopping = false;

  constructor(parts: ProbeHostParts) {
    this.#parts = parts;
  }

  readonly takeSeat: TakeSeat<ProbeSeat> = (wish, events) =>
    new HostedProbe({ ...this.#parts, place: () => this.#place() }, wish, events);

  /** What the processes cost from now until the answer is asked for; undefined where one was lost or there is none. */
  watchCost(): () => Promise<ProbeCost | undefined> {
    const watched = [...this.#processes].map((one) => ({ one, before: one.read() }));
    return async () => {
      const costs = await Promise.all(
        watched.map(async ({ one, before }) => costBetween(await before, await one.read())),
      );
      const known = costs.filter((cost) => cost !== undefined);
      if (known.length === 0 || known.length < costs.length) return undefined;
      return {
        cpuCores: known.reduce((sum, { cpuCores }) => sum + cpuCores, 0),
        packetsReceived: known.reduce((sum, { packetsReceived }) => sum + packetsReceived, 0),
      };
    };
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#processes].map(async (one) => await one.end()));
  }

  #place(): ProbeProcess | undefined {
    if (this.#isStopping) return undefined;
    const free = [...this.#processes].find(({ sitters }) => sitters < probesPerProcess);
    if (free !== undefined) return free;
    const { timers, start, onTrouble } = this.#parts;
    const started: ProbeProcess = new ProbeProcess(timers, start, (why) => {
      this.#processes.delete(started);
      if (!this.#isStopping) onTrouble(`A process of probes ended (${why}).`);
    });
    this.#processes.add(started);
    return started;
  }
}

function costBetween(
  before: ProcessReading | undefined,
  after: ProcessReading | undefined,
): ProbeCost | undefined {
  if (before === undefined || after === undefined || after.atMs <= before.atMs) return undefined;
  let packetsReceived = 0;
  for (const [seat, reading] of Object.entries(after.seats)) {
    const then = before.seats[Number(seat)];
    packetsReceived += packetsOf(reading) - (then === undefined ? 0 : packetsOf(then));
  }
  return { cpuCores: (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs), packetsReceived };
}
