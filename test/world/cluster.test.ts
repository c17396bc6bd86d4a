import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { readAudit } from '../../lab/audit.ts';
import { processesIn } from '../../lab/cluster/cgroup.ts';
import { nodeNames } from '../../lab/cluster/names.ts';
import { slotState } from '../../lab/cluster/slot.ts';
import { leftovers } from '../../lab/cluster/sweep.ts';
import { type Cluster, startCluster } from '../../lab/cluster/cluster.ts';
import { until } from '../../lab/exec.ts';
import { images } from '../../lab/image.ts';
import { root } from '../../lab/paths.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const runMs = 60_000;
const exec = promisify(execFile);

function pod(name: string, spec: object): string {
  const base = { terminationGracePeriodSeconds: 1 };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...base, ...spec } });
}

function mediaNode(cluster: Cluster, name: string): string {
  const config = [
    'port: 7880',
    `redis: {address: "${cluster.gatewayIp}:${cluster.redisPort}"}`,
    'keys: {devkey: secretsecretsecretsecretsecretsecret}',
    'rtc: {udp_port: 7882, tcp_port: 7881, use_external_ip: false}',
  ].join('\n');
  const container = {
    name: 'livekit',
    image: images.livekit,
    imagePullPolicy: 'Never',
    args: ['--config-body', config, '--node-ip', '$(NODE_IP)'],
    env: [{ name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
    readinessProbe: { httpGet: { path: '/', port: 7880 }, periodSeconds: 1 },
  };
  return pod(name, { hostNetwork: true, containers: [container] });
}

function pausePod(name: string, nodeName: string): string {
  return pod(name, {
    nodeName,
    containers: [{ name: 'pause', image: images.pause, imagePullPolicy: 'Never' }],
  });
}

async function runPod(cluster: Cluster, name: string, manifest: string): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], manifest);
  await cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s']);
}

async function field(cluster: Cluster, object: string, path: string): Promise<string> {
  return cluster.kubectl(['get', object, '-o', `jsonpath={${path}}`]);
}

async function withRedis<T>(cluster: Cluster, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort });
  redis.on('error', () => undefined);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

async function readiness(cluster: Cluster): Promise<readonly string[]> {
  const status = '.status.conditions[?(@.type=="Ready")].status';
  return (await field(cluster, 'nodes', `.items[*]${status}`)).trim().split(' ');
}

/** Opens a connection from inside a process's network; rejects when that fails. */
async function reach(pid: number, host: string, port: number): Promise<void> {
  const script = `require('node:net').connect({ host: '${host}', port: ${port} })
    .on('connect', () => process.exit(0)).on('error', () => process.exit(1));`;
  await exec('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', script], { timeout: 10_000 });
}

describe('a local cluster', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, name: 'first' });
  }, firstBuildMs);
  afterAll(async () => {
    await cluster.stop();
  }, runMs);

  test('has every Kubernetes Node Ready when the start resolves', async () => {
    expect(await readiness(cluster)).toEqual(['True', 'True', 'True']);
  });

  test(
    'runs a media server from the local image, which registers in Redis',
    async () => {
      await runPod(cluster, 'media-1', mediaNode(cluster, 'media-1'));
      expect(await withRedis(cluster, (redis) => redis.hlen('nodes'))).toBe(1);
    },
    runMs,
  );

  test(
    'lets a Pod of the Pod network reach the API server and Redis',
    async () => {
      const busy = await field(cluster, 'pod/media-1', '.spec.nodeName');
      const index = cluster.nodes.findIndex(({ name }) => name !== busy);
      const node = nodeNames(cluster.slot, index + 1);
      await runPod(cluster, 'plain', pausePod('plain', node.name));
      const [pid = 0] = await processesIn(node.podCgroup);
      expect(await field(cluster, 'pod/plain', '.status.podIP')).toMatch(node.podCidr.replace('0/24', ''));
      await reach(pid, new URL(cluster.apiUrl).hostname, 443);
      await reach(pid, cluster.gatewayIp, cluster.redisPort);
    },
    runMs,
  );

  test('keeps the data of Redis over an outage unless told otherwise', async () => {
    await withRedis(cluster, (redis) => redis.set('kept', 'yes'));
    await cluster.stopRedis();
    await cluster.startRedis();
    expect(await withRedis(cluster, (redis) => redis.get('kept'))).toBe('yes');
    await cluster.stopRedis({ keepData: false });
    await cluster.startRedis();
    expect(await withRedis(cluster, (redis) => redis.get('kept'))).toBeNull();
  });

  test(
    'silences the API server while it is paused',
    async () => {
      const ask = () => cluster.kubectl(['get', '--raw', '/readyz', '--request-timeout=1s']);
      await cluster.pauseApiServer();
      await expect(ask()).rejects.toThrow('kubectl');
      await cluster.resumeApiServer();
      await expect(ask()).resolves.toBe('ok');
    },
    runMs,
  );

  test('logs each write to the API, and no read', async () => {
    await cluster.kubectl(['create', 'configmap', 'written', '--from-literal=a=b']);
    const events = await readAudit(cluster.auditLog);
    expect(events.filter(({ objectRef }) => objectRef?.name === 'written').map(({ verb }) => verb)).toEqual([
      'create',
    ]);
    expect(events.map(({ verb }) => verb)).not.toContain('get');
  });

  test(
    'gains a Kubernetes Node, and loses one with its processes and its network',
    async () => {
      const added = await cluster.addKubeNode();
      expect(await readiness(cluster)).toHaveLength(4);
      await cluster.killKubeNode(added.name);
      expect(cluster.nodes.map(({ name }) => name)).not.toContain(added.name);
      expect(await processesIn(nodeNames(cluster.slot, 4).hostCgroup)).toEqual([]);
    },
    runMs,
  );

  test(
    'runs beside a second cluster, which leaves nothing behind when it is stopped',
    async () => {
      const second = await startCluster({ nodes: 1, name: 'second' });
      expect(second.slot).not.toBe(cluster.slot);
      await runPod(second, 'media-1', mediaNode(second, 'media-1'));
      await second.stop();
      expect(await leftovers(second.slot)).toEqual([]);
      expect(await readiness(cluster)).toContain('True');
    },
    runMs,
  );

  test.each(['starting a cluster', 'ready'])(
    'leaves nothing behind when its owner is killed at "%s"',
    async (moment) => {
      const { owner, slot } = await ownedElsewhere(moment);
      owner.kill('SIGKILL');
      await until(
        { what: 'a clean slot', timeoutMs: 20_000 },
        async () => (await slotState(slot)).kind === 'free',
      );
      expect(await leftovers(slot)).toEqual([]);
    },
    runMs,
  );
});

/** Another process that owns a cluster, returned when the start has said the given words. */
async function ownedElsewhere(
  words: string,
): Promise<{ readonly owner: ChildProcess; readonly slot: number }> {
  const script = `import { startCluster } from './lab/cluster/cluster.ts';
    await startCluster({ nodes: 1, name: 'owned', log: (line) => console.log(line) });
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  owner.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until({ what: `the words "${words}"`, timeoutMs: 40_000 }, () => said.includes(words));
  return { owner, slot: Number(/in slot (\d+)/.exec(said)?.[1]) };
}
