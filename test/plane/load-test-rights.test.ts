/** Load tests with the real Job controller and garbage collector, by an operator with nothing but the chart's rights. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { LABELS } from '../../src/api/names.ts';
import type { OpenViduLoadTest } from '../../src/api/v1alpha1.gen.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { PODS } from '../../src/kube/resource.ts';
import { loadTestNames } from '../../src/manifests/load-test-meta.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { LoadTestController } from '../../src/operator/load-test-controller.ts';
import {
  JOBS,
  LOAD_TESTS,
  RESULT_MAPS,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../../src/operator/load-test-type.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { kubectl, output } from './programs.ts';
import { makeFleet, until as within } from '../../lab/plane/steps.ts';

jest.setTimeout(120_000);

const namespace = 'rooms';
const installed = 'operators';
const account = 'ovm-openvidu-media-operator';
const chart = new URL('../../charts/openvidu-media-operator', import.meta.url).pathname;
let plane: Plane;
let stop: () => Promise<void> = () => Promise.resolve();

const until = <T>(claim: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  within(claim, look, 60_000);

async function installChart(): Promise<void> {
  const args = ['template', 'ovm', chart, '--namespace', installed, '--kube-version', '1.36.0'];
  const file = join(plane.dir, 'chart.yaml');
  await writeFile(file, await output('helm', [...args, '--set', `watchNamespace=${namespace}`]));
  await kubectl(plane, 'create', 'namespace', namespace);
  await kubectl(plane, 'create', 'namespace', installed);
  // Where only Pods of the restricted standard are let in.
  await kubectl(plane, 'label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  await kubectl(plane, 'apply', '-f', file);
}

beforeAll(async () => {
  plane = await startPlane({ controllers: true });
  await installChart();
  await until('the definitions are served', async () => Boolean(await plane.client.list(LOAD_TESTS)));
  await until('Pods may be made', () => plane.client.find(SERVICE_ACCOUNTS, { name: 'default', namespace }));
  const token = await kubectl(plane, '--namespace', installed, 'create', 'token', account);
  const client = new KubeClient(plane.http({ token }));
  const events = new EventRecorder({ client, controller: 'test', instance: 'test', log: silentLog });
  const controller = new LoadTestController({
    client,
    events,
    clock: systemClock,
    log: silentLog,
    namespace,
    otherImages: [],
    image: 'operator:1',
  });
  const ending = new AbortController();
  controller.watch(ending.signal);
  const led = controller.lead(ending.signal, 2000);
  stop = async () => {
    ending.abort();
    await led;
    await events.stop();
  };
}, 120_000);
afterAll(async () => {
  await stop();
  await plane?.stop();
});

/** A fleet of one node that is closed already, as its own part of the operator would have it. */
async function fleet(): Promise<void> {
  await makeFleet(plane.client, { name: 'prod', namespace });
  const restricted = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  await plane.client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'prod-1',
      namespace,
      labels: { [LABELS.component]: 'media-node', [LABELS.cluster]: 'prod' },
    },
    spec: { containers: [{ name: 'openvidu', image: 'one', securityContext: restricted }] },
  } as Parameters<KubeClient['create']>[1]);
  const status = { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] };
  await plane.client.patchMerge(PODS, { name: 'prod-1', namespace }, { status }, { subresource: 'status' });
  const node = { name: 'prod-1', nodeId: 'ND_1', state: 'Cordoned', rooms: 0, participants: 0 };
  const nodes = { status: { nodes: [node] } };
  await plane.client.patchMerge(CLUSTERS, { name: 'prod', namespace }, nodes, { subresource: 'status' });
}

async function podsOf(component: string): Promise<readonly Pod[]> {
  const labelSelector = `${LABELS.loadTest}=rooms,${LABELS.component}=${component}`;
  const { items } = await plane.client.list(PODS, { namespace, labelSelector });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

const testOf = (): Promise<OpenViduLoadTest> => plane.client.get(LOAD_TESTS, { name: 'rooms', namespace });
const generators = (): Promise<readonly Pod[]> => podsOf('load-test-generator');
const coordinators = (): Promise<readonly Pod[]> => podsOf('load-test-coordinator');

/** What a kubelet would say of the coordinator's Pod. */
async function coordinatorAt(podIP: string): Promise<void> {
  const pod = await until('a new coordinator', async () => {
    const pods = await coordinators();
    return pods.find(({ status }) => status?.phase === 'Pending');
  });
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
  const ref = { name: pod.metadata.name, namespace };
  await plane.client.patchMerge(PODS, ref, { status }, { subresource: 'status' });
}

test('Pods of both kinds are made, lost ones are replaced, and an abort leaves none', async () => {
  await fleet();
  const inline = await readFile('docs/samples/loadtests/quick.yaml', 'utf8');
  await plane.client.create(LOAD_TESTS, {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduLoadTest',
    metadata: { name: 'rooms', namespace },
    spec: {
      target: { clusterRef: { name: 'prod' }, mediaNode: 'prod-1' },
      scenario: { inline },
      generators: { count: 2 },
    },
  } as Parameters<KubeClient['create']>[1]);
  await coordinatorAt('10.1.2.4');
  const [lost] = await until('two generators', async () => {
    const pods = await generators();
    return pods.length === 2 && pods;
  });
  const indexes = (await generators()).map(
    ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'],
  );
  expect(new Set(indexes)).toEqual(new Set(['0', '1']));

  await plane.client.delete(PODS, { name: lost?.metadata.name ?? '', namespace }, { gracePeriodSeconds: 0 });
  await until('its replacement, with the same index', async () => {
    const pods = await generators();
    return pods.length === 2 && pods.every(({ metadata }) => metadata.uid !== lost?.metadata.uid);
  });

  const [coordinator] = await coordinators();
  await plane.client.delete(
    PODS,
    { name: coordinator?.metadata.name ?? '', namespace },
    { gracePeriodSeconds: 0 },
  );
  await coordinatorAt('10.1.2.5');
  await until('generators that dial the new one', async () => {
    const pods = await generators();
    return pods.length === 2 && pods.every((pod) => JSON.stringify(pod).includes('ws://10.1.2.5:7000'));
  });

  await plane.client.patchMerge(LOAD_TESTS, { name: 'rooms', namespace }, { spec: { abort: true } });
  await until('it is aborted', async () => (await testOf()).status?.phase === 'Aborted');
  expect([...(await generators()), ...(await coordinators())]).toEqual([]);
  const node = await plane.client.get(PODS, { name: 'prod-1', namespace });
  expect(node.metadata.labels?.[LABELS.underTest]).toBeUndefined();
});

test('the coordinator may read and write its own ConfigMap, and nothing else', async () => {
  const { result, rights } = loadTestNames((await testOf()).metadata);
  const token = await kubectl(plane, '--namespace', namespace, 'create', 'token', rights);
  const client = new KubeClient(plane.http({ token }));
  const ref = { name: result, namespace };
  await client.patchMerge(RESULT_MAPS, ref, { data: { summary: 'hello' } });
  await expect(client.get(RESULT_MAPS, ref)).resolves.toMatchObject({ data: { summary: 'hello' } });
  for (const refused of [
    () => client.list(RESULT_MAPS, { namespace }),
    () => client.get(RESULT_MAPS, { name: `${result}-other`, namespace }),
    () => client.delete(RESULT_MAPS, ref),
    () => client.list(PODS, { namespace }),
    () => client.get(LOAD_TESTS, { name: 'rooms', namespace }),
  ]) {
    await expect(refused()).rejects.toThrow(/forbidden/);
  }
});

test('with the resource everything goes but the result', async () => {
  const {
    result,
    rights,
    coordinator,
    generators: workers,
    scenario,
  } = loadTestNames((await testOf()).metadata);
  await plane.client.delete(LOAD_TESTS, { name: 'rooms', namespace });
  const owned = [
    [JOBS, coordinator],
    [JOBS, workers],
    [SERVICE_ACCOUNTS, rights],
    [ROLES, rights],
    [ROLE_BINDINGS, rights],
    [RESULT_MAPS, scenario],
  ] as const;
  for (const [type, name] of owned) {
    await until(`${type.kind} ${name} is gone`, async () => {
      return (await plane.client.find(type, { name, namespace })) === undefined;
    });
  }
  await expect(plane.client.get(RESULT_MAPS, { name: result, namespace })).resolves.toBeDefined();
});
