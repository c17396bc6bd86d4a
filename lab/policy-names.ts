/**
 * What the names of recurring rooms are worth: three office weeks whose large events and all-day rooms come again each
 * week, once with their names and once without. POLICY_SEEDS (1,2,3) makes it smaller or other.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runAll } from '../src/cli/backtest-pool.ts';
import type { BacktestTask } from '../src/cli/backtest-task.ts';
import { choosePolicy } from '../src/cli/policy-choice.ts';
import { avoidableOverloadShare } from '../src/simulate/result.ts';
import { generateTrace } from '../src/workload/generate.ts';
import { type Random, normal, stream } from '../src/workload/random.ts';
import type { TraceRoom } from '../src/workload/trace.ts';
import { writeTrace } from '../src/workload/trace-file.ts';
import { capacity, outDir, seeds } from './policy.ts';
import { elapsedSay, runCli } from './tools.ts';

const weeks = 3;
const weekS = 7 * 86_400;
const launchSeconds = 20;
const kinds = ['with names', 'without names'] as const;
const say = elapsedSay();

/** Events and open offices: what the profile itself gives no names. */
function isSpecial({ name, participants, durationS }: TraceRoom): boolean {
  return name === undefined && (participants >= 50 || durationS >= 3 * 3600);
}

/** The same meeting a week or two later: about a minute off, as long but for 5 %, as large but for 10 %. */
function again(random: Random, room: TraceRoom, week: number): TraceRoom {
  const participants = Math.round(room.participants * (1 + normal(random, 0, 0.1)));
  return {
    ...room,
    startS: Math.max(0, Math.round(room.startS + week * weekS + normal(random, 0, 60))),
    durationS: Math.max(60, Math.round(room.durationS * (1 + normal(random, 0, 0.05)))),
    participants: Math.max(2, room.publishers, participants),
  };
}

function recurring(seed: number): readonly TraceRoom[] {
  const random = stream(seed, 'recurring');
  const { rooms } = generateTrace({ profile: 'office', seed, days: 7 * weeks });
  const first = rooms.filter((room) => room.startS < weekS && isSpecial(room));
  const special = Array.from({ length: weeks }, (_, week) =>
    first.map((room, at) => ({ ...(week === 0 ? room : again(random, room, week)), name: `series-${at}` })),
  );
  const others = rooms.filter((room) => !isSpecial(room));
  return [...others, ...special.flat()].toSorted((a, b) => a.startS - b.startS);
}

async function tasksOf(seed: number): Promise<readonly BacktestTask[]> {
  const fleet = choosePolicy('governor', { capacity, nodesMin: undefined, nodesMax: undefined });
  const named = recurring(seed);
  const tasks: BacktestTask[] = [];
  for (const kind of kinds) {
    const rooms = kind === 'with names' ? named : named.map((room) => ({ ...room, name: undefined }));
    const tracePath = join(outDir, `recurring-${kind.replace(' ', '-')}-${seed}.csv.gz`);
    await writeTrace(tracePath, { name: kind, rooms });
    tasks.push({ job: { fleet, launchSeconds, seed }, tracePath, traceLabel: kind, withTimeline: false });
  }
  return tasks;
}

async function main(): Promise<void> {
  await mkdir(outDir, { recursive: true });
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const tasks = (await Promise.all(seeds.map(tasksOf))).flat();
  const runs = await runAll(tasks, {
    signal: stopping.signal,
    onProgress: (_, finished) => say(`${finished} of ${tasks.length} runs`),
  });
  const lines = runs.map(({ result }) => {
    const overload = (100 * avoidableOverloadShare(result)).toFixed(2);
    return `| ${result.trace} | ${result.seed} | ${result.ratio.toFixed(3)} | ${overload} | ${result.roomsCut} |`;
  });
  process.stdout.write(
    `| trace | seed | ratio | overload % | cut |\n|---|---|---|---|---|\n${lines.join('\n')}\n`,
  );
}

if (import.meta.main) await runCli(main);
