import { type Command, Option } from 'commander';
import { profileNames, profiles, type ProfileName } from '../workload/profiles.ts';
import { UsageError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer, type CommonOptions } from './output.ts';
import { wholeNumber } from './values.ts';

interface GenerateOptions extends CommonOptions {
  readonly profile: ProfileName;
  readonly seed: number;
  readonly days?: number;
  readonly roomsPerWeek?: number;
  /** Commander's form of --no-events: true unless it was given. */
  readonly events: boolean;
  readonly tail: boolean;
  readonly out?: string;
}

export const largestSeed = 2 ** 31 - 1;

export function addTraceGenerate(parent: Command, shell: Shell): void {
  const list = profileNames.map((name) => `  ${name.padEnd(18)}${profiles[name].summary}`).join('\n');
  const command = parent
    .command('generate')
    .summary('Make a trace from a profile and a seed.')
    .description(
      `Makes a trace from a profile and a seed; the same ones always give the same rooms. Profiles:\n\n${list}`,
    )
    .addOption(
      new Option('--profile <name>', 'What kind of service it is.')
        .choices(profileNames)
        .makeOptionMandatory(),
    )
    .option(
      '--days <number>',
      'Length in days from a Monday on. By default as the profile has it.',
      wholeNumber(1, 366),
    )
    .option('--seed <number>', 'Which of the many possible ones.', wholeNumber(0, largestSeed), 1)
    .option('--rooms-per-week <number>', 'How large the service is.', wholeNumber(1, 10_000_000))
    .option('--no-events', 'Leave out large events.')
    .option('--no-tail', 'Leave out rooms that stay open for hours.')
    .option(
      '--out <file>',
      'Write here, compressed if the name ends in .gz; otherwise to the standard output.',
    );
  handle<GenerateOptions>(shell, command, (options) => generate(shell, options));
}

async function generate({ io }: Shell, options: GenerateOptions): Promise<void> {
  const { profile, seed, days, roomsPerWeek, events, tail, out } = options;
  if (out === undefined && options.output === 'json') {
    throw new UsageError(
      'a trace is CSV and has no JSON form: write it to a file with --out, or leave out -o json.',
    );
  }
  const { generateTrace } = await import('../workload/generate.ts');
  const trace = generateTrace({
    profile,
    seed,
    ...(days === undefined ? {} : { days }),
    ...(roomsPerWeek === undefined ? {} : { roomsPerWeek }),
    noEvents: !events,
    noTail: !tail,
  });
  if (trace.rooms.length === 0) {
    throw new UsageError('with so few rooms none came up: raise --rooms-per-week or --days.');
  }
  if (out === undefined) {
    const { formatRows } = await import('../workload/trace-csv.ts');
    return await writeRows(io, formatRows(trace));
  }
  const { writeTrace } = await import('../workload/trace-file.ts');
  await writeTrace(out, trace, io.stop);
  const value = { file: out, profile, seed, rooms: trace.rooms.length };
  await answer(io, options, value, () => `wrote ${trace.rooms.length} rooms to ${out}`);
}

const pieceLength = 65_536;

/** In pieces: a write for each row would take minutes. */
async function writeRows({ out, stop }: Io, rows: Iterable<string>): Promise<void> {
  let piece = '';
  for (const row of rows) {
    piece += row;
    if (piece.length < pieceLength) continue;
    if (stop.aborted) return;
    await out.write(piece);
    piece = '';
  }
  await out.write(piece);
}
