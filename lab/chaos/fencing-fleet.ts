/** A fleet whose number of nodes is given from outside, and follows at once. */
import type { KubeClient } from '../../src/kube/client.ts';
import { SECRETS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';

export const namespace = 'default';
export const fleet = 'churn';

export async function makeFleet(client: KubeClient, redisAddress: string, replicas: number): Promise<void> {
  const data = { apiKey: btoa('key'), apiSecret: btoa('a-secret-of-more-than-thirty-two-bytes') };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'livekit-keys', namespace }, data };
  await client.create(SECRETS, secret);
  const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };
  await client.create(CLUSTERS, {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { name: fleet, namespace },
    spec: {
      redis: { standalone: { address: redisAddress } },
      server: { credentialsSecretRef: { name: 'livekit-keys' } },
      mediaNodes: {
        min: 1,
        max: 12,
        replicas,
        template: { spec: { containers: [{ name: 'livekit', image: 'one' }] } },
      },
      autoscaling: { mode: 'External', behavior: { scaleUp: rules, scaleDown: rules } },
      drain: { maxConcurrent: 4, signallingGrace: '1s' },
    },
  });
}
