/**
 * The three perturbations of Sieve, at every write of every step. Intermediate: the operator is killed right behind the
 * write and starts again. Stale: it starts again on lists of before the step. Unobserved: of what changes right behind
 * the write it sees only the last state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCell } from './cell.ts';
import { endOf } from './end.ts';
import { untilLeading, versionNow } from './faults-api.ts';
import type { Broken, ChaosRecord } from './record.ts';
import { prepared } from './round.ts';
import { type Step, steps } from './stories.ts';

export type Pattern = 'intermediate state' | 'stale state' | 'unobserved state';
export const patterns: readonly Pattern[] = ['intermediate state', 'stale state', 'unobserved state'];

/** How a step goes when nothing disturbs it. */
export interface GoodRun {
  readonly step: Step;
  readonly writes: number;
  readonly end: string;
  readonly tookMs: number;
}

/** One perturbation behind the write `at`, counted from what is asked for. */
export interface SieveTask {
  readonly pattern: Pattern;
  readonly good: GoodRun;
  readonly at: number;
}

/** Not judged, only measured; all operators are starting meanwhile. */
const goodWithinMs = 120_000;
const extraMs = 30_000;
const unobservedMs = 1200;
const staleMs = 2000;

/** @throws Error when even this does not come to rest */
export async function goodRun(cell: ChaosCell, step: Step, signal: AbortSignal): Promise<GoodRun> {
  await prepared(cell, step, signal);
  const before = cell.api.steps;
  await step.ask(cell);
  await cell.nudge();
  const took = await cell.untilSteady(goodWithinMs, signal);
  if (typeof took === 'string')
    throw new Error(`${step.name} does not end although nothing disturbs it: ${took}`);
  const writes = cell.api.steps - before;
  const end = await endOf(cell);
  await step.tidy(cell);
  return { step, writes, end, tookMs: took };
}

/** Every write of every run, for each pattern; every `stride`th of them where there is no time for all. */
export function sieveTasks(good: readonly GoodRun[], stride = 1): readonly SieveTask[] {
  return patterns.flatMap((pattern, offset) =>
    good.flatMap((run) =>
      Array.from({ length: run.writes }, (_, index) => ({ pattern, good: run, at: index + 1 })).filter(
        ({ at }) => (at + offset) % stride === 0,
      ),
    ),
  );
}

/** What a round of the sieve is called. */
export function sieveRound({ pattern, good, at }: SieveTask): string {
  return `${pattern} behind write ${at} of ${good.step.name}`;
}

/** The step and the write of a round of that name; `undefined` where it is another kind of round. */
export function sieveOfRound(round: string): (Omit<SieveTask, 'good'> & { readonly step: Step }) | undefined {
  const parts = /^(.+ state) behind write (\d+) of (.+)$/.exec(round);
  const pattern = patterns.find((one) => one === parts?.[1]);
  const step = steps.find(({ name }) => name === parts?.[3]);
  return pattern === undefined || step === undefined ? undefined : { pattern, step, at: Number(parts?.[2]) };
}

export interface SieveWish {
  readonly record: ChaosRecord;
  readonly signal: AbortSignal;
}

/** Does one of them and judges it. */
export async function sieve(
  cell: ChaosCell,
  task: SieveTask,
  { record, signal }: SieveWish,
): Promise<readonly Broken[]> {
  const { good, pattern, at } = task;
  const { step } = good;
  await prepared(cell, step, signal);
  const version = await versionNow(cell);
  const met = Promise.withResolvers<void>();
  let perturbing: Promise<void> | undefined;
  const stop = cell.api.afterStep(at, async () => {
    perturbing = perturb(cell, pattern);
    await perturbing;
    met.resolve();
  });
  await step.ask(cell);
  // A run that is disturbed by time alone may have fewer writes than the good one.
  await Promise.race([met.promise, sleep(good.tookMs + 5000)]);
  stop();
  // A kill that came at the last moment is waited for: else the operator would be started before it has ended.
  await perturbing;
  await recover(cell, pattern, version);
  await cell.nudge();
  const statedMs = step.withinMs + extraMs;
  const took = await cell.untilSteady(statedMs, signal);
  if (signal.aborted) return [];
  return await judge(cell, { task, took, statedMs, record });
}

/** Killed before it hears that the write was made. */
async function perturb(cell: ChaosCell, pattern: Pattern): Promise<void> {
  if (pattern === 'unobserved state') cell.api.set({ kind: 'Unobserved' });
  else await cell.killOperator();
}

async function recover(cell: ChaosCell, pattern: Pattern, version: string): Promise<void> {
  switch (pattern) {
    case 'intermediate state':
      return await cell.startOperator();
    case 'unobserved state':
      await sleep(unobservedMs);
      return cell.api.set(undefined);
    case 'stale state':
      cell.api.set({ kind: 'Stale', version });
      await cell.startOperator();
      await untilLeading(cell, 10_000);
      await sleep(staleMs);
      return cell.api.set(undefined);
  }
}

interface Judged {
  readonly task: SieveTask;
  readonly took: number | string;
  readonly statedMs: number;
  readonly record: ChaosRecord;
}

async function judge(cell: ChaosCell, { task, took, statedMs, record }: Judged): Promise<readonly Broken[]> {
  const { pattern, good } = task;
  const fault = `sieve: ${pattern}`;
  const round = sieveRound(task);
  const tookMs = typeof took === 'number' ? took : undefined;
  const why = typeof took === 'number' ? '' : `: ${took}`;
  const nowMs = performance.now();
  cell.judge.steadied(tookMs, { withinMs: statedMs, of: `${round}${why}`, atMs: nowMs });
  await cell.judgeNow();
  if (tookMs !== undefined) cell.judge.sameEnd(difference(good.end, await endOf(cell)), nowMs);
  await good.step.tidy(cell);
  cell.injections += 1;
  record.add([{ fault, step: good.step.name, round, tookMs, statedMs }]);
  return record.take(cell, { fault, step: good.step.name, round });
}

function difference(good: string, now: string): string | undefined {
  return good === now ? undefined : `undisturbed it ends as:\n${good}\nbut here as:\n${now}`;
}

/** In the order in which little has to be prepared between them. How many writes the load leads to is not the same each time. */
export const sieveSteps: readonly Step[] = steps.filter(({ name }) => name !== 'load grows');
