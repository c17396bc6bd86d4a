/** What the samples in docs/samples become: they are what people begin with. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { withDefaults } from '../../src/cli/crd-defaults.ts';
import { clusterSchema } from '../../src/cli/crd-schema.ts';
import { isJsonObject, type JsonObject } from '../../src/base/json-object.ts';
import { valueAt } from '../../src/manifests/deep-merge.ts';
import { livekitConfig } from '../../src/manifests/livekit-config.ts';
import { mediaNodePod } from '../../src/manifests/media-node-pod.ts';
import { companionsOf } from '../../src/operator/companions.ts';
import { specNowOf } from '../../src/operator/spec-now.ts';

const folder = new URL('../../docs/samples/', import.meta.url);
const isCluster = /^kind: OpenViduCluster$/m;
const files = readdirSync(folder).filter(
  (file) => file.endsWith('.yaml') && isCluster.test(readFileSync(new URL(file, folder), 'utf8')),
);

function documents(file: string): readonly JsonObject[] {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return parseAllDocuments(text).map((document): JsonObject => {
    const value: unknown = document.toJS();
    if (!isJsonObject(value)) throw new Error(`${file} holds something that is no object`);
    return value;
  });
}

/** As the API server would hand it out. */
function clusterIn(file: string): OpenViduCluster {
  const written = documents(file).find(({ kind }) => kind === 'OpenViduCluster');
  const spec = withDefaults(valueAt(written, 'spec'), clusterSchema().properties?.['spec'] ?? {});
  const name = String(valueAt(written, 'metadata', 'name'));
  const metadata = {
    name,
    namespace: 'default',
    uid: 'uid-1',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-03-01T12:00:00Z',
  };
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata,
    spec: spec as OpenViduCluster['spec'],
  };
}

describe.each(files)('the sample %s', (file) => {
  const now = specNowOf(clusterIn(file), []);

  test('has no fault that the operator can see', () => {
    expect(now.problems).toEqual([]);
  });

  test('has nothing that takes no effect, and nothing to be advised', () => {
    expect(now.notYetEffective).toEqual([]);
    expect(now.selectorAdvice).toEqual([]);
  });
});

describe.each([
  ['openvidu-elastic.yaml', 'openvidu', { address: 'r:7000', db: 0, mode: 'standalone' }],
  [
    'openvidu-high-availability.yaml',
    'openvidu-ha',
    { masterName: 'openvidu', addresses: ['r:7001'], mode: 'sentinel' },
  ],
] as const)('the shape of %s', (file, name, redis) => {
  const cluster = clusterIn(file);
  const pod = mediaNodePod({ namespace: 'default', name, uid: 'uid-1' }, `${name}-media-0`, cluster.spec);
  const container = (wanted: string) => pod.spec.containers.find((one) => one.name === wanted);
  const env = (wanted: string): readonly JsonObject[] => {
    const list = container(wanted)?.['env'];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  };

  test('uses the network of its machine, and its address', () => {
    expect(pod.spec).toMatchObject({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
    const byName = new Map(env('openvidu').map((one) => [one['name'], one['valueFrom']]));
    const hostIp = { fieldRef: { fieldPath: 'status.hostIP' } };
    expect(byName.get('NODE_IP')).toEqual(hostIp);
    expect(byName.get('LIVEKIT_OPENVIDU_NODE_PRIVATE_IP')).toEqual(hostIp);
  });

  test('opens the ports of OpenVidu', () => {
    const listed: unknown = container('openvidu')?.['ports'];
    expect(listed).toEqual([
      { name: 'signal', containerPort: 7880, protocol: 'TCP' },
      { name: 'rtc-tcp', containerPort: 7881, protocol: 'TCP' },
      { name: 'metrics', containerPort: 6789, protocol: 'TCP' },
    ]);
    const numbers = pod.spec.containers.flatMap(({ ports }) =>
      Array.isArray(ports) ? ports.map((port) => valueAt(port, 'containerPort')) : [],
    );
    expect(numbers).toHaveLength(new Set(numbers).size);
  });

  test('is a configuration with the keys of OpenVidu, the Redis of the deployment and no port of its own', () => {
    const yaml = livekitConfig({
      redis: redis as Parameters<typeof livekitConfig>[0]['redis'],
      apiKey: 'key',
      apiSecret: 'secret',
      signalPort: cluster.spec.mediaNodes.signalPort,
      metricsPort: cluster.spec.mediaNodes.metricsPort,
      metricsLogin: {},
      userConfig: cluster.spec.mediaNodes.config,
    });
    const config: unknown = parse(yaml);
    expect(config).toMatchObject({
      port: 7880,
      prometheus: { port: 6789 },
      keys: { key: 'secret' },
      rtc: { tcp_port: 7881, port_range_start: 50_000, port_range_end: 60_000, use_external_ip: true },
      turn: { udp_port: 443, tls_port: 5349, external_tls: true },
      openvidu: { cluster_id: 'media.example.com', rtc: { engine: 'pion' } },
      node_selector: { kind: 'any', sort_by: 'clients', algorithm: 'twochoice' },
    });
    expect(valueAt(config, 'rtc', 'udp_port')).toBeUndefined();
  });

  test('keeps every secret out of the resource', () => {
    expect(JSON.stringify(cluster)).not.toContain('change-me');
    const named = env('openvidu').map((one) => valueAt(one, 'valueFrom', 'secretKeyRef', 'name'));
    expect(named).toContain(`${name}-media`);
  });

  test('has companions that are asked at the ports of their own configuration', () => {
    const secret = documents(file).find(({ metadata }) => valueAt(metadata, 'name') === `${name}-media`);
    const written = (key: string): unknown => parse(String(valueAt(secret, 'stringData', key)));
    const asked = companionsOf(cluster.spec.mediaNodes.template).map((companion) => [
      companion.name,
      companion.sources.map(({ port, path }) => `${port}${path}`),
    ]);
    const egress = written('egress.yaml');
    const ingress = written('ingress.yaml');
    expect(asked).toEqual([
      [
        'egress',
        [
          `${String(valueAt(egress, 'prometheus_port'))}/metrics`,
          `${String(valueAt(egress, 'health_port'))}/`,
        ],
      ],
      ['ingress', [`${String(valueAt(ingress, 'prometheus_port'))}/metrics`]],
      ['agent-speech-processing', ['8081/worker']],
    ]);
  });

  test('names only Secrets and keys that it holds', () => {
    const held = new Map(
      documents(file)
        .filter(({ kind }) => kind === 'Secret')
        .map(({ metadata, stringData }) => [valueAt(metadata, 'name'), Object.keys(stringData ?? {})]),
    );
    const { redis: way } = cluster.spec;
    const refs = [
      way.auth?.passwordSecretRef,
      way.sentinel?.auth?.passwordSecretRef,
      ...pod.spec.containers
        .flatMap(({ name: one }) => env(one))
        .map((one) => valueAt(one, 'valueFrom', 'secretKeyRef'))
        .filter((ref) => isJsonObject(ref) && !String(ref['name']).includes('-livekit-')),
    ].filter(isJsonObject);
    for (const ref of refs) expect(held.get(ref['name'])).toContain(ref['key']);
    expect(refs.length).toBeGreaterThanOrEqual(6);
    const { credentialsSecretRef: credentials } = cluster.spec.server;
    expect(held.get(credentials.name)).toEqual([credentials.apiKeyKey, credentials.apiSecretKey]);
  });
});
