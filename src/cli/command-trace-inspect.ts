import type { Command } from 'commander';
import { handle, type Shell } from './command.ts';
import { answer, type CommonOptions } from './output.ts';
import { fleetDefaults } from './fleet-size.ts';
import { wholeNumber } from './values.ts';

interface InspectOptions extends CommonOptions {
  readonly capacity: number;
}

export function addTraceInspect(parent: Command, shell: Shell): void {
  const command = parent
    .command('inspect')
    .summary('Show what a trace holds.')
    .description(
      'Checks a trace and shows how many rooms it holds, how large and how long they are, and its peaks.',
    )
    .argument('<file>', 'The trace, compressed with gzip or not.')
    .option(
      '--capacity <number>',
      'Participants that one node carries, to judge the largest rooms by.',
      wholeNumber(1, 100_000),
      fleetDefaults.capacity,
    );
  handle<InspectOptions>(shell, command, (options, [file = '']) => inspect(shell, options, file));
}

async function inspect({ io }: Shell, options: InspectOptions, file: string): Promise<void> {
  const { readTrace } = await import('../workload/trace-file.ts');
  const { formatFacts, inspectTrace } = await import('../workload/inspect.ts');
  const trace = await readTrace(file, { signal: io.stop });
  await answer(io, options, inspectTrace(trace, { capacity: options.capacity }), formatFacts);
}
