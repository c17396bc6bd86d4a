import type { Command } from 'commander';
import type { Scenario } from '../loadtest/scenario.ts';
import type { ExitCode } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { addLoadOptions, type LoadOptions } from './loadtest-options.ts';
import { refuseMoreThanMost } from './loadtest-most.ts';
import { doneText, isGood, runScenario } from './loadtest-run.ts';
import { answer } from './output.ts';
import { wholeNumber } from './values.ts';

interface RunOptions extends LoadOptions {
  readonly level?: number;
}

export function addLoadtestRun(parent: Command, shell: Shell): void {
  const command = parent
    .command('run')
    .summary('Run a scenario against a media server.')
    .description(
      'Runs a scenario against a media server as its file says, with workers on this machine, and writes record and ' +
        'report. Ctrl-C ends it early: everybody leaves, and what was measured is kept.',
    )
    .argument('<file>', 'The scenario in YAML.')
    .option('--level <number>', 'Only this level, whatever the scenario says.', wholeNumber(1, 1_000_000));
  addLoadOptions(command);
  handle<RunOptions>(shell, command, async (options, [file = '']) => {
    const { scenarioIn } = await import('./scenario-file.ts');
    const { withLevel } = await import('../loadtest/scenario-levels.ts');
    const scenario = scenarioIn(file);
    if (options.level === undefined) return await runAndAnswer(shell, options, scenario);
    await refuseMoreThanMost(scenario, '--level', options.level);
    return await runAndAnswer(shell, options, withLevel(scenario, options.level));
  });
}

/** Exit code 1: the answer is no, or there is none. */
export async function runAndAnswer(
  { io }: Shell,
  options: LoadOptions,
  scenario: Scenario,
): Promise<ExitCode> {
  const done = await runScenario(io, options, scenario);
  await answer(io, options, { ...done.result, files: done.files }, () => doneText(done));
  return isGood(done) ? 0 : 1;
}
