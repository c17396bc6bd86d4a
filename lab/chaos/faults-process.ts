/** Faults of the operator's own process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, uniform } from '../../src/workload/random.ts';
import type { ChaosCell } from './cell.ts';
import { type Fault, hand, restartMs, type Struck, swallow } from './fault.ts';
import { endSecond, startSecond } from './stories.ts';
import { until } from '../exec.ts';
import { saysItLed } from '../operator-log.ts';

const dayMs = 86_400_000;

export const processFaults: readonly Fault[] = [
  hand(
    { name: 'operator killed', says: 'SIGKILL, and started again at once.', extraMs: restartMs },
    async ({ cell }) => {
      await cell.restartOperator();
    },
  ),
  hand(
    { name: 'operator stopped', says: 'SIGTERM, and started again.', extraMs: restartMs, weight: 0.5 },
    async ({ cell }) => {
      await cell.stopOperator();
      await cell.startOperator();
    },
  ),
  hand(
    { name: 'event loop stalled', says: 'SIGSTOP for up to 1.5 s.', extraMs: 15_000 },
    ({ cell, random }) => stall(cell, uniform(random, 200, 1500)),
  ),
  hand(
    {
      name: 'event loop stalled past the lease',
      says: 'SIGSTOP for longer than the lease holds.',
      extraMs: restartMs,
      weight: 0.4,
    },
    ({ cell, random }) => stall(cell, uniform(random, 3100, 4500)),
  ),
  hand(
    {
      name: 'clock jumps',
      says: "The operator's wall clock jumps by up to a day, either way, and back.",
      extraMs: 15_000,
    },
    async ({ cell, random }) => {
      cell.operator.shiftClock(Math.round(uniform(random, -dayMs, dayMs)));
      await sleep(uniform(random, 300, 2000));
      cell.operator.shiftClock(0);
    },
  ),
  hand(
    {
      name: 'clock wrong at the start',
      says: 'The operator is killed, starts with a clock that is up to a day off, either way, and gets the right one later.',
      extraMs: restartMs,
      weight: 0.4,
    },
    async ({ cell, random }) => {
      await cell.restartOperator({ clockMs: Math.round(uniform(random, -dayMs, dayMs)) });
      await sleep(uniform(random, 4000, 9000));
      await swallow(until({ what: 'its start', timeoutMs: 20_000 }, () => cell.operator.hasStarted));
      cell.operator.shiftClock(0);
    },
  ),
  hand(
    {
      name: 'log closed',
      says: 'Nobody reads the log any more: each line meets a closed pipe.',
      extraMs: restartMs,
      weight: 0.3,
    },
    async ({ cell, random }) => {
      cell.operator.closeLog();
      await cell.nudge();
      await sleep(uniform(random, 500, 2000));
      await cell.restartOperator();
    },
  ),
  hand(
    {
      name: 'disk full for logs',
      says: 'The operator runs with a log that takes nothing.',
      extraMs: restartMs,
      weight: 0.3,
    },
    async ({ cell, random }) => {
      await cell.restartOperator({ stdout: 'Full' });
      await sleep(uniform(random, 2000, 5000));
      await cell.restartOperator();
    },
  ),
  hand(
    {
      name: 'two operators, one cut off',
      says: 'The leader loses the API server but not Redis until another leads, and comes back.',
      extraMs: restartMs,
      weight: 0.4,
    },
    partition,
  ),
];

async function stall(cell: ChaosCell, ms: number): Promise<void> {
  cell.operator.signal('SIGSTOP');
  await sleep(ms);
  cell.operator.signal('SIGCONT');
}

async function partition({ cell, random }: Struck): Promise<void> {
  const second = await startSecond(cell);
  cell.api.set(pick(random, [{ kind: 'Freeze' }, { kind: 'Refuse' }]));
  await until({ what: 'the other operator to lead', timeoutMs: 20_000 }, () =>
    saysItLed(second.operator.log),
  ).catch(() => undefined);
  await sleep(uniform(random, 200, 1500));
  cell.api.set(undefined);
  await sleep(500);
  await endSecond(cell);
}
