/** Watches OpenViduClusters and their Pods and keeps one runtime for each cluster. */
import { randomInt } from 'node:crypto';
import { COMPONENT_MEDIA_NODE, LABELS } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ControllerRevision, KubeObject, Pod } from '../kube/kinds.ts';
import { keyOfObject, objectKey } from '../kube/object-key.ts';
import { WorkQueue } from '../kube/queue.ts';
import { Reflector } from '../kube/reflector.ts';
import { CONTROLLER_REVISIONS, PODS } from '../kube/resource.ts';
import { roomMask } from '../reconcile/journal-mask.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { CapacityProfiles } from './capacity-profiles.ts';
import { ClusterRuntime, type SharedViews } from './cluster-runtime.ts';
import { CLUSTERS } from './cluster-type.ts';
import { KubeNodes } from './kube-nodes.ts';
import { OptionalWatch } from './optional-watch.ts';
import { byCluster } from './pods-cache.ts';
import { sharingRedis } from './redis-sharing.ts';
import { isRetained } from './retention.ts';
import { slimPod } from './slim-pod.ts';

/** Heartbeats of many nodes come at any moment; passes closer together than this would learn nothing new. */
const leastBetweenPassesMs = 50;
/** A storm of new rooms is looked at twice a second, in fleets whose passes take long once: that is not what they are for. */
const settleMs = { least: 500, most: 1000, aPassMs: 20 } as const;
/** The backstop of a loop that is woken by changes. */
const resyncMs = 300_000;
/** What the journals of all clusters may take of the memory together, and each of them at most. */
const journalsBytes = 32_000_000;
const journalBytes = 16_000_000;
/** Index of the Pods by the Kubernetes Node that they were placed on. */
const byKubeNode = 'kubeNode';

export interface ControllerParts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** `undefined`: all namespaces. */
  readonly namespace: string | undefined;
  readonly concurrency: number;
  /** Whether to look at Kubernetes Nodes, to notice when a machine is to be freed. */
  readonly kubernetesNodes: boolean;
}

interface Kept {
  readonly runtime: ClusterRuntime;
  readonly uid: string;
  /** When its last pass began, and how long the last one that has ended took. */
  passedAtMs: number;
  passTookMs: number;
}

const notYet = { passedAtMs: Number.NEGATIVE_INFINITY, passTookMs: 0 } as const;

export class Controller {
  readonly #parts: ControllerParts;
  readonly #clusters: Reflector<OpenViduCluster>;
  readonly #pods: Reflector<Pod>;
  readonly #revisions: OptionalWatch<ControllerRevision>;
  /** `undefined`: not to be looked at. */
  readonly #kubeNodes: KubeNodes | undefined;
  readonly #profiles: CapacityProfiles;
  readonly #views: SharedViews;
  readonly #queue: WorkQueue;
  readonly #kept = new Map<string, Kept>();
  /** The salt ends with the process: nobody can guess names from keys that it has handed out. */
  readonly #maskRoom = roomMask(randomInt(2 ** 32));

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    const { client, log } = parts;
    const shared = {
      http: client.http,
      log,
      ...(parts.namespace === undefined ? {} : { namespace: parts.namespace }),
    };
    this.#clusters = new Reflector({ ...shared, type: CLUSTERS });
    this.#pods = new Reflector({
      ...shared,
      type: PODS,
      project: slimPod,
      labelSelector: `${LABELS.component}=${COMPONENT_MEDIA_NODE}`,
      indexes: {
        [byCluster]: clusterKeysOf,
        [byKubeNode]: ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]),
      },
    });
    this.#revisions = new OptionalWatch({
      ...shared,
      type: CONTROLLER_REVISIONS,
      labelSelector: LABELS.revision,
      indexes: { [byCluster]: clusterKeysOf },
      without:
        'ControllerRevisions may not be watched, so nothing can be rolled back: upgrade the chart, or grant the right',
    });
    this.#kubeNodes = parts.kubernetesNodes ? this.#makeKubeNodes() : undefined;
    this.#profiles = new CapacityProfiles({
      ...parts,
      onChange: (namespace, name) => this.#addClustersUnder(namespace, name),
    });
    this.#views = this.#makeViews();
    this.#queue = new WorkQueue({
      handle: (key) => this.#handle(key),
      concurrency: parts.concurrency,
      retry: { baseMs: 500, capMs: 30_000 },
      onError: (key, error, retryInMs) => log.error('pass failed', { cluster: key, error, retryInMs }),
      hooks: { onDepth: (lane, depth) => parts.metrics.queueDepth(lane, depth) },
    });
    this.#clusters.onChange(({ object }) => this.#queue.add(keyOfObject(object)));
    this.#pods.onChange(({ object }) => this.#addClustersOf(object));
    this.#revisions.reflector.onChange(({ object }) => this.#addClustersOf(object));
    this.#reportAges();
  }

  #reportAges(): void {
    const { metrics } = this.#parts;
    const { reflector: revisions } = this.#revisions;
    const nodes = this.#kubeNodes;
    metrics.watchAge('openviduclusters', () => this.#ageMs(this.#clusters));
    metrics.watchAge('pods', () => this.#ageMs(this.#pods));
    metrics.watchAge('controllerrevisions', () =>
      this.#revisions.isWatching ? this.#ageMs(revisions) : undefined,
    );
    metrics.watchAge('nodes', () => (nodes?.isWatching === true ? this.#ageMs(nodes) : undefined));
  }

  #addClustersOf(object: KubeObject): void {
    for (const key of clusterKeysOf(object)) this.#queue.add(key);
  }

  /** Those whose capacity is asked of this profile. */
  #addClustersUnder(namespace: string, profile: string): void {
    for (const cluster of this.#clusters.list(namespace)) {
      const { profileRef } = cluster.spec.mediaNodes.capacity;
      if (profileRef?.name === profile) this.#queue.add(keyOfObject(cluster));
    }
  }

  #makeKubeNodes(): KubeNodes {
    const { client, log, clock } = this.#parts;
    const onChange = (name: string): void => {
      for (const pod of this.#pods.byIndex(byKubeNode, name)) this.#addClustersOf(pod);
    };
    return new KubeNodes({ http: client.http, log, clock, onChange });
  }

  #makeViews(): SharedViews {
    const nodes = this.#kubeNodes;
    return {
      pods: this.#pods,
      revisions: this.#revisions.reflector,
      profiles: this.#profiles,
      ...(nodes === undefined ? {} : { kubeNodesOf: (names: Iterable<string>) => nodes.of(names) }),
      sharingRedis: (cluster) => sharingRedis(cluster, this.#clusters.list()),
    };
  }

  /** Whether both kinds have been listed once. */
  get isSynced(): boolean {
    return this.#clusters.isSynced && this.#pods.isSynced;
  }

  /** Begins to watch. Nothing is decided before `lead`. */
  watch(signal: AbortSignal): void {
    this.#clusters.start(signal);
    this.#pods.start(signal);
    this.#revisions.start(signal);
    this.#profiles.start(signal);
    this.#kubeNodes?.start(signal);
  }

  /** Decides and acts until the signal; resolves when all that was under way has ended. */
  async lead(signal: AbortSignal, graceMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const looked = Promise.all([
      this.#clusters.synced,
      this.#pods.synced,
      // What failed before must not be launched again, and a machine that goes not be used, because nobody has looked.
      this.#revisions.settled,
      this.#kubeNodes?.settled,
      // Nor a fleet be sized by figures that nobody asked for.
      this.#profiles.settled,
    ]);
    // Who may read nothing here never gets so far, and has to stop when told nevertheless.
    await Promise.race([looked, ended]);
    if (!signal.aborted) {
      this.#profiles.lead();
      for (const cluster of this.#clusters.list()) this.#queue.add(keyOfObject(cluster), 'background');
      this.#queue.start();
    }
    await ended;
    await Promise.all([this.#queue.stop(graceMs), this.#profiles.stop(graceMs)]);
    await Promise.all([...this.#kept.values()].map(({ runtime }) => runtime.close()));
    this.#kept.clear();
  }

  /** The last decisions of a cluster as JSON Lines; `undefined` where this process has decided nothing for it. */
  journal({
    cluster,
    last,
  }: {
    readonly cluster: string;
    readonly last: number;
  }): Iterable<string> | undefined {
    return this.#kept.get(cluster)?.runtime.journal(last, this.#maskRoom);
  }

  #ageMs(reflector: { readonly lastActivityMs: number }): number {
    return this.#parts.clock.elapsedMs() - reflector.lastActivityMs;
  }

  async #handle(key: string): Promise<void> {
    const [namespace, name = ''] = key.split('/');
    const cluster = this.#clusters.get(namespace, name);
    const kept = this.#kept.get(key);
    const ended = cluster === undefined || isEnded(cluster);
    if (kept !== undefined && (ended || kept.uid !== cluster.metadata.uid)) await this.#drop(key, kept);
    if (ended) return;
    const againInMs = await this.#pass(this.#kept.get(key) ?? this.#keep(key, cluster), cluster);
    this.#queue.addAfter(key, againInMs ?? resyncMs);
  }

  async #pass(kept: Kept, cluster: OpenViduCluster): Promise<number | undefined> {
    const { clock } = this.#parts;
    kept.passedAtMs = clock.elapsedMs();
    try {
      return await kept.runtime.pass(cluster);
    } finally {
      kept.passTookMs = clock.elapsedMs() - kept.passedAtMs;
    }
  }

  #keep(key: string, cluster: OpenViduCluster): Kept {
    const { client, events, clock, metrics, log } = this.#parts;
    const runtime = new ClusterRuntime(cluster, {
      client,
      events,
      clock,
      metrics,
      log: log.child({ cluster: key }),
      views: this.#views,
      wake: (when) => this.#wake(key, when),
    });
    const { uid } = cluster.metadata;
    const kept: Kept = { runtime, uid, ...notYet };
    this.#kept.set(key, kept);
    this.#shareJournal();
    return kept;
  }

  #shareJournal(): void {
    const bytes = Math.min(journalBytes, journalsBytes / Math.max(1, this.#kept.size));
    for (const { runtime } of this.#kept.values()) runtime.limitJournal(bytes);
  }

  async #drop(key: string, { runtime }: Kept): Promise<void> {
    this.#kept.delete(key);
    this.#shareJournal();
    this.#queue.forget(key);
    this.#parts.metrics.forgetCluster(key);
    await runtime.close();
  }

  /** The first change after a quiet moment is looked at once; a burst is looked at when it is over. */
  #wake(key: string, when: 'soon' | 'later'): void {
    const { passedAtMs, passTookMs } = this.#kept.get(key) ?? notYet;
    const { least, most, aPassMs } = settleMs;
    const laterMs = Math.min(most, Math.max(least, aPassMs * passTookMs));
    const leastMs = when === 'soon' ? leastBetweenPassesMs : laterMs;
    const sinceMs = this.#parts.clock.elapsedMs() - passedAtMs;
    if (sinceMs >= leastMs) this.#queue.add(key);
    else this.#queue.addAfter(key, leastMs - sinceMs);
  }
}

/** What is left of it is the garbage collector's. */
function isEnded(cluster: OpenViduCluster): boolean {
  return cluster.metadata.deletionTimestamp !== undefined && !isRetained(cluster);
}

function clusterKeysOf({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[LABELS.cluster];
  return name === undefined ? [] : [objectKey(metadata.namespace, name)];
}
