/** With the real controller manager: what its garbage collector and its namespace controller make of a fleet. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { CONTROLLER_REVISIONS, PODS, resourceType, SECRETS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { define, leadFleets, makeFleet, makeKeys, until as within } from '../../lab/plane/steps.ts';

jest.setTimeout(120_000);

const kind = (group: string, plural: string, name: string, namespaced: boolean) =>
  resourceType<KubeObject>({ group, version: 'v1', plural, kind: name, namespaced });
const NAMESPACES = kind('', 'namespaces', 'Namespace', false);
const SERVICE_ACCOUNTS = kind('', 'serviceaccounts', 'ServiceAccount', true);
const namespace = 'rooms';

let plane: Plane;
let redis: LocalRedis;
let stop: () => Promise<void> = () => Promise.resolve();

const until = <T>(claim: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  within(claim, look, 60_000);

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane({ controllers: true }), startRedis()]);
  const { client } = plane;
  await define(client, 'openviducluster');
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await until('Pods may be made', () => client.find(SERVICE_ACCOUNTS, { name: 'default', namespace }));
  await makeKeys(client, namespace);
  ({ stop } = leadFleets(new KubeClient(plane.http())));
});
afterAll(async () => {
  await stop();
  await redis?.stop();
  await plane?.stop();
});

async function make(name: string, db: number, more: JsonObject = {}): Promise<void> {
  const redisNow = { standalone: { address: redis.address, db } };
  await makeFleet(plane.client, { name, namespace }, { redis: redisNow, mediaNodes: { max: 2 }, ...more });
  await until('a Pod', async () => (await podsOf(name)).length > 0);
}

async function podsOf(name: string): Promise<readonly KubeObject[]> {
  return (await plane.client.list(PODS, { namespace, labelSelector: `openvidu.io/cluster=${name}` })).items;
}

test('with a revision the Secret of its configuration goes', async () => {
  await make('kept', 1);
  const labelSelector = 'openvidu.io/cluster=kept';
  const { items } = await plane.client.list(CONTROLLER_REVISIONS, { namespace, labelSelector });
  const secret = {
    name: `kept-livekit-${items[0]?.metadata.labels?.['openvidu.io/revision'] ?? ''}`,
    namespace,
  };
  const before = await plane.client.get(SECRETS, secret);
  await plane.client.delete(CONTROLLER_REVISIONS, { name: items[0]?.metadata.name ?? '', namespace });

  await until('it is another one, or none', async () => {
    return (await plane.client.find(SECRETS, secret))?.metadata.uid !== before.metadata.uid;
  });
});

test('with policy Delete everything goes at once', async () => {
  await make('hasty', 2, { deletion: { policy: 'Delete' } });
  await plane.client.delete(CLUSTERS, { name: 'hasty', namespace });

  await until('its Pods are gone', async () => (await podsOf('hasty')).length === 0);
});

test('a deleted namespace is not held up by the fleets in it', async () => {
  await make('last', 3);
  await plane.client.delete(NAMESPACES, { name: namespace });

  await until(
    'it is gone',
    async () => (await plane.client.find(NAMESPACES, { name: namespace })) === undefined,
  );
  expect(await plane.client.find(CLUSTERS, { name: 'last', namespace })).toBeUndefined();
});
