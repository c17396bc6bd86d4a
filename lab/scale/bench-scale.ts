/**
 * What the operator costs and how fast it is on fleets of 10, 100 and 1,000 Media Nodes in one cluster and 5,000 in fifty,
 * side by side in one run: real API server, real Redis, kubelets and media servers played.
 *
 *   node lab/scale/bench-scale.ts [--sizes 10,100,1000,5000] [--steady-seconds 60] [--steps 20] [--profile]
 *                            [--entry FILE]    another build of the operator, to compare it with
 *   node lab/scale/bench-scale.ts --redis-away [--away-seconds 420]      200 nodes, Redis hangs for so long
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { watchRedisAway } from './away.ts';
import { type CordonDelays, watchCordons } from './cordon.ts';
import type { Startup } from './operator.ts';
import { watchReactions } from './reaction.ts';
import { reportOf, type SizeFigures } from './report.ts';
import { Stage } from './stage.ts';
import { watchSteady } from './steady.ts';
import { LabError, type Say } from '../exec.ts';
import { compileOperator } from '../image-operator.ts';
import { buildDir, root } from '../paths.ts';
import { elapsedSay, runCli } from '../tools.ts';

const roomsPerNode = 20;
const mostRooms = 20_000;
const clusterOf = 100;
const settleSeconds = 45;
const cordonSeconds = 15;

interface Options {
  readonly sizes: readonly number[];
  readonly steadySeconds: number;
  readonly steps: number;
  readonly profile: boolean;
  /** A compiled operator; the sources as they are now unless told. */
  readonly entry: string | undefined;
  /** `undefined`: the sizes are measured instead. */
  readonly awaySeconds: number | undefined;
}

/** @throws LabError when a flag is wrong */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '10,100,1000,5000' },
      'steady-seconds': { type: 'string', default: '60' },
      steps: { type: 'string', default: '20' },
      profile: { type: 'boolean', default: false },
      entry: { type: 'string' },
      'redis-away': { type: 'boolean', default: false },
      'away-seconds': { type: 'string', default: '420' },
    },
  });
  const sizes = values.sizes.split(',').map(Number);
  const steadySeconds = Number(values['steady-seconds']);
  const steps = Number(values.steps);
  const awaySeconds = Number(values['away-seconds']);
  if (![...sizes, steadySeconds, steps, awaySeconds].every((value) => Number.isInteger(value) && value > 0)) {
    throw new LabError('Sizes, seconds and steps are whole numbers above 0.');
  }
  const away = values['redis-away'] ? awaySeconds : undefined;
  const { profile, entry } = values;
  return { sizes, steadySeconds, steps, profile, entry, awaySeconds: away };
}

async function main(): Promise<void> {
  const options = readOptions();
  const say = elapsedSay();
  const dir = join(buildDir, 'bench-scale');
  await rm(join(dir, 'profiles'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const entry = options.entry ?? (await compileOperator(say, root, join(dir, 'dist')));
  if (options.awaySeconds !== undefined) return await measureAway(options.awaySeconds, entry, say);
  const figures: SizeFigures[] = [];
  for (const size of options.sizes) {
    figures.push(await measure(size, entry, options, say));
    await writeFile(join(dir, 'figures.json'), JSON.stringify(figures, undefined, 2));
    process.stdout.write(`\n${reportOf(figures)}\n\n`);
  }
}

/** One cluster up to what a cluster may have, else clusters of a hundred. */
function shapeOf(size: number): { readonly clusters: number; readonly nodesEach: number } {
  // The maximum leaves room for the one node that a measured step asks for.
  if (size <= 1000) return { clusters: 1, nodesEach: Math.min(size, 999) };
  return { clusters: Math.round(size / clusterOf), nodesEach: clusterOf };
}

async function measure(size: number, entry: string, options: Options, say: Say): Promise<SizeFigures> {
  const { clusters, nodesEach } = shapeOf(size);
  const rooms = Math.min(clusters * nodesEach * roomsPerNode, mostRooms);
  const roomsEach = Math.round(rooms / clusters);
  say(`${clusters} × ${nodesEach} Media Nodes, ${clusters * roomsEach} rooms`);
  const { profile } = options;
  const stage = await Stage.build({ clusters, nodesEach, roomsEach, entry, say, profile });
  try {
    await fill(stage);
    const startup = await startAnew(stage);
    say(
      `leads after ${Math.round(startup.leadingMs)} ms, has decided after ${Math.round(startup.decidedMs)} ms`,
    );
    await sleep(settleSeconds * 1000);
    say(`watching a steady state for ${options.steadySeconds} s`);
    const steady = await watchSteady(stage, options.steadySeconds);
    say('watching cordons');
    const cordons = await cordonsOf(stage);
    say(`watching ${options.steps} load steps`);
    const reactions = await watchReactions(stage, options.steps);
    return {
      size,
      nodes: clusters * nodesEach,
      clusters,
      rooms: clusters * roomsEach,
      startup,
      steady,
      cordons,
      reactions,
    };
  } finally {
    await stage.stop();
  }
}

async function measureAway(seconds: number, entry: string, say: Say): Promise<void> {
  const stage = await Stage.build({
    clusters: 1,
    nodesEach: 200,
    mostEach: 200,
    roomsEach: 4000,
    entry,
    say,
  });
  try {
    await fill(stage);
    await startAnew(stage);
    await sleep(settleSeconds * 1000);
    const figures = await watchRedisAway(stage, seconds, say);
    await writeFile(join(stage.dir, 'redis-away.json'), JSON.stringify(figures, undefined, 2));
    process.stdout.write(`\n${JSON.stringify(figures, undefined, 2)}\n`);
    const { podsCreated, podsDeleted, serversEnded, participantsCut, asBeforeMs } = figures;
    const isFine = podsCreated + podsDeleted + serversEnded + participantsCut === 0 && asBeforeMs <= 10_000;
    if (!isFine)
      throw new LabError('Pods were touched, people were cut, or it took more than 10 s to recover.');
  } finally {
    await stage.stop();
  }
}

async function fill(stage: Stage): Promise<void> {
  await stage.startOperator();
  await stage.fillNodes();
  await stage.stopOperator();
  await stage.fillRooms();
}

async function startAnew(stage: Stage): Promise<Startup> {
  const operator = await stage.startOperator();
  return await operator.started(stage.wish.clusters);
}

async function cordonsOf(stage: Stage): Promise<CordonDelays> {
  const address = stage.redises[0]?.address ?? '';
  return await watchCordons(address, cordonSeconds);
}

if (import.meta.main) await runCli(main);
