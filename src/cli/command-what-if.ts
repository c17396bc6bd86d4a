import { type Command, Option } from 'commander';
import type { ClusterSpec } from '../core/spec.ts';
import { UsageError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { addJournalOptions } from './journal-options.ts';
import type { JournalOptions } from './journal-source.ts';
import { answer } from './output.ts';

interface WhatIfOptions extends JournalOptions {
  readonly spec?: string;
  readonly set?: readonly string[];
}

export function addWhatIf(program: Command, shell: Shell): void {
  const command = program
    .command('what-if')
    .summary('Decide again on what was recorded, under another spec.')
    .description(
      'Decides again on the recorded inputs under a changed spec, and shows the first difference, the sizes over time, ' +
        'and the launches and removals that would have been saved or added.',
    );
  addJournalOptions(command)
    .addOption(
      new Option(
        '--spec <file>',
        'A changed OpenViduCluster, or its spec.autoscaling, as YAML or JSON.',
      ).conflicts('set'),
    )
    .addOption(
      new Option(
        '--set <path=value>',
        'Change one field, such as spec.autoscaling.headroom.slots=50. May be given more than once.',
      ).argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]),
    );
  handle<WhatIfOptions>(shell, command, (options) => whatIfCommand(shell, options));
}

async function whatIfCommand({ io }: Shell, options: WhatIfOptions): Promise<void> {
  const { spec: file, set = [] } = options;
  if (file === undefined && set.length === 0) {
    throw new UsageError('nothing is changed: give --spec FILE or --set path=value.');
  }
  const { changedSpec, parseSetting } = await import('./changed-spec.ts');
  // Mistakes on the command line are told before the cluster is asked.
  const change = file === undefined ? { settings: set.map(parseSetting) } : { file };
  const { journalOf } = await import('./journal-source.ts');
  const { whatIf } = await import('../reconcile/what-if.ts');
  const { whatIfText } = await import('../reconcile/what-if-text.ts');
  const { header, entries } = await journalOf(io, options);
  const spec: ClusterSpec = changedSpec(header.resource, change);
  await answer(
    io,
    options,
    whatIf(entries, () => spec),
    whatIfText,
  );
}
