/** The command line against a real API server. Where a kubelet or the operator would act, the test does. */
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { withDefaults } from '../../src/cli/crd-defaults.ts';
import { clusterSchema } from '../../src/cli/crd-schema.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { LEASES, PODS, resourceType } from '../../src/kube/resource.ts';
import { CONFIG_MAPS } from '../../src/operator/receipts.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { type Ran, runCli } from '../cli/run-cli.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { define, until } from '../../lab/plane/steps.ts';

jest.setTimeout(60_000);

const root = new URL('../../', import.meta.url).pathname;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const readYaml = (file: string) => parse(readFileSync(`${root}${file}`, 'utf8')) as Manifest;
const sample = readYaml('docs/samples/openviducluster-minimal.yaml');
let plane: Plane;

function cli(...args: readonly string[]): Promise<Ran> {
  return runCli(['--kubeconfig', plane.kubeconfig, ...args]);
}

async function createCluster(namespace: string, name: string): Promise<OpenViduCluster> {
  return await plane.client.create(CLUSTERS, { ...sample, metadata: { name, namespace } });
}

async function createNode(namespace: string, cluster: string, name: string): Promise<Pod> {
  const labels = { 'openvidu.io/cluster': cluster, 'openvidu.io/component': 'media-node' };
  return await createPod(namespace, name, { labels });
}

async function createPod(
  namespace: string,
  name: string,
  {
    labels,
    env = [],
  }: { readonly labels: Readonly<Record<string, string>>; readonly env?: readonly object[] },
): Promise<Pod> {
  return await plane.client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'main', image: 'none', env }] },
  });
}

async function createNamespace(name: string): Promise<void> {
  await plane.client.create(
    resourceType({ group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  );
}

async function writeStatus(namespace: string, name: string, status: object): Promise<void> {
  const options = { subresource: 'status' };
  await plane.client.patchMerge(CLUSTERS, { name, namespace }, { status }, options);
}

const node = (name: string, state: string) => ({ name, state, rooms: 1, participants: 3 });

async function annotationsOf(namespace: string, name: string) {
  return (await plane.client.get(PODS, { name, namespace })).metadata.annotations ?? {};
}

beforeAll(async () => {
  plane = await startPlane();
  await define(plane.client, 'openviducluster');
}, 90_000);
afterAll(async () => await plane?.stop());

test('defaults of a policy file are those that the API server fills in', async () => {
  const filled = await plane.client.create<OpenViduCluster, Manifest>(
    CLUSTERS,
    { ...sample, metadata: { ...sample.metadata, namespace: 'default' } },
    { dryRun: true },
  );

  expect((withDefaults(sample, clusterSchema()) as OpenViduCluster).spec).toEqual(filled.spec);
});

describe('the cluster that is meant', () => {
  test.each([
    ['none is there', 'empty', [], 1, 'has no OpenViduCluster: choose another namespace with -n'],
    ['it is not there', 'one', ['--cluster', 'no'], 1, 'has no OpenViduCluster "no": it has media'],
    ['several are there', 'two', [], 2, 'several OpenViduClusters (media, other): choose one with --cluster'],
  ] as const)('is asked for when %s', async (_, namespace, args, wantedCode, says) => {
    await createNamespace(namespace);
    if (namespace !== 'empty') await createCluster(namespace, 'media');
    if (namespace === 'two') await createCluster(namespace, 'other');

    const { code, stdout, stderr } = await cli('status', '-n', namespace, ...args);

    expect({ code, stdout }).toEqual({ code: wantedCode, stdout: '' });
    expect(stderr).toContain(says);
  });

  test('cannot be seen without the right to, which is said', async () => {
    const { code, stderr } = await runCli(['--kubeconfig', plane.kubeconfigFor('nobody-token'), 'status']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/you lack a right \(.*openviduclusters.*\): ask the administrator/);
  });

  test('cannot be seen with credentials that are not accepted, which is said', async () => {
    const { code, stderr } = await runCli(['--kubeconfig', plane.kubeconfigFor('wrong'), 'status']);

    expect(code).toBe(1);
    expect(stderr).toContain('does not accept your credentials: log in again');
  });
});

describe('a Media Node', () => {
  const namespace = 'calls';
  let count = 0;
  let name = '';

  beforeAll(async () => {
    await createNamespace(namespace);
    await createNamespace('other-calls');
    await createCluster(namespace, 'media');
    await createCluster('other-calls', 'media');
    await createPod(namespace, 'stranger', { labels: {} });
    await createNode(namespace, 'another', 'of-another');
  });
  beforeEach(async () => {
    count += 1;
    name = `media-${count}`;
    await createNode(namespace, 'media', name);
  });

  test('shows in the status, as a table and as one JSON document', async () => {
    await writeStatus(namespace, 'media', { observedGeneration: 1, nodes: [node(name, 'Serving')] });

    const text = await cli('status', '-n', namespace);
    const json = await cli('status', '-n', namespace, '-o', 'json');

    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(new RegExp(`^${name} +Serving +1 +3 +\\d+s +- +-$`, 'm'));
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'media',
      nodes: [{ name, state: 'Serving', rooms: 1 }],
    });
  });

  test('shows in a watch as often as it changes, until Ctrl-C', async () => {
    await writeStatus(namespace, 'media', { nodes: [node(name, 'Serving')] });
    let changed = false;

    const watched = await runCli(['--kubeconfig', plane.kubeconfig, 'status', '-n', namespace, '--watch'], {
      onOut: (text, kill) => {
        if (text.includes('Standby')) return kill('SIGINT');
        if (changed) return;
        changed = true;
        void writeStatus(namespace, 'media', { nodes: [node(name, 'Standby')] });
      },
    });

    expect({ code: watched.code, stderr: watched.stderr }).toEqual({ code: 130, stderr: '' });
    expect(watched.stdout.match(/^calls\/media/gm)).toHaveLength(2);
  });

  test('is cordoned with a reason, and uncordoned', async () => {
    const cordoned = await cli('cordon', name, '-n', namespace, '--reason', 'new kernel');

    expect(cordoned).toMatchObject({ code: 0, stderr: '' });
    expect(await annotationsOf(namespace, name)).toEqual({
      'openvidu.io/cordon': 'new kernel',
      'openvidu.io/cordoned-since': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const uncordoned = await cli('uncordon', name, '-n', namespace);
    expect(uncordoned).toMatchObject({ code: 0, stdout: `${name} is no longer cordoned\n` });
    expect(await annotationsOf(namespace, name)).toEqual({});
    const again = await cli('uncordon', name, '-n', namespace, '-o', 'json');
    expect(JSON.parse(again.stdout)).toEqual({ node: name, cordoned: false, changed: false });
  });

  test('can be waited for until the operator has closed it', async () => {
    const waiting = cli('cordon', name, '-n', namespace, '--wait');
    await until(
      'the wish is written',
      async () => (await annotationsOf(namespace, name))['openvidu.io/cordon'],
    );
    await writeStatus(namespace, 'media', { nodes: [node(name, 'Cordoned')] });

    expect(await waiting).toMatchObject({ code: 0, stdout: expect.stringContaining('closed for new rooms') });
  });

  test('that the operator does not close in time is a negative answer', async () => {
    const { code, stderr } = await cli('cordon', name, '-n', namespace, '--wait', '--timeout', '1s');

    expect(code).toBe(1);
    expect(stderr).toContain(`the operator has not closed ${name} within 1 s`);
  });

  test('is protected, which a drain respects, until it is unprotected', async () => {
    expect(await cli('protect', name, '-n', namespace)).toMatchObject({ code: 0 });
    const drained = await cli('drain', name, '-n', namespace);

    expect(drained).toMatchObject({ code: 1, stdout: '' });
    expect(drained.stderr).toContain(`kubectl-openvidu unprotect ${name}`);
    expect(await annotationsOf(namespace, name)).toEqual({ 'openvidu.io/protect': 'true' });
    await cli('unprotect', name, '-n', namespace);
    expect(await annotationsOf(namespace, name)).toEqual({});
  });

  test('is drained and waited for, and leaves a receipt', async () => {
    const waiting = cli('drain', name, '-n', namespace, '--wait', '--reason', 'old machine', '-o', 'json');
    const pod = await until('the wish is written', async () => {
      const found = await plane.client.get(PODS, { name, namespace });
      return found.metadata.annotations?.['openvidu.io/drain'] === undefined ? undefined : found;
    });
    const removedAt = new Date().toISOString();
    const receipt = { node: name, uid: pod.metadata.uid, removedAt, because: 'Drained.', proofs: [{}, {}] };
    const key = `${removedAt.replaceAll(/[^0-9TZ]/g, '')}.${name}`;
    await plane.client.create(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'media-receipts', namespace },
      data: { [key]: JSON.stringify(receipt) },
    });
    await plane.client.delete(PODS, { name, namespace }, { gracePeriodSeconds: 0 });

    const { code, stdout, stderr } = await waiting;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ node: name, drained: true, why: 'old machine', receipt });
    const listed = await cli('receipts', '-n', namespace, '--since', '1h');
    expect(listed.stdout).toMatch(new RegExp(`${name} +2 times +- +- +Drained\\.`));
    const none = await cli('receipts', '-n', namespace, '--node', 'nobody', '-o', 'json');
    expect(JSON.parse(none.stdout)).toEqual({ receipts: [], unreadable: [] });
  });

  test('goes on draining when the one who waits gives up', async () => {
    const stopped = await runCli(
      ['--kubeconfig', plane.kubeconfig, 'drain', name, '-n', namespace, '--wait'],
      {
        onStart: (kill) => {
          void until(
            'the wish is written',
            async () => (await annotationsOf(namespace, name))['openvidu.io/drain'],
          ).then(() => kill('SIGINT'));
        },
      },
    );
    const late = await cli('drain', name, '-n', namespace, '--wait', '--timeout', '1s');

    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    expect(stopped.stderr).toContain(`${name} goes on draining until "kubectl-openvidu uncordon ${name}"`);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('it goes on draining') });
  });

  test.each([
    ['a Pod that is none', 'stranger', 'Pod stranger is no Media Node'],
    ['one of another cluster', 'of-another', 'belongs to cluster another, not to media'],
    ['one that is not there', 'nobody', 'there is no Media Node "nobody"'],
  ])('is not mistaken for %s', async (_, other, says) => {
    const { code, stderr } = await cli('cordon', other, '-n', namespace);

    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });
});

describe('the journal of the operator', () => {
  /** Loopback addresses are no Pods to the API server, so the server listens on an address of this machine. */
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  let server: Server;
  let asked: string[] = [];

  beforeAll(async () => {
    await createNamespace('journal');
    await createCluster('journal', 'media');
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(`${JSON.stringify({ journal: 1, cluster: 'journal/media', roomsHashed: true })}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  test('cannot be had where no operator runs, which is said', async () => {
    const { code, stderr } = await cli('explain', '-n', 'journal');

    expect(code).toBe(1);
    expect(stderr).toContain('there is no journal of journal/media (no Pod of the operator was found)');
  });

  // A machine without a network of its own has no address that the API server would ask.
  const describeWithNetwork = address === undefined ? describe.skip : describe;
  describeWithNetwork('of a running operator', () => {
    test('is asked of the Pod that leads, through the API server', async () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      const env = [
        { name: 'OVM_LEASE_NAME', value: 'operator' },
        { name: 'OVM_PORT', value: String(port) },
      ];
      const labels = { 'app.kubernetes.io/component': 'operator' };
      for (const name of ['operator-a', 'operator-b']) await createPod('journal', name, { labels, env });
      const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }] };
      const ref = { name: 'operator-b', namespace: 'journal' };
      await plane.client.patchMerge(PODS, ref, { status }, { subresource: 'status' });
      await plane.client.create(LEASES, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'operator', namespace: 'journal' },
        spec: { holderIdentity: 'operator-b_1' },
      });
      asked = [];

      const { code, stderr } = await cli('explain', '-n', 'journal');

      // The journal is empty, so all that can be said is that; but it came from the leader alone.
      expect(code).toBe(1);
      expect(stderr).toContain('the journal has no decisions yet');
      expect(asked).toEqual(['/journal?cluster=journal%2Fmedia']);
    });
  });
});
