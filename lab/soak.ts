/**
 * Hours of work on fleets that grow and shrink, and whether anything of the operator grows with them.
 *
 *   node lab/soak.ts [--minutes 120]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { hostPort } from '../src/livekit/redis-config.ts';
import { handlesOf, rssMiB } from './processes.ts';
import { Stage } from './scale/stage.ts';
import { LabError } from './exec.ts';
import { compileOperator } from './image-operator.ts';
import { buildDir, root } from './paths.ts';
import { elapsedSay, runCli } from './tools.ts';
import { trendOf } from './trend.ts';

const everySeconds = 10;
/** What is learned and compiled in the first minutes is no leak. */
const warmShare = 0.25;
/** Rooms come and go in waves that are longer than nodes wait before they leave. */
const waveSeconds = 1800;
const fleet = { clusters: 3, nodesEach: 3, mostEach: 30, roomsEach: 40 } as const;
const crest = 400;

/** Of the operator: memory in MiB, everything else counted. */
const measures = ['rss', 'heapUsed', 'openFiles', 'activeResources', 'watches', 'redisConnections'] as const;
type Measure = (typeof measures)[number];
type Sample = Readonly<Record<Measure, number>>;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '120' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new LabError('--minutes is a number above 0.');
  const say = elapsedSay();
  const dir = join(buildDir, 'soak');
  await mkdir(dir, { recursive: true });
  const entry = await compileOperator(say, root, join(dir, 'dist'));
  const stage = await Stage.build({ ...fleet, entry, say, roomLifeMs: [30_000, 120_000] });
  try {
    await stage.startOperator();
    await stage.fillNodes();
    await stage.fillRooms();
    const samples = await soak(stage, minutes * 60, (line) => say(line));
    await writeFile(join(dir, 'samples.json'), JSON.stringify(samples));
    report(stage, samples);
  } finally {
    await stage.stop();
  }
}

async function soak(stage: Stage, seconds: number, say: (line: string) => void): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  for (let at = 0; at * everySeconds < seconds; at += 1) {
    const wave = (1 - Math.cos((2 * Math.PI * at * everySeconds) / waveSeconds)) / 2;
    for (const traffic of stage.traffics) traffic.setRooms(Math.round(fleet.roomsEach + wave * crest));
    const sample = await sampleOf(stage);
    samples.push(sample);
    if (at % 30 === 0) {
      const { counts } = stage.world;
      say(
        `${stage.world.nodes().length} nodes, ${stage.rooms} rooms, ${counts.podsStarted} Pods so far, ${Math.round(sample.rss)} MiB`,
      );
    }
    await sleep(Math.max(0, startedMs + (at + 1) * everySeconds * 1000 - performance.now()));
  }
  return samples;
}

async function sampleOf({ operator, redises }: Stage): Promise<Sample> {
  const series = await operator.samples();
  const total = (metric: string): number =>
    series.filter(({ name }) => name === metric).reduce((sum, { value }) => sum + value, 0);
  const connections = await Promise.all(redises.map(({ address }) => connectionsOf(address)));
  return {
    rss: await rssMiB(operator.pid),
    heapUsed: total('nodejs_heap_size_used_bytes') / 2 ** 20,
    openFiles: await handlesOf(operator.pid),
    activeResources: total('nodejs_active_resources_total'),
    watches: series.filter(({ name }) => name === 'openvidu_operator_watch_age_seconds').length,
    redisConnections: connections.reduce((sum, count) => sum + count, 0),
  };
}

async function connectionsOf(address: string): Promise<number> {
  const redis = new Redis({ ...hostPort(address), replyMapping: 'legacy', protocol: 2 });
  try {
    return String(await redis.client('LIST')).split('name=openvidu-media-operator ').length - 1;
  } finally {
    redis.disconnect();
  }
}

/** @throws LabError when something grows, or people were cut */
function report(stage: Stage, samples: readonly Sample[]): void {
  const kept = samples.slice(Math.floor(samples.length * warmShare));
  const verdicts = measures.map((measure) =>
    trendOf(
      measure,
      kept.map((sample) => sample[measure]),
      { every: everySeconds / 3600, unit: 'an hour' },
    ),
  );
  const lines = verdicts.map(({ text }) => text);
  const { counts } = stage.world;
  const cut = stage.world.cutParticipants();
  const played = `${counts.opened} rooms opened, ${counts.podsStarted} nodes started, ${counts.podsEnded} ended, ${cut} people cut`;
  process.stdout.write(`\n${kept.length} samples after the warm-up\n${lines.join('\n')}\n${played}\n`);
  if (cut > 0 || verdicts.some(({ grows }) => grows))
    throw new LabError('Something grows, or people were cut.');
}

if (import.meta.main) await runCli(main);
