/** From a heartbeat that crosses the target, in Redis, to the Pod that the API server has accepted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NotFoundError } from '../../src/kube/errors.ts';
import { PODS } from '../../src/kube/resource.ts';
import { pick, stream, uniform } from '../../src/workload/random.ts';
import { isOperators } from './steady.ts';
import { auditBytes, readAudit } from '../audit.ts';
import { fleetName, namespace, overload, type Stage } from './stage.ts';
import { LabError } from '../exec.ts';

const heartbeatMs = 2000;
const reactWithinMs = 20_000;
/** The governor forgets a rush within a minute or two. */
const settleWithinMs = 150_000;

export interface Reactions {
  readonly ms: readonly number[];
  /** Steps after which no Pod was created in time. */
  readonly missed: number;
}

/** Each step waits until all is as it was. */
export async function watchReactions(stage: Stage, steps: number): Promise<Reactions> {
  const random = stream(7, 'reaction');
  const took: number[] = [];
  const lasting = new Set(await stage.podNames());
  stage.holdLaunches(true);
  try {
    for (let step = 0; step < steps; step += 1) {
      await sleep(uniform(random, 0, heartbeatMs));
      const cluster = fleetName(step % stage.wish.clusters);
      const { pod } = pick(random, stage.world.nodes(cluster));
      const ms = await react(stage, pod);
      if (ms !== undefined) took.push(ms);
      await settle(stage, lasting);
    }
  } finally {
    stage.holdLaunches(false);
  }
  return { ms: took, missed: steps - took.length };
}

async function react(stage: Stage, pod: string): Promise<number | undefined> {
  const size = await auditBytes(stage.plane.auditLog);
  const startedMs = await stage.world.pretend(pod, overload(stage.wish.nodesEach));
  try {
    const endMs = startedMs + reactWithinMs;
    while (Date.now() < endMs) {
      const created = (await readAudit(stage.plane.auditLog, size)).find(
        (line) => isOperators(line) && line.verb === 'create' && line.objectRef?.resource === 'pods',
      );
      if (created !== undefined) return wholeMs(created.stageTimestamp) - startedMs;
      await sleep(20);
    }
    throw new LabError(
      `No Pod was created within ${reactWithinMs / 1000} s of a heartbeat above the target.`,
    );
  } finally {
    await stage.world.pretend(pod, 0);
  }
}

/** Takes the surplus away as long as some of it comes, so that the next step finds the fleet as this one did. */
async function settle(stage: Stage, lasting: ReadonlySet<string>): Promise<void> {
  const endMs = Date.now() + settleWithinMs;
  let quiet = 0;
  while (quiet < 3) {
    if (Date.now() > endMs) throw new LabError('The fleet does not come to rest after a step.');
    await sleep(500);
    const surplus = (await stage.podNames()).filter((name) => !lasting.has(name));
    quiet = surplus.length === 0 ? quiet + 1 : 0;
    await Promise.all(surplus.map((name) => remove(stage, name)));
  }
}

async function remove(stage: Stage, name: string): Promise<void> {
  try {
    await stage.plane.client.delete(PODS, { name, namespace }, { gracePeriodSeconds: 0 });
  } catch (error) {
    // The operator takes back what it no longer wants, too.
    if (!(error instanceof NotFoundError)) throw error;
  }
}

/** The API server writes microseconds. */
function wholeMs(stamp: string): number {
  const [, seconds = '', fraction = '0'] = /^(.*?)(\.\d+)?Z$/.exec(stamp) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction) * 1000;
}
