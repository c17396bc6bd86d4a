import { type Command, InvalidArgumentError } from 'commander';
import { isoFromMs } from '../base/iso-time.ts';
import type { NodeHourPrice } from '../simulate/report-model.ts';
import type { BacktestRun, BacktestTask } from './backtest-task.ts';
import { StoppedError, UsageError } from './cli-error.ts';
import { policyHelp } from './command-simulate.ts';
import { largestSeed } from './command-trace-generate.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer } from './output.ts';
import type { ChosenFleet } from './policy-choice.ts';
import { progressOn } from './progress.ts';
import { addFleetOptions, type FleetOptions, fleetSizeOf } from './sim-options.ts';
import { wholeNumber, wholeNumbers } from './values.ts';
import { WholeFile } from './whole-file.ts';

interface BacktestOptions extends FleetOptions {
  readonly trace: readonly string[];
  readonly policy: readonly string[];
  readonly seeds: readonly number[];
  readonly report?: string;
  readonly price?: NodeHourPrice;
  readonly jobs?: number;
}

export function addBacktest(program: Command, shell: Shell): void {
  const command = program
    .command('backtest')
    .summary('Compare several policies on several traces.')
    .description(
      'Plays every trace under every policy with every seed and compares them: cost, overload, cuts, with the spread ' +
        'over seeds. The first policy is the one that the others are held against.',
    )
    .requiredOption('--trace <file...>', 'One or more traces, as CSV, compressed with gzip or not.')
    .option('--policy <name...>', `One or more of ${policyHelp}.`, ['governor', 'openvidu-v2', 'hpa'])
    .option('--seeds <list>', 'Seeds, such as 1,2,3 or 1-10.', wholeNumbers(0, largestSeed), [1, 2, 3]);
  addFleetOptions(command)
    .option('--report <file>', 'Write a report with charts as one HTML file.')
    .option('--price <amount>', 'Price of a node-hour in the report, such as 0.25EUR.', priceOf)
    .option('--jobs <number>', 'Runs at once. By default as many as there are cores.', wholeNumber(1, 256));
  handle<BacktestOptions>(shell, command, (options) => backtest(shell, options));
}

function priceOf(text: string): NodeHourPrice {
  const [, amount, currency] = /^(\d{1,9}(?:\.\d{1,6})?) ?([A-Z]{3})$/.exec(text) ?? [];
  if (amount !== undefined && currency !== undefined) return { amount: Number(amount), currency };
  throw new InvalidArgumentError('Give an amount and a currency, such as 0.25EUR.');
}

async function backtest({ io }: Shell, options: BacktestOptions): Promise<void> {
  const { choosePolicies } = await import('./policy-choice.ts');
  const { summaryOf, summaryText } = await import('./backtest-summary.ts');
  if (options.price !== undefined && options.report === undefined) {
    throw new UsageError('--price does nothing without --report: add --report FILE or leave --price out.');
  }
  const policies = noneTwice(
    'policy',
    options.policy.flatMap((text) => text.split(',')),
  );
  const traces = noneTwice('trace', options.trace);
  const fleets = choosePolicies(policies, fleetSizeOf(options));
  const tasks = tasksOf(options, traces, fleets);
  const { runs, page } = await runsAndPage(io, options, tasks);
  const results = runs.map(({ result }) => result);
  const { capacity, nodesMin, nodesMax } = fleets[0] ?? {};
  const { launchSeconds, seeds, report } = options;
  const given = { capacity, nodesMin, nodesMax, launchSeconds, seeds };
  if (page !== undefined) await writeReport(io, options, { runs, fleets, page });
  const value = { ...given, summary: summaryOf(results), runs: results };
  await answer(
    io,
    options,
    value,
    () => `${summaryText(value.summary)}${report === undefined ? '' : `\n\nwrote ${report}`}`,
  );
}

/** The page is tried before the runs: what took hours is not lost because a folder cannot be written. */
async function runsAndPage(
  io: Io,
  options: BacktestOptions,
  tasks: readonly BacktestTask[],
): Promise<{ readonly runs: readonly BacktestRun[]; readonly page: WholeFile | undefined }> {
  const { report } = options;
  const page = report === undefined ? undefined : new WholeFile(io, report);
  try {
    return { runs: await run(io, options, tasks), page };
  } catch (error) {
    page?.discard();
    throw error;
  }
}

function noneTwice(what: string, names: readonly string[]): readonly string[] {
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double === undefined && !names.includes('')) return names;
  throw new UsageError(
    `--${what} names "${double ?? ''}" ${double === undefined ? 'emptily' : 'twice'}: leave it out.`,
  );
}

/** Trace by trace, so that a worker reads each one once. */
function tasksOf(
  { seeds, launchSeconds, report }: BacktestOptions,
  traces: readonly string[],
  fleets: readonly ChosenFleet[],
): readonly BacktestTask[] {
  const labels = labelsOf(traces);
  return traces.flatMap((tracePath, at) =>
    fleets.flatMap((fleet) =>
      seeds.map((seed) => ({
        job: { fleet, launchSeconds, seed },
        tracePath,
        traceLabel: labels[at] ?? tracePath,
        withTimeline: report !== undefined,
      })),
    ),
  );
}

/** The name of the file, or its whole path where two have one name. */
function labelsOf(paths: readonly string[]): readonly string[] {
  const short = paths.map((path) => path.replace(/^.*[/\\]/, '').replace(/(\.csv)?(\.gz)?$/i, ''));
  return short.map((label, at) =>
    short.indexOf(label) === short.lastIndexOf(label) ? label : (paths[at] ?? label),
  );
}

async function run(
  io: Io,
  options: BacktestOptions,
  tasks: readonly BacktestTask[],
): Promise<readonly BacktestRun[]> {
  const { BacktestStoppedError, runAll } = await import('./backtest-pool.ts');
  const progress = progressOn(io, `${tasks.length} runs,`, options.progress === true);
  try {
    return await runAll(tasks, {
      signal: io.stop,
      onProgress: (share, finished) => progress.at(share, `${finished} finished`),
      ...(options.jobs === undefined ? {} : { workers: options.jobs }),
    });
  } catch (error) {
    if (!(error instanceof BacktestStoppedError)) throw error;
    throw new StoppedError(`stopped after ${error.finished} of ${tasks.length} runs: nothing was written.`, {
      cause: error,
    });
  } finally {
    await progress.end();
  }
}

interface ReportParts {
  readonly runs: readonly BacktestRun[];
  readonly fleets: readonly ChosenFleet[];
  readonly page: WholeFile;
}

async function writeReport(
  io: Io,
  options: BacktestOptions,
  { runs, fleets, page }: ReportParts,
): Promise<void> {
  const { renderReport } = await import('../simulate/report.ts');
  const { policyTitle } = await import('./policy-choice.ts');
  const [first] = fleets;
  const reported = runs.flatMap(({ result, timeline }) => {
    if (timeline === undefined) return [];
    const { policy, trace: traceLabel, seed } = result;
    return [{ result, timeline, policyLabel: policyTitle(policy), traceLabel, seed }];
  });
  const html = renderReport(reported, {
    capacity: first?.capacity ?? 0,
    launchSeconds: options.launchSeconds,
    madeAt: isoFromMs(io.clock.wallMs()).replace(/\.\d+Z$/, 'Z'),
    commands: [commandLine(options, fleets)],
    ...(first === undefined ? {} : { subject: first.policy.label }),
    ...(options.price === undefined ? {} : { price: options.price }),
  });
  page.write(html);
}

/** What makes the same figures again. */
function commandLine(options: BacktestOptions, fleets: readonly ChosenFleet[]): string {
  const { capacity, nodesMin, nodesMax } = fleets[0] ?? {};
  const words = [
    'kubectl-openvidu backtest',
    ...options.trace.map((path) => `--trace ${quoted(path)}`),
    ...fleets.map(({ policy }) => `--policy ${quoted(policy.label)}`),
    `--seeds ${options.seeds.join(',')}`,
    `--capacity ${capacity} --launch-seconds ${options.launchSeconds}`,
    `--nodes-min ${nodesMin} --nodes-max ${nodesMax}`,
  ];
  return words.join(' ');
}

function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
