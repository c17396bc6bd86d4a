/** How the server under test is reached, by coordinator and generators and by the operator itself. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Log } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/kinds.ts';
import { SECRETS } from '../kube/resource.ts';
import { sweepRooms } from '../livekit/room-sweep.ts';
import { valueAt } from '../manifests/deep-merge.ts';
import { loginInConfig, type MetricsLogin } from '../manifests/livekit-config.ts';
import type { LoadTestJobTarget } from '../manifests/load-test-jobs.ts';
import { loadTestNames } from '../manifests/load-test-meta.ts';
import { mediaContainerIndex } from '../manifests/media-container.ts';
import type { LoadTestView } from './load-test-look.ts';

/** @throws TypeError when there is no target, which the API server and the life of the test rule out */
export function jobTarget(view: LoadTestView): LoadTestJobTarget {
  const { url, metricsUrl, credentialsSecretRef } = view.test.spec.target;
  if (url !== undefined && credentialsSecretRef !== undefined) {
    const outside = {
      metricsLogin: 'None' as const,
      nodeId: undefined,
      limitCores: undefined,
      limitBytes: undefined,
    };
    return { url: url.replace(/^http/, 'ws'), metricsUrl, credentials: credentialsSecretRef, ...outside };
  }
  const { cluster, pod } = view;
  if (cluster === undefined || pod === undefined)
    throw new TypeError('a load test is started without a target');
  return nodeTarget(view, cluster, pod);
}

function nodeTarget({ test }: LoadTestView, { spec }: OpenViduCluster, pod: Pod): LoadTestJobTarget {
  const host = hostOf(pod);
  const { signalPort, metricsPort } = spec.mediaNodes;
  const container = pod.spec.containers[mediaContainerIndex(pod.spec.containers)];
  const cpu = valueAt(container, 'resources', 'limits', 'cpu');
  const memory = valueAt(container, 'resources', 'limits', 'memory');
  return {
    url: `ws://${host}:${signalPort}`,
    metricsUrl: `http://${host}:${metricsPort}/metrics`,
    metricsLogin: loginOf(spec.mediaNodes),
    nodeId: test.status?.target?.nodeId,
    credentials: spec.server.credentialsSecretRef,
    limitCores: quantity(cpu),
    limitBytes: quantity(memory),
  };
}

function loginOf({
  config,
  metricsAuth,
}: OpenViduCluster['spec']['mediaNodes']): LoadTestJobTarget['metricsLogin'] {
  if (metricsAuth !== undefined) return metricsAuth;
  return loginInConfig(config).username === undefined ? 'None' : 'Copied';
}

/** A login that is written in the spec, for a Secret of the test's own; `undefined` where there is none. */
export function loginToCopy({ test, cluster }: LoadTestView): MetricsLogin | undefined {
  if (test.spec.target.url !== undefined || cluster === undefined) return undefined;
  const { config, metricsAuth } = cluster.spec.mediaNodes;
  const login = metricsAuth === undefined ? loginInConfig(config) : {};
  return login.username === undefined ? undefined : login;
}

function hostOf(pod: Pod): string {
  const ip = pod.status?.podIP ?? '';
  return ip.includes(':') ? `[${ip}]` : ip;
}

const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of Kubernetes as a number; `undefined` where there is none that can be read. */
export function quantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const parts = typeof value === 'string' ? /^([0-9.]+)([a-zA-Z]*)$/.exec(value) : null;
  const factor = factors[parts?.[2] ?? ''];
  const figure = Number(parts?.[1]);
  return factor === undefined || !Number.isFinite(figure) || figure <= 0 ? undefined : figure * factor;
}

/** Best effort: rooms that nobody is in end by themselves. Never rejects. */
export async function sweepLoadTest(
  { client, log }: { readonly client: KubeClient; readonly log: Log },
  view: LoadTestView,
): Promise<void> {
  const { metadata } = view.test;
  try {
    const target = jobTarget(view);
    const { name, apiKeyKey, apiSecretKey } = target.credentials;
    const secret = await client.find(SECRETS, { name, namespace: metadata.namespace });
    const text = (key: string): string =>
      Buffer.from(secret?.data?.[key] ?? '', 'base64')
        .toString('utf8')
        .trim();
    const url = view.cluster?.spec.server.url ?? target.url.replace(/^ws/, 'http');
    const api = { url, apiKey: text(apiKeyKey), apiSecret: text(apiSecretKey) };
    const rooms = await sweepRooms(api, `${loadTestNames(metadata).run}-`);
    if (rooms > 0) log.info('rooms of a load test deleted', { loadTest: metadata.name, rooms });
  } catch (error) {
    log.debug('rooms of a load test not looked for', { loadTest: metadata.name, error });
  }
}
