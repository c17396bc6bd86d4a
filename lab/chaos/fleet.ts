/** The OpenViduCluster of a cell, and when it is as asked for. */
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import type { Limits } from './oracles.ts';
import { operatorUser } from './redis.ts';
import { factOf } from './view.ts';

/** What is asked of the fleet now. */
export interface Asked {
  nodes: number;
  template: number;
  /** No Pod is to be left there. */
  without: string | undefined;
}

/** Nodes of a fleet at rest, between stories. */
export const baseNodes = 2;
export const askedAtFirst: Readonly<Asked> = { nodes: baseNodes, template: 1, without: undefined };
export const limits: Limits = { min: 2, max: 4, surge: 1, maxConcurrent: 2 };

/** Holds the password of the operator's login at Redis. */
export const operatorSecret = { name: 'redis-operator', key: 'password' } as const;

export interface Surroundings {
  /** `host:port` that the operator is told. */
  readonly redis: string;
  readonly mediaNodes: { readonly signalPort: number; readonly metricsPort: number };
}

/** As small as a fleet with a rolling change can be, and as quick as the rules let it be. */
export function manifestOf(
  metadata: { readonly name: string; readonly namespace: string },
  around: Surroundings,
) {
  const { signalPort, metricsPort } = around.mediaNodes;
  const rules = {
    stabilizationWindowSeconds: 0,
    policies: [{ type: 'Pods', value: 1000, periodSeconds: 1 }],
  };
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata,
    spec: {
      redis: {
        standalone: { address: around.redis },
        operatorAuth: { username: operatorUser, passwordSecretRef: operatorSecret },
      },
      server: { credentialsSecretRef: { name: 'livekit-keys' } },
      mediaNodes: {
        min: limits.min,
        max: limits.max,
        replicas: baseNodes,
        capacity: { participants: 50 },
        signalPort,
        metricsPort,
        template: templateOf(1),
      },
      autoscaling: { mode: 'External', behavior: { scaleUp: rules, scaleDown: rules } },
      drain: { maxConcurrent: limits.maxConcurrent, signallingGrace: '1s' },
      updates: { maxSurge: limits.surge },
      deletion: { policy: 'Delete' },
    },
  };
}

function imageOf(template: number): string {
  return `hollow:${template}`;
}

export function templateOf(template: number): JsonObject {
  return { spec: { containers: [{ name: 'openvidu', image: imageOf(template) }] } };
}

/** What is missing of the Pods; `undefined`: nothing. */
export function unsteadyPods(pods: readonly Pod[], { nodes, template, without }: Asked): string | undefined {
  const facts = pods.map(factOf);
  if (facts.some(({ deleting }) => deleting)) return 'a Pod is leaving';
  if (pods.length !== nodes) return `${pods.length} Pods, not ${nodes}`;
  if (facts.some(({ ready }) => !ready)) return 'a Pod is not Ready';
  if (pods.some(({ spec }) => spec.containers[0]?.image !== imageOf(template)))
    return 'a Pod of an old template';
  if (without !== undefined && pods.some(({ spec }) => spec.nodeName === without)) {
    return 'a Pod on the machine that is to be freed';
  }
  return undefined;
}

/** What is missing of the status. */
export function unsteadyStatus({ metadata, status }: OpenViduCluster, nodes: number): string | undefined {
  if (status?.observedGeneration !== metadata.generation) return 'the status is of an older spec';
  if (status?.readyNodes !== nodes)
    return `the status tells of ${status?.readyNodes} ready nodes, not ${nodes}`;
  const fresh = status.conditions?.find(({ type }) => type === 'DataFresh');
  return fresh?.status === 'True' ? undefined : `DataFresh is ${fresh?.status}: ${fresh?.message}`;
}
