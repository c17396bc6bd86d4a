/** One step of a fleet's life with faults in it, from the first word to the last judgement. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chance, pick, type Random, stream, uniform, wholeBetween } from '../../src/workload/random.ts';
import type { ChaosCell } from './cell.ts';
import type { Fault } from './fault.ts';
import { drawFault } from './faults.ts';
import type { Broken, ChaosRecord } from './record.ts';
import { type Step, type StepName, steps } from './stories.ts';

export interface RoundWish {
  readonly seed: number;
  /** Such as `c3/17`: the seventeenth of the third cell. */
  readonly round: string;
  readonly record: ChaosRecord;
  readonly signal: AbortSignal;
  readonly among: readonly Fault[];
}

/** Steps of one round, by how often they are lived: the quick ones meet more faults in the same time. */
const stories: readonly (readonly StepName[])[] = [
  ['scale out', 'scale in'],
  ['scale out', 'scale in'],
  ['scale out', 'scale in'],
  ['spec change', 'scale out', 'spec change', 'scale in'],
  ['spec change'],
  ['first start'],
  ['rolling change'],
  ['node maintenance'],
  ['leader change', 'scale in'],
  ['load grows', 'scale in'],
];

const restMs = 1500;
/** Longer than anything takes that is not broken. */
const prepareWithinMs = 120_000;

/** Lives one round. The fleet is at rest before, and after it unless something was broken. */
export async function liveRound(cell: ChaosCell, wish: RoundWish): Promise<readonly Broken[]> {
  const random = stream(wish.seed, wish.round);
  const broken: Broken[] = [];
  for (const name of pick(random, stories)) {
    const step = steps.find((one) => one.name === name);
    if (step === undefined || wish.signal.aborted) continue;
    const faults = Array.from({ length: wholeBetween(random, ...step.faults) }, () =>
      drawFault(random, wish.among),
    );
    broken.push(...(await liveStep(cell, { ...wish, step, faults, random })));
    if (broken.length > 0) return broken;
  }
  // Whoever stopped the run left the fleet in the midst of something.
  if (wish.signal.aborted) return broken;
  if (chance(random, 0.25)) await rest(cell);
  broken.push(...wish.record.take(cell, { fault: 'rest', step: 'rest', round: wish.round }));
  return broken;
}

interface StepWish extends RoundWish {
  readonly step: Step;
  readonly faults: readonly Fault[];
  readonly random: Random;
}

async function liveStep(cell: ChaosCell, wish: StepWish): Promise<readonly Broken[]> {
  const { step, faults, random, record, round, signal } = wish;
  await prepared(cell, step, signal);
  await Promise.all([step.ask(cell), injectAll(cell, faults, random)]);
  const statedMs = step.withinMs + Math.max(0, ...faults.map(({ extraMs }) => extraMs));
  await cell.nudge();
  const took = await cell.untilSteady(statedMs, signal);
  if (signal.aborted) return [];
  const tookMs = typeof took === 'number' ? took : undefined;
  const of = faults.map(({ name }) => name).join(' + ');
  const why = typeof took === 'number' ? '' : `: ${took}`;
  cell.judge.steadied(tookMs, {
    withinMs: statedMs,
    of: `${step.name} with ${of}${why}`,
    atMs: performance.now(),
  });
  await cell.judgeNow();
  await step.tidy(cell);
  cell.injections += faults.length;
  record.add(faults.map((fault) => ({ fault: fault.name, step: step.name, round, tookMs, statedMs })));
  return record.take(cell, { fault: of, step: step.name, round });
}

/** @throws Error when the fleet does not come to rest where the step begins */
export async function prepared(cell: ChaosCell, step: Step, signal: AbortSignal): Promise<void> {
  await step.prepare(cell);
  const took = await cell.untilSteady(prepareWithinMs, signal);
  if (typeof took === 'string' && !signal.aborted)
    throw new Error(`${cell.name} does not come to rest: ${took}`);
}

async function injectAll(cell: ChaosCell, faults: readonly Fault[], random: Random): Promise<void> {
  for (const fault of faults) {
    await moment(cell, random);
    await fault.inject({ cell, random });
  }
}

/** Some time, or right behind one of the next writes. */
async function moment(cell: ChaosCell, random: Random): Promise<void> {
  if (chance(random, 0.4)) return await sleep(uniform(random, 0, 1200));
  const met = Promise.withResolvers<void>();
  const stop = cell.api.afterStep(wholeBetween(random, 1, 5), met.resolve);
  await Promise.race([met.promise, sleep(1500)]);
  stop();
}

/** What must not grow is looked at while nothing is asked for. */
async function rest(cell: ChaosCell): Promise<void> {
  const before = cell.api.steps;
  await sleep(restMs);
  const { operator, api, redisProxy, injections } = cell;
  const text = await operator.metrics().catch(() => '');
  const depths = [...text.matchAll(/^openvidu_operator_queue_depth\{[^}]*\} (\d+)$/gm)];
  const events = api.writes.filter(({ resource }) => resource === 'events').length;
  const calls = [...api.calls.values()].reduce((sum, count) => sum + count, 0);
  cell.judge.figures(
    {
      rssMiB: await operator.rssMiB(),
      queueDepth: depths.reduce((sum, [, depth]) => sum + Number(depth), 0),
      watches: api.streams,
      redisConnections: redisProxy.connections,
      restingWritesPerSecond: (api.steps - before) / (restMs / 1000),
      eventsPerInjection: events / Math.max(10, injections),
      callsPerInjection: calls / Math.max(10, injections),
    },
    performance.now(),
  );
}
