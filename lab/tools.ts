import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { sayDuration } from '../src/base/duration.ts';
import { LabError, type Say } from './exec.ts';
import { withLock } from './lock.ts';
import { buildDir, root } from './paths.ts';
import { ensureDebs } from './tools-deb.ts';
import { allTools, clusterTools, ensureGoTools } from './tools-go.ts';

/** `cluster`: what a local cluster runs. `all`: also helm, which only the tests of the chart need. */
export type ToolSet = 'cluster' | 'all';

/** Long enough to build Kubernetes from source, which the first run on a machine does. */
export const firstBuildMs = 30 * 60_000;

/** Two processes never build at once; the second waits for the first and then finds everything made. */
export function withBuildLock<T>(say: Say, work: () => Promise<T>): Promise<T> {
  const name = `build-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  return withLock(name, () => say('waiting for another build in this checkout to end'), work);
}

/** Makes everything that a local cluster needs under `build/`; costs nothing when it is there. @throws LabError. */
export async function ensureTools(set: ToolSet, say: Say): Promise<void> {
  await mkdir(buildDir, { recursive: true });
  await withBuildLock(say, async () => {
    await ensureDebs(say);
    await ensureGoTools(set === 'all' ? allTools : clusterTools, say);
  });
}

/** A progress printer that puts the elapsed time before each line. */
export function elapsedSay(): Say {
  const startMs = performance.now();
  return (line) => console.log(`[${sayDuration(performance.now() - startMs).padStart(9)}] ${line}`);
}

/** Runs a command line tool: a failure that a person can mend is one sentence on stderr. */
export async function runCli(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof LabError ? error.message : error);
    process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const set = process.argv[2] ?? 'cluster';
  if (set !== 'cluster' && set !== 'all') throw new LabError('Usage: node lab/tools.ts [cluster|all]');
  const say = elapsedSay();
  await ensureTools(set, say);
  say('tools are ready under build/');
}

if (import.meta.main) await runCli(main);
