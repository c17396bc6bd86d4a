/** The options that `explain` and `what-if` share: whose journal is read. */
import type { Command } from 'commander';
import { objectName } from './values.ts';

export function addJournalOptions(command: Command): Command {
  return command
    .option('--journal <file>', 'Read a journal from a file instead of asking the operator.')
    .option(
      '--operator-namespace <name>',
      'Where the operator runs. By default it is looked for in all namespaces.',
      objectName,
    );
}
