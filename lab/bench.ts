/**
 * Measures, in one run and side by side: from a heartbeat that crosses the target to the Pod that the API server
 * accepts; from the decision to open a node to its entry in Redis; and what a steady state costs.
 * BENCH_STEPS (50) and BENCH_STEADY_SECONDS (300) make it shorter for a trial.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemClock } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { CordonKeeper } from '../src/livekit/cordon.ts';
import { connectRedis } from '../src/livekit/redis.ts';
import { systemTimers } from '../src/livekit/timers.ts';
import { type AuditLine, auditBytes, readAudit } from './audit.ts';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import { LabError } from './exec.ts';
import { compileOperator, nodeFlags } from './image-operator.ts';
import { buildDir, root } from './paths.ts';
import { cpuSeconds, rssMiB } from './processes.ts';
import { elapsedSay, runCli } from './tools.ts';

const steps = Number(process.env['BENCH_STEPS'] ?? 50);
const steadySeconds = Number(process.env['BENCH_STEADY_SECONDS'] ?? 300);
const say = elapsedSay();

interface Figures {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

async function main(): Promise<void> {
  const cluster = await startCluster({ nodes: 2, name: 'bench', images: ['livekit'], log: say });
  try {
    await prepare(cluster);
    const [reaction, steady] = await measureOperator(cluster);
    // Without the operator, which has a mind of its own on what is closed. The nodes stay.
    const uncordon = await measureUncordon(cluster);
    await report([reaction, uncordon], steady);
  } finally {
    await cluster.stop();
  }
}

async function measureOperator(cluster: Cluster): Promise<readonly [Figures, Steady]> {
  const operator = await startOperator(cluster);
  try {
    await ready(cluster, 2);
    return [await measureReaction(cluster), await measureSteady(cluster, operator)];
  } finally {
    operator.kill('SIGTERM');
    await once(operator, 'exit');
  }
}

async function prepare(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '-f', join(root, 'crds')]);
  await cluster.kubectl(['apply', '-f', '-'], manifest(cluster));
}

function manifest(cluster: Cluster): string {
  const rules = {
    stabilizationWindowSeconds: 0,
    policies: [{ type: 'Pods', value: 1000, periodSeconds: 1 }],
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bench-keys', namespace: 'default' },
    stringData: { apiKey: 'benchkey', apiSecret: 'bench-secret-that-is-long-enough-0' },
  };
  const fleet = {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { name: 'bench', namespace: 'default' },
    spec: {
      redis: { standalone: { address: `${cluster.gatewayIp}:${cluster.redisPort}` } },
      server: { credentialsSecretRef: { name: 'bench-keys' } },
      mediaNodes: {
        min: 2,
        max: 3,
        capacity: { participants: 100 },
        template: {
          spec: { containers: [{ name: 'livekit', image: 'localhost/livekit:1', imagePullPolicy: 'Never' }] },
        },
      },
      // All serve, so that one more client on any of them is one step of load.
      autoscaling: { placement: { strategy: 'Spread' }, behavior: { scaleUp: rules, scaleDown: rules } },
    },
  };
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [secret, fleet] });
}

async function startOperator(cluster: Cluster): Promise<ChildProcess> {
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    OVM_LEADER_ELECTION: 'true',
    POD_NAMESPACE: 'default',
    OVM_PORT: '18098',
  };
  await mkdir(join(buildDir, 'bench'), { recursive: true });
  const operator = spawn(process.execPath, [...nodeFlags, await compileOperator(say)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Buffer[] = [];
  operator.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  operator.on('exit', () => void writeFile(join(buildDir, 'bench', 'operator.log'), Buffer.concat(lines)));
  return operator;
}

async function until<T>(what: string, seconds: number, probe: () => Promise<T | undefined>): Promise<T> {
  const endMs = Date.now() + seconds * 1000;
  while (Date.now() < endMs) {
    const value = await probe();
    if (value !== undefined) return value;
    await sleep(100);
  }
  throw new LabError(`${what} did not happen within ${seconds} s: see build/bench/operator.log.`);
}

async function ready(cluster: Cluster, count: number): Promise<void> {
  await until(`${count} serving Media Nodes`, 60, async () => {
    const text = await cluster.kubectl(['get', 'ovc', 'bench', '-o', 'jsonpath={.status.servingNodes}']);
    return Number(text) === count ? true : undefined;
  });
}

/** Field 4 (stats) with its field 4 (num_clients): appended to an entry it wins over what stands before it. */
function loadOf(participants: number): Buffer {
  return Buffer.from([0x22, 0x03, 0x20, 0x80 | (participants & 0x7f), participants >> 7]);
}

/** Each step writes one heartbeat above the target; the node's own next one takes it back. */
async function measureReaction(cluster: Cluster): Promise<Figures> {
  const redis = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort });
  const values: number[] = [];
  try {
    for (let step = 0; step < steps; step += 1) {
      const id = await until('a quiet fleet of two', 60, () => quietNode(cluster));
      const value = await redis.hgetBuffer('nodes', id);
      if (value === null) throw new LabError('No Media Node is registered: start again.');
      const startedMs = Date.now();
      await redis.hset('nodes', id, Buffer.concat([value, loadOf(200)]));
      const acceptedMs = await until('a launch', 10, () => launchSince(cluster, startedMs));
      values.push(acceptedMs - startedMs);
      await settle(cluster);
      if ((step + 1) % 10 === 0) say(`${step + 1} of ${steps} load steps`);
    }
  } finally {
    redis.disconnect();
  }
  return { name: 'heartbeat above target → Pod create accepted', unit: 'ms', values };
}

async function launchSince(cluster: Cluster, sinceMs: number): Promise<number | undefined> {
  const created = (await readAudit(cluster.auditLog)).filter(
    (line) =>
      line.verb === 'create' && line.objectRef?.resource === 'pods' && line.responseStatus?.code === 201,
  );
  return created.map((line) => Date.parse(line.stageTimestamp)).find((atMs) => atMs >= sinceMs - 1);
}

/** The launched Pod goes before it serves, so that the next step finds the fleet as this one did. */
async function settle(cluster: Cluster): Promise<void> {
  const pods = await cluster.kubectl(['get', 'pods', '-o', 'name', '--sort-by=.metadata.creationTimestamp']);
  const surplus = pods.trim().split('\n').slice(2);
  if (surplus.length === 0) return;
  await cluster.kubectl(['delete', '--force', '--grace-period=0', '--timeout=20s', ...surplus]);
}

interface FleetStatus {
  readonly desiredNodes?: number;
  readonly servingNodes?: number;
  readonly participants?: number;
  readonly nodes?: readonly { readonly nodeId?: string }[];
}

/** The id of a node once exactly two serve, nobody is on them and no other is wanted. */
async function quietNode(cluster: Cluster): Promise<string | undefined> {
  const status = JSON.parse(
    await cluster.kubectl(['get', 'ovc', 'bench', '-o', 'jsonpath={.status}']),
  ) as FleetStatus;
  const nodes = status.nodes ?? [];
  const quiet = status.desiredNodes === 2 && status.servingNodes === 2 && status.participants === 0;
  return quiet && nodes.length === 2 ? nodes[0]?.nodeId : undefined;
}

/** The product's own keeper on the real entries, read back over another connection. */
async function measureUncordon(cluster: Cluster): Promise<Figures> {
  const address = `${cluster.gatewayIp}:${cluster.redisPort}`;
  const link = connectRedis({ mode: 'standalone', address, db: 0 }, silentLog);
  const reader = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort });
  const keeper = new CordonKeeper({ link, clock: systemClock, log: silentLog, timers: systemTimers });
  const values: number[] = [];
  try {
    const [one = '', other = ''] = await reader.hkeys('nodes');
    for (let step = 0; step < 100; step += 1) {
      await keeper.setCordoned(new Set([one]), new Set([other]));
      const startedMs = performance.now();
      const opening = keeper.setCordoned(new Set(), new Set([one, other]));
      while (isMarked(await reader.hgetBuffer('nodes', one))) await sleep(0);
      values.push(performance.now() - startedMs);
      await opening;
    }
  } finally {
    await keeper.stop();
    await link.close();
    reader.disconnect();
  }
  return { name: 'decision to open a node → open in Redis', unit: 'ms', values };
}

function isMarked(entry: Buffer | null): boolean {
  return entry !== null && entry.at(-2) === 0x30 && entry.at(-1) === 0x02;
}

interface Steady {
  readonly seconds: number;
  readonly cpuPercent: number;
  readonly rssMiB: number;
  readonly leaseWrites: number;
  readonly otherWrites: readonly string[];
}

async function measureSteady(cluster: Cluster, operator: ChildProcess): Promise<Steady> {
  await ready(cluster, 2);
  say('waiting for the Events of the steps to be counted');
  await sleep(60_000);
  const pid = operator.pid ?? 0;
  say(`watching a steady state for ${steadySeconds} s`);
  const [cpuBefore, auditBefore] = [await cpuSeconds(pid), await auditBytes(cluster.auditLog)];
  await sleep(steadySeconds * 1000);
  const cpuUsed = (await cpuSeconds(pid)) - cpuBefore;
  const written = await readAudit(cluster.auditLog, auditBefore);
  const writes = written.filter((line) => !isClusterOwn(line));
  const described = writes.map((line) => `${line.verb} ${line.objectRef?.resource} ${line.objectRef?.name}`);
  return {
    seconds: steadySeconds,
    cpuPercent: (100 * cpuUsed) / steadySeconds,
    rssMiB: await rssMiB(pid),
    leaseWrites: described.filter((line) => line.includes(' leases ')).length,
    otherWrites: described.filter((line) => !line.includes(' leases ')),
  };
}

/** Kubelets renew leases, report their nodes and tell of Pods; that is the cluster's own life. */
function isClusterOwn({ objectRef, user }: AuditLine): boolean {
  if (/^system:(?:node|kube-|apiserver)/.test(user?.username ?? '')) return true;
  if (objectRef?.namespace === 'kube-node-lease' || objectRef?.resource === 'nodes') return true;
  return objectRef?.namespace === 'kube-system' || objectRef?.namespace === undefined;
}

async function report(figures: readonly Figures[], steady: Steady): Promise<void> {
  const rows = figures.map(({ name, unit, values }) => {
    const at = (share: number) => (quantile(values, share) ?? Number.NaN).toFixed(1).padStart(8);
    return `${name.padEnd(46)} ${String(values.length).padStart(4)} ${at(0.5)} ${at(0.9)} ${at(0.99)} ${at(1)} ${unit}`;
  });
  const lines = [
    `${'figure'.padEnd(46)}    n      p50      p90      p99      max`,
    ...rows,
    '',
    `steady state over ${steady.seconds} s: ${steady.cpuPercent.toFixed(2)} % of one core, ${steady.rssMiB.toFixed(0)} MiB RSS,`,
    `  ${steady.leaseWrites} writes of the leader lease, ${steady.otherWrites.length} other writes to the API server`,
    ...steady.otherWrites.map((write) => `    ${write}`),
  ];
  process.stdout.write(`\n${lines.join('\n')}\n`);
  await writeFile(join(buildDir, 'bench', 'figures.json'), JSON.stringify({ figures, steady }, undefined, 2));
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

if (import.meta.main) await runCli(main);
