/** One fleet of a night, and what is still to be undone to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, uniform, wholeBetween } from '../../src/workload/random.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import type { Say } from '../exec.ts';
import type { Fleet } from '../fleet.ts';
import type { Ledger } from './ledger.ts';
import type { Stage } from '../stage.ts';
import type { Traffic } from '../traffic.ts';

export interface SceneParts {
  readonly stage: Stage;
  readonly made: FleetMade;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly say: Say;
  /** Aborted by Ctrl-C, and when the time is over. */
  readonly signal: AbortSignal;
}

/** What the fleet is made of, as far as strokes hang on it. */
export interface FleetMade {
  readonly fleet: Fleet;
  readonly max: number;
  /** Containers beside the media server of each node. */
  readonly companions: readonly JsonObject[];
  readonly hasCanary: boolean;
}

interface Undo {
  readonly what: string;
  readonly dueMs: number;
  readonly run: () => Promise<unknown>;
}

export class Scene {
  readonly stage: Stage;
  readonly fleet: Fleet;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly say: Say;
  readonly signal: AbortSignal;
  readonly companions: readonly JsonObject[];
  readonly hasCanary: boolean;
  /** The most that the spec has allowed, ever. */
  most: number;
  /** Things that are out of order at the moment, so that nothing is broken twice. */
  readonly broken = new Set<string>();
  #undos: Undo[] = [];

  constructor(parts: SceneParts) {
    this.stage = parts.stage;
    this.fleet = parts.made.fleet;
    this.companions = parts.made.companions;
    this.hasCanary = parts.made.hasCanary;
    this.traffic = parts.traffic;
    this.ledger = parts.ledger;
    this.random = parts.random;
    this.say = parts.say;
    this.signal = parts.signal;
    this.most = parts.made.max;
  }

  /** Breaks a thing for a while; it is mended between two strokes, and at the end of the life at the latest. */
  breakFor(thing: string, forMs: readonly [number, number], mend: () => Promise<unknown>): void {
    this.broken.add(thing);
    const run = async (): Promise<void> => {
      await mend();
      this.broken.delete(thing);
    };
    this.#undos.push({ what: thing, dueMs: Date.now() + uniform(this.random, ...forMs), run });
  }

  /** Mends what is due, or everything. */
  async mend(all = false): Promise<void> {
    const nowMs = Date.now();
    const due = this.#undos.filter(({ dueMs }) => all || dueMs <= nowMs);
    this.#undos = this.#undos.filter((undo) => !due.includes(undo));
    for (const { what, run } of due) {
      this.say(`  mended: ${what}`);
      await run();
    }
  }

  /** A pause that ends early when the night does. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  /** One of them, by chance. */
  pick<T>(things: readonly T[]): T | undefined {
    return things[wholeBetween(this.random, 0, things.length - 1)];
  }

  /** Ids of the nodes that run in those Pods. */
  nodeIdsOf(uids: readonly string[]): ReadonlySet<string> {
    return new Set(uids.flatMap((uid) => [...this.fleet.nodeIdsOf(uid)]));
  }
}
