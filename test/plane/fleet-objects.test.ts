/** What a fleet needs in the API is there, whatever somebody does to it. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { PDBS, type ResourceType, SECRETS, SERVICES } from '../../src/kube/resource.ts';
import { mediaNodeRevision, mediaNodeSource } from '../../src/manifests/media-node-pod.ts';
import { FleetObjects } from '../../src/operator/fleet-objects.ts';
import { noRevisions, RevisionStore } from '../../src/operator/revision-store.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

jest.setTimeout(60_000);

const namespace = 'default';
const metadata = {
  name: 'live',
  namespace,
  uid: 'uid-live',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-03-01T12:00:00Z',
};
const cluster: OpenViduCluster = {
  apiVersion: 'openvidu.io/v1alpha1',
  kind: 'OpenViduCluster',
  metadata,
  spec: aClusterSpec({}),
};
const login = { mode: 'standalone', address: '127.0.0.1:6379', db: 0 } as const;
const connections = {
  redis: login,
  operatorRedis: login,
  apiKey: 'key',
  apiSecret: 'a-secret-of-more-than-32-bytes!!',
  metricsLogin: {},
};
const revision = mediaNodeRevision(mediaNodeSource(cluster.spec));
const objects: readonly (readonly [type: ResourceType, name: string])[] = [
  [SERVICES, 'live-signal'],
  [PDBS, 'live-media-nodes'],
  [SECRETS, `live-livekit-${revision}`],
];

let plane: Plane;
let fleet: FleetObjects;
const writes: string[] = [];

beforeAll(async () => {
  plane = await startPlane();
  const onAttempt = ({ verb, code }: { readonly verb: string; readonly code: string | number }): void => {
    if (verb !== 'GET' && verb !== 'get') writes.push(`${verb} ${code}`);
  };
  const client = new KubeClient(plane.http({ onAttempt }));
  const revisions = new RevisionStore({
    client,
    view: noRevisions,
    key: 'default/live',
    owner: () => metadata,
  });
  fleet = new FleetObjects({
    client,
    revisions,
    cluster: () => cluster,
    revisionsInUse: () => new Set([revision]),
  });
  await fleet.settle(connections);
});
afterAll(async () => await plane?.stop());

const at = (type: ResourceType, name: string): Promise<KubeObject> =>
  plane.client.get(type, { name, namespace });

test('is written once, and not again while nobody touches it', async () => {
  for (const [type, name] of objects) await at(type, name);
  writes.length = 0;
  expect(await fleet.settle(connections)).toEqual([]);
  expect(writes).toEqual([]);
});

test.each(objects)('comes back when somebody deletes it (%#)', async (type, name) => {
  await plane.client.delete(type, { name, namespace });
  expect(await fleet.settle(connections)).toEqual([]);
  expect((await at(type, name)).metadata.name).toBe(name);
  writes.length = 0;
  await fleet.settle(connections);
  expect(writes).toEqual([]);
});

test.each<readonly [type: ResourceType, name: string, patch: object]>([
  [SERVICES, 'live-signal', { spec: { selector: { app: 'something-else' } } }],
  [PDBS, 'live-media-nodes', { spec: { minAvailable: 0 } }],
])('is as it was when somebody changes it (%#)', async (type, name, patch) => {
  const before = JSON.stringify(((await at(type, name)) as { spec?: unknown }).spec);
  await plane.client.patchMerge(type, { name, namespace }, patch);
  expect(JSON.stringify(((await at(type, name)) as { spec?: unknown }).spec)).not.toBe(before);
  expect(await fleet.settle(connections)).toEqual([]);
  expect(JSON.stringify(((await at(type, name)) as { spec?: unknown }).spec)).toBe(before);
});
