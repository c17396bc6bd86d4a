import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, get } from 'node:https';
import { readFileSync } from 'node:fs';
import { answers, Daemon } from './daemon.ts';
import { nodeNames, maxNodes, redisPort, type SlotNames } from './names.ts';
import { kubeconfigPath } from './pki.ts';
import { run, until } from '../exec.ts';
import { binDir, debDir } from '../paths.ts';
import { libraryPath } from '../tools-deb.ts';

/** The cgroup of the control plane and of Redis. */
export function planeCgroup(names: SlotNames): string {
  return `${names.cgroup}/plane`;
}

/** The bridge that joins the Kubernetes Nodes, with the addresses of the API server and of Redis, and all routes. */
export async function makeBridge(names: SlotNames): Promise<void> {
  const lines = [
    `link add ${names.bridge} type bridge`,
    `addr add ${names.gatewayIp}/24 dev ${names.bridge}`,
    `addr add ${names.apiIp}/32 dev ${names.bridge}`,
    `link set ${names.bridge} up`,
  ];
  for (let index = 1; index <= maxNodes; index++) {
    const node = nodeNames(names.slot, index);
    lines.push(`route add ${node.podCidr} via ${node.ip}`);
  }
  await run('ip', ['-batch', '-'], { input: lines.join('\n') });
}

/** In memory, in a mount namespace of its own: a disk that is busy with others would hold up every write to the API. */
const inMemory = 'mkdir -p "$1" && mount -t tmpfs tmpfs "$1" && shift && exec "$@"';

export async function startEtcd(names: SlotNames): Promise<Daemon> {
  const dataDir = join(names.dir, 'etcd');
  const client = `http://${names.loopback}:2379`;
  const peer = `http://${names.loopback}:2380`;
  return Daemon.start({
    name: 'etcd',
    cgroup: planeCgroup(names),
    logDir: names.logDir,
    command: [
      'unshare',
      '--mount',
      '--propagation=private',
      'sh',
      '-c',
      inMemory,
      'sh',
      dataDir,
      join(debDir, 'usr/bin/etcd'),
      '--name=lab',
      `--data-dir=${dataDir}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=lab=${peer}`,
    ],
  });
}

// Tests count the writes of a steady state, which must be none; reads are not logged because there are many.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

export function auditLogPath(names: SlotNames): string {
  return join(names.dir, 'audit.log');
}

export async function startApiServer(names: SlotNames): Promise<Daemon> {
  const pki = (file: string) => join(names.pkiDir, file);
  const policy = join(names.dir, 'audit-policy.json');
  await writeFile(policy, JSON.stringify(auditPolicy));
  return Daemon.start({
    name: 'apiserver',
    cgroup: planeCgroup(names),
    logDir: names.logDir,
    command: [
      join(binDir, 'kube-apiserver'),
      `--etcd-servers=http://${names.loopback}:2379`,
      `--bind-address=${names.apiIp}`,
      '--secure-port=443',
      '--endpoint-reconciler-type=none',
      `--service-cluster-ip-range=${names.serviceRange}`,
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki('sa.pub')}`,
      `--service-account-signing-key-file=${pki('sa.key')}`,
      '--allow-privileged=true',
      `--kubelet-client-certificate=${pki('apiserver-kubelet.crt')}`,
      `--kubelet-client-key=${pki('apiserver-kubelet.key')}`,
      // A Kubernetes Node's name cannot be looked up: there is no DNS.
      '--kubelet-preferred-address-types=InternalIP',
      '--default-not-ready-toleration-seconds=5',
      '--default-unreachable-toleration-seconds=5',
      `--audit-policy-file=${policy}`,
      `--audit-log-path=${auditLogPath(names)}`,
    ],
  });
}

export async function startControllers(names: SlotNames): Promise<Daemon> {
  return Daemon.start({
    name: 'controllers',
    cgroup: planeCgroup(names),
    logDir: names.logDir,
    command: [
      join(binDir, 'kube-controller-manager'),
      ...clientFlags(names, 'controllers', 10257),
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${join(names.pkiDir, 'sa.key')}`,
      `--root-ca-file=${join(names.pkiDir, 'ca.crt')}`,
      // The default rate makes the first ServiceAccounts take five seconds.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
      '--node-monitor-period=1s',
      '--node-monitor-grace-period=10s',
    ],
  });
}

export async function startScheduler(names: SlotNames): Promise<Daemon> {
  return Daemon.start({
    name: 'scheduler',
    cgroup: planeCgroup(names),
    logDir: names.logDir,
    command: [join(binDir, 'kube-scheduler'), ...clientFlags(names, 'scheduler', 10259)],
  });
}

function clientFlags(names: SlotNames, client: string, port: number): readonly string[] {
  const kubeconfig = kubeconfigPath(names, client);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${names.loopback}`,
    `--secure-port=${port}`,
    '--leader-elect=false',
  ];
}

/** Starts Redis on the bridge's address and waits until it accepts connections. */
export async function startRedis(names: SlotNames): Promise<Daemon> {
  const dir = join(names.dir, 'redis');
  await mkdir(dir, { recursive: true });
  const flags = ['--bind', names.gatewayIp, '--port', String(redisPort), '--protected-mode', 'no'];
  const daemon = await Daemon.start({
    name: 'redis',
    cgroup: planeCgroup(names),
    logDir: names.logDir,
    env: { LD_LIBRARY_PATH: libraryPath },
    command: [join(debDir, 'usr/bin/redis-server'), ...flags, '--save', '', '--dir', dir],
  });
  await until({ what: 'an answer of Redis', timeoutMs: 10_000, stepMs: 20 }, async () => {
    await daemon.assertAlive();
    return answers({ host: names.gatewayIp, port: redisPort });
  });
  return daemon;
}

/** Writes the data to the disk and ends Redis, so that the next start finds them. */
export async function saveAndStopRedis(names: SlotNames, daemon: Daemon): Promise<void> {
  const cli = join(debDir, 'usr/bin/redis-cli');
  await run(cli, ['-h', names.gatewayIp, '-p', String(redisPort), 'shutdown', 'save'], {
    env: { LD_LIBRARY_PATH: libraryPath },
    timeoutMs: 10_000,
  });
  await daemon.ended();
}

/** Reads the API as administrator; `undefined` when it does not answer or refuses. */
export type Reader = (path: string) => Promise<string | undefined>;

export function adminReader(names: SlotNames): Reader {
  const file = (name: string) => readFileSync(join(names.pkiDir, name));
  const agent = new Agent({ ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key') });
  return (path) => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const request = get(`${names.apiUrl}${path}`, { agent, timeout: 2000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? Buffer.concat(chunks).toString() : undefined);
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    return promise;
  };
}
