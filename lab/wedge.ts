/** A media server that is told to stop before it runs: it drains with nobody on it and waits for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { decodeNode } from '../src/livekit/node-decode.ts';
import { nodesKey } from '../src/livekit/node-table.ts';
import type { Cluster } from './cluster/cluster.ts';
import { LabError } from './exec.ts';
import { signalInPod } from './pod-process.ts';

const program = 'livekit-server';
/** The heartbeats of the other servers are put off as well: they go on long before anybody takes them for dead. */
const holdMs = 1500;
/** Whoever looks may be late; until it has looked nothing goes on. */
const longestHoldMs = 10_000;
const lookMs = 10;
const drainBeginsMs = 200;

/**
 * Holds the server of a Pod that has just been made in its registration, by letting Redis put off all writes, and sends
 * SIGTERM there. @returns false when it registered in a moment in which writes went through: it runs then, untouched
 * @throws LabError when none registers in time
 */
export async function wedgeAtStart(cluster: Cluster, podUid: string, timeoutMs: number): Promise<boolean> {
  const redis = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort });
  try {
    const known = new Set((await clients(redis)).map(({ ip }) => ip));
    const untilMs = Date.now() + timeoutMs;
    let stranger: string | undefined;
    while (stranger === undefined) {
      if (Date.now() > untilMs) throw new LabError(`No server registered from the Pod ${podUid} in time.`);
      stranger = await holdStranger(redis, known);
    }
    const isHeld = !(await registered(redis)).has(stranger);
    if (isHeld) {
      await signalInPod(cluster, { podUid, program, signal: 'SIGTERM' });
      // Until it has begun to drain; what it writes of that is put off like everything else.
      await sleep(drainBeginsMs);
    }
    await redis.client('UNPAUSE');
    return isHeld;
  } finally {
    redis.disconnect();
  }
}

/** Puts off all writes until one of somebody new waits, whose address it is; lets them through again when none does. */
async function holdStranger(redis: Redis, known: ReadonlySet<string>): Promise<string | undefined> {
  await redis.client('PAUSE', longestHoldMs, 'WRITE');
  const untilMs = Date.now() + holdMs;
  while (Date.now() < untilMs) {
    const found = (await clients(redis)).find(({ ip, waitsToWrite }) => waitsToWrite && !known.has(ip));
    if (found !== undefined) return found.ip;
    await sleep(lookMs);
  }
  await redis.client('UNPAUSE');
  return undefined;
}

/** Addresses of the servers in the registry. */
async function registered(redis: Redis): Promise<ReadonlySet<string>> {
  const entries = Object.entries(await redis.hgetallBuffer(nodesKey));
  const nodes = entries.map(([id, value]) => decodeNode(id, value));
  return new Set(nodes.flatMap((node) => (node.kind === 'Node' ? [node.ip] : [])));
}

interface RedisClient {
  readonly ip: string;
  /** Whether a write of the registry is put off. */
  readonly waitsToWrite: boolean;
}

async function clients(redis: Redis): Promise<readonly RedisClient[]> {
  const lines = String(await redis.client('LIST'))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [ip = ''] = field(line, 'addr').split(':');
    const isPutOff = field(line, 'flags').includes('b');
    return { ip, waitsToWrite: isPutOff && field(line, 'cmd') === 'hset' };
  });
}

/** Of a line such as `id=3 addr=10.0.0.1:50000 cmd=hset`. */
function field(line: string, name: string): string {
  const found = line.split(' ').find((one) => one.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? '';
}
