/** With the real controller manager: what its garbage collector and its namespace controller make of a fleet. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { CONTROLLER_REVISIONS, PODS, resourceType, SECRETS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { Controller } from '../../src/operator/controller.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type Plane, startPlane } from './harness.ts';

jest.setTimeout(120_000);

const kind = (group: string, plural: string, name: string, namespaced: boolean) =>
  resourceType<KubeObject>({ group, version: 'v1', plural, kind: name, namespaced });
const CRDS = kind('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition', false);
const NAMESPACES = kind('', 'namespaces', 'Namespace', false);
const SERVICE_ACCOUNTS = kind('', 'serviceaccounts', 'ServiceAccount', true);
const namespace = 'rooms';

let plane: Plane;
let redis: LocalRedis;
let stop: () => Promise<void> = () => Promise.resolve();

async function until<T>(claim: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`not within 60 s: ${claim}`);
    await delay(50);
  }
}

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane({ controllers: true }), startRedis()]);
  const { client } = plane;
  await client.create(CRDS, parse(await readFile('crds/openviducluster.yaml', 'utf8')) as KubeObject);
  await until('the definition is served', async () => Boolean(await client.list(CLUSTERS)));
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await until('Pods may be made', () => client.find(SERVICE_ACCOUNTS, { name: 'default', namespace }));
  const data = { apiKey: btoa('key'), apiSecret: btoa('a-secret-of-more-than-thirty-two-bytes') };
  const metadata = { name: 'livekit-keys', namespace };
  await client.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data });
  const events = new EventRecorder({ client, controller: 'test', instance: 'test', log: silentLog });
  const controller = new Controller({
    client: new KubeClient(plane.http()),
    events,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ version: 'test', nodeVersion: 'test' }),
    namespace: undefined,
    concurrency: 1,
    kubernetesNodes: true,
  });
  const ending = new AbortController();
  controller.watch(ending.signal);
  const led = controller.lead(ending.signal, 2000);
  stop = async () => {
    ending.abort();
    await led;
    await events.stop();
  };
});
afterAll(async () => {
  await stop();
  await redis?.stop();
  await plane?.stop();
});

async function make(name: string, db: number, more: object = {}): Promise<void> {
  await plane.client.create(CLUSTERS, {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { name, namespace },
    spec: {
      redis: { standalone: { address: redis.address, db } },
      server: { credentialsSecretRef: { name: 'livekit-keys' } },
      mediaNodes: {
        min: 1,
        max: 2,
        template: { spec: { containers: [{ name: 'openvidu', image: 'one' }] } },
      },
      ...more,
    },
  });
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
