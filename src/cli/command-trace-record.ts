import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { sayDuration } from '../base/duration.ts';
import { silentLog } from '../base/log.ts';
import type { RedisReading } from '../core/readings.ts';
import type { RedisConfig } from '../livekit/redis-config.ts';
import type { Recorder, SeenRoom } from '../workload/record.ts';
import { inSentence, NegativeAnswerError, UsageError } from './cli-error.ts';
import type { ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer } from './output.ts';
import { redisConfigOf } from './redis-url.ts';
import { duration } from './values.ts';

interface RecordOptions extends ClusterOptions {
  readonly out: string;
  readonly redisUrl?: string;
  readonly for?: number;
  readonly every: number;
  readonly names: 'hashed' | 'clear' | 'none';
  readonly force?: boolean;
}

export function addTraceRecord(parent: Command, shell: Shell): void {
  const command = parent
    .command('record')
    .summary('Record the rooms of a running service.')
    .description(
      'Records the rooms of a running service from its Redis, which it only reads, until Ctrl-C or the end of --for. ' +
        'The file is written anew every minute, so it is always a whole trace.',
    )
    .requiredOption('--out <file>', 'Write here, compressed if the name ends in .gz.')
    .option('--for <duration>', 'Stop by itself after this time, such as 1h.', duration)
    .addOption(new Option('--every <duration>', 'How often to look.').argParser(duration).default(2000, '2s'))
    .option(
      '--redis-url <url>',
      'Redis to read instead of that of the cluster, such as redis://localhost:6379/0 (rediss for TLS). ' +
        'The password is taken from OVM_REDIS_PASSWORD.',
    )
    .addOption(
      new Option(
        '--names <how>',
        'Keep the names of rooms hashed (so that recurring ones are known), clear or not at all.',
      )
        .choices(['hashed', 'clear', 'none'])
        .default('hashed'),
    )
    .option('--force', 'Overwrite the file if it exists.');
  handle<RecordOptions>(shell, command, (options) => record(shell, options));
}

async function record({ io }: Shell, options: RecordOptions): Promise<void> {
  const { out, redisUrl } = options;
  if (options.force !== true && existsSync(out)) {
    throw new UsageError(
      `${out} exists, and a recording cannot be had again: name another file or add --force.`,
    );
  }
  const config = redisUrl === undefined ? await redisOfCluster(options) : redisConfigOf(redisUrl, io.env);
  const { connectRedis } = await import('../livekit/redis.ts');
  const { NodeTable } = await import('../livekit/node-table.ts');
  const link = connectRedis(config, silentLog);
  try {
    const table = new NodeTable(link, io.clock);
    const rooms = await recordFrom(io, options, () => table.read());
    const value = { file: out, rooms };
    await answer(io, options, value, () => `wrote ${rooms} rooms to ${out}`);
  } finally {
    await link.close();
  }
}

async function redisOfCluster(options: ClusterOptions): Promise<RedisConfig> {
  const { theCluster, withCluster } = await import('./cluster-link.ts');
  const { resolveConnections } = await import('../operator/connections.ts');
  return await withCluster(options, async (link) => {
    const cluster = await theCluster(link, options);
    const resolved = await resolveConnections(link.client, link.namespace, cluster.spec);
    if (resolved.kind === 'Resolved') return resolved.connections.operatorRedis;
    const [problem] = resolved.problems;
    throw new NegativeAnswerError(`${problem?.field}: ${inSentence(problem?.message ?? 'is faulty')}.`);
  });
}

const saveEveryMs = 60_000;

/** The number of rooms in the file. The first look must succeed; later gaps are bridged. */
async function recordFrom(
  io: Io,
  options: RecordOptions,
  read: () => Promise<RedisReading>,
): Promise<number> {
  const { Recorder: Recording, pseudonyms } = await import('../workload/record.ts');
  const recorder = new Recording({ rename: renaming(options.names, pseudonyms) });
  const beganMs = io.clock.elapsedMs();
  // Creation times are wall time, which may jump; its begin and our own even clock together do not.
  const beganWallMs = io.clock.wallMs();
  const endsMs = beganMs + (options.for ?? Number.POSITIVE_INFINITY);
  let savedMs = beganMs;
  let isFirst = true;
  for (;;) {
    const reading = await read();
    const nowMs = io.clock.elapsedMs();
    await note(io, options, { recorder, reading, isFirst, atS: (beganWallMs + nowMs - beganMs) / 1000 });
    isFirst = false;
    if (io.stop.aborted || nowMs >= endsMs) return await save(recorder, options.out);
    if (nowMs - savedMs >= saveEveryMs) {
      await save(recorder, options.out);
      savedMs = nowMs;
    }
    await io.sleep(Math.min(options.every, endsMs - nowMs));
  }
}

interface Look {
  readonly recorder: Recorder;
  readonly reading: RedisReading;
  readonly isFirst: boolean;
  readonly atS: number;
}

async function note(
  io: Io,
  options: RecordOptions,
  { recorder, reading, isFirst, atS }: Look,
): Promise<void> {
  if (reading.kind === 'Failed') {
    if (isFirst) {
      throw new NegativeAnswerError(
        `Redis cannot be read (${inSentence(reading.why)}): check that it can be reached from here, or forward a port to it and give --redis-url.`,
      );
    }
    return;
  }
  recorder.observe({ atS, rooms: reading.rooms.flatMap(seenRoom) });
  if (isFirst) {
    const until = options.for === undefined ? 'until Ctrl-C' : `for ${sayDuration(options.for)}`;
    await io.err.write(`recording to ${options.out} ${until}, ${reading.rooms.length} rooms at the start\n`);
  }
}

type Placement = Extract<RedisReading, { readonly kind: 'Read' }>['rooms'][number];

/** A room that closes and opens again under its name is another room, which its creation time tells. */
function seenRoom({
  room: name,
  participants,
  createdAtSeconds: createdAtS,
}: Placement): readonly SeenRoom[] {
  if (createdAtS === undefined) return [];
  // The registry does not tell who publishes.
  return [{ id: `${name}@${createdAtS}`, name, createdAtS, participants, publishers: undefined }];
}

/** A key that nobody keeps: names of one recording can be told apart, and never be told back. */
function renaming(
  how: RecordOptions['names'],
  pseudonyms: (key: string) => (name: string) => string,
): (name: string) => string | undefined {
  switch (how) {
    case 'hashed':
      return pseudonyms(randomBytes(32).toString('hex'));
    case 'clear':
      return (name) => name;
    case 'none':
      return () => undefined;
  }
}

/** Not stopped by Ctrl-C: what has been seen is to be kept. */
async function save(recorder: Recorder, out: string): Promise<number> {
  const { traceName, writeTrace } = await import('../workload/trace-file.ts');
  const trace = recorder.trace(traceName(out));
  await writeTrace(out, trace);
  return trace.rooms.length;
}
