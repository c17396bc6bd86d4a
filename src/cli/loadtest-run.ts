/** Runs a scenario from this machine, with workers as its child processes, and writes record and report. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemTimers } from '../livekit/timers.ts';
import type { LocalWorkers } from '../loadtest/run-local.ts';
import type { RunRecord } from '../loadtest/record.ts';
import type { ReportResult } from '../loadtest/report.ts';
import type { RunWish } from '../loadtest/run.ts';
import type { RunTargetWish } from '../loadtest/run-target.ts';
import { isOnThisMachine } from '../loadtest/same-machine.ts';
import type { Scenario } from '../loadtest/scenario.ts';
import { inSentence, NegativeAnswerError, UsageError, writeTrouble } from './cli-error.ts';
import type { Io } from './io.ts';
import { keysOf, type LoadOptions, metricsUrlOf, urlOf, workersFor } from './loadtest-options.ts';
import { countOf, RunWatch } from './loadtest-watch.ts';

export interface RunDone {
  readonly records: readonly RunRecord[];
  readonly result: ReportResult;
  readonly folder: string;
  readonly files: { readonly record: string; readonly html: string; readonly json: string };
}

/** Workers are processes of this machine: they start in a second or two, on a busy one later. */
const patience = { startMs: 60_000, replaceMs: 20_000 };

/** @throws UsageError, NegativeAnswerError when it could not begin; a run that began always gives a result */
export async function runScenario(io: Io, options: LoadOptions, asked: Scenario): Promise<RunDone> {
  const { writeReport } = await import('../loadtest/report.ts');
  const scenario = adapted(asked, options);
  const workers = await announced(io, options, scenario);
  // What is wrong with the options is said before a folder is made.
  placeOf(io, options);
  const folder = newFolder(io, options, scenario.name);
  const watch = new RunWatch(io);
  try {
    const { records, path } = await runInto({ io, options, watch, workers }, scenario, folder);
    const { html, json, result } = await writeReport(records, folder);
    return { records, result, folder, files: { record: path, html, json } };
  } finally {
    await watch.end();
  }
}

export interface RunSurroundings {
  readonly io: Io;
  readonly options: LoadOptions;
  readonly watch: RunWatch;
  readonly workers: number;
}

/** One run with its record in a folder. @throws NegativeAnswerError when it could not begin; the folder is then gone */
export async function runInto(
  { io, options, watch, workers }: RunSurroundings,
  scenario: Scenario,
  folder: string,
): Promise<{ readonly records: readonly RunRecord[]; readonly path: string }> {
  const { RecordFile } = await import('../loadtest/record-file.ts');
  const place = placeOf(io, options);
  const path = join(folder, 'record.jsonl');
  const record = RecordFile.create(path);
  const wish = { ...place, scenario, runId: newRunId(), workers, record, earlier: [], patience };
  try {
    const records = await carriedOut(io, { ...wish, listen: { host: '127.0.0.1', port: 0 } }, watch);
    return { records, path };
  } catch (error) {
    if (record.isEmpty) removeEmpty(folder, path);
    throw asCliError(error);
  } finally {
    record.close();
  }
}

/** Nothing was measured, so the record would only be in the way; so would its folder, unless it holds something else. */
function removeEmpty(folder: string, record: string): void {
  rmSync(record, { force: true });
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

export function newRunId(): string {
  return `lt-${randomBytes(4).toString('hex')}`;
}

/** What is under test, by the options. @throws UsageError */
export function placeOf(io: Io, options: LoadOptions): Omit<RunTargetWish, 'prefix'> {
  const { url, metrics, serverCores, serverMemory } = options;
  if (metrics !== undefined && serverCores === undefined && !isOnThisMachine(urlOf(url))) {
    throw new UsageError(
      'the media server runs on another machine: say with --server-cores how many processors it may use.',
    );
  }
  return {
    url: urlOf(url),
    keys: keysOf(options, io),
    metricsUrl: metricsUrlOf(options.metrics),
    nodeId: options.nodeId,
    serverPid: options.serverPid,
    serverCores: options.serverCores,
    serverMemoryBytes: serverMemory === undefined ? undefined : serverMemory * 2 ** 30,
    serverCpu: undefined,
    allowSharedTarget: options.allowSharedTarget === true,
  };
}

async function carriedOut(io: Io, wish: RunWish, watch: RunWatch): Promise<readonly RunRecord[]> {
  const { runLoadTest } = await import('../loadtest/run.ts');
  const { startLocalWorkers } = await import('../loadtest/run-local.ts');
  let local: LocalWorkers | undefined;
  try {
    const { records } = await runLoadTest(wish, {
      clock: io.clock,
      timers: systemTimers,
      stop: io.stop,
      onProgress: (progress) => watch.show(progress),
      onListening: (port) => {
        local = startLocalWorkers({
          count: wish.workers,
          port,
          keys: wish.keys,
          env: io.env,
          timers: systemTimers,
          onTrouble: (text) => watch.note(inSentence(text)),
        });
      },
    });
    return records;
  } finally {
    await local?.end();
  }
}

/** With what the options change of it. */
function adapted(scenario: Scenario, { seed, probes }: LoadOptions): Scenario {
  return {
    ...scenario,
    seed: seed ?? scenario.seed,
    clients: { ...scenario.clients, probes: probes ?? scenario.clients.probes },
  };
}

/** Says what is about to start. The number of workers. */
async function announced(io: Io, options: LoadOptions, scenario: Scenario): Promise<number> {
  const { estimateLevel } = await import('../loadtest/estimate.ts');
  const { highestLevel } = await import('../loadtest/scenario-levels.ts');
  const most = estimateLevel(scenario, highestLevel(scenario.load));
  const workers = options.workers ?? workersFor(most.workers);
  const upTo = scenario.load.mode.kind === 'Fixed' || scenario.load.mode.kind === 'Soak' ? '' : 'up to ';
  const number = (value: number): string => Math.round(value).toLocaleString('en-US');
  await io.err.write(
    `${scenario.name}: ${upTo}${countOf(most.level, scenario.load.unit)} with ${number(most.participants)} people, ` +
      `${number(most.packetsPerSecondOut)} packets/s and ${number(most.mbpsOut)} Mbit/s out of the node; ` +
      `${most.generatorCores.toFixed(1)} cores of generator, ${workers} ${workers === 1 ? 'worker' : 'workers'}\n`,
  );
  return workers;
}

/** @throws UsageError */
export function newFolder(io: Io, { out }: LoadOptions, name: string): string {
  const stamp = new Date(io.clock.wallMs()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const folder = out ?? join('loadtest-results', `${name}-${stamp}`);
  if (existsSync(join(folder, 'record.jsonl'))) {
    throw new UsageError(`${folder} holds the record of another run: name another folder with --out.`);
  }
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(
      `${folder} cannot be made (${writeTrouble(error)}): name another folder with --out.`,
      {
        cause: error,
      },
    );
  }
  return folder;
}

const tellable = ['TargetError', 'TargetJoinError'];

/** What is wrong with the target is an answer; anything else stays as it is. */
export function asCliError(error: unknown): unknown {
  if (!(error instanceof Error) || !tellable.includes(error.name)) return error;
  return new NegativeAnswerError(error.message, { cause: error });
}

/** Whether the answer is a good one: a capacity, or windows that all passed. */
export function isGood({ result }: RunDone): boolean {
  if (result.outcome !== 'Complete') return false;
  if (result.mode === 'Search') return result.result !== null && result.result.capacity > 0;
  return result.levels.every(({ windows }) => windows.fail === 0 && windows.pass > 0);
}

export function doneText({ result, files }: RunDone): string {
  const meaning =
    result.meaning.length === 0 ? '' : `\n${result.meaning.map((text) => `  ${text}`).join('\n')}`;
  return `${result.headline}${meaning}\nreport: ${files.html}\nrecord: ${files.record}`;
}
