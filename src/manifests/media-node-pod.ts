/** From the user's template to the Pod of one Media Node. What the user says wins, except where rooms would be cut. */
import { createHash } from 'node:crypto';
import { ANNOTATIONS, COMPONENT_MEDIA_NODE, LABELS, MANAGED_BY, SIGNALLING_ON } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { parseDurationMs } from '../base/duration.ts';
import { isJsonObject, type JsonObject } from '../base/json-object.ts';
import { mediaContainerIndex } from './media-container.ts';
import { mediaContainer } from './media-node-container.ts';
import {
  livekitSecretName,
  mediaNodeLabels,
  type OwnedMeta,
  type OwnerRef,
  ownedMeta,
} from './owned-object.ts';
import { redisTlsVolume } from './redis-tls.ts';

type Spec = OpenViduCluster['spec'];

/** The parts of the spec that a Pod and its configuration are made from. It names Secrets and holds none. */
export interface MediaNodeSource {
  readonly redis: Spec['redis'];
  readonly mediaNodes: Pick<
    Spec['mediaNodes'],
    'template' | 'config' | 'signalPort' | 'metricsPort' | 'metricsAuth'
  >;
  readonly drain: Pick<Spec['drain'], 'gracePeriod'>;
}

/** Nothing but what a Pod is made from, so that it can be kept for the day when the spec says something else. */
export function mediaNodeSource({ redis, mediaNodes, drain }: MediaNodeSource): MediaNodeSource {
  const { template, config, signalPort, metricsPort, metricsAuth } = mediaNodes;
  return {
    redis: asServersUse(redis),
    mediaNodes: {
      template,
      signalPort,
      metricsPort,
      ...(config === undefined ? {} : { config }),
      ...(metricsAuth === undefined ? {} : { metricsAuth }),
    },
    drain: { gracePeriod: drain.gracePeriod },
  };
}

/** The operator's own login is nothing to them: a change of it replaces no node. */
function asServersUse({ operatorAuth: _own, ...redis }: Spec['redis']): Spec['redis'] {
  return redis;
}

export interface PodObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: OwnedMeta;
  readonly spec: PodObjectSpec;
}

export interface PodObjectSpec {
  readonly restartPolicy: unknown;
  readonly enableServiceLinks: false;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly ({ readonly name: string } & JsonObject)[];
  readonly [field: string]: unknown;
}

/** `app.kubernetes.io/name` of the Pods. */
export const MEDIA_NODE_APP = 'openvidu-media-node';

/** The default of the CRD, for a duration that cannot be read. */
const defaultGraceSeconds = 86_400;

/**
 * The Pod `name` of the cluster, complete, with the configuration that is kept for this revision. Equal input gives an
 * equal object.
 */
export function mediaNodePod(
  owner: OwnerRef,
  name: string,
  source: MediaNodeSource,
  revision = mediaNodeRevision(source),
): PodObject {
  const { template } = source.mediaNodes;
  const tls = redisTlsVolume(source.redis);
  const media = mediaContainerIndex(template.spec.containers);
  const spec: PodObjectSpec = {
    ...(template.spec['hostNetwork'] === true ? { dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
    ...template.spec,
    ...(tls === undefined ? {} : { volumes: [...listOf(template.spec['volumes']), tls.volume] }),
    restartPolicy: restartPolicy(source),
    // A Service named livekit would inject LIVEKIT_PORT=tcp://…, which the server reads as its port.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds(source),
    containers: template.spec.containers.map((container, at) =>
      at === media ? mediaContainer(source, container, livekitSecretName(owner.name, revision)) : container,
    ),
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: podMeta(owner, name, source, revision), spec };
}

/**
 * Names the state of template and configuration that a Pod is made from: ten hexadecimal digits that change
 * when, and only when, a node made now would differ. The order of keys does not count.
 */
export function mediaNodeRevision(source: MediaNodeSource): string {
  const { template, config, signalPort, metricsPort, metricsAuth } = source.mediaNodes;
  const relevant = {
    template,
    config,
    signalPort,
    metricsPort,
    metricsAuth,
    redis: asServersUse(source.redis),
    graceSeconds: graceSeconds(source),
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(relevant)))
    .digest('hex')
    .slice(0, 10);
}

/**
 * A Pod is one process with one id in Redis, so it ends with its server and is replaced at once. Beside companions the
 * server is started again instead: a recording in another container must not end with it.
 */
function restartPolicy({ mediaNodes: { template } }: MediaNodeSource): unknown {
  return template.spec['restartPolicy'] ?? (template.spec.containers.length > 1 ? 'Always' : 'Never');
}

function podMeta(owner: OwnerRef, name: string, source: MediaNodeSource, revision: string): OwnedMeta {
  const { metadata } = source.mediaNodes.template;
  const meta = ownedMeta(owner, name);
  return {
    ...meta,
    labels: {
      ...metadata?.labels,
      ...meta.labels,
      ...mediaNodeLabels(owner),
      [LABELS.component]: COMPONENT_MEDIA_NODE,
      [LABELS.signalling]: SIGNALLING_ON,
      [LABELS.managedBy]: MANAGED_BY,
      'app.kubernetes.io/name': MEDIA_NODE_APP,
    },
    annotations: {
      ...metadata?.annotations,
      // Machine autoscalers would otherwise evict a node with rooms in order to pack machines.
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      'karpenter.sh/do-not-disrupt': 'true',
      [ANNOTATIONS.revision]: revision,
    },
  };
}

/** Only ever longer than asked for: a grace period that is too short cuts rooms. */
function graceSeconds(source: MediaNodeSource): number {
  const graceMs = parseDurationMs(source.drain.gracePeriod);
  const ours = graceMs === undefined ? defaultGraceSeconds : Math.max(1, Math.ceil(graceMs / 1000));
  const theirs = source.mediaNodes.template.spec['terminationGracePeriodSeconds'];
  return typeof theirs === 'number' && theirs > ours ? theirs : ours;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
