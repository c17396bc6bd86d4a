/**
 * Weeks of simulated life under one operator that is never restarted, and whether what it holds in memory grows: office hours
 * that fill and empty the fleet each day, and whatever befalls it.
 *
 *   node --expose-gc lab/soak-days.ts [--days 38] [--seed 1]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { quantile } from '../src/loadtest/statistics.ts';
import { ClusterLoop } from '../src/reconcile/reconcile.ts';
import { Journal } from '../src/reconcile/journal.ts';
import { clusterName, type MakeLoop } from '../src/simulate/life-operator.ts';
import { type LifePlan, planLife } from '../src/simulate/life-plan.ts';
import { lifeText } from '../src/simulate/life-report.ts';
import { drawStrokes } from '../src/simulate/life-strokes.ts';
import { live } from '../src/simulate/life.ts';
import { generateTrace } from '../src/workload/generate.ts';
import { stream } from '../src/workload/random.ts';
import { LabError } from './exec.ts';
import { buildDir } from './paths.ts';
import { elapsedSay, runCli } from './tools.ts';
import { type Trend, trendOf } from './trend.ts';

const daySeconds = 86_400;
const hourMs = 3_600_000;
const roomsPerWeek = 4000;
const strokesPerDay = 8;
/** The journal is full by then, and each day of the week has been twice: what is learned of weeks is known. */
const warmDays = 14;

interface Sample {
  readonly hour: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { days: { type: 'string', default: '38' }, seed: { type: 'string', default: '1' } },
  });
  const [days, seed] = [Number(values.days), Number(values.seed)];
  if (!Number.isInteger(days) || days <= warmDays) {
    throw new LabError(`--days is a whole number above ${warmDays}: the first ones are warming up.`);
  }
  if (globalThis.gc === undefined) throw new LabError('Run this with node --expose-gc.');
  const { gc } = globalThis;
  const samples: Sample[] = [];
  const say = elapsedSay();
  const report = await live(
    planOf(seed, days),
    watched((atMs) => {
      if (atMs < samples.length * hourMs) return;
      gc();
      const { heapUsed, rss } = process.memoryUsage();
      samples.push({ hour: atMs / hourMs, heapMiB: heapUsed / 2 ** 20, rssMiB: rss / 2 ** 20 });
      if (samples.length % 24 === 0) say(`day ${samples.length / 24}, ${Math.round(heapUsed / 2 ** 20)} MiB`);
    }),
  );
  const dir = join(buildDir, 'soak');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'days.json'), JSON.stringify(samples));
  if (report.violation !== undefined) throw new LabError(lifeText(report));
  const actions = Object.entries(report.actions).map(([kind, count]) => `${count} ${kind}`);
  process.stdout.write(`\n${days} days, ${report.passes} decisions; ${actions.join(', ')}\n`);
  tell(samples.filter(({ hour }) => hour >= warmDays * 24));
}

/** @throws LabError when something grows */
function tell(kept: readonly Sample[]): void {
  const byDay = Map.groupBy(kept, ({ hour }) => Math.floor(hour / 24));
  const days = [...byDay.values()].filter(({ length }) => length === 24);
  const trend = (what: string, of: (sample: Sample) => number): Trend =>
    trendOf(
      what,
      days.map((samples) => quantile(samples.map(of), 0.5) ?? Number.NaN),
      { every: 1, unit: 'a day' },
    );
  const heap = trend('heap after collection, median of each day, MiB', ({ heapMiB }) => heapMiB);
  const rss = trend('resident, median of each day, MiB', ({ rssMiB }) => rssMiB);
  process.stdout.write(`${days.length} days after the warm-up\n${heap.text}\n${rss.text}\n`);
  if (heap.grows || rss.grows) throw new LabError('Something grows.');
}

/** One operator for all of it: a restart, or the end of the fleet, would hide what it holds on to. */
function planOf(seed: number, days: number): LifePlan {
  const drawn = planLife(seed, 'Long');
  const lifeS = days * daySeconds;
  const strokes = drawStrokes(stream(seed, 'soak strokes'), days * strokesPerDay, lifeS);
  return {
    ...drawn,
    lifeS,
    spec: {
      ...drawn.spec,
      mode: 'Enforce',
      minNodes: 2,
      maxNodes: 24,
      capacity: { ...drawn.spec.capacity, participants: 60 },
      drainDeadlineMs: undefined,
    },
    initialNodes: 2,
    trace: generateTrace({ profile: 'office', seed, days, roomsPerWeek }),
    strokes: strokes.filter(({ kind }) => kind !== 'Deleted' && kind !== 'OperatorAway'),
  };
}

/** The product's loop with its journal, told of the time before each pass. */
function watched(onPass: (atMs: number) => void): MakeLoop {
  return (ports) => {
    const journal = new Journal();
    const { clock, record } = ports;
    const startedMs = clock.elapsedMs();
    const loop = new ClusterLoop(clusterName, {
      ...ports,
      record: {
        ...record,
        decision: (input, decision, tookMs) => {
          record.decision(input, decision, tookMs);
          journal.record(input, decision, tookMs);
        },
      },
    });
    return {
      pass: async (specNow) => {
        onPass(clock.elapsedMs() - startedMs);
        return await loop.pass(specNow);
      },
      evidenceSettled: async () => await loop.evidenceSettled(),
    };
  };
}

if (import.meta.main) await runCli(main);
