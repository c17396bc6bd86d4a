import type { Command } from 'commander';
import type { ScenarioProblem } from '../loadtest/scenario-fault.ts';
import type { ExitCode } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { answer, type CommonOptions } from './output.ts';

export function addLoadtestValidate(parent: Command, shell: Shell): void {
  const command = parent
    .command('validate')
    .summary('Check scenarios before anything starts.')
    .description(
      'Checks scenarios and names everything that is wrong with them: where, what was found and what to do. Exit code 1 ' +
        'when something is.',
    )
    .argument('<file...>', 'Scenarios in YAML.');
  handle<CommonOptions>(shell, command, (options, files) => validate(shell, options, files));
}

interface Checked {
  readonly file: string;
  readonly valid: boolean;
  /** What it asks for, in words; `undefined` for a wrong one. */
  readonly says: string | undefined;
  readonly problems: readonly ScenarioProblem[];
}

async function validate({ io }: Shell, options: CommonOptions, files: readonly string[]): Promise<ExitCode> {
  const { problemText, readNamed } = await import('./scenario-file.ts');
  const { sayScenario } = await import('./scenario-text.ts');
  const results = files.map((file): Checked => {
    const read = readNamed(file);
    return read.kind === 'Scenario'
      ? { file, valid: true, says: sayScenario(read.scenario), problems: [] }
      : { file, valid: false, says: undefined, problems: read.problems };
  });
  await answer(io, options, { scenarios: results }, () =>
    results
      .flatMap(({ file, says, problems }) =>
        says === undefined ? problems.map((problem) => problemText(file, problem)) : [`${file}: ${says}`],
      )
      .join('\n'),
  );
  return results.every(({ valid }) => valid) ? 0 : 1;
}
