import type { Command } from 'commander';
import { addLoadtestCalibrate } from './command-loadtest-calibrate.ts';
import { addLoadtestCompare } from './command-loadtest-compare.ts';
import { addLoadtestPlan } from './command-loadtest-plan.ts';
import { addLoadtestReplay } from './command-loadtest-replay.ts';
import { addLoadtestRun } from './command-loadtest-run.ts';
import { addLoadtestSearch } from './command-loadtest-search.ts';
import { addLoadtestReport } from './command-loadtest-report.ts';
import { addLoadtestValidate } from './command-loadtest-validate.ts';
import type { Shell } from './command.ts';

export function addLoadtest(program: Command, shell: Shell): void {
  const command = program
    .command('loadtest')
    .summary('Find out how much load a Media Node carries.')
    .description(
      'Puts real participants on a media server as a scenario says, and finds out how many it carries before somebody ' +
        'no longer gets what they must.',
    );
  addLoadtestValidate(command, shell);
  addLoadtestPlan(command, shell);
  addLoadtestRun(command, shell);
  addLoadtestSearch(command, shell);
  addLoadtestCalibrate(command, shell);
  addLoadtestReplay(command, shell);
  addLoadtestReport(command, shell);
  addLoadtestCompare(command, shell);
}
