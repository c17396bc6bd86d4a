/** What the API server shows, over a connection of the laboratory's own that no fault of an operator touches. */
import { ANNOTATIONS, LABELS, podSelector } from '../../src/api/names.ts';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { PODS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { CONFIG_MAPS, receiptsName } from '../../src/operator/receipts.ts';
import type { PodFact, Receipt } from './oracles.ts';

export type OnPod = (pod: Pod, change: 'Is' | 'Gone') => void;

export class ChaosView {
  readonly client: KubeClient;
  readonly #pods: Reflector<Pod>;
  readonly #clusters: Reflector<OpenViduCluster>;
  readonly #ending = new AbortController();
  readonly #onPod = new Map<string, OnPod>();

  constructor(client: KubeClient) {
    this.client = client;
    const { http } = client;
    this.#pods = new Reflector({ http, type: PODS, labelSelector: LABELS.component });
    this.#clusters = new Reflector({ http, type: CLUSTERS });
    this.#pods.onChange(({ type, object }) => {
      const tell = this.#onPod.get(object.metadata.labels?.[LABELS.cluster] ?? '');
      tell?.(object, type === 'deleted' ? 'Gone' : 'Is');
    });
  }

  async start(): Promise<void> {
    this.#pods.start(this.#ending.signal);
    this.#clusters.start(this.#ending.signal);
    await Promise.all([this.#pods.synced, this.#clusters.synced]);
  }

  /** Tells of every Pod of this OpenViduCluster, in the order of the API server. */
  onPod(cluster: string, tell: OnPod): void {
    this.#onPod.set(cluster, tell);
  }

  pods(cluster: string): readonly Pod[] {
    return this.#pods.list().filter(({ metadata }) => metadata.labels?.[LABELS.cluster] === cluster);
  }

  cluster(namespace: string, name: string): OpenViduCluster | undefined {
    return this.#clusters.get(namespace, name);
  }

  /** Asked at this moment. @throws ApiError */
  async podsNow(namespace: string, cluster: string): Promise<readonly Pod[]> {
    return (await this.client.list(PODS, { namespace, labelSelector: podSelector(cluster) })).items;
  }

  /** @throws ApiError */
  async receipts(namespace: string, cluster: string): Promise<readonly Receipt[]> {
    const map = await this.client.find(CONFIG_MAPS, { name: receiptsName(cluster), namespace });
    return Object.values(map?.data ?? {}).map((text) => {
      const receipt = JSON.parse(text) as Partial<Receipt>;
      return { uid: receipt.uid ?? '', evicted: receipt.evicted ?? false, proofs: receipt.proofs ?? [] };
    });
  }

  stop(): void {
    this.#ending.abort();
  }
}

export function factOf({ metadata, status }: Pod): PodFact {
  const phase = status?.phase;
  return {
    uid: metadata.uid,
    name: metadata.name,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
    deleting: metadata.deletionTimestamp !== undefined,
    closed: metadata.annotations?.[ANNOTATIONS.drain] !== undefined,
    ended: phase === 'Failed' || phase === 'Succeeded',
  };
}
