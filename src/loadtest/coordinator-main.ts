/**
 * The coordinator in a Pod of its own. It tells how far it is through a ConfigMap, keeps its record in a folder that a
 * restart of its container survives, and goes on from it. Exit code 0 when a result was written, whatever it says.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { keepLastWordsPlain } from '../base/last-words.ts';
import { systemTimers } from '../livekit/timers.ts';
import { whyOf } from '../livekit/why.ts';
import { type Board, openBoard, podCredentials } from './coordinator-board.ts';
import { type CoordinatorEnv, readEnv } from './coordinator-env.ts';
import {
  endingPosts,
  packedRecord,
  progressJson,
  ProgressPoster,
  recordKey,
  unpackedRecord,
} from './coordinator-posts.ts';
import { planDigest } from './plan-digest.ts';
import { readScenarioFile } from './read-scenario-file.ts';
import { readRecordFile, RecordFile } from './record-file.ts';
import type { RunRecord, SummaryRecord } from './record.ts';
import { RunClock } from './run-clock.ts';
import type { RunProgress } from './run-progress.ts';
import { runLoadTest, type RunEnd } from './run.ts';
import type { Scenario } from './scenario.ts';

const lookEveryMs = 2000;
const progressEveryMs = 2000;
/** Workers wait for machines, and their image may have to be fetched. */
const patience = { startMs: 300_000, replaceMs: 60_000 };
/** The media server may be slow to answer at first. */
const tries = { count: 6, everyMs: 10_000 };
/** Before the operator gives the Pod up. */
const spareMs = 30_000;

function log(level: 'info' | 'warn' | 'error', msg: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ time: clock.wallTime(), level, msg, ...fields })}\n`);
}

const clock = new RunClock(systemClock, systemTimers);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());

/** As the file says, with what the resource changes of it. @throws Error with the first problem */
function scenarioOf({ scenarioFile, repetitions, deadlineMs }: CoordinatorEnv): Scenario {
  const read = readScenarioFile(scenarioFile);
  if (read.kind === 'Problems') throw new Error(read.problems[0]?.message ?? 'the scenario is faulty');
  const { load } = read.scenario;
  const durationMs = Math.min(load.most.durationMs, (deadlineMs ?? Number.POSITIVE_INFINITY) - spareMs);
  const mode =
    load.mode.kind === 'Search' && repetitions !== undefined && repetitions > 0
      ? { ...load.mode, repetitions }
      : load.mode;
  const most = { ...load.most, durationMs: Math.max(spareMs, durationMs) };
  return { ...read.scenario, load: { ...load, mode, most } };
}

interface Kept {
  readonly record: RecordFile;
  readonly earlier: readonly RunRecord[];
}

/** The record of before, from this Pod or from the one that it replaces. */
async function keptRecord(recordDir: string, board: Board | undefined): Promise<Kept> {
  const path = join(recordDir, 'record.jsonl');
  mkdirSync(recordDir, { recursive: true });
  try {
    const { records, bytes } = readRecordFile(path);
    return { record: RecordFile.resume(path, bytes), earlier: records };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const packed = (await board?.read())?.binaryData[recordKey];
  const earlier = packed === undefined ? [] : unpackedRecord(packed);
  const record = RecordFile.create(path);
  for (const line of earlier) record.append(line);
  return { record, earlier };
}

async function main(): Promise<void> {
  const env = readEnv(process.env);
  const board = env.result === undefined ? undefined : await boardOf(env.result);
  const { record, earlier } = await keptRecord(env.recordDir, board);
  try {
    const end = await endOf(env, { record, earlier }, board);
    await posted(env, end, board);
    log('info', 'the run has ended', { outcome: end.summary.outcome, why: end.summary.why });
  } finally {
    record.close();
    await board?.close();
  }
}

async function boardOf(result: NonNullable<CoordinatorEnv['result']>): Promise<Board> {
  const { KUBERNETES_SERVICE_HOST: host = 'kubernetes.default.svc', KUBERNETES_SERVICE_PORT: port = '443' } =
    process.env;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return await openBoard({ ...result, server, credentials: podCredentials });
}

/** Of a run that had ended already, only that is told again. */
async function endOf(env: CoordinatorEnv, kept: Kept, board: Board | undefined): Promise<RunEnd> {
  const { earlier } = kept;
  const summary = earlier.findLast((line) => line.kind === 'summary');
  if (summary !== undefined) return { records: earlier, summary };
  const meta = earlier.find((line) => line.kind === 'meta');
  try {
    const scenario = scenarioOf(env);
    if (meta !== undefined && meta.planDigest !== planDigest(scenario)) {
      return failed(kept, 'the record of before is of another plan: this version cannot go on with it');
    }
    return await carriedOut(env, scenario, kept, board);
  } catch (error) {
    log('error', 'the run could not begin', { why: whyOf(error) });
    return failed(kept, whyOf(error));
  }
}

function failed({ record, earlier }: Kept, why: string): RunEnd {
  const outcome = stopping.signal.aborted ? 'Stopped' : 'Inconclusive';
  const summary: SummaryRecord = {
    kind: 'summary',
    endedAt: clock.wallTime(),
    outcome,
    why,
    result: undefined,
    costs: undefined,
  };
  record.append(summary);
  return { records: [...earlier, summary], summary };
}

async function carriedOut(
  env: CoordinatorEnv,
  scenario: Scenario,
  { record, earlier }: Kept,
  board: Board | undefined,
): Promise<RunEnd> {
  const told = new Told(board, earlier);
  const wish = {
    ...env,
    scenario,
    serverPid: undefined,
    listen: { port: env.port },
    record: { append: (line: RunRecord) => told.line(record, line) },
    earlier,
    patience,
  };
  const hooks = {
    clock: systemClock,
    timers: systemTimers,
    stop: stopping.signal,
    onProgress: (progress: RunProgress) => told.progress(progress),
    onListening: (port: number) => log('info', 'workers can dial', { port }),
  };
  try {
    return await whenReady(async () => await runLoadTest(wish, hooks));
  } finally {
    told.end();
  }
}

/** A run fails only before it has begun: the service may need a moment. */
async function whenReady(run: () => Promise<RunEnd>): Promise<RunEnd> {
  for (let count = 1; ; count += 1) {
    try {
      return await run();
    } catch (error) {
      if (count >= tries.count) throw error;
      log('warn', 'the target is not ready', { why: whyOf(error) });
    }
    await clock.sleep(tries.everyMs, stopping.signal);
  }
}

/** What is told while it runs. */
class Told {
  readonly #records: RunRecord[];
  readonly #poster: ProgressPoster | undefined;
  readonly #cancels: readonly (() => void)[];

  constructor(board: Board | undefined, earlier: readonly RunRecord[]) {
    this.#records = [...earlier];
    const onTrouble = (error: unknown): void => log('warn', 'progress was not told', { why: whyOf(error) });
    this.#poster = board === undefined ? undefined : new ProgressPoster(board, onTrouble);
    const flush = systemTimers.every(progressEveryMs, () => void this.#poster?.flush());
    const look = systemTimers.every(lookEveryMs, () => void this.#look(board));
    this.#cancels = [flush, look];
  }

  line(record: RecordFile, line: RunRecord): void {
    record.append(line);
    this.#records.push(line);
    if (line.kind === 'note') log('info', 'note', { text: line.text });
    if (line.kind !== 'window') return;
    log('info', 'window', { window: line.index, load: line.level, verdict: line.verdict });
    const packed = packedRecord(this.#records);
    if (packed !== undefined) this.#poster?.put({ binaryData: { [recordKey]: packed } });
  }

  progress(progress: RunProgress): void {
    this.#poster?.put({ data: { 'progress.json': progressJson(progress, clock) } });
  }

  end(): void {
    for (const cancel of this.#cancels) cancel();
  }

  async #look(board: Board | undefined): Promise<void> {
    try {
      const content = await board?.read();
      if (content?.data['abort'] === 'true') stopping.abort();
    } catch (error) {
      log('warn', 'whether to abort is not known', { why: whyOf(error) });
    }
  }
}

/** The result must arrive: without it nobody knows what was found. @throws BoardError after several tries */
async function posted(
  env: CoordinatorEnv,
  { records, summary }: RunEnd,
  board: Board | undefined,
): Promise<void> {
  if (board === undefined) return;
  const posts = endingPosts({ name: env.name, records, summary, wantsProfile: env.wantsProfile });
  for (let count = 1; ; count += 1) {
    try {
      return await board.post(posts);
    } catch (error) {
      if (count >= tries.count) throw error;
      log('warn', 'the result was not told', { why: whyOf(error) });
      await clock.sleep(lookEveryMs, new AbortController().signal);
    }
  }
}

keepLastWordsPlain(process);
// The timers of the parts keep no process alive, and between two tries there is nothing else that would.
const alive = setInterval(() => undefined, lookEveryMs);
try {
  await main();
} catch (error) {
  log('error', 'the coordinator failed', { why: whyOf(error) });
  process.exitCode = 1;
} finally {
  clearInterval(alive);
}
