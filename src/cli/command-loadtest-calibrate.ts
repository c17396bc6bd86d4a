import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { sayDuration } from '../base/duration.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { CalibrationCell } from '../loadtest/calibrate-plan.ts';
import type { CostFit } from '../loadtest/cost-fit.ts';
import type { RunRecord } from '../loadtest/record.ts';
import { type ExitCode, NegativeAnswerError, UsageError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { addLoadOptions, type LoadOptions } from './loadtest-options.ts';
import { metaIn, refuseOthers, type SearchRecord, searchOf, writeProfile } from './loadtest-profile.ts';
import { asCliError, newFolder, newRunId, placeOf, runInto, type RunSurroundings } from './loadtest-run.ts';
import { RunWatch } from './loadtest-watch.ts';
import { answer } from './output.ts';
import { type CalibrationAnswer, calibrationText } from './loadtest-costs-text.ts';
import { duration, objectName, wholeNumber } from './values.ts';

interface CalibrateOptions extends LoadOptions {
  readonly name: string;
  readonly settle: number;
  readonly dwell: number;
  readonly windows: number;
  readonly search?: readonly string[];
}

const defaultSeed = 1;
const most = { participants: 2000, egressMbps: 20_000, durationMs: 3_600_000 };

export function addLoadtestCalibrate(parent: Command, shell: Shell): void {
  const command = parent
    .command('calibrate')
    .summary('Measure what load costs a node, for a capacity profile.')
    .description(
      'Measures a node under many kinds of load, each at a few levels that should not fill it, works out what packets, ' +
        'bytes and people cost, and writes an OpenViduCapacityProfile. It takes about an hour; Ctrl-C ends it with what ' +
        'has been measured by then. Needs the metrics of the node.',
    )
    .addOption(
      new Option('--name <name>', 'Name of the profile.').argParser(objectName).default('media-node'),
    )
    .addOption(
      new Option('--settle <duration>', 'Before each first window.')
        .argParser(duration)
        .default(15_000, '15s'),
    )
    .addOption(
      new Option('--dwell <duration>', 'Length of a window.').argParser(duration).default(30_000, '30s'),
    )
    .addOption(new Option('--windows <number>', 'At each level.').argParser(wholeNumber(1, 20)).default(2))
    .option(
      '--search <record...>',
      'Records of searches on the same node, whose capacities go into the profile.',
    );
  addLoadOptions(command);
  handle<CalibrateOptions>(shell, command, (options) => calibrate(shell, options));
}

async function calibrate({ io }: Shell, options: CalibrateOptions): Promise<ExitCode> {
  if (options.metrics === undefined) {
    throw new UsageError(
      'a calibration needs to see the node: give the address of its metrics with --metrics.',
    );
  }
  const searches = await Promise.all((options.search ?? []).map((name) => searchOf(name)));
  const cells = await cellsFor(io, options, searches);
  const folder = newFolder(io, options, `calibrate-${options.name}`);
  const recordings = await measuredCells(io, options, cells, folder);
  const fit = await fitOf(recordings, options.seed ?? defaultSeed);
  const fingerprint = recordings.flatMap(({ records }) => metaIn(records)).at(-1)?.fingerprint;
  const costs = fit.kind === 'Fitted' ? fit.model : undefined;
  const profile = await writeProfile(folder, {
    name: options.name,
    date: isoFromMs(io.clock.wallMs()),
    fingerprint,
    searches,
    costs,
  });
  const value: CalibrationAnswer = {
    profile,
    folder,
    cells: { planned: cells.length, measured: recordings.length },
    fit,
    fingerprint,
  };
  await writeFile(join(folder, 'costs.json'), `${JSON.stringify(value, null, 2)}\n`);
  await answer(io, options, value, calibrationText);
  return fit.kind === 'Fitted' ? 0 : 1;
}

/** What the node may use says how much load each cell needs. */
async function cellsFor(
  io: Io,
  options: CalibrateOptions,
  searches: readonly SearchRecord[],
): Promise<readonly CalibrationCell[]> {
  const { calibrationCells } = await import('../loadtest/calibrate-plan.ts');
  const { openRunTarget } = await import('../loadtest/run-target.ts');
  const { prefixOf } = await import('../loadtest/run.ts');
  const place = await openRunTarget({ ...placeOf(io, options), prefix: prefixOf(newRunId()) }).catch(
    (error: unknown) => {
      throw asCliError(error);
    },
  );
  await place.probe?.close();
  const { target, serverCpu, limitCores } = place;
  await refuseOthers(searches, { serverVersion: target.serverVersion, serverCpu, serverCores: limitCores });
  const { settle, dwell, windows, seed = defaultSeed } = options;
  const cells = calibrationCells({
    seed,
    serverCores: place.limitCores,
    generatorCores: workersOf(options),
    settleMs: settle,
    dwellMs: dwell,
    windows,
    most,
  });
  const needsMs = cells.length * (settle + windows * dwell);
  await io.err.write(`${cells.length} cells, at least ${sayDuration(needsMs)}\n`);
  return cells;
}

/** A worker keeps one core busy. */
function workersOf({ workers }: LoadOptions): number {
  return workers ?? Math.max(1, Math.min(8, availableParallelism() - 1));
}

interface Recording {
  readonly cell: CalibrationCell;
  readonly records: readonly RunRecord[];
}

/** A cell that cannot begin is tried once more after all others, and must not cost them. Where none could, none is. */
async function measuredCells(
  io: Io,
  options: CalibrateOptions,
  cells: readonly CalibrationCell[],
  folder: string,
): Promise<readonly Recording[]> {
  const recordings: Recording[] = [];
  const watch = new RunWatch(io);
  const surroundings: RunSurroundings = { io, options, watch, workers: workersOf(options) };
  const turns = cells.map((cell, at): Turn => ({ cell, number: at + 1, again: false }));
  try {
    for (const turn of turns) {
      if (io.stop.aborted) break;
      const { cell, number, again } = turn;
      watch.begin(`cell ${number} of ${cells.length}${again ? ', once more' : ''}: ${titleOf(cell)}`);
      const own = join(folder, `${String(number).padStart(2, '0')}-${cell.name}-${cell.level}`);
      mkdirSync(own, { recursive: true });
      const records = await begun(surroundings, cell, own, recordings.length > 0);
      if (!(records instanceof NegativeAnswerError)) recordings.push({ cell, records });
      else if (await isTriedAgain(io, turn, records)) turns.push({ ...turn, again: true });
    }
  } finally {
    await watch.end();
  }
  return recordings;
}

interface Turn {
  readonly cell: CalibrationCell;
  readonly number: number;
  readonly again: boolean;
}

const titleOf = ({ name, level }: CalibrationCell): string => `${name} at ${level}`;

async function isTriedAgain(io: Io, { cell, again }: Turn, why: Error): Promise<boolean> {
  const next = again ? 'is left out' : 'is tried once more at the end';
  await io.err.write(`${titleOf(cell)} could not begin and ${next}: ${why.message}\n`);
  return !again;
}

/** The records of a cell, or why it could not begin. @throws that too as long as nothing else is at stake */
async function begun(
  surroundings: RunSurroundings,
  { scenario }: CalibrationCell,
  folder: string,
  areOthers: boolean,
): Promise<readonly RunRecord[] | NegativeAnswerError> {
  try {
    return (await runInto(surroundings, scenario, folder)).records;
  } catch (error) {
    if (!areOthers || !(error instanceof NegativeAnswerError)) throw error;
    return error;
  }
}

async function fitOf(recordings: readonly Recording[], seed: number): Promise<CostFit> {
  const { fitCosts, samplesOf } = await import('../loadtest/cost-fit.ts');
  const { stream } = await import('../workload/random.ts');
  const samples = recordings.flatMap(({ cell, records }) => samplesOf(records, `${cell.name}/${cell.level}`));
  return fitCosts(samples, stream(seed, 'costs'));
}
