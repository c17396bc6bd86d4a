/** The link to the media plane of one OpenViduCluster with the loop that runs over it, for as long as neither changes. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ServersKnown } from '../livekit/version-told.ts';
import type { MetricsLoginSource } from '../manifests/livekit-config.ts';
import { mediaNodeRevision } from '../manifests/media-node-pod.ts';
import type { ProfilesPort, RecordPort } from '../reconcile/ports.ts';
import { ClusterLoop } from '../reconcile/reconcile.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Actor } from './actor.ts';
import { CheckpointStore } from './checkpoint.ts';
import { companionsOfStranger } from './companions.ts';
import { type Connections, resolveMetricsLogin } from './connections.ts';
import { digest } from './fleet-objects.ts';
import { ForeignPods, watchedOnly } from './foreign-pods.ts';
import { MediaLink, type NodeFace, nodeFace } from './media-link.ts';
import { MetricsLogins } from './metrics-logins.ts';
import type { PodsCache } from './pods-cache.ts';
import type { RevisionStore } from './revision-store.ts';
import { isTrial } from './spec-now.ts';

export interface MediaLoopParts {
  readonly client: KubeClient;
  readonly pods: PodsCache;
  readonly revisions: RevisionStore;
  readonly record: RecordPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly profiles: ProfilesPort | undefined;
  /** The resource as last seen. */
  cluster(): OpenViduCluster;
  wake(when: 'soon' | 'later'): void;
}

export interface MediaLoop {
  readonly loop: ClusterLoop;
  /** Pods of another scaler, where those are watched. */
  readonly foreign: ForeignPods | undefined;
  /** Equal for equal connections and, in a trial, equal Pods. */
  readonly identity: string;
  /** The version of the media servers that Redis told last. */
  serverVersion(): string | undefined;
  /** Whether Redis refused the last look at it: its login may have been changed. */
  isRefused(): boolean;
  close(): Promise<void>;
}

/** What a link depends on; while it stays the same, the link and what the loop remembers stay. */
export function mediaIdentity(cluster: OpenViduCluster, connections: Connections): string {
  const { url } = cluster.spec.server;
  // Each node is asked with the login that it was made with.
  const { metricsLogin: _, ...reach } = connections;
  return digest({ connections: reach, url, selector: foreignSelector(cluster) });
}

export function openMediaLoop(parts: MediaLoopParts, connections: Connections): MediaLoop {
  const { client, pods, clock, log, metrics, revisions } = parts;
  const cluster = parts.cluster();
  const key = `${cluster.metadata.namespace}/${cluster.metadata.name}`;
  const selector = foreignSelector(cluster);
  const { namespace } = cluster.metadata;
  const read = (source: MetricsLoginSource) => resolveMetricsLogin(client, namespace, source);
  const link = new MediaLink({
    connections,
    logins: new MetricsLogins({ read, clock, log }),
    serverUrl: cluster.spec.server.url,
    serversKnown: serversTold(cluster.status),
    faceOf: (revision, podIp) => faceOf(parts, revision, podIp),
    clock,
    log,
    onChange: (when) => parts.wake(when),
    onReapplied: (delayMs) => metrics.cordonReapplied(delayMs),
    mayWrite: () => client.http.mayWrite(),
  });
  const actor = new Actor({
    client,
    pods,
    revisions,
    media: link,
    cluster: () => parts.cluster(),
    elapsedMs: () => clock.elapsedMs(),
    nowIso: () => isoFromMs(clock.wallMs()),
    onDone: (action, outcome) => {
      metrics.action(action.kind, outcome);
      if (action.kind === 'EvictNode' && outcome === 'done') metrics.evicted(key, action);
    },
  });
  const foreign = selector === undefined ? undefined : watchForeign(parts, selector);
  const { apiSecret } = connections;
  const loop = new ClusterLoop(cluster.metadata.name, {
    clock,
    log,
    media: foreign === undefined ? link : watchedOnly(link),
    pods: foreign ?? pods,
    actor,
    record: parts.record,
    learned: new CheckpointStore({ client, log, apiSecret, cluster: () => parts.cluster() }),
    ...(parts.profiles === undefined ? {} : { profiles: parts.profiles }),
    wake: () => parts.wake('soon'),
  });
  const close = async (): Promise<void> => {
    await foreign?.stop();
    await link.close();
  };
  const identity = mediaIdentity(cluster, connections);
  return {
    loop,
    foreign,
    identity,
    serverVersion: () => link.serverVersion,
    isRefused: () => link.isRefused,
    close,
  };
}

/** Servers tell their version once, at their start: where Redis has lost it since, the last status still has it. */
function serversTold(status: OpenViduCluster['status']): ServersKnown | undefined {
  const { serverVersion: version, nodes = [] } = status ?? {};
  if (version === undefined) return undefined;
  return { version, nodeIds: new Set(nodes.flatMap(({ nodeId }) => nodeId ?? [])) };
}

type FaceParts = Pick<MediaLoopParts, 'cluster'> & {
  readonly pods: Pick<PodsCache, 'podAt'>;
  readonly revisions: Pick<RevisionStore, 'sourceOf'>;
};

/**
 * A node of an earlier spec answers where that spec put it. Where nobody knows what it was made from, the Pod itself says
 * which companions it has: those of the present spec may be fewer, and one that is not asked would be taken for idle.
 */
export function faceOf(parts: FaceParts, revision: string | undefined, podIp?: string): NodeFace {
  const { spec } = parts.cluster();
  const stored = revision === undefined ? undefined : parts.revisions.sourceOf(revision);
  if (stored !== undefined) return nodeFace(stored);
  const face = nodeFace(spec);
  if (revision === undefined || podIp === undefined || revision === mediaNodeRevision(spec)) return face;
  const pod = parts.pods.podAt(podIp);
  return pod === undefined ? face : { ...face, companions: companionsOfStranger(pod) };
}

/** Only a trial looks at Pods of others; in any other mode they do not exist for the operator. */
function foreignSelector(cluster: OpenViduCluster): Readonly<Record<string, string>> | undefined {
  return isTrial(cluster) ? cluster.spec.autoscaling.dryRun?.podSelector?.matchLabels : undefined;
}

function watchForeign(parts: MediaLoopParts, matchLabels: Readonly<Record<string, string>>): ForeignPods {
  const { client, log } = parts;
  const { namespace } = parts.cluster().metadata;
  return new ForeignPods({
    http: client.http,
    log,
    namespace,
    matchLabels,
    onChange: () => parts.wake('soon'),
  });
}
