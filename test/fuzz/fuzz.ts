/** Feeds a target with seeded inputs and says what is wrong with how it took them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { inputOf } from './mutate.ts';
import { type FuzzTarget, targets } from './targets.ts';

export interface Failure {
  readonly seed: number;
  /** Number of the input; with the seed and the samples it gives the input again. */
  readonly run: number;
  readonly why: string;
  readonly input: Buffer;
}

const usualMs = 100;
const bytesPerMs = 1024;
/** The collector of garbage can make any input slow once or twice. */
const tries = 4;

/** Time of the processor that this thread has used, so that what else the machine does counts for nothing. */
export const threadClock: Clock = {
  wallMs: () => systemClock.wallMs(),
  elapsedMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
};

/** The samples of a target, checked in beside this file. @throws Error of the file system */
export function corpusOf(name: string): readonly Buffer[] {
  const folder = join(import.meta.dirname, 'corpus', name);
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file)));
}

export function targetNamed(name: string): FuzzTarget | undefined {
  return targets.find((target) => target.name === name);
}

/** What is wrong with how the target takes this input; `undefined` when nothing is. */
export function faultOf(target: FuzzTarget, input: Buffer, clock: Clock): string | undefined {
  const allowedMs = (target.allowedMs ?? usualMs) + input.length / bytesPerMs;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let left = tries; left > 0 && leastMs > allowedMs; left -= 1) {
    const beganMs = clock.elapsedMs();
    const thrown = thrownBy(target, input);
    leastMs = Math.min(leastMs, clock.elapsedMs() - beganMs);
    if (thrown !== undefined) return thrown;
  }
  if (leastMs <= allowedMs) return undefined;
  return `${Math.round(leastMs)} ms for ${input.length} bytes, allowed are ${Math.round(allowedMs)}`;
}

function thrownBy({ feed, throwsOnly }: FuzzTarget, input: Buffer): string | undefined {
  try {
    feed(input);
    return undefined;
  } catch (error) {
    if (throwsOnly.some((kind) => error instanceof kind)) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : 'something that is no Error was thrown';
  }
}

/** One input of a seed. */
export function tryRun(
  target: FuzzTarget,
  corpus: readonly Buffer[],
  at: { readonly seed: number; readonly run: number; readonly clock: Clock },
): Failure | undefined {
  const { seed, run, clock } = at;
  const input = inputOf(corpus, seed, run);
  const why = faultOf(target, input, clock);
  return why === undefined ? undefined : { seed, run, why, input };
}
