import type { Command } from 'commander';
import { UsageError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { runAndAnswer } from './command-loadtest-run.ts';
import { addLoadOptions, type LoadOptions } from './loadtest-options.ts';
import { wholeNumber } from './values.ts';
import { levelWithin, refuseMoreThanMost } from './loadtest-most.ts';

interface SearchOptions extends LoadOptions {
  readonly repetitions?: number;
  readonly max?: number;
}

export function addLoadtestSearch(parent: Command, shell: Shell): void {
  const command = parent
    .command('search')
    .summary('Find how much of a scenario a node carries.')
    .description(
      'Finds the highest level of a scenario at which people still get what its SLOs promise, whatever mode its file ' +
        'names, and repeats the search for a measure of confidence. Needs the metrics of the node.',
    )
    .argument('<file>', 'The scenario in YAML.')
    .option('--repetitions <number>', 'Whole searches. By default as the scenario says.', wholeNumber(1, 20))
    .option('--max <number>', 'Look no further than this level.', wholeNumber(1, 1_000_000));
  addLoadOptions(command);
  handle<SearchOptions>(shell, command, async (options, [file = '']) => {
    if (options.metrics === undefined) {
      throw new UsageError('a search needs to see the node: give the address of its metrics with --metrics.');
    }
    const { scenarioIn } = await import('./scenario-file.ts');
    const { withSearch } = await import('../loadtest/scenario-levels.ts');
    const scenario = withSearch(scenarioIn(file));
    const { load } = scenario;
    if (load.mode.kind !== 'Search') return await runAndAnswer(shell, options, scenario);
    if (options.max !== undefined) await refuseMoreThanMost(scenario, '--max', options.max);
    const wished = options.max ?? load.mode.max;
    const max = await levelWithin(scenario, wished);
    if (max < 1) throw new UsageError('load.most of the scenario allows not even level 1: raise it.');
    if (max < wished) {
      await shell.io.err.write(`the search goes up to ${max} ${load.unit}: load.most allows no more\n`);
    }
    const mode = {
      ...load.mode,
      repetitions: options.repetitions ?? load.mode.repetitions,
      max,
      min: Math.min(load.mode.min, max),
    };
    return await runAndAnswer(shell, options, { ...scenario, load: { ...load, mode } });
  });
}
