/** What a fault of the laboratory is, and how the common kinds are made. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, uniform } from '../../src/workload/random.ts';
import type { ApiFault } from './api-faults.ts';
import type { ChaosCell } from './cell.ts';
import type { RedisFault } from './redis-proxy.ts';

export interface Struck {
  readonly cell: ChaosCell;
  readonly random: Random;
}

export interface Fault {
  readonly name: string;
  /** One sentence for the reference. */
  readonly says: string;
  /** How much longer than the step alone the fleet may take, from the end of the fault. */
  readonly extraMs: number;
  /** How often it is drawn, against 1. */
  readonly weight: number;
  /** Resolves when it is over. */
  inject(struck: Struck): Promise<void>;
}

/** Ages begin anew after trouble with data or a restart, and nothing is removed for ten seconds. */
export const watchAgainMs = 15_000;
/** A lease of three seconds runs out, a process starts on a busy machine, and it watches before it removes. */
export const restartMs = 30_000;

type About = Pick<Fault, 'name' | 'says' | 'extraMs'> & { readonly weight?: number };

export function api(
  about: About,
  fault: (random: Random) => ApiFault,
  lastsMs: readonly [number, number],
): Fault {
  const inject = async ({ cell, random }: Struck): Promise<void> => {
    cell.api.set(fault(random));
    await sleep(uniform(random, ...lastsMs));
    cell.api.set(undefined);
  };
  return { weight: 1, ...about, inject };
}

export function redis(
  about: About,
  fault: (random: Random) => RedisFault,
  lastsMs: readonly [number, number],
): Fault {
  const inject = async ({ cell, random }: Struck): Promise<void> => {
    cell.redisProxy.set(fault(random));
    await sleep(uniform(random, ...lastsMs));
    cell.redisProxy.set(undefined);
  };
  return { weight: 1, ...about, inject };
}

export function hand(about: About, inject: (struck: Struck) => Promise<void>): Fault {
  return { weight: 1, ...about, inject };
}

/** What cannot be done to a part that another fault holds is not done. */
export async function swallow(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

const insistMs = 10_000;

/** What has to be taken back is tried until it is. @throws Error with the last refusal */
export async function insist(work: () => Promise<unknown>): Promise<void> {
  const untilMs = performance.now() + insistMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await sleep(100);
    }
  }
}
