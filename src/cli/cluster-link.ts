/** The way to a Kubernetes cluster and to the one OpenViduCluster that a command is about. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { COMPONENT_MEDIA_NODE, LABELS, podSelector } from '../api/names.ts';
import { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import { KubeHttp } from '../kube/http.ts';
import type { Pod } from '../kube/kinds.ts';
import { KubeConfigConnector, loadKubeConfig } from '../kube/pool.ts';
import { PODS } from '../kube/resource.ts';
import { systemRuntime } from '../kube/runtime.ts';
import { CLUSTERS } from '../operator/cluster-type.ts';
import { version } from '../operator/version.ts';
import { NegativeAnswerError, someOf, UsageError } from './cli-error.ts';
import type { CommonOptions } from './output.ts';

export interface ClusterOptions extends CommonOptions {
  readonly namespace?: string;
  readonly cluster?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}

export interface ClusterLink {
  readonly client: KubeClient;
  readonly namespace: string;
}

/** Connects, runs, disconnects. @throws KubeConfigError, UsageError for an unknown context, ApiError */
export async function withCluster<T>(
  options: ClusterOptions,
  run: (link: ClusterLink) => Promise<T>,
): Promise<T> {
  const config = loadKubeConfig(options.kubeconfig);
  if (options.context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(options.context)) {
      throw new UsageError(
        `the kubeconfig has no context "${options.context}": give one of ${someOf(names)}.`,
      );
    }
    config.setCurrentContext(options.context);
  }
  const connector = new KubeConfigConnector(config, systemRuntime);
  const http = new KubeHttp(connector, { userAgent: `kubectl-openvidu/${version}` });
  try {
    return await run({ client: new KubeClient(http), namespace: options.namespace ?? http.namespace });
  } finally {
    await http.close();
  }
}

/** The cluster that is named, or the only one. @throws NegativeAnswerError when there is none, UsageError for several */
export async function theCluster(link: ClusterLink, options: ClusterOptions): Promise<OpenViduCluster> {
  const all = await clustersIn(link);
  const names = all.map(({ metadata }) => metadata.name);
  const found =
    options.cluster === undefined ? all : all.filter((one) => one.metadata.name === options.cluster);
  const [only, another] = found;
  if (another !== undefined) {
    throw new UsageError(
      `namespace ${link.namespace} has several OpenViduClusters (${someOf(names)}): choose one with --cluster.`,
    );
  }
  if (only !== undefined) return only;
  if (names.length === 0) {
    throw new NegativeAnswerError(
      `namespace ${link.namespace} has no OpenViduCluster: choose another namespace with -n.`,
    );
  }
  throw new NegativeAnswerError(
    `namespace ${link.namespace} has no OpenViduCluster "${options.cluster}": it has ${someOf(names)}.`,
  );
}

async function clustersIn({ client, namespace }: ClusterLink): Promise<readonly OpenViduCluster[]> {
  try {
    return (await client.list(CLUSTERS, { namespace })).items;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NegativeAnswerError(
      'this Kubernetes cluster knows no OpenViduClusters: install the operator, or choose another --context.',
      { cause: error },
    );
  }
}

/** The Pods of the cluster's Media Nodes by name. */
export async function podsOf(link: ClusterLink, cluster: OpenViduCluster): Promise<readonly Pod[]> {
  const labelSelector = podSelector(cluster.metadata.name);
  const { items } = await link.client.list(PODS, { namespace: link.namespace, labelSelector });
  return items.toSorted((one, other) => one.metadata.name.localeCompare(other.metadata.name));
}

/** The Pod of one Media Node. @throws NegativeAnswerError when it is not there or no Media Node of the cluster */
export async function mediaNodePod(link: ClusterLink, cluster: OpenViduCluster, name: string): Promise<Pod> {
  const { client, namespace } = link;
  const pod = await client.find(PODS, { name, namespace });
  if (pod === undefined) {
    const names = (await podsOf(link, cluster)).map(({ metadata }) => metadata.name);
    const has = names.length === 0 ? 'has no Media Node' : `has ${someOf(names)}`;
    throw new NegativeAnswerError(
      `there is no Media Node "${name}" in namespace ${namespace}: cluster ${cluster.metadata.name} ${has}.`,
    );
  }
  const { labels = {} } = pod.metadata;
  if (labels[LABELS.component] !== COMPONENT_MEDIA_NODE) {
    throw new NegativeAnswerError(
      `Pod ${name} is no Media Node: name one that "kubectl-openvidu status" lists.`,
    );
  }
  const owner = labels[LABELS.cluster];
  if (owner !== cluster.metadata.name) {
    throw new NegativeAnswerError(
      `Pod ${name} belongs to cluster ${owner ?? 'unknown'}, not to ${cluster.metadata.name}: choose it with --cluster.`,
    );
  }
  return pod;
}
