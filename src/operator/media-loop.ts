/** The link to the media plane of one OpenViduCluster with the loop that runs over it, for as long as neither changes. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { RecordPort } from '../reconcile/ports.ts';
import { ClusterLoop } from '../reconcile/reconcile.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Actor } from './actor.ts';
import { CheckpointStore } from './checkpoint.ts';
import type { Connections } from './connections.ts';
import { digest } from './fleet-objects.ts';
import { ForeignPods, watchedOnly } from './foreign-pods.ts';
import { MediaLink, type NodeFace, nodeFace } from './media-link.ts';
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
  close(): Promise<void>;
}

/** What a link depends on; while it stays the same, the link and what the loop remembers stay. */
export function mediaIdentity(cluster: OpenViduCluster, connections: Connections): string {
  const { url } = cluster.spec.server;
  return digest({ connections, url, selector: foreignSelector(cluster) });
}

export function openMediaLoop(parts: MediaLoopParts, connections: Connections): MediaLoop {
  const { client, pods, clock, log, metrics, revisions } = parts;
  const cluster = parts.cluster();
  const key = `${cluster.metadata.namespace}/${cluster.metadata.name}`;
  const selector = foreignSelector(cluster);
  const link = new MediaLink({
    connections,
    serverUrl: cluster.spec.server.url,
    faceOf: (revision) => faceOf(parts, revision),
    clock,
    log,
    // Rooms come and go by the hundred; what they weigh shows in the heartbeats.
    onChange: (of) => parts.wake(of === 'nodes' ? 'soon' : 'later'),
    onReapplied: (delayMs) => metrics.cordonReapplied(delayMs),
  });
  const actor = new Actor({
    client,
    pods,
    revisions,
    media: link,
    cluster: () => parts.cluster(),
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
    wake: () => parts.wake('soon'),
  });
  const close = async (): Promise<void> => {
    await foreign?.stop();
    await link.close();
  };
  return { loop, foreign, identity: mediaIdentity(cluster, connections), close };
}

/** A node of an earlier spec answers where that spec put it. */
function faceOf(parts: MediaLoopParts, revision: string | undefined): NodeFace {
  const stored = revision === undefined ? undefined : parts.revisions.sourceOf(revision);
  return nodeFace(stored ?? parts.cluster().spec);
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
