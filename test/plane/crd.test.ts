import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { mediaNodePod } from '../../src/manifests/media-node-pod.ts';
import { type Changes, wrongManifests } from './crd-wrong.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { kubectl } from './programs.ts';

type Manifest = { readonly [key: string]: unknown };

const root = new URL('../../', import.meta.url).pathname;
const collection = '/apis/openvidu.io/v1alpha1/namespaces/default/openviduclusters';
let plane: Plane;
let http: ReturnType<Plane['http']>;

function readManifest(file: string): Manifest {
  return parse(readFileSync(`${root}${file}`, 'utf8')) as Manifest;
}

const minimal = readManifest('docs/samples/openviducluster-minimal.yaml');

/** A copy of `object` in which the field at the end of `path` is `value`, or gone when that is `undefined`. */
function put(object: Manifest, path: readonly string[], value: unknown): Manifest {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  const child = (object[key] ?? {}) as Manifest;
  return { ...object, [key]: rest.length === 0 ? value : put(child, rest, value) };
}

function changed(changes: Changes): Manifest {
  return Object.entries(changes).reduce(
    (object, [path, value]) => put(object, path.split('.'), value),
    minimal,
  );
}

function tryOut(body: Manifest, dryRun = true): Promise<OpenViduCluster> {
  const query = { fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) };
  return http.request<OpenViduCluster>({ method: 'POST', path: collection, query, body });
}

beforeAll(async () => {
  plane = await startPlane();
  http = plane.http();
  await kubectl(plane, 'apply', '--validate=strict', '-f', `${root}crds`);
  await kubectl(
    plane,
    'wait',
    '--for=condition=Established',
    'crd/openviduclusters.openvidu.io',
    '--timeout=20s',
  );
}, 60_000);

afterAll(async () => {
  await http?.close();
  await plane?.stop();
});

describe('a wrong manifest is refused with its field and the remedy', () => {
  test.each(wrongManifests.map((wrong) => [wrong.name, wrong] as const))('%s', async (_, wrong) => {
    const refusal: unknown = await tryOut(changed(wrong.changes)).then(
      () => new Error('was accepted'),
      (error: unknown) => error,
    );
    const message = refusal instanceof Error ? refusal.message : String(refusal);
    for (const text of wrong.says) expect(message).toContain(text);
  });
});

const school = { name: 'school', timeZone: 'Europe/Madrid', duration: '5h', minNodes: 2 };
const rightManifests: readonly (readonly [string, Changes])[] = [
  ['a fractional compound duration', { 'spec.drain.deadline': '1.5h30m' }],
  ['a surge in percent', { 'spec.updates.maxSurge': '25%' }],
  ['eviction after a deadline', { 'spec.drain': { deadline: '4h', onDeadline: 'Evict' } }],
  ['as many nodes at least as at most', { 'spec.mediaNodes.min': 5 }],
  ['Redis by an IPv6 address', { 'spec.redis.standalone.address': '[fd00::1]:6379' }],
  ['any field of a Pod in the template', { 'spec.mediaNodes.template.spec.hostNetwork': true }],
  ['any value of livekit.yaml', { 'spec.mediaNodes.config': { rtc: { port_range_start: 50_000 } } }],
  [
    'several Prometheus targets',
    {
      'spec.autoscaling.targets': ['a', 'b'].map((query) => ({
        type: 'Prometheus',
        prometheus: { serverUrl: 'https://prometheus', query, targetPerNode: 0.5 },
      })),
    },
  ],
  [
    'a Tracks target with a capacity for it',
    { 'spec.autoscaling.targets': [{ type: 'Tracks' }], 'spec.mediaNodes.capacity': { tracks: 400 } },
  ],
  ...['*/15 0-6,18-23 1,15 JAN-JUN *', '0 8 * * 1-5', '30 23 31 12 SUN'].map(
    (start) =>
      [
        `a schedule that starts at "${start}"`,
        { 'spec.autoscaling.schedules': [{ ...school, start }] },
      ] as const,
  ),
  ...['UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'].map(
    (timeZone) =>
      [
        `the time zone ${timeZone}`,
        { 'spec.autoscaling.schedules': [{ ...school, timeZone, start: '0 8 * * *' }] },
      ] as const,
  ),
];

describe('a right manifest is accepted', () => {
  test.each(rightManifests)('%s', async (_, changes) => {
    await expect(tryOut(changed(changes))).resolves.toMatchObject({ kind: 'OpenViduCluster' });
  });

  test.each(readdirSync(`${root}docs/samples`).filter((file) => file.startsWith('openviducluster')))(
    'the sample %s',
    async (file) => {
      await expect(tryOut(readManifest(`docs/samples/${file}`))).resolves.toMatchObject({
        kind: 'OpenViduCluster',
      });
    },
  );
});

describe('a sample for OpenVidu is accepted', () => {
  test.each(['openvidu-elastic.yaml', 'openvidu-high-availability.yaml'])(
    'with its Secrets: %s',
    async (file) => {
      const asked = [
        'apply',
        '--dry-run=server',
        '--validate=strict',
        '--namespace=default',
        '--output=name',
      ];
      const applied = await kubectl(plane, ...asked, '-f', `${root}docs/samples/${file}`);
      expect(applied.split('\n').map((line) => line.replace(/\/.*/, ''))).toEqual([
        'secret',
        'secret',
        'secret',
        'openviducluster.openvidu.io',
      ]);
    },
  );

  test.each(['openvidu-elastic.yaml', 'openvidu-high-availability.yaml'])('as a Pod: %s', async (file) => {
    const documents = parseAllDocuments(readFileSync(`${root}docs/samples/${file}`, 'utf8'));
    const { spec } = await tryOut(documents.at(-1)?.toJS() as Manifest);
    const body = mediaNodePod({ namespace: 'default', name: 'media', uid: 'uid-1' }, 'media-0', spec);
    const pod = await http.request<Manifest>({
      method: 'POST',
      path: '/api/v1/namespaces/default/pods',
      query: { fieldValidation: 'Strict', dryRun: 'All' },
      body,
    });
    expect(pod['kind']).toBe('Pod');
  });
});

test('the API server fills in every default', async () => {
  const { spec } = await tryOut(minimal);
  expect(spec).toEqual({
    redis: { standalone: { address: 'redis.default.svc:6379', db: 0 } },
    server: { credentialsSecretRef: { name: 'livekit-api', apiKeyKey: 'apiKey', apiSecretKey: 'apiSecret' } },
    mediaNodes: {
      min: 1,
      max: 5,
      replicas: 1,
      template: { spec: { containers: [{ name: 'livekit', image: 'livekit/livekit-server:v1.13.5' }] } },
      capacity: { participants: 100 },
      startupDeadline: '5m',
      signalPort: 7880,
      metricsPort: 6789,
    },
    autoscaling: {
      mode: 'Enforce',
      targets: [{ type: 'Participants', utilizationPercent: 70 }],
      headroom: { largestRoom: false },
      placement: {
        strategy: 'Packed',
        priority: 'Balanced',
        ceilingPercent: 95,
        unverifiedServers: 'Refuse',
      },
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          selectPolicy: 'Max',
          policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        },
      },
      forecast: { mode: 'Act' },
    },
    drain: { onDeadline: 'Wait', maxConcurrent: 2, gracePeriod: '24h', signallingGrace: '10m' },
    deletion: { policy: 'Retain', timeout: '24h' },
    updates: { maxSurge: 1, paused: false },
  });
});

describe('a stored OpenViduCluster', () => {
  const status = {
    observedGeneration: 1,
    desiredNodes: 3,
    readyNodes: 2,
    servingNodes: 1,
    standbyNodes: 1,
    launchingNodes: 1,
    replicas: 3,
    rooms: 12,
    participants: 140,
    utilizationPercent: 70,
    selector: 'openvidu.io/cluster=media-minimal,openvidu.io/component=media-node',
    lastDecision: {
      time: '2026-01-01T00:00:00Z',
      desired: 3,
      reason: 'LoadRequiresNodes',
      message: '140 participants need 3 nodes.',
    },
  };

  beforeAll(async () => {
    await tryOut(minimal, false);
    await http.request({
      method: 'PATCH',
      path: `${collection}/media-minimal/status`,
      contentType: 'application/merge-patch+json',
      query: { fieldValidation: 'Strict' },
      body: { status },
    });
  });

  test('shows its state in columns', async () => {
    const [header, row] = (await kubectl(plane, 'get', 'ovc', 'media-minimal')).split('\n');
    const columns = [
      'NAME',
      'MODE',
      'DESIRED',
      'READY',
      'SERVING',
      'ROOMS',
      'PARTICIPANTS',
      'UTILIZATION',
      'AGE',
    ];
    expect(header?.split(/\s+/)).toEqual(columns);
    expect(row?.split(/\s+/).slice(0, -1)).toEqual([
      'media-minimal',
      'Enforce',
      '3',
      '2',
      '1',
      '12',
      '140',
      '70',
    ]);
  });

  test('shows the reason in wide columns', async () => {
    const [header, row] = (await kubectl(plane, 'get', 'openvidu', '-o', 'wide')).split('\n');
    expect(header).toMatch(/REASON$/);
    expect(row).toMatch(/LoadRequiresNodes$/);
  });

  test('is scaled through spec.mediaNodes.replicas and reports what runs', async () => {
    await kubectl(plane, 'scale', 'ovc/media-minimal', '--replicas=4');
    const scale = await http.request<Manifest>({ method: 'GET', path: `${collection}/media-minimal/scale` });
    expect(scale).toMatchObject({
      spec: { replicas: 4 },
      status: { replicas: 3, selector: status.selector },
    });
    const stored = await http.request<OpenViduCluster>({
      method: 'GET',
      path: `${collection}/media-minimal`,
    });
    expect(stored.spec.mediaNodes.replicas).toBe(4);
  });

  test('keeps its status apart from its spec', async () => {
    const after = await http.request<OpenViduCluster>({
      method: 'PATCH',
      path: `${collection}/media-minimal`,
      contentType: 'application/merge-patch+json',
      body: { status: { rooms: 99 } },
    });
    expect(after.status?.rooms).toBe(12);
  });

  test('refuses a status with an unknown node state', async () => {
    const patch = http.request({
      method: 'PATCH',
      path: `${collection}/media-minimal/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { nodes: [{ name: 'a', state: 'Sleeping', rooms: 0, participants: 0 }] } },
    });
    await expect(patch).rejects.toThrow('status.nodes[0].state');
  });

  test('is explained field by field', async () => {
    const text = await kubectl(plane, 'explain', 'ovc.spec.drain');
    expect(text).toContain('How nodes leave.');
    expect(text).toMatch(/onDeadline\s+<string>/);
  });
});
