/** Specs for tests: the least a person must write, with the defaults that the real schema fills in. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { deepMerge, isJsonObject, type JsonObject, valueAt } from '../../src/manifests/deep-merge.ts';

type Spec = OpenViduCluster['spec'];

const definition: unknown = parse(
  readFileSync(new URL('../../crds/openviducluster.yaml', import.meta.url), 'utf8'),
);
const versions = valueAt(definition, 'spec', 'versions');
const version: unknown = Array.isArray(versions) ? versions[0] : undefined;
const schema = valueAt(version, 'schema', 'openAPIV3Schema', 'properties', 'spec');

const least: JsonObject = {
  redis: { standalone: { address: 'redis.test.svc:6379' } },
  server: { credentialsSecretRef: { name: 'livekit-keys' } },
  mediaNodes: {
    min: 1,
    max: 10,
    template: { spec: { containers: [{ name: 'openvidu', image: 'openvidu/openvidu-server:3' }] } },
  },
};

/** As the API server fills a structural schema in: a default, then the defaults within it. */
function withDefaults(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(item, valueAt(shape, 'items')));
  const properties = valueAt(shape, 'properties');
  if (!isJsonObject(value) || !isJsonObject(properties)) return value;
  const filled = Object.entries(properties).flatMap(([key, inner]) => {
    const given = Object.hasOwn(value, key) ? value[key] : valueAt(inner, 'default');
    return given === undefined ? [] : [[key, withDefaults(given, inner)] as const];
  });
  return { ...value, ...Object.fromEntries(filled) };
}

/** The least spec with `changes` merged over it and every default filled in. */
export function aClusterSpec(changes: JsonObject = {}): Spec {
  return withDefaults(deepMerge(least, changes), schema) as Spec;
}

export const anOwner = { namespace: 'rooms', name: 'live', uid: '7f9c2ba4-e88f-4f6c-9d7a-2f6a5b1c0e11' };
