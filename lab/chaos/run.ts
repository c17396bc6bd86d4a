/** Runs the fault laboratory: first every write of every step, then random faults until the time is over. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChaosCell } from './cell.ts';
import { type Fault, insist } from './fault.ts';
import { faults } from './faults.ts';
import { type Broken, ChaosRecord } from './record.ts';
import { liveRound } from './round.ts';
import {
  goodRun,
  type GoodRun,
  sieve,
  sieveOfRound,
  sieveSteps,
  sieveTasks,
  type SieveTask,
} from './sieve.ts';
import type { ChaosStage } from './stage.ts';
import { endSecond } from './stories.ts';
import { liveWorldRound, worldFaults } from './world.ts';
import { allDone, type Say } from '../exec.ts';
import { buildDir } from '../paths.ts';

export interface ChaosWish {
  readonly stage: ChaosStage;
  readonly seed: number;
  readonly minutes: number;
  /** Part of the names of the only faults to inject; all unless told. */
  readonly only?: string;
  /** One round to be lived again. */
  readonly round?: string;
  /** Every so many writes are perturbed; 0: none. */
  readonly stride: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

const betweenWorldFaultsMs = 120_000;
const tellEveryMs = 30_000;
/** A fleet that is broken is made anew; where even that fails, its cell is left alone. */
const renewWithinMs = 90_000;

export class ChaosRun {
  readonly record = new ChaosRecord();
  readonly #wish: ChaosWish;
  readonly #rounds = new Map<ChaosCell, number>();
  readonly #lost = new Set<ChaosCell>();
  #worldRounds = 0;
  #endMs = 0;

  constructor(wish: ChaosWish) {
    this.#wish = wish;
  }

  /** Resolves when the time is over or the signal fires. @throws Error when no cell is left */
  async run(): Promise<void> {
    const { minutes, round, stride, signal, say } = this.#wish;
    this.#endMs = performance.now() + minutes * 60_000;
    const telling = setInterval(() => say(this.progress()), tellEveryMs);
    try {
      if (round !== undefined) return await this.#again(round);
      if (stride > 0 && this.#isWanted('sieve')) await this.#sieveAll(stride);
      while (!this.#isOver() && !signal.aborted) await this.#phase();
    } finally {
      clearInterval(telling);
    }
  }

  progress(): string {
    const { injections, broken } = this.record;
    return `${injections.length} injections, ${broken.length} violations`;
  }

  #isOver(): boolean {
    return performance.now() >= this.#endMs || this.#wish.signal.aborted;
  }

  #isWanted(name: string): boolean {
    return this.#wish.only === undefined || name.includes(this.#wish.only) || this.#wish.only.includes(name);
  }

  #cells(): readonly ChaosCell[] {
    const cells = this.#wish.stage.cells.filter((cell) => !this.#lost.has(cell));
    if (cells.length === 0) throw new Error('no cell of the laboratory works any more');
    return cells;
  }

  /** Exhaustive: the cells share the list of tasks. */
  async #sieveAll(stride: number): Promise<void> {
    const { signal, say } = this.#wish;
    const good = await this.#goodRuns();
    const tasks = [...sieveTasks(good, stride)];
    say(
      `${tasks.length} writes to perturb: ${good.map(({ step, writes }) => `${step.name} ${writes}`).join(', ')}`,
    );
    await this.#each(async (cell) => {
      for (let task = tasks.shift(); task !== undefined && !this.#isOver(); task = tasks.shift()) {
        await this.#guarded(cell, this.#sieveOne(cell, task));
      }
    });
    if (tasks.length > 0 && !signal.aborted) say(`${tasks.length} of them were left out: the time is over`);
  }

  #sieveOne(cell: ChaosCell, task: SieveTask): () => Promise<readonly Broken[]> {
    return () => sieve(cell, task, { record: this.record, signal: this.#wish.signal });
  }

  /** Each step once with nothing in it, spread over the cells. */
  async #goodRuns(): Promise<readonly GoodRun[]> {
    const runs: GoodRun[] = [];
    const left = [...sieveSteps];
    await this.#each(async (cell) => {
      for (let step = left.shift(); step !== undefined; step = left.shift()) {
        runs.push(await goodRun(cell, step, this.#wish.signal));
      }
    });
    return runs.toSorted((a, b) => sieveSteps.indexOf(a.step) - sieveSteps.indexOf(b.step));
  }

  /** Two minutes of random rounds, and then one fault of the API server itself. */
  async #phase(): Promise<void> {
    const among = faults.filter(({ name }) => this.#isWanted(name));
    const untilMs = Math.min(this.#endMs, performance.now() + betweenWorldFaultsMs);
    if (among.length > 0) {
      await this.#each(async (cell) => {
        while (performance.now() < untilMs && !this.#wish.signal.aborted && !this.#lost.has(cell)) {
          const count = (this.#rounds.get(cell) ?? 0) + 1;
          this.#rounds.set(cell, count);
          await this.#round(cell, `${cell.name}/${count}`, among);
        }
      });
    }
    const server = worldFaults.filter(({ name }) => this.#isWanted(name));
    if (server.length === 0 || (this.#isOver() && among.length > 0)) return;
    this.#worldRounds += 1;
    await this.#worldRound(`world/${this.#worldRounds}`);
  }

  async #round(cell: ChaosCell, round: string, among: readonly Fault[]): Promise<void> {
    const { seed, signal } = this.#wish;
    await this.#guarded(cell, () => liveRound(cell, { seed, round, record: this.record, signal, among }));
  }

  async #worldRound(round: string): Promise<void> {
    const { stage, seed, signal } = this.#wish;
    const among = worldFaults.filter(({ name }) => this.#isWanted(name));
    const before = this.record.broken.length;
    await liveWorldRound(stage, { seed, round, record: this.record, signal, among });
    for (const broken of this.record.broken.slice(before)) this.#tell(broken);
  }

  async #again(round: string): Promise<void> {
    if (round.startsWith('world/')) return await this.#worldRound(round);
    const cell = this.#wish.stage.cells.find(({ name }) => round.startsWith(`${name}/`)) ?? this.#cells()[0];
    if (cell === undefined) return;
    const sieved = sieveOfRound(round);
    if (sieved !== undefined) {
      const good = await goodRun(cell, sieved.step, this.#wish.signal);
      return await this.#guarded(cell, this.#sieveOne(cell, { ...sieved, good }));
    }
    await this.#round(
      cell,
      round,
      faults.filter(({ name }) => this.#isWanted(name)),
    );
  }

  async #each(work: (cell: ChaosCell) => Promise<void>): Promise<void> {
    await allDone(this.#cells().map(work));
  }

  /** What is broken is told at once, and the fleet made anew, so that one fault does not hide behind another. */
  async #guarded(cell: ChaosCell, live: () => Promise<readonly Broken[]>): Promise<void> {
    const { signal, say } = this.#wish;
    try {
      const broken = await live();
      for (const one of broken) this.#tell(one);
      if (broken.length === 0) return;
      await keep(cell, broken[0]?.round ?? '');
      await renew(cell, signal);
    } catch (error) {
      if (signal.aborted) return;
      say(`${cell.name}: ${error instanceof Error ? error.message : String(error)}; it is made anew`);
      await renew(cell, signal).catch(() => {
        say(`${cell.name} is given up`);
        this.#lost.add(cell);
      });
    }
  }

  #tell({ oracle, detail, fault, step, round }: Broken): void {
    const again = `node lab/chaos/chaos.ts --seed ${this.#wish.seed} --round '${round}'`;
    this.#wish.say(`BROKEN ${oracle}: ${detail} (${fault}, ${step}; again: ${again})`);
  }
}

/** Leaves behind what there is to see of it. */
async function keep(cell: ChaosCell, round: string): Promise<void> {
  const file = join(buildDir, 'chaos', `broken-${round.replaceAll(/\W+/g, '-')}.txt`);
  await writeFile(file, await cell.told());
}

/** Every fault is taken back, and the fleet made anew. @throws Error when that does not come to rest */
async function renew(cell: ChaosCell, signal: AbortSignal): Promise<void> {
  cell.api.set(undefined);
  cell.redisProxy.set(undefined);
  cell.wish.redis.thaw();
  await cell.wish.redis.start();
  await insist(() => cell.wish.redis.setReadOnly(false));
  await insist(() => cell.wish.redis.setFull(false));
  await endSecond(cell);
  await cell.endByLoad();
  await cell.restartOperator();
  for (const machine of cell.wish.machines) await cell.wish.world().uncordonMachine(machine);
  await cell.remove();
  await cell.create();
  const took = await cell.untilSteady(renewWithinMs, signal);
  if (typeof took === 'string') throw new Error(took);
}
