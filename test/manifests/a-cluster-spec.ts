/** Specs for tests: the least a person must write, with the defaults that the real schema fills in. */
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { withDefaults } from '../../src/cli/crd-defaults.ts';
import { clusterSchema } from '../../src/cli/crd-schema.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { deepMerge } from '../../src/manifests/deep-merge.ts';

type Spec = OpenViduCluster['spec'];

const schema = clusterSchema().properties?.['spec'] ?? {};

const least: JsonObject = {
  redis: { standalone: { address: 'redis.test.svc:6379' } },
  server: { credentialsSecretRef: { name: 'livekit-keys' } },
  mediaNodes: {
    min: 1,
    max: 10,
    template: { spec: { containers: [{ name: 'openvidu', image: 'openvidu/openvidu-server:3' }] } },
  },
};

/** The least spec with `changes` merged over it and every default filled in. */
export function aClusterSpec(changes: JsonObject = {}): Spec {
  return withDefaults(deepMerge(least, changes), schema) as Spec;
}

export const anOwner = { namespace: 'rooms', name: 'live', uid: '7f9c2ba4-e88f-4f6c-9d7a-2f6a5b1c0e11' };
