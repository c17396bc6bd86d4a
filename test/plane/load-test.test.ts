/** Load tests as resources on a real API server: nothing runs, so Pods, Jobs and results are written by hand. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { LABELS } from '../../src/api/names.ts';
import type { ClusterStatusNode, OpenViduLoadTest } from '../../src/api/v1alpha1.gen.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Pod } from '../../src/kube/kinds.ts';
import { PODS } from '../../src/kube/resource.ts';
import { loadTestNames } from '../../src/manifests/load-test-meta.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { LoadTestController } from '../../src/operator/load-test-controller.ts';
import { publishProfile } from '../../src/operator/load-test-profile.ts';
import {
  JOBS,
  LOAD_TESTS,
  RESULT_MAPS,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../../src/operator/load-test-type.ts';
import { PROFILES } from '../../src/operator/profile-type.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { aLoadTest, forbiddenChanges, quickScenario as scenario, wrongLoadTests } from './load-test-wrong.ts';
import { CRDS, define, lead, makeFleet, until } from '../../lab/plane/steps.ts';

jest.setTimeout(90_000);

const namespace = 'default';
let plane: Plane;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  plane = await startPlane();
  await define(plane.client, 'openviducluster', 'openviduloadtest', 'openviducapacityprofile');
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await plane?.stop();
});

/** The part of the operator that looks after load tests, until the returned function is called. */
function operate(): () => Promise<void> {
  const { stop } = lead(
    new KubeClient(plane.http()),
    (parts) =>
      new LoadTestController({
        ...parts,
        clock: systemClock,
        log: silentLog,
        namespace: undefined,
        image: 'operator:1',
        otherImages: ['mirror/operator:1'],
      }),
  );
  stops.push(stop);
  return stop;
}

const testOf = (name: string): Promise<OpenViduLoadTest> => plane.client.get(LOAD_TESTS, { name, namespace });

async function phase(name: string, ...wanted: readonly string[]): Promise<OpenViduLoadTest> {
  return await until(`${name} is ${wanted.join(' or ')}`, async () => {
    const found = await testOf(name);
    return wanted.includes(found.status?.phase ?? '') && found;
  });
}

async function refusalOf(done: Promise<unknown>): Promise<string> {
  const outcome: unknown = await done.then(
    () => new Error('was accepted'),
    (error: unknown) => error,
  );
  return outcome instanceof Error ? outcome.message : String(outcome);
}

const conditionOf = ({ status }: OpenViduLoadTest, type: string) =>
  status?.conditions?.find((one) => one.type === type);

/** A fleet with these nodes, each of them a Pod that is said to run. */
async function fleet(name: string, nodes: readonly string[]): Promise<void> {
  await makeFleet(plane.client, { name, namespace });
  for (const node of nodes) {
    await plane.client.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: node,
        namespace,
        labels: { [LABELS.component]: 'media-node', [LABELS.cluster]: name },
      },
      spec: {
        containers: [
          { name: 'openvidu', image: 'one', resources: { limits: { cpu: '1500m', memory: '1Gi' } } },
        ],
      },
    } as Parameters<KubeClient['create']>[1]);
    const status = { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] };
    await plane.client.patchMerge(PODS, { name: node, namespace }, { status }, { subresource: 'status' });
  }
  await show(
    name,
    nodes.map((node) => aNode(node)),
  );
}

function aNode(name: string, change: Partial<ClusterStatusNode> = {}): ClusterStatusNode {
  return { name, nodeId: `ND_${name}`, state: 'Serving', rooms: 0, participants: 0, ...change };
}

/** What the operator's other part would have written. */
async function show(cluster: string, nodes: readonly ClusterStatusNode[]): Promise<void> {
  const ref = { name: cluster, namespace };
  await plane.client.patchMerge(CLUSTERS, ref, { status: { nodes } }, { subresource: 'status' });
}

const podOf = (name: string): Promise<Pod> => plane.client.get(PODS, { name, namespace });
const lentTo = async (node: string): Promise<string | undefined> =>
  (await podOf(node)).metadata.labels?.[LABELS.underTest];

/** Creates a test on the node and takes it to where its Jobs are made. */
async function provisioned(
  name: string,
  cluster: string,
  node: string,
  changes = {},
): Promise<OpenViduLoadTest> {
  await fleet(cluster, [node, `${node}-other`]);
  const target = { 'spec.target': { clusterRef: { name: cluster }, mediaNode: node } };
  await plane.client.create(LOAD_TESTS, aLoadTest(name, { ...target, ...changes }));
  await until('the node is lent', async () => (await lentTo(node)) === name);
  await show(cluster, [aNode(node, { state: 'Cordoned', cordonedBy: 'LoadTest' }), aNode(`${node}-other`)]);
  const found = await phase(name, 'Provisioning');
  await until('the coordinator is started', () => jobOf(loadTestNames(found.metadata).coordinator));
  await coordinatorPod(name, '10.1.2.4');
  await until('the generators are started', () => jobOf(loadTestNames(found.metadata).generators));
  return found;
}

/** What the Job controller and a kubelet would make of its Job. */
async function coordinatorPod(loadTest: string, podIP: string): Promise<void> {
  const name = `${loadTest}-coordinator-${podIP.replaceAll('.', '-')}`;
  const labels = { [LABELS.loadTest]: loadTest, [LABELS.component]: 'load-test-coordinator' };
  await plane.client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'coordinator', image: 'one' }] },
  } as Parameters<KubeClient['create']>[1]);
  await podIs(name, 'Running', podIP);
}

async function podIs(name: string, phaseNow: string, podIP: string): Promise<void> {
  const status = { phase: phaseNow, podIP, podIPs: [{ ip: podIP }] };
  await plane.client.patchMerge(PODS, { name, namespace }, { status }, { subresource: 'status' });
}

const jobOf = (name: string) => plane.client.find(JOBS, { name, namespace });

/** What the coordinator would write. */
async function write(found: OpenViduLoadTest, data: Readonly<Record<string, unknown>>): Promise<void> {
  const texts = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)]));
  const ref = { name: loadTestNames(found.metadata).result, namespace };
  await plane.client.patchMerge(RESULT_MAPS, ref, { data: texts });
}

/** What the Job controller would write. */
async function completeJob(name: string): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+/, '');
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
    type,
    status: 'True',
    lastProbeTime: at,
    lastTransitionTime: at,
  }));
  const status = { startTime: at, completionTime: at, succeeded: 1, uncountedTerminatedPods: {}, conditions };
  await plane.client.patchMerge(JOBS, { name, namespace }, { status }, { subresource: 'status' });
}

describe('a wrong OpenViduLoadTest is refused with its field and the remedy', () => {
  test.each(wrongLoadTests.map((wrong) => [wrong.name, wrong] as const))(
    '%s',
    async (_, { changes, says }) => {
      const created = plane.client.create(LOAD_TESTS, aLoadTest('wrong', changes), {
        dryRun: true,
        fieldValidation: 'Strict',
      });
      const refusal = await refusalOf(created);
      for (const text of says) expect(refusal).toContain(text);
    },
  );
});

describe('a change of a test that exists', () => {
  beforeAll(async () => {
    await plane.client.create(LOAD_TESTS, aLoadTest('fixed', { 'spec.abort': true }));
  });

  test.each(forbiddenChanges.map((wrong) => [wrong.name, wrong] as const))(
    'is refused in %s, with the remedy',
    async (_, { changes, says }) => {
      const patched = plane.client.patchMerge(LOAD_TESTS, { name: 'fixed', namespace }, { spec: changes });
      const refusal = await refusalOf(patched);
      for (const text of says) expect(refusal).toContain(text);
    },
  );

  test('is refused when it takes an abort back', async () => {
    const patched = plane.client.patchMerge(
      LOAD_TESTS,
      { name: 'fixed', namespace },
      { spec: { abort: false } },
    );
    expect(await refusalOf(patched)).toContain('an aborted test cannot be resumed');
  });

  test('is taken in what becomes of it', async () => {
    const cleanup = { policy: 'Delete', ttl: '24h' };
    const ref = { name: 'fixed', namespace };
    const changed = await plane.client.patchMerge(LOAD_TESTS, ref, { spec: { cleanup } });
    expect(changed.spec.cleanup).toEqual(cleanup);
    await plane.client.delete(LOAD_TESTS, ref);
  });
});

test('the sample is accepted', async () => {
  const sample = parse(await readFile('docs/samples/openviduloadtest.yaml', 'utf8')) as OpenViduLoadTest;
  const object = { ...sample, metadata: { ...sample.metadata, namespace } };
  const options = { dryRun: true, fieldValidation: 'Strict' } as const;
  await expect(plane.client.create(LOAD_TESTS, object, options)).resolves.toMatchObject({
    kind: 'OpenViduLoadTest',
  });
});

describe('a load test', () => {
  beforeAll(() => {
    operate();
  });

  test('with a faulty scenario fails with path and remedy, and nothing is started', async () => {
    await fleet('faulty', ['faulty-1', 'faulty-2']);
    const inline = scenario.replace(/mode: \w+/, 'mode: sideways');
    expect(inline).not.toBe(scenario);
    const spec = { 'spec.scenario': { inline }, 'spec.target': { clusterRef: { name: 'faulty' } } };
    await plane.client.create(LOAD_TESTS, aLoadTest('bad', spec));

    const failed = await phase('bad', 'Failed');
    const validated = conditionOf(failed, 'Validated');
    expect(validated).toMatchObject({ status: 'False', reason: 'ScenarioInvalid' });
    expect(validated?.message).toMatch(/spec\.load\.mode.*sideways/);
    expect(await jobOf(loadTestNames(failed.metadata).coordinator)).toBeUndefined();
    expect([await lentTo('faulty-1'), await lentTo('faulty-2')]).toEqual([undefined, undefined]);
  });

  test('runs from the wish to the result, and leaves nothing but the result', async () => {
    const found = await provisioned('whole', 'alpha', 'alpha-1', {
      'spec.generators': { count: 3 },
      'spec.publishProfile': { name: 'measured', mode: 'Apply' },
    });
    const names = loadTestNames(found.metadata);
    const mine = [{ kind: 'OpenViduLoadTest', uid: found.metadata.uid }];

    const generators = await until('generators', () => jobOf(names.generators));
    expect(generators).toMatchObject({
      metadata: { ownerReferences: mine },
      spec: { completionMode: 'Indexed', completions: 3, parallelism: 3 },
    });
    expect(JSON.stringify(generators)).toContain('ws://10.1.2.4:7000');
    const coordinator = JSON.stringify(await jobOf(names.coordinator));
    expect(coordinator).toContain('"OVLT_URL","value":"ws://10.1.2.3:7880"');
    expect(coordinator).toContain('"OVLT_SERVER_CORES","value":"1.5"');
    expect(coordinator).toContain('"OVLT_NODE_ID","value":"ND_alpha-1"');
    for (const [type, name] of [
      [SERVICE_ACCOUNTS, names.rights],
      [ROLES, names.rights],
      [ROLE_BINDINGS, names.rights],
      [RESULT_MAPS, names.scenario],
    ] as const) {
      const object: KubeObject = await plane.client.get(type, { name, namespace });
      expect(object.metadata.ownerReferences).toMatchObject(mine);
    }

    await write(found, {
      'progress.json': { phase: 'Searching', level: 4, workers: 3, workersWanted: 3, windows: { pass: 2 } },
    });
    const searching = await phase('whole', 'Searching');
    expect(searching.status?.progress).toMatchObject({ level: 4, windows: { pass: 2 } });
    expect(conditionOf(searching, 'GeneratorsReady')?.status).toBe('True');

    await write(found, {
      'profile.json': {
        match: { livekitVersion: '1.13' },
        shapes: [{ name: 'conference-10', participantsPerRoom: 10, rooms: 11, lower95: 10 }],
      },
      'result.json': {
        outcome: 'Complete',
        why: 'It carries 11 rooms.',
        result: {
          unit: 'rooms',
          capacity: 11,
          lower95: 10,
          upper95: 12,
          bindingSlo: 'frameLatencyMs.p95',
          bindingLimit: 'Cpu',
        },
      },
    });
    const record = { binaryData: { 'record.jsonl.gz': btoa('record') } };
    await plane.client.patchMerge(RESULT_MAPS, { name: names.result, namespace }, record);
    await podIs('whole-coordinator-10-1-2-4', 'Succeeded', '10.1.2.4');
    await completeJob(names.coordinator);
    await completeJob(names.generators);
    const over = await phase('whole', 'Succeeded');
    expect(over.status).toMatchObject({
      message: 'It carries 11 rooms.',
      result: { capacity: 11, lower95: 10, bindingSlo: 'frameLatencyMs.p95' },
      artifacts: { configMap: names.result, capacityProfile: 'measured' },
    });
    const profile = await plane.client.get(PROFILES, { name: 'measured', namespace });
    expect(profile.spec).toMatchObject({ mode: 'Apply', shapes: [{ rooms: 11 }] });
    const publishes = { name: 'measured', mode: 'Propose' } as const;
    const again = { ...over, spec: { ...over.spec, publishProfile: publishes } };
    const { mode: _, ...figures } = profile.spec;
    await expect(publishProfile(plane.client, again, figures)).resolves.toBe('measured-proposed');
    expect(over.status?.artifacts?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(conditionOf(over, 'Complete')).toMatchObject({ status: 'True', reason: 'LoadTestSucceeded' });
    expect(await lentTo('alpha-1')).toBeUndefined();
    await until(
      'the finalizer is gone',
      async () => ((await testOf('whole')).metadata.finalizers ?? []).length === 0,
    );

    const kept = await plane.client.get(RESULT_MAPS, { name: names.result, namespace });
    expect(kept.metadata.ownerReferences).toBeUndefined();
    await plane.client.patchMerge(
      LOAD_TESTS,
      { name: 'whole', namespace },
      { spec: { cleanup: { policy: 'Delete' } } },
    );
    await until('the result goes with the test by now', async () => {
      const now = await plane.client.get(RESULT_MAPS, { name: names.result, namespace });
      return now.metadata.ownerReferences?.[0]?.uid === found.metadata.uid;
    });
  });

  test('is ended by an abort within seconds, with the node given back', async () => {
    const found = await provisioned('stopped', 'beta', 'beta-1');
    const names = loadTestNames(found.metadata);
    await write(found, { 'progress.json': { phase: 'Searching', level: 3 } });
    await phase('stopped', 'Searching');
    await plane.client.patchMerge(LOAD_TESTS, { name: 'stopped', namespace }, { spec: { abort: true } });
    await until('the coordinator is asked', async () => {
      const { data = {} } = await plane.client.get(RESULT_MAPS, { name: names.result, namespace });
      return data['abort'] === 'true';
    });
    await write(found, { 'result.json': { outcome: 'Stopped', why: 'A person ended it at level 3.' } });
    await podIs('stopped-coordinator-10-1-2-4', 'Succeeded', '10.1.2.4');
    await completeJob(names.coordinator);
    const over = await phase('stopped', 'Aborted');
    expect(over.status).toMatchObject({ result: { outcome: 'Stopped' } });
    expect(await jobOf(names.generators)).toBeUndefined();
    expect(await lentTo('beta-1')).toBeUndefined();
  });

  test('that is deleted while it runs ends its Jobs and gives its node back', async () => {
    const found = await provisioned('removed', 'gamma', 'gamma-1');
    const names = loadTestNames(found.metadata);
    await plane.client.delete(LOAD_TESTS, { name: 'removed', namespace });
    await until('its Jobs are gone', async () => (await jobOf(names.coordinator)) === undefined);
    expect(await lentTo('gamma-1')).toBe('removed');
    await podIs('removed-coordinator-10-1-2-4', 'Failed', '10.1.2.4');
    await until(
      'it is gone',
      async () => (await plane.client.find(LOAD_TESTS, { name: 'removed', namespace })) === undefined,
    );
    expect(await lentTo('gamma-1')).toBeUndefined();
    expect([await jobOf(names.coordinator), await jobOf(names.generators)]).toEqual([undefined, undefined]);
    await expect(plane.client.get(RESULT_MAPS, { name: names.result, namespace })).resolves.toBeDefined();
  });

  test('takes another node when the chosen one goes before it is closed', async () => {
    await fleet('iota', ['iota-1', 'iota-2']);
    await plane.client.create(
      LOAD_TESTS,
      aLoadTest('again', { 'spec.target': { clusterRef: { name: 'iota' } } }),
    );
    await until('a node is lent', async () => (await lentTo('iota-2')) === 'again');
    await show('iota', [aNode('iota-1')]);
    await plane.client.delete(PODS, { name: 'iota-2', namespace }, { gracePeriodSeconds: 0 });
    await until('the other node is lent', async () => (await lentTo('iota-1')) === 'again');
    expect((await testOf('again')).status?.target?.mediaNode).toBe('iota-1');
    await plane.client.delete(LOAD_TESTS, { name: 'again', namespace });
  });

  test('is not put on a node that has rooms of others', async () => {
    await fleet('delta', ['delta-1']);
    await show('delta', [aNode('delta-1', { rooms: 2, participants: 9 })]);
    const target = { 'spec.target': { clusterRef: { name: 'delta' }, mediaNode: 'delta-1' } };
    await plane.client.create(LOAD_TESTS, aLoadTest('shared', target));
    const failed = await phase('shared', 'Failed');
    expect(failed.status?.message).toContain('delta-1 has 9 participants in 2 rooms');
    expect(await lentTo('delta-1')).toBeUndefined();
  });

  test('whose Pods the API server refuses fails with the field', async () => {
    await provisionedButRefused();
    const failed = await phase('refused', 'Failed');
    expect(failed.status?.message).toMatch(/resources\.requests/);
    expect(await lentTo('eta-1')).toBeUndefined();
  });

  test('that names an image which nobody has allowed fails with the remedy, and nothing is started', async () => {
    await fleet('theta', ['theta-1', 'theta-2']);
    const target = { clusterRef: { name: 'theta' } };
    const spec = { 'spec.target': target, 'spec.generators': { image: 'elsewhere/operator:1' } };
    await plane.client.create(LOAD_TESTS, aLoadTest('foreign', spec));

    const failed = await phase('foreign', 'Failed');
    expect(failed.status?.message).toMatch(/spec\.generators\.image: elsewhere.*loadTests\.images/);
    expect(await jobOf(loadTestNames(failed.metadata).coordinator)).toBeUndefined();
    expect([await lentTo('theta-1'), await lentTo('theta-2')]).toEqual([undefined, undefined]);
  });

  test('may name an image that is allowed', async () => {
    await fleet('omega', ['omega-1', 'omega-2']);
    const target = { clusterRef: { name: 'omega' }, mediaNode: 'omega-1' };
    const spec = { 'spec.target': target, 'spec.generators': { image: 'mirror/operator:1' } };
    await plane.client.create(LOAD_TESTS, aLoadTest('mirrored', spec));
    await until('the node is lent', async () => (await lentTo('omega-1')) === 'mirrored');
  });

  async function provisionedButRefused(): Promise<void> {
    await fleet('eta', ['eta-1', 'eta-2']);
    const resources = { requests: { cpu: '2' }, limits: { cpu: '1' } };
    const spec = {
      'spec.target': { clusterRef: { name: 'eta' }, mediaNode: 'eta-1' },
      'spec.generators': { resources },
    };
    await plane.client.create(LOAD_TESTS, aLoadTest('refused', spec));
    await until('the node is lent', async () => (await lentTo('eta-1')) === 'refused');
    await show('eta', [aNode('eta-1', { state: 'Cordoned' }), aNode('eta-2')]);
  }
});

describe('an operator that is started again', () => {
  test('carries on where the other one stopped, and gives back what nobody uses', async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
    const stop = operate();
    const found = await provisioned('carried', 'epsilon', 'epsilon-1');
    await stop();
    await fleet('zeta', ['zeta-1']);
    const labels = { [LABELS.underTest]: 'nobody' };
    await plane.client.patchMerge(PODS, { name: 'zeta-1', namespace }, { metadata: { labels } });
    await write(found, { 'progress.json': { phase: 'Baseline', level: 1, workers: 1, workersWanted: 1 } });

    operate();
    await phase('carried', 'Baseline');
    await until('the node of nobody is given back', async () => (await lentTo('zeta-1')) === undefined);
    expect(await lentTo('epsilon-1')).toBe('carried');
  });
});

describe('a cluster without the definition of load tests', () => {
  test('is no reason for the operator to stop, and every node is given back', async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
    const tests = (await plane.client.list(LOAD_TESTS, { namespace })).items;
    for (const { metadata } of tests) {
      const ref = { name: metadata.name, namespace };
      await plane.client.patchMerge(LOAD_TESTS, ref, { metadata: { finalizers: null } });
    }
    await plane.client.delete(CRDS, { name: 'openviduloadtests.openvidu.io' });
    await until('it is gone', async () => {
      const found = await plane.client.find(CRDS, { name: 'openviduloadtests.openvidu.io' });
      return found === undefined;
    });
    expect(await lentTo('epsilon-1')).toBe('carried');
    operate();
    await until('the node is given back', async () => (await lentTo('epsilon-1')) === undefined);
  });
});
