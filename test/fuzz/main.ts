/**
 * `make fuzz TARGET=trace MINUTES=10 SEED=5`: feeds one target, or all of them in turn, for so long. Inputs run in a thread
 * of their own, so that one that never ends is found too. What fails is written to build/fuzz; exit code 1 says so.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';
import { corpusOf, type Failure, targetNamed, threadClock, tryRun } from './fuzz.ts';
import { inputOf } from './mutate.ts';
import { targets } from './targets.ts';

interface Task {
  readonly name: string;
  readonly seed: number;
  readonly first: number;
  readonly forMs: number;
  /** The number of the input that is being tried. */
  readonly at: Int32Array;
}

const hangMs = 20_000;
/**
 * The stack of the thread in which the product reads: parsers that nest until it is full hold more on a larger one. Of memory
 * what the largest input takes a few times over: more is needed by what holds on to inputs that are done with.
 */
const resourceLimits = { maxOldGenerationSizeMb: 512, stackSizeMb: 1 };
const lookEveryMs = 500;
const folder = join(import.meta.dirname, '../../build/fuzz');

function runTask({ name, seed, first, forMs, at }: Task): Failure | undefined {
  const target = targetNamed(name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const corpus = corpusOf(name);
  const endMs = systemClock.elapsedMs() + forMs;
  for (let run = first; systemClock.elapsedMs() < endMs || run === first; run += 1) {
    Atomics.store(at, 0, run);
    const failure = tryRun(target, corpus, { seed, run, clock: threadClock });
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Answers what failed; an input on which the thread stays for too long has failed as well. */
async function watched(task: Task): Promise<Failure | undefined> {
  const worker = new Worker(new URL(import.meta.url), { workerData: task, resourceLimits });
  const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
  const fail = (run: number, why: string): void =>
    resolve({ seed: task.seed, run, why, input: inputOf(corpusOf(task.name), task.seed, run) });
  worker.once('message', resolve);
  // Also when it has no memory left.
  worker.once('error', (error) => fail(Atomics.load(task.at, 0), String(error)));
  let seen = -1;
  let sinceMs = systemClock.elapsedMs();
  const look = setInterval(() => {
    const run = Atomics.load(task.at, 0);
    if (run !== seen) [seen, sinceMs] = [run, systemClock.elapsedMs()];
    if (systemClock.elapsedMs() - sinceMs >= hangMs) fail(run, `no end within ${hangMs} ms`);
  }, lookEveryMs);
  try {
    return await promise;
  } finally {
    clearInterval(look);
    await worker.terminate();
  }
}

function keep(name: string, { seed, run, why, input }: Failure): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${seed}-${run}`);
  writeFileSync(`${path}.bin`, Buffer.from(input));
  writeFileSync(`${path}.txt`, `${why}\n`);
  return `${path}.bin`;
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { target: text, minutes: text, seed: text, run: text } });
  const seed = Number(values.seed || systemClock.wallMs() % 1_000_000);
  const minutes = Number(values.minutes || 10);
  const chosen = values.target ? targets.filter(({ name }) => name === values.target) : targets;
  if (chosen.length === 0 || !Number.isSafeInteger(seed) || !(minutes >= 0)) {
    const names = targets.map(({ name }) => name).join(', ');
    process.stderr.write(`Give TARGET one of ${names}, or none; SEED and MINUTES a number.\n`);
    return 2;
  }
  let code = 0;
  for (const { name } of chosen) {
    const at = new Int32Array(new SharedArrayBuffer(4));
    const first = Number(values.run || 0);
    const failure = await watched({ name, seed, first, forMs: values.run ? 0 : minutes * 60_000, at });
    const told = `${name}: seed ${seed}, ${Atomics.load(at, 0) - first + 1} inputs`;
    if (failure === undefined) process.stdout.write(`${told}, clean\n`);
    else {
      code = 1;
      process.stdout.write(`${told}; input ${failure.run} failed: ${failure.why}\n`);
      const again = `make fuzz TARGET=${name} SEED=${seed} RUN=${failure.run}`;
      process.stdout.write(`kept as ${keep(name, failure)}; again: ${again}\n`);
    }
  }
  return code;
}

if (isMainThread) process.exitCode = await main();
else parentPort?.postMessage(runTask(workerData as Task));
