/**
 * `make night`: lives of whole fleets on a real local cluster, struck at random with load, changes, persons and faults,
 * until the time is over or Ctrl-C. `MINUTES` (480), `SEED` of the first life (by the clock), `LIFE_MINUTES` (5).
 * The same seed gives the same strokes; what they meet depends on the machine.
 */
import '../quiet.ts';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textTable } from '../../src/cli/output.ts';
import { LabError, type Say } from '../exec.ts';
import { type LifeTold, live } from './life.ts';
import { buildDir } from '../paths.ts';
import { Stage } from '../stage.ts';
import { elapsedSay, ensureTools, runCli } from '../tools.ts';

const machines = 4;
const outDir = join(buildDir, 'night');

function minutes(name: string, fallback: number): number {
  const text = process.env[name] ?? '';
  const value = text === '' ? fallback : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new LabError(`${name} takes a number of minutes above 0, not ${text}.`);
}

function firstSeed(): number {
  const text = process.env['SEED'] ?? '';
  const value = text === '' ? Math.floor(Date.now() / 1000) % 1_000_000 : Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new LabError(`SEED takes a whole number, not ${text}.`);
}

async function main(): Promise<void> {
  const say = elapsedSay();
  const endMs = Date.now() + minutes('MINUTES', 480) * 60_000;
  const lengthMs = minutes('LIFE_MINUTES', 5) * 60_000;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      say('stopping, and taking everything down');
      stop.abort();
    });
  }
  await mkdir(outDir, { recursive: true });
  await ensureTools('all', say);
  const lives: LifeTold[] = [];
  for (let seed = firstSeed(); Date.now() < endMs && !stop.signal.aborted; seed++) {
    const left = Math.min(lengthMs, endMs - Date.now());
    lives.push(await oneLife({ seed, lengthMs: left, say, signal: stop.signal }));
  }
  console.log(`\n${table(lives)}`);
  if (lives.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
  process.exit();
}

interface Night {
  readonly seed: number;
  readonly lengthMs: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** On a cluster of its own, so that a seed can be played again alone. */
async function oneLife({ seed, lengthMs, say, signal }: Night): Promise<LifeTold> {
  say(`life ${seed}`);
  const lines: string[] = [];
  const keep: Say = (line) => {
    lines.push(`${new Date().toISOString()} ${line}`);
    say(line);
  };
  const stage = await Stage.open({ name: 'night', machines, images: ['livekit', 'operator'] });
  try {
    const life = await live({ stage, seed, lengthMs, say: keep, signal });
    for (const violation of life.violations) keep(`  BROKEN ${violation}`);
    // Who wrote what is known to the API server alone, which goes with the cluster.
    if (life.violations.length > 0) await copyFile(stage.cluster.auditLog, join(outDir, `${seed}-audit.log`));
    return life;
  } catch (error) {
    const why = `the life ended early: ${error instanceof Error ? error.message : String(error)}`;
    keep(`  BROKEN ${why}`);
    const nothing = { strokes: 0, rooms: 0, participants: 0, removals: 0, cutByFaults: 0, lost: 0 };
    return { seed, ...nothing, counts: new Map(), violations: signal.aborted ? [] : [why] };
  } finally {
    await writeFile(join(outDir, `${seed}.log`), `${lines.join('\n')}\n\n${stage.operatorOutput()}\n`);
    await stage.close();
  }
}

function table(lives: readonly LifeTold[]): string {
  const columns = [
    'seed',
    'strokes',
    'rooms',
    'people',
    'removals',
    'cut by faults',
    'lost here',
    'broken promises',
  ];
  const rows = lives.map(({ violations, counts: _counts, ...figures }) => [
    figures.seed,
    figures.strokes,
    figures.rooms,
    figures.participants,
    figures.removals,
    figures.cutByFaults,
    figures.lost,
    violations.length,
  ]);
  const sums = rows.reduce<readonly number[]>(
    (sum, row) => row.map((value, at) => value + (sum[at] ?? 0)),
    [],
  );
  const counts = new Map<string, number>();
  for (const life of lives) {
    for (const [what, count] of life.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  const strokes = [...counts].toSorted(([, one], [, other]) => other - one);
  return [
    textTable(
      columns.map((title) => ({ title, align: 'right' as const })),
      [...rows.map((row) => row.map(String)), ['all', ...sums.slice(1).map(String)]],
    ),
    '',
    strokes.map(([what, count]) => `${what} ${count}`).join(', '),
    ...lives.flatMap(({ seed, violations }) =>
      violations.map((text) => `SEED=${seed}: ${text.slice(0, 500)}`),
    ),
  ].join('\n');
}

if (import.meta.main) await runCli(main);
