/** Redis hangs for minutes under a loaded fleet, and comes back: what the operator does meanwhile and how soon all is well. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { hostPort } from '../../src/livekit/redis-config.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { cpuSeconds } from '../processes.ts';
import { fleetName, namespace, type Stage } from './stage.ts';
import { isOperators } from './steady.ts';
import { auditBytes, readAudit } from '../audit.ts';
import { LabError, type Say } from '../exec.ts';

export interface AwayFigures {
  readonly awaySeconds: number;
  /** By the operator, from the moment Redis went until all was well again. */
  readonly podsCreated: number;
  readonly podsDeleted: number;
  readonly serversEnded: number;
  readonly participantsCut: number;
  /** From the moment Redis was back. */
  readonly dataFreshMs: number;
  /** All nodes are ready as before, and every one that is on standby carries its mark in Redis again. */
  readonly asBeforeMs: number;
  readonly operatorCores: number;
  readonly writesMeanwhile: Readonly<Record<string, number>>;
}

const backWithinMs = 120_000;

export async function watchRedisAway(stage: Stage, seconds: number, say: Say): Promise<AwayFigures> {
  const before = await sightOf(stage);
  const { podsEnded } = stage.world.counts;
  const size = await auditBytes(stage.plane.auditLog);
  const cpuBefore = await cpuSeconds(stage.operator.pid);
  say(`before: ${JSON.stringify(before)}`);
  for (const redis of stage.redises) redis.freeze();
  say(`Redis hangs from now on, for ${seconds} s`);
  await sleep(seconds * 1000);
  const operatorCores = ((await cpuSeconds(stage.operator.pid)) - cpuBefore) / seconds;
  say(`before its return: ${JSON.stringify(await sightOf(stage))}`);
  for (const redis of stage.redises) redis.thaw();
  const backMs = performance.now();
  const dataFreshMs = await untilSight(stage, backMs, ({ dataFresh }) => dataFresh);
  const asBeforeMs = await untilSight(
    stage,
    backMs,
    (now) => now.dataFresh && now.ready >= before.ready && now.marked >= now.standby,
  );
  say(`after its return: ${JSON.stringify(await sightOf(stage))}`);
  const writes = (await readAudit(stage.plane.auditLog, size)).filter(isOperators);
  const pods = (verb: string): number =>
    writes.filter((line) => line.verb === verb && line.objectRef?.resource === 'pods').length;
  const meanwhile: Record<string, number> = {};
  for (const { verb, objectRef } of writes) {
    const name = `${verb} ${objectRef?.resource}`;
    meanwhile[name] = (meanwhile[name] ?? 0) + 1;
  }
  return {
    awaySeconds: seconds,
    podsCreated: pods('create'),
    podsDeleted: pods('delete'),
    serversEnded: stage.world.counts.podsEnded - podsEnded,
    participantsCut: stage.world.cutParticipants(),
    dataFreshMs,
    asBeforeMs,
    operatorCores,
    writesMeanwhile: meanwhile,
  };
}

interface Sight {
  readonly dataFresh: boolean;
  readonly ready: number;
  readonly serving: number;
  readonly standby: number;
  /** Entries in Redis that carry the mark; none while Redis cannot be asked. */
  readonly marked: number;
}

async function sightOf(stage: Stage): Promise<Sight> {
  const names = stage.redises.map((_, at) => fleetName(at));
  const all = await Promise.all(
    names.map((name) => stage.plane.client.get<OpenViduCluster>(CLUSTERS, { name, namespace })),
  );
  const total = (count: (status: OpenViduCluster['status']) => number | undefined): number =>
    all.reduce((sum, { status }) => sum + (count(status) ?? 0), 0);
  return {
    dataFresh: all.every(({ status }) =>
      status?.conditions?.some((one) => one.type === 'DataFresh' && one.status === 'True'),
    ),
    ready: total((status) => status?.readyNodes),
    serving: total((status) => status?.servingNodes),
    standby: total((status) => status?.standbyNodes),
    marked: (await Promise.all(stage.redises.map(({ address }) => markedIn(address)))).reduce(
      (a, b) => a + b,
      0,
    ),
  };
}

async function markedIn(address: string): Promise<number> {
  const redis = new Redis({
    ...hostPort(address),
    replyMapping: 'legacy',
    protocol: 2,
    connectTimeout: 500,
    commandTimeout: 500,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', () => undefined);
  try {
    const values = Object.values(await redis.hgetallBuffer('nodes'));
    return values.filter((value) => value.at(-2) === 0x30 && value.at(-1) === 0x02).length;
  } catch {
    // Redis is away: nothing can be seen there.
    return 0;
  } finally {
    redis.disconnect();
  }
}

async function untilSight(stage: Stage, sinceMs: number, isRight: (now: Sight) => boolean): Promise<number> {
  for (;;) {
    const now = await sightOf(stage);
    const tookMs = performance.now() - sinceMs;
    if (isRight(now)) return tookMs;
    if (tookMs > backWithinMs) {
      throw new LabError(
        `Not as before ${backWithinMs / 1000} s after the return of Redis: ${JSON.stringify(now)}`,
      );
    }
    await sleep(100);
  }
}
