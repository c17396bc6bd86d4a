/** What the operator costs while nothing has to be done but rooms come and go. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { hostPort } from '../../src/livekit/redis-config.ts';
import { quantile } from '../../src/loadtest/statistics.ts';
import { type AuditLine, auditBytes, readAudit } from '../audit.ts';
import { childrenCpu, cpuSeconds, handlesOf, rssMiB } from '../processes.ts';
import { fleetName, type Stage } from './stage.ts';

export interface Steady {
  readonly seconds: number;
  /** Shares of one core. */
  readonly operatorCores: number;
  readonly standInCores: number;
  /** API server, etcd and Redis. */
  readonly otherCores: Readonly<Record<string, number>>;
  readonly rssMiB: { readonly median: number; readonly most: number };
  /** Of the heap and beside it. */
  readonly heapMiB: number;
  readonly externalMiB: number;
  readonly handles: number;
  readonly leaseWrites: number;
  readonly otherWrites: readonly string[];
  /** Requests of the operator to the API server, by verb. */
  readonly requests: Readonly<Record<string, number>>;
  /** The operator's commands to all Redis servers each second, by name. */
  readonly redisPerSecond: Readonly<Record<string, number>>;
  /** How late the stand-in was, which is the error of everything that it timed. */
  readonly standInLateMs: number;
  readonly passesPerSecond: number;
}

type Counts = ReadonlyMap<string, number>;

interface Sight {
  readonly operatorCpu: number;
  readonly ownCpu: number;
  readonly children: Counts;
  readonly requests: Counts;
  readonly redis: Counts;
  readonly standIn: Counts;
  readonly auditBytes: number;
  readonly passes: number;
}

/** Watches for so long. */
export async function watchSteady(stage: Stage, seconds: number): Promise<Steady> {
  const late = monitorEventLoopDelay({ resolution: 10 });
  late.enable();
  const before = await look(stage);
  const memory: number[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1000) {
    memory.push(await rssMiB(stage.operator.pid));
    await sleep(1000);
  }
  const took = (performance.now() - startedMs) / 1000;
  const after = await look(stage);
  late.disable();
  const writes = (await readAudit(stage.plane.auditLog, before.auditBytes)).filter(isOperators);
  const others = writes.filter(({ objectRef }) => objectRef?.resource !== 'leases');
  const perSecond = (counts: Readonly<Record<string, number>>) => scaled(counts, 1 / took);
  const children = difference(before.children, after.children);
  const operatorCores = (after.operatorCpu - before.operatorCpu) / took;
  return {
    seconds: took,
    operatorCores,
    standInCores: (after.ownCpu - before.ownCpu) / took,
    otherCores: perSecond(children),
    rssMiB: { median: quantile(memory, 0.5) ?? Number.NaN, most: Math.max(...memory) },
    heapMiB: await mebibytes(stage, 'nodejs_heap_size_used_bytes'),
    externalMiB: await mebibytes(stage, 'nodejs_external_memory_bytes'),
    handles: await handlesOf(stage.operator.pid),
    leaseWrites: writes.length - others.length,
    otherWrites: others.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.name}`),
    requests: difference(before.requests, after.requests),
    redisPerSecond: perSecond(
      minus(difference(before.redis, after.redis), difference(before.standIn, after.standIn)),
    ),
    standInLateMs: late.percentile(99) / 1e6,
    passesPerSecond: (after.passes - before.passes) / took,
  };
}

async function mebibytes({ operator }: Stage, metric: string): Promise<number> {
  const sample = (await operator.samples()).find(({ name }) => name === metric);
  return (sample?.value ?? Number.NaN) / 2 ** 20;
}

async function look(stage: Stage): Promise<Sight> {
  const { operator, world, redises, plane } = stage;
  const { user, system } = process.cpuUsage();
  const stats = await Promise.all(redises.map(({ address }) => commandStats(address)));
  return {
    operatorCpu: await cpuSeconds(operator.pid),
    ownCpu: (user + system) / 1e6,
    children: await childrenCpu(),
    requests: await operator.byLabel('kube_requests_total', 'verb'),
    redis: added(stats),
    standIn: added(redises.map((_, at) => world.commands(fleetName(at)))),
    auditBytes: await auditBytes(plane.auditLog),
    passes: await operator.total('decisions_total'),
  };
}

/** Calls by command, those of scripts included. */
async function commandStats(address: string): Promise<Counts> {
  const redis = new Redis({ ...hostPort(address), replyMapping: 'legacy', protocol: 2 });
  try {
    const text = await redis.info('commandstats');
    const lines = [...text.matchAll(/cmdstat_([^:\s]+):calls=(\d+)/g)];
    return new Map(lines.map(([, name = '', calls]) => [name, Number(calls)]));
  } finally {
    redis.disconnect();
  }
}

export function isOperators({ userAgent = '' }: AuditLine): boolean {
  return userAgent.startsWith('openvidu-media-operator');
}

function added(all: readonly Counts[]): Counts {
  const sums = new Map<string, number>();
  for (const counts of all) {
    for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

function difference(before: Counts, after: Counts): Readonly<Record<string, number>> {
  const pairs = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(pairs.filter(([, count]) => count !== 0));
}

function minus(
  all: Readonly<Record<string, number>>,
  some: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  // The look itself connects and asks for these.
  const own = new Set(['info', 'client|setinfo', 'client|setname']);
  const rest = Object.entries(all).map(([name, count]) => [name, count - (some[name] ?? 0)] as const);
  return Object.fromEntries(rest.filter(([name, count]) => count > 0 && !own.has(name)));
}

function scaled(counts: Readonly<Record<string, number>>, by: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * by]));
}
