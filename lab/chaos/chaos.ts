/**
 * `make chaos`: the fault laboratory on a real API server and real Redis, with the operator as it is shipped.
 * `node lab/chaos/chaos.ts [--minutes 60] [--seed N] [--only FAULT] [--round c3/17] [--cells 8] [--stride 1]`
 * Exit code 1 when anything that must hold did not.
 */
import '../quiet.ts';
import { parseArgs } from 'node:util';
import { ChaosRun } from './run.ts';
import { ChaosStage } from './stage.ts';
import { LabError } from '../exec.ts';
import { elapsedSay, ensureTools, runCli } from '../tools.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000) % 1_000_000) },
    only: { type: 'string' },
    round: { type: 'string' },
    cells: { type: 'string', default: '8' },
    stride: { type: 'string', default: '1' },
  },
});

function number(name: 'minutes' | 'seed' | 'cells' | 'stride', least: number): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= least) return value;
  throw new LabError(`--${name} takes a number from ${least} on, not ${values[name]}.`);
}

async function main(): Promise<void> {
  const say = elapsedSay();
  const seed = number('seed', 0);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      say('stopping: the fleets come down, and the table follows');
      stop.abort();
    });
  }
  await ensureTools('all', say);
  say(`seed ${seed}`);
  const stage = await ChaosStage.open({ cells: number('cells', 1), seed, say, signal: stop.signal });
  const run = new ChaosRun({
    stage,
    seed,
    minutes: number('minutes', 0.1),
    stride: number('stride', 0),
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.round === undefined ? {} : { round: values.round }),
    say,
    signal: stop.signal,
  });
  try {
    await run.run();
  } finally {
    const { injections, broken } = run.record;
    console.log(`\n${run.record.table()}\n`);
    for (const { oracle, detail, round } of broken) console.log(`BROKEN ${oracle}: ${detail} (${round})`);
    console.log(`Seed ${seed}: ${injections.length} injections, ${broken.length} violations.`);
    await stage.close();
  }
  process.exit(run.record.broken.length > 0 ? 1 : 0);
}

await runCli(main);
