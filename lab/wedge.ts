/** A media server that is told to stop before it runs: it drains with nobody on it and waits for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Cluster } from './cluster/cluster.ts';
import { LabError } from './exec.ts';
import { PodProcesses, signalInPod } from './pod-process.ts';

const program = 'livekit-server';
/** Shorter than a server may be silent before a starting one takes it for dead. */
const holdMs = 3000;
const sandbox = '/pause';
const lookMs = 5;
const drainBeginsMs = 200;

/**
 * Holds the server of a Pod that is about to start in its registration, by letting Redis put off all writes, and sends
 * SIGTERM there. @throws LabError when it does not start in time, or had registered before it could be held.
 */
export async function wedgeAtStart(cluster: Cluster, podUid: string, timeoutMs: number): Promise<void> {
  const redis = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort });
  try {
    const newest = Math.max(...(await clients(redis)).map(({ id }) => id));
    await untilItStarts(new PodProcesses(cluster, podUid), timeoutMs);
    await redis.client('PAUSE', holdMs, 'WRITE');
    const heldUntilMs = Date.now() + holdMs;
    while (!(await clients(redis)).some(({ id, waitsToWrite }) => id > newest && waitsToWrite)) {
      if (Date.now() > heldUntilMs) throw new LabError('The server had registered before it could be held.');
      await sleep(lookMs);
    }
    await signalInPod(cluster, { podUid, program, signal: 'SIGTERM' });
    // Until it has begun to drain; what it writes of that is put off like everything else.
    await sleep(drainBeginsMs);
    await redis.client('UNPAUSE');
  } finally {
    redis.disconnect();
  }
}

/** The sandbox of the Pod is there, and its next process: the one that is to become the server. */
async function untilItStarts(processes: PodProcesses, timeoutMs: number): Promise<void> {
  const untilMs = Date.now() + timeoutMs;
  for (;;) {
    const commands = (await processes.list()).map(({ command }) => command);
    if (commands.includes(sandbox) && commands.some((command) => command !== sandbox)) return;
    if (Date.now() > untilMs) throw new LabError('No server started in the Pod in time.');
    await sleep(lookMs);
  }
}

interface RedisClient {
  /** Later ones have larger ones. */
  readonly id: number;
  /** Whether a write of the registry is put off. */
  readonly waitsToWrite: boolean;
}

async function clients(redis: Redis): Promise<readonly RedisClient[]> {
  const list = String(await redis.client('LIST'));
  return list
    .trim()
    .split('\n')
    .map((line) => {
      const fields = new Map(line.split(' ').map((field) => field.split('=', 2) as [string, string]));
      const isPutOff = (fields.get('flags') ?? '').includes('b');
      return { id: Number(fields.get('id')), waitsToWrite: isPutOff && fields.get('cmd') === 'hset' };
    });
}
