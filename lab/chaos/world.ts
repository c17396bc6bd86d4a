/** Faults of the API server itself, which meet every cell at once: killed, frozen, and back with another certificate or as another version. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random, stream, uniform } from '../../src/workload/random.ts';
import type { ChaosCell } from './cell.ts';
import { baseNodes, limits } from './fleet.ts';
import type { ChaosOperator } from './operator.ts';
import type { ChaosRecord } from './record.ts';
import type { ChaosStage } from './stage.ts';
import { until } from '../exec.ts';
import { saysItLed } from '../operator-log.ts';

interface WorldFault {
  readonly name: string;
  readonly says: string;
  inject(stage: ChaosStage, random: Random): Promise<void>;
  /** Takes back what is still there of it, once the fleets are at rest. */
  tidy?(stage: ChaosStage): Promise<void>;
}

/** Operators that ask the API server without a proxy, and so have to trust its certificate themselves. */
const direct = new WeakMap<ChaosStage, ChaosOperator>();

async function leadDirectly(stage: ChaosStage): Promise<void> {
  const cell = stage.cells[0];
  if (cell === undefined) return;
  const { url, caFile } = stage.plane;
  const operator = cell.makeOperator('direct', { url, caFile });
  direct.set(stage, operator);
  await cell.startOperator(operator);
  await cell.stopOperator();
  await until({ what: 'an operator without a proxy to lead', timeoutMs: 20_000 }, () =>
    saysItLed(operator.log),
  );
}

async function endDirect(stage: ChaosStage): Promise<void> {
  const [cell, operator] = [stage.cells[0], direct.get(stage)];
  if (cell === undefined || operator === undefined) return;
  direct.delete(stage);
  await cell.stopOperator(operator);
  await cell.startOperator();
}

/** Leases run out meanwhile, all operators start anew at once, and each watches before it removes. */
const statedMs = 90_000;

export const worldFaults: readonly WorldFault[] = [
  {
    name: 'API server killed',
    says: 'SIGKILL of kube-apiserver under load, and started again on its store.',
    inject: async ({ plane }, random) => {
      await plane.killApiServer();
      await sleep(uniform(random, 0, 3000));
      await plane.startApiServer();
    },
  },
  {
    name: 'API server frozen',
    says: 'SIGSTOP of kube-apiserver for up to 5 s.',
    inject: async ({ plane }, random) => {
      plane.freeze();
      await sleep(uniform(random, 500, 5000));
      plane.thaw();
    },
  },
  {
    name: 'API server with a new certificate',
    says: 'Killed, and back with a certificate of an authority that nobody knew; the kubeconfig names the same file. One operator has no proxy before it.',
    tidy: endDirect,
    inject: async (stage) => {
      await leadDirectly(stage);
      await stage.plane.killApiServer();
      stage.forgetCertificate();
      await stage.plane.startApiServer();
    },
  },
  {
    name: 'API server of another minor version',
    says: 'Killed under load, and back on the same store as the next minor version (1.37 after 1.36), or as the one before it if that ran.',
    inject: async ({ plane }, random) => {
      await plane.killApiServer();
      await sleep(uniform(random, 0, 3000));
      await plane.startApiServer(plane.version === 'Usual' ? 'Next' : 'Usual');
    },
  },
];

export interface WorldRoundWish {
  readonly seed: number;
  readonly round: string;
  readonly record: ChaosRecord;
  readonly signal: AbortSignal;
  readonly among: readonly WorldFault[];
}

/** One of them while every fleet scales out, and back. All fleets are at rest before and after. */
export async function liveWorldRound(stage: ChaosStage, wish: WorldRoundWish): Promise<void> {
  const random = stream(wish.seed, wish.round);
  const fault = pick(random, wish.among);
  const { record, round, signal } = wish;
  await Promise.all(stage.cells.map((cell) => cell.askNodes(limits.max)));
  await sleep(uniform(random, 0, 1500));
  await fault.inject(stage, random);
  await Promise.all(stage.cells.map((cell) => cell.askNodes(baseNodes)));
  const took = await Promise.all(stage.cells.map((cell) => cell.untilSteady(statedMs, signal)));
  if (signal.aborted) return;
  await Promise.all(stage.cells.map((cell, at) => judge(cell, { fault, took: took[at] ?? 'unknown' })));
  for (const cell of stage.cells) record.take(cell, { fault: fault.name, step: 'scale out and in', round });
  await fault.tidy?.(stage);
  const slowest = Math.max(...took.map((one) => (typeof one === 'number' ? one : Infinity)));
  const tookMs = Number.isFinite(slowest) ? slowest : undefined;
  record.add([{ fault: fault.name, step: 'scale out and in', round, tookMs, statedMs }]);
}

async function judge(
  cell: ChaosCell,
  { fault, took }: { readonly fault: WorldFault; readonly took: number | string },
): Promise<void> {
  const tookMs = typeof took === 'number' ? took : undefined;
  const why = typeof took === 'number' ? '' : `: ${took}`;
  const of = `${cell.name} after ${fault.name}${why}`;
  cell.judge.steadied(tookMs, { withinMs: statedMs, of, atMs: performance.now() });
  await cell.judgeNow();
}
