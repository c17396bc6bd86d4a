/** The operator as its chart installs it: by helm, with the environment and the rights of its Deployment, as a process. */
import { freePorts, type LocalProcess, startProcess } from '../../lab/local-process.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { resourceType } from '../../src/kube/resource.ts';
import type { Plane } from '../../lab/plane/plane.ts';
import { kubectl, output } from './programs.ts';
import { until } from '../../lab/plane/steps.ts';

const chart = new URL('../../charts/openvidu-media-operator', import.meta.url).pathname;
const main = new URL('../../src/operator/main.ts', import.meta.url).pathname;
const release = 'ovm';
const name = `${release}-openvidu-media-operator`;

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env: readonly {
            readonly name: string;
            readonly value?: string;
            readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath?: string } };
          }[];
        }[];
      };
    };
  };
}

const DEPLOYMENTS = resourceType<Deployment>({
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
});

/** `helm install` for real, with the notes that it prints. */
export async function helmInstall(
  plane: Plane,
  namespace: string,
  settings: readonly string[],
): Promise<string> {
  const set = settings.flatMap((setting) => ['--set', setting]);
  return await helm(plane, 'install', release, chart, '--namespace', namespace, ...set);
}

/** Any command of helm, as the administrator. */
export async function helm(plane: Plane, ...args: readonly string[]): Promise<string> {
  return await output('helm', [`--kubeconfig=${plane.kubeconfig}`, ...args]);
}

export interface InstalledOperator {
  readonly process: LocalProcess;
  /** Its own figures, as Prometheus would read them. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Runs what the Deployment says, as its service account. The image and the kubelet are all that is left out. */
export async function runInstalled(plane: Plane, namespace: string): Promise<InstalledOperator> {
  const token = await kubectl(plane, '--namespace', namespace, 'create', 'token', name);
  const deployment = await plane.client.get(DEPLOYMENTS, { name, namespace });
  const [port = 0] = await freePorts(1);
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': `${name}-0`,
    'metadata.namespace': namespace,
  };
  const env = (deployment.spec.template.spec.containers[0]?.env ?? []).map(
    (one) => `${one.name}=${one.value ?? fields[one.valueFrom?.fieldRef?.fieldPath ?? ''] ?? ''}`,
  );
  const own = [`KUBECONFIG=${plane.kubeconfigFor(token)}`, `OVM_PORT=${port}`];
  const process = await startProcess('env', [...env, ...own, globalThis.process.execPath, main]);
  const ask = async (path: string): Promise<Response> => await fetch(`http://127.0.0.1:${port}${path}`);
  await until('the operator is ready', async () => (await ask('/readyz')).ok, 40_000);
  return {
    process,
    metrics: async () => await (await ask('/metrics')).text(),
    stop: async () => {
      process.signal('SIGTERM');
      await process.ended;
    },
  };
}
