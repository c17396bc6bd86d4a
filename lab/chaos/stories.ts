/** What happens to a fleet by nature, step by step, while faults are injected: each step is asked for and comes to rest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiProxy } from './api-proxy.ts';
import type { ChaosCell } from './cell.ts';
import { baseNodes, limits } from './fleet.ts';
import type { ChaosOperator } from './operator.ts';
import { until } from '../exec.ts';

export type StepName =
  | 'first start'
  | 'scale out'
  | 'scale in'
  | 'load grows'
  | 'rolling change'
  | 'node maintenance'
  | 'spec change'
  | 'leader change';

export interface Step {
  readonly name: StepName;
  /** Stated time from what is asked for, or from the end of the last fault, until the fleet is so. */
  readonly withinMs: number;
  /** How many faults meet it, from and to: the longer it takes, the more. */
  readonly faults: readonly [number, number];
  /** Brings a fleet at rest to where the step begins; the fleet has to come to rest again. */
  prepare(cell: ChaosCell): Promise<void>;
  /** Asks for it. */
  ask(cell: ChaosCell): Promise<void>;
  /** Takes back what would be in the way of the next step. */
  tidy(cell: ChaosCell): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

async function backToBase(cell: ChaosCell): Promise<void> {
  if (cell.asked.nodes !== baseNodes) await cell.askNodes(baseNodes);
}

const firstStart: Step = {
  name: 'first start',
  withinMs: 20_000,
  faults: [2, 4],
  prepare: nothing,
  ask: async (cell) => {
    await cell.remove();
    await cell.create();
  },
  tidy: nothing,
};

const scaleOut: Step = {
  name: 'scale out',
  withinMs: 20_000,
  faults: [1, 3],
  prepare: backToBase,
  ask: (cell) => cell.askNodes(limits.max),
  tidy: nothing,
};

const scaleIn: Step = {
  name: 'scale in',
  withinMs: 45_000,
  faults: [2, 5],
  prepare: async (cell) => {
    if (cell.asked.nodes !== limits.max) await cell.askNodes(limits.max);
  },
  ask: (cell) => cell.askNodes(baseNodes),
  tidy: nothing,
};

/** By then every node has told that its people are gone. */
const heartbeatsMs = 4500;

/** People come, and nobody says how many nodes they need. What they leave behind is a fleet to be scaled in. */
const loadGrows: Step = {
  name: 'load grows',
  withinMs: 45_000,
  faults: [2, 4],
  prepare: backToBase,
  ask: (cell) => cell.askByLoad(),
  tidy: async (cell) => {
    // Whoever sees so many leave at once takes it for an outage and removes nothing for half an hour, as it should.
    await cell.stopOperator();
    await cell.endByLoad();
    await sleep(heartbeatsMs);
    await cell.startOperator();
    await cell.askNodes(limits.max);
  },
};

const rollingChange: Step = {
  name: 'rolling change',
  withinMs: 90_000,
  faults: [5, 9],
  prepare: backToBase,
  ask: (cell) => cell.askTemplate(cell.asked.template + 1),
  tidy: nothing,
};

/** The machine of one Pod is closed; its node goes elsewhere. */
const maintenance: Step = {
  name: 'node maintenance',
  withinMs: 60_000,
  faults: [3, 6],
  prepare: backToBase,
  ask: async (cell) => {
    const machine = cell.wish.view.pods(cell.name)[0]?.spec.nodeName ?? cell.wish.machines[0] ?? '';
    cell.asked.without = machine;
    await cell.wish.world().cordonMachine(machine);
  },
  tidy: async (cell) => {
    const machine = cell.asked.without;
    cell.asked.without = undefined;
    if (machine !== undefined) await cell.wish.world().uncordonMachine(machine);
  },
};

/** Another placement, another ceiling, and a moment in which nothing may be done. */
const specChange: Step = {
  name: 'spec change',
  withinMs: 20_000,
  faults: [1, 3],
  prepare: nothing,
  ask: async (cell) => {
    await cell.change({ autoscaling: { mode: 'Paused' } });
    await sleep(100);
    await cell.change({
      autoscaling: { mode: 'External', placement: { strategy: 'Spread', ceilingPercent: 60 } },
    });
  },
  tidy: (cell) => cell.change({ autoscaling: { placement: { strategy: 'Packed', ceilingPercent: 70 } } }),
};

export interface Second {
  readonly operator: ChaosOperator;
  readonly api: ApiProxy;
}

const seconds = new WeakMap<ChaosCell, Second>();

/** A second operator of the cell that waits for the lease. */
export async function startSecond(cell: ChaosCell): Promise<Second> {
  const known = seconds.get(cell);
  if (known !== undefined) return known;
  const { upstream, ca } = cell.wish;
  const api = await ApiProxy.start({ upstream, ca });
  const operator = cell.makeOperator('b', { url: api.url });
  seconds.set(cell, { operator, api });
  await cell.startOperator(operator);
  await until({ what: 'the second operator to follow', timeoutMs: 20_000 }, () =>
    /"msg":"(?:following|leading)"/.test(operator.log),
  );
  return { operator, api };
}

/** The first one alone again. */
export async function endSecond(cell: ChaosCell): Promise<void> {
  const second = seconds.get(cell);
  if (second === undefined) return;
  seconds.delete(cell);
  second.api.set(undefined);
  second.operator.signal('SIGCONT');
  await cell.stopOperator(second.operator);
  await second.api.stop();
  await cell.startOperator();
}

/** The leader ends in the middle of a scale-out, and the one that waits goes on. */
const leaderChange: Step = {
  name: 'leader change',
  withinMs: 30_000,
  faults: [2, 4],
  prepare: async (cell) => {
    await backToBase(cell);
    await startSecond(cell);
  },
  ask: async (cell) => {
    await cell.askNodes(limits.max);
    await cell.stopOperator();
    await cell.startOperator();
  },
  tidy: endSecond,
};

export const steps: readonly Step[] = [
  firstStart,
  scaleOut,
  scaleIn,
  rollingChange,
  maintenance,
  specChange,
  leaderChange,
  loadGrows,
];
