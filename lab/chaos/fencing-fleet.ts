/** A fleet whose number of nodes is given from outside, and follows at once. */
import type { KubeClient } from '../../src/kube/client.ts';
import { makeFleet, makeKeys } from '../plane/steps.ts';

export const namespace = 'default';
export const fleet = 'churn';

export async function makeChurn(client: KubeClient, redisAddress: string, replicas: number): Promise<void> {
  await makeKeys(client, namespace);
  const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };
  await makeFleet(
    client,
    { name: fleet, namespace },
    {
      redis: { standalone: { address: redisAddress } },
      mediaNodes: {
        max: 12,
        replicas,
        template: { spec: { containers: [{ name: 'livekit', image: 'one' }] } },
      },
      autoscaling: { mode: 'External', behavior: { scaleUp: rules, scaleDown: rules } },
      drain: { maxConcurrent: 4, signallingGrace: '1s' },
    },
  );
}
