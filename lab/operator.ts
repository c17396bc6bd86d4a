/** The operator in a local cluster: as a Pod by its chart, or as a process of this machine that can be killed. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster/cluster.ts';
import { run, until } from './exec.ts';
import { images } from './image.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { freePorts, startProcess, type LocalProcess } from './local-process.ts';
import { saysItLed } from './operator-log.ts';
import { binDir, root } from './paths.ts';

export const operatorNamespace = 'openvidu-system';
const release = 'ovm';
const deployment = `${release}-openvidu-media-operator`;
/** To read its source, and for a Lease that nobody gave up to run out. */
const leadPatienceMs = 60_000;
const chart = join(root, 'charts', 'openvidu-media-operator');

/** A chart and the image that goes with it. */
export interface OperatorBuild {
  readonly chart: string;
  readonly image: string;
}

const thisBuild: OperatorBuild = { chart, image: images.operator };

function settings(watchNamespace: string, image = images.operator as string): readonly string[] {
  const [repository = '', tag = ''] = image.split(/:(?=[^:]*$)/);
  const texts = [
    `watchNamespace=${watchNamespace}`,
    'image.pullPolicy=Never',
    `image.repository=${repository}`,
    `image.tag=${tag}`,
  ].flatMap((setting) => ['--set-string', setting]);
  // Machines belong to nobody's namespace, so a chart for one namespace leaves this right out unless told.
  return [...texts, '--set', 'rbac.kubernetesNodes=true'];
}

async function makeNamespaces(cluster: Cluster, names: readonly string[]): Promise<void> {
  const list = names.map((name) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
  );
  await cluster.kubectl(['apply', '-f', '-'], list.join('\n---\n'));
}

/** `helm install` under the chart's own RBAC; resolves when both replicas are ready. */
export async function installOperator(
  cluster: Cluster,
  watchNamespace: string,
  build = thisBuild,
): Promise<void> {
  await makeNamespaces(cluster, [operatorNamespace, watchNamespace]);
  await helm(cluster, 'install', watchNamespace, build);
}

/** `helm upgrade` of what was installed, to this checkout's build; resolves when both replicas are replaced. */
export async function upgradeOperator(cluster: Cluster, watchNamespace: string): Promise<void> {
  await helm(cluster, 'upgrade', watchNamespace, thisBuild);
}

async function helm(
  cluster: Cluster,
  command: 'install' | 'upgrade',
  watchNamespace: string,
  build: OperatorBuild,
): Promise<void> {
  const place = [release, build.chart, '--namespace', operatorNamespace];
  const args = [command, ...place, ...settings(watchNamespace, build.image), '--wait', '--timeout', '90s'];
  await run(join(binDir, 'helm'), args, {
    env: { KUBECONFIG: cluster.kubeconfig, HELM_CACHE_HOME: join(cluster.dir, 'helm') },
    timeoutMs: 120_000,
  });
}

/** What both replicas have logged. */
export async function operatorLogs(cluster: Cluster): Promise<string> {
  const selector = ['-l', 'app.kubernetes.io/name=openvidu-media-operator'];
  return await cluster.kubectl(['-n', operatorNamespace, 'logs', ...selector, '--tail=-1', '--prefix']);
}

/** The chart's CRDs, ServiceAccount and RBAC, without its Deployment. */
export async function installRights(cluster: Cluster, watchNamespace: string): Promise<void> {
  await makeNamespaces(cluster, [operatorNamespace, watchNamespace]);
  const crds = (await readdir(join(root, 'crds'))).map((file) => `crd-${file.replace(/\.yaml$/, '')}`);
  const parts = [...crds, 'serviceaccount', 'rbac'];
  const only = parts.flatMap((part) => ['--show-only', `templates/${part}.yaml`]);
  const args = ['template', release, chart, '--namespace', operatorNamespace, ...settings(watchNamespace)];
  const manifest = await run(join(binDir, 'helm'), [...args, '--kube-version', '1.36.3', ...only]);
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], manifest);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd/openviduclusters.openvidu.io']);
}

export interface OperatorProcess {
  readonly process: LocalProcess;
  /** Resolves once it leads: from then on it answers for what becomes of the fleet. @throws LabError */
  leads(): Promise<void>;
  /** Whether it runs and the end of its log, for the account of a failure. */
  saidLast(): string;
  /** SIGKILL, as a crash. */
  crash(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** A crashed leader keeps the Lease so long; one that cannot renew it in time ends, and a busy machine is slow for seconds. */
const leaseSeconds = 8;

/** Runs the operator from source with the rights of its own ServiceAccount. Nothing starts it again when it ends. */
export async function startOperator(cluster: Cluster, watchNamespace: string): Promise<OperatorProcess> {
  const token = await cluster.kubectl(['-n', operatorNamespace, 'create', 'token', deployment]);
  const kubeconfig = join(cluster.dir, 'operator', 'kubeconfig.json');
  await mkdir(join(cluster.dir, 'operator'), { recursive: true });
  const ca = { pem: await readFile(cluster.caFile, 'utf8') };
  const wish = { server: cluster.apiUrl, token: token.trim(), ca, namespace: operatorNamespace };
  await writeFile(kubeconfig, kubeconfigText(wish), { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const command = [
    `KUBECONFIG=${kubeconfig}`,
    `OVM_WATCH_NAMESPACE=${watchNamespace}`,
    `OVM_PORT=${port}`,
    `OVM_IMAGE=${images.operator}`,
    `POD_NAMESPACE=${operatorNamespace}`,
    // The only Lease that the chart lets it have.
    `OVM_LEASE_NAME=${deployment}`,
    `OVM_LEASE_DURATION=${leaseSeconds}s`,
    `OVM_LEASE_RENEW_DEADLINE=${leaseSeconds - 1}s`,
    'OVM_LEASE_RETRY=500ms',
    process.execPath,
    join(root, 'src', 'operator', 'main.ts'),
  ];
  const child = await startProcess('env', command, 'Ample');
  return {
    process: child,
    leads: async () => {
      const wait = { what: 'the lead of an operator', timeoutMs: leadPatienceMs };
      await until(wait, () => saysItLed(child.output()));
    },
    saidLast: () => `The operator${child.running() ? '' : ' (it has ended)'}: ${child.output().slice(-1500)}`,
    crash: async () => await child.kill(),
    stop: async () => {
      child.signal('SIGTERM');
      await child.ended;
    },
  };
}
