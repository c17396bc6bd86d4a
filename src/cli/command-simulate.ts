import type { Command } from 'commander';
import { sayDuration } from '../base/duration.ts';
import type { SimResult } from '../simulate/result.ts';
import type { Trace } from '../workload/trace.ts';
import { StoppedError, UsageError } from './cli-error.ts';
import { largestSeed } from './command-trace-generate.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer } from './output.ts';
import { progressOn } from './progress.ts';
import { resultText } from './result-text.ts';
import type { SimHooks, SimJob } from './sim-job.ts';
import { areSameFile } from '../workload/whole-target.ts';
import { addFleetOptions, type FleetOptions, fleetSizeOf } from './sim-options.ts';
import { wholeNumber } from './values.ts';

interface SimulateOptions extends FleetOptions {
  readonly trace: string;
  readonly policy: string;
  readonly seed: number;
  readonly events?: string;
}

export const policyHelp =
  'governor (the product), hpa, target-tracking, openvidu-v2, jitsi, agones-buffer, static-N such as static-4, ' +
  'or a YAML or JSON file with an OpenViduCluster or its spec.autoscaling';

export function addSimulate(program: Command, shell: Shell): void {
  const command = program
    .command('simulate')
    .summary('Play a trace under one policy and measure it.')
    .description(
      'Plays a trace of rooms under one policy in simulated time and measures cost, overload and cuts. The same ' +
        'trace, policy and seed always give the same figures.',
    )
    .requiredOption('--trace <file>', 'The rooms, as CSV, compressed with gzip or not (see "trace --help").')
    .requiredOption('--policy <name>', `What decides: ${policyHelp}.`)
    .option(
      '--seed <number>',
      'Chance in the placement of rooms and the joining of people.',
      wholeNumber(0, largestSeed),
      1,
    );
  addFleetOptions(command).option(
    '--events <file>',
    'Write everything that happens as JSON Lines, from which all figures can be computed.',
  );
  handle<SimulateOptions>(shell, command, (options) => simulateCommand(shell, options));
}

async function simulateCommand({ io }: Shell, options: SimulateOptions): Promise<void> {
  const { choosePolicy } = await import('./policy-choice.ts');
  const { readTrace } = await import('../workload/trace-file.ts');
  if (options.events !== undefined && areSameFile(options.events, options.trace)) {
    throw new UsageError('--events would overwrite the trace: name another file.');
  }
  const fleet = choosePolicy(options.policy, fleetSizeOf(options));
  const trace = await readTrace(options.trace, { signal: io.stop });
  const job = { fleet, launchSeconds: options.launchSeconds, seed: options.seed };
  const result = await run(io, options, job, trace);
  await answer(io, options, result, resultText);
}

async function run(io: Io, options: SimulateOptions, job: SimJob, trace: Trace): Promise<SimResult> {
  const { runJob } = await import('./sim-job.ts');
  const { SimulationStoppedError } = await import('../simulate/run.ts');
  const { EventFile } = await import('./event-file.ts');
  const file = options.events === undefined ? undefined : new EventFile(io, options.events);
  const progress = progressOn(io, 'simulated', options.progress === true);
  const hooks: SimHooks = {
    signal: io.stop,
    onProgress: (share, simS) => progress.at(share, `day ${(simS / 86_400).toFixed(1)}`),
    ...(file === undefined ? {} : { onEvent: (event) => file.take(event) }),
  };
  try {
    const result = await runJob(job, trace, hooks);
    file?.finish();
    return result;
  } catch (error) {
    file?.discard();
    if (!(error instanceof SimulationStoppedError)) throw error;
    throw new StoppedError(partialText(error.simSeconds, error.partial), { cause: error });
  } finally {
    await progress.end();
  }
}

function partialText(simSeconds: number, partial: SimResult): string {
  const { rooms, nodeHours, ratio, overloadShare, roomsCut } = partial;
  const overload = (100 * overloadShare).toFixed(2);
  return (
    `stopped after ${sayDuration(simSeconds * 1000)} of simulated time, so far with ${rooms} rooms, ` +
    `${nodeHours.toFixed(1)} node-hours (ratio ${ratio.toFixed(2)}), ${overload} % overload and ${roomsCut} rooms cut.`
  );
}
