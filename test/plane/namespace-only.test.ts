/**
 * The operator for one namespace, installed by helm with no cluster-wide right at all: its whole work, then an uninstall
 * that leaves the fleet alone, then another install that finds it. The nodes are shells without media.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { ShellNodes } from '../../lab/chaos/fencing-nodes.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { ANNOTATIONS, LABELS } from '../../src/api/names.ts';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Pod } from '../../src/kube/kinds.ts';
import { PODS } from '../../src/kube/resource.ts';
import { loadTestNames } from '../../src/manifests/load-test-meta.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { JOBS, LOAD_TESTS, RESULT_MAPS, SERVICE_ACCOUNTS } from '../../src/operator/load-test-type.ts';
import { PROFILES } from '../../src/operator/profile-type.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { helm, helmInstall, type InstalledOperator, runInstalled } from './installed-operator.ts';
import { rightSpec } from './profile-wrong.ts';
import { kubectl } from './programs.ts';
import { CRDS, makeFleet, makeKeys, until as within } from '../../lab/plane/steps.ts';

jest.setTimeout(180_000);

const namespace = 'rooms';
const installed = 'operators';
const settings = [`watchNamespace=${namespace}`];

let plane: Plane;
let redis: LocalRedis;
let entries: Redis;
let shells: ShellNodes;
let operator: InstalledOperator;
let notes: string;

const until = <T>(claim: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  within(claim, look, 60_000);

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane({ controllers: true }), startRedis()]);
  const { client } = plane;
  for (const name of [namespace, installed]) await kubectl(plane, 'create', 'namespace', name);
  notes = await helmInstall(plane, installed, settings);
  await until('the definitions are served', async () => Boolean(await client.list(LOAD_TESTS)));
  await until('Pods may be made', () => client.find(SERVICE_ACCOUNTS, { name: 'default', namespace }));
  await makeKeys(client, namespace);
  const [host = '', port = ''] = redis.address.split(':');
  entries = new Redis({ host, port: Number(port) });
  shells = new ShellNodes({ client, redis: entries, namespace, net: `91.${process.pid % 250}` });
  operator = await runInstalled(plane, installed);
});
afterAll(async () => {
  await operator?.stop();
  await shells?.stop();
  entries?.disconnect();
  await redis?.stop();
  await plane?.stop();
});

async function makeExternal(name: string, replicas: number): Promise<void> {
  const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };
  await makeFleet(
    plane.client,
    { name, namespace },
    {
      redis: { standalone: { address: redis.address } },
      mediaNodes: {
        max: 6,
        replicas,
        capacity: { profileRef: { name: 'measured' } },
        template: { spec: { containers: [{ name: 'livekit', image: 'one' }] } },
      },
      autoscaling: { mode: 'External', behavior: { scaleUp: rules, scaleDown: rules } },
      drain: { signallingGrace: '1s' },
    },
  );
}

const fleetNow = (): Promise<OpenViduCluster> => plane.client.get(CLUSTERS, { name: 'media', namespace });

async function podsOf(cluster: string): Promise<readonly Pod[]> {
  const labelSelector = `${LABELS.cluster}=${cluster},${LABELS.component}=media-node`;
  return (await plane.client.list(PODS, { namespace, labelSelector })).items;
}

const uidsOf = (pods: readonly Pod[]): readonly string[] =>
  pods.map(({ metadata }) => metadata.uid).toSorted();

async function annotate(pod: string, annotations: Readonly<Record<string, string | null>>): Promise<void> {
  await plane.client.patchMerge(PODS, { name: pod, namespace }, { metadata: { annotations } });
}

describe('in a namespace of its own', () => {
  test('it is given nothing cluster-wide: no role, no binding, no object but the definitions', async () => {
    const text = await helm(plane, 'get', 'manifest', 'ovm', '--namespace', installed);
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null);
    const places = objects.flatMap((object) =>
      object === null ? [] : [`${object.kind} in ${object.metadata.namespace ?? 'the cluster'}`],
    );

    expect(places.filter((place) => place.startsWith('ClusterRole'))).toEqual([]);
    expect(new Set(places.filter((place) => place.endsWith('the cluster')))).toEqual(
      new Set(['CustomResourceDefinition in the cluster']),
    );
    expect(notes).toContain('Kubernetes Nodes are not watched');
  });

  test('it brings up a fleet, and follows a measured profile once that is approved', async () => {
    await plane.client.create(PROFILES, {
      apiVersion: 'openvidu.io/v1alpha1',
      kind: 'OpenViduCapacityProfile',
      metadata: { name: 'measured', namespace },
      spec: { ...rightSpec, mode: 'Apply' },
    });
    await makeExternal('media', 3);
    await until('three nodes serve', async () => (await fleetNow()).status?.servingNodes === 3);
    await until('the profile is in use', async () => {
      const { status } = await plane.client.get(PROFILES, { name: 'measured', namespace });
      return status?.usedBy?.includes('media') === true;
    });
    await kubectl(plane, '--namespace', namespace, 'get', 'service', 'media-signal');
    expect(
      await kubectl(plane, '--namespace', namespace, 'get', 'poddisruptionbudgets', '-o', 'name'),
    ).not.toBe('');
  });

  test('it cordons a node and takes it back', async () => {
    await annotate('media-media-0', { [ANNOTATIONS.cordon]: 'new kernel, Ana' });
    await until('it is cordoned', async () => (await fleetNow()).status?.cordonedNodes === 1);
    await annotate('media-media-0', { [ANNOTATIONS.cordon]: null });
    await until('it is taken back', async () => (await fleetNow()).status?.cordonedNodes === 0);
  });

  test('it removes a node that is proven empty, with a receipt', async () => {
    await plane.client.patchMerge(
      CLUSTERS,
      { name: 'media', namespace },
      { spec: { mediaNodes: { replicas: 2 } } },
    );
    await until('one has left', async () => (await podsOf('media')).length === 2);
    const receipts = await plane.client.get(RESULT_MAPS, { name: 'media-receipts', namespace });
    const all = (await plane.client.list(PODS, { namespace })).items.map(({ metadata }) => metadata.name);
    const removed = Object.keys(receipts.data ?? {}).map((key) => key.split('.')[1] ?? '');
    expect(removed).not.toEqual([]);
    expect(all.filter((name) => removed.includes(name))).toEqual([]);
  });

  test('it lends a node to a load test, starts it, and takes the node back', async () => {
    const inline = await readFile('docs/samples/loadtests/quick.yaml', 'utf8');
    await plane.client.create(LOAD_TESTS, {
      apiVersion: 'openvidu.io/v1alpha1',
      kind: 'OpenViduLoadTest',
      metadata: { name: 'rooms', namespace },
      spec: { target: { clusterRef: { name: 'media' } }, scenario: { inline }, generators: { count: 1 } },
    } as Parameters<KubeClient['create']>[1]);
    const found = await plane.client.get(LOAD_TESTS, { name: 'rooms', namespace });
    const { coordinator } = loadTestNames(found.metadata);
    await until('its coordinator is started', () =>
      plane.client.find(JOBS, { name: coordinator, namespace }),
    );

    await plane.client.patchMerge(LOAD_TESTS, { name: 'rooms', namespace }, { spec: { abort: true } });
    await until('it is aborted', async () => {
      const { status } = await plane.client.get(LOAD_TESTS, { name: 'rooms', namespace });
      return status?.phase === 'Aborted';
    });
    await until('the node is taken back', async () => {
      return (await podsOf('media')).every(
        ({ metadata }) => metadata.labels?.[LABELS.underTest] === undefined,
      );
    });
  });

  test('it asked for nothing that it may not have, and has complained of nothing', async () => {
    const forbidden = (await operator.metrics())
      .split('\n')
      .filter((line) => /kube_requests.*code="403"/.test(line));
    const complaints = operator.process
      .output()
      .split('\n')
      .filter((line) => /"level":"(?:warn|error)"/.test(line));
    expect({ forbidden, complaints }).toEqual({ forbidden: [], complaints: [] });
  });
});

describe('uninstalled by helm', () => {
  let before: readonly string[];

  test('it leaves definitions, fleets and Media Nodes as they are, as its notes have said', async () => {
    expect(notes).toMatch(
      /helm uninstall leaves .*, the OpenViduClusters, their Media Nodes and all rooms as they are/,
    );
    before = uidsOf(await podsOf('media'));
    await makeExternal('other', 1);
    await until('the other fleet has a node', async () => (await podsOf('other')).length === 1);
    await operator.stop();
    const said = await helm(plane, 'uninstall', 'ovm', '--namespace', installed);
    // Long enough for the garbage collector to have found something.
    await delay(3000);

    expect(said).toContain('[CustomResourceDefinition] openviduclusters.openvidu.io');
    expect((await plane.client.list(CRDS)).items.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'openviducapacityprofiles.openvidu.io',
      'openviduclusters.openvidu.io',
      'openviduloadtests.openvidu.io',
    ]);
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(uidsOf(await podsOf('media'))).toEqual(before);
  });

  test('it can be let go of by the command in the notes: the Media Nodes of a deleted fleet are told to stop', async () => {
    const command =
      /kubectl -n NAMESPACE patch openviducluster NAME (?<rest>.*)/.exec(notes)?.groups?.['rest'] ?? '';
    const [type = '', , patch = ''] = command.split(' ');
    await plane.client.delete(CLUSTERS, { name: 'other', namespace });
    await delay(1000);
    expect(await podsOf('other')).toHaveLength(1);

    const body = patch.replaceAll("'", '');
    await kubectl(plane, '-n', namespace, 'patch', 'openviducluster', 'other', type, '-p', body);
    await until('its Pods are told to stop', async () => (await podsOf('other')).length === 0);
  });

  test('and installed again it finds its fleet, and neither starts nor stops a node', async () => {
    await helmInstall(plane, installed, settings);
    operator = await runInstalled(plane, installed);
    const { metadata } = await fleetNow();
    const asked = { metadata: { annotations: { 'example.com/look': metadata.resourceVersion } } };
    await plane.client.patchMerge(CLUSTERS, { name: 'media', namespace }, asked);
    await until('it looks after it', async () =>
      (await operator.metrics()).includes(`cluster_namespace="${namespace}",cluster="media"`),
    );
    await delay(2000);
    expect(uidsOf(await podsOf('media'))).toEqual(before);
  });
});
