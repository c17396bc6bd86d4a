import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json-object.ts';
import { mediaNodePod, mediaNodeRevision, mediaNodeSource } from '../../src/manifests/media-node-pod.ts';
import { aClusterSpec, anOwner } from './a-cluster-spec.ts';

function podOf(podSpec: JsonObject = {}, changes: JsonObject = {}) {
  const mediaNodes = { ...asMap(changes['mediaNodes']), template: { spec: podSpec } };
  return mediaNodePod(anOwner, 'live-abc12', aClusterSpec({ ...changes, mediaNodes }));
}

const asMap = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? { ...value } : {};

function mediaOf(container: JsonObject, podSpec: JsonObject = {}, changes: JsonObject = {}): JsonObject {
  const [media = {}] = podOf({ ...podSpec, containers: [{ name: 'openvidu', ...container }] }, changes).spec
    .containers;
  return media;
}

const envNames = (container: JsonObject): readonly unknown[] =>
  Array.isArray(container['env']) ? container['env'].map((item: JsonObject) => item['name']) : [];

test('the Pod of a bare template is complete', () => {
  const spec = aClusterSpec();
  const ownAddress = { fieldRef: { fieldPath: 'status.podIP' } };
  const configSecret = `live-livekit-${mediaNodeRevision(spec)}`;

  expect(mediaNodePod(anOwner, 'live-abc12', spec)).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'live-abc12',
      namespace: 'rooms',
      labels: {
        'openvidu.io/cluster': 'live',
        'openvidu.io/component': 'media-node',
        'openvidu.io/signalling': 'true',
        'app.kubernetes.io/managed-by': 'openvidu-media-operator',
        'app.kubernetes.io/name': 'openvidu-media-node',
      },
      annotations: {
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
        'openvidu.io/revision': mediaNodeRevision(spec),
      },
      ownerReferences: [
        {
          apiVersion: 'openvidu.io/v1alpha1',
          kind: 'OpenViduCluster',
          name: 'live',
          uid: anOwner.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      restartPolicy: 'Never',
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 86_400,
      containers: [
        {
          name: 'openvidu',
          image: 'openvidu/openvidu-server:3',
          env: [
            { name: 'NODE_IP', valueFrom: ownAddress },
            { name: 'LIVEKIT_OPENVIDU_NODE_PRIVATE_IP', valueFrom: ownAddress },
            {
              name: 'LIVEKIT_CONFIG',
              valueFrom: { secretKeyRef: { name: configSecret, key: 'livekit.yaml' } },
            },
          ],
          ports: [
            { name: 'signal', containerPort: 7880, protocol: 'TCP' },
            { name: 'rtc-tcp', containerPort: 7881, protocol: 'TCP' },
            { name: 'rtc-udp', containerPort: 7882, protocol: 'UDP' },
            { name: 'metrics', containerPort: 6789, protocol: 'TCP' },
          ],
          readinessProbe: {
            httpGet: { path: '/', port: 7880 },
            periodSeconds: 2,
            timeoutSeconds: 2,
            failureThreshold: 3,
          },
          livenessProbe: {
            tcpSocket: { port: 7880 },
            periodSeconds: 10,
            timeoutSeconds: 5,
            failureThreshold: 6,
          },
        },
      ],
    },
  });
});

describe('what would cut rooms cannot be overruled', () => {
  test('by labels and annotations of the template, which are kept otherwise', () => {
    const template = {
      metadata: {
        labels: { team: 'video', 'openvidu.io/cluster': 'other', 'openvidu.io/signalling': 'false' },
        annotations: { note: 'kept', 'karpenter.sh/do-not-disrupt': 'false' },
      },
      spec: { containers: [{ name: 'openvidu' }] },
    };
    const { metadata } = mediaNodePod(anOwner, 'live-1', aClusterSpec({ mediaNodes: { template } }));

    expect(metadata.labels).toMatchObject({
      team: 'video',
      'openvidu.io/cluster': 'live',
      'openvidu.io/signalling': 'true',
    });
    expect(metadata.annotations).toMatchObject({ note: 'kept', 'karpenter.sh/do-not-disrupt': 'true' });
  });

  test('by Service links', () => {
    expect(podOf({ enableServiceLinks: true }).spec.enableServiceLinks).toBe(false);
  });

  test.each([
    ['a shorter one in the template loses', 30, '24h', 86_400],
    ['a longer one in the template wins', 172_800, '24h', 172_800],
    ['the drain says another', undefined, '36h', 129_600],
    ['a part of a second is rounded up', undefined, '1500ms', 2],
    ['a text that is no duration falls back to a day', undefined, 'long', 86_400],
  ])('by the grace period: %s', (_, inTemplate, gracePeriod, expected) => {
    const podSpec = inTemplate === undefined ? {} : { terminationGracePeriodSeconds: inTemplate };

    expect(podOf(podSpec, { drain: { gracePeriod } }).spec.terminationGracePeriodSeconds).toBe(expected);
  });
});

describe('the restart policy', () => {
  const server = { name: 'openvidu' };
  const egress = { name: 'egress' };

  test.each<[string, JsonObject, string]>([
    ['a server alone ends its Pod', { containers: [server] }, 'Never'],
    ['a server beside companions is started again', { containers: [server, egress] }, 'Always'],
    ['the template wins for a server alone', { containers: [server], restartPolicy: 'Always' }, 'Always'],
    [
      'the template wins beside companions',
      { containers: [server, egress], restartPolicy: 'Never' },
      'Never',
    ],
  ])('%s', (_, podSpec, expected) => {
    expect(podOf(podSpec).spec.restartPolicy).toBe(expected);
  });

  test('is no part of the revision, because nobody chose it', () => {
    expect(mediaNodeSource(aClusterSpec()).mediaNodes.template.spec).not.toHaveProperty('restartPolicy');
  });
});

describe('the media container', () => {
  test.each([
    ['the one named openvidu', ['egress', 'openvidu'], 1],
    ['the one named livekit', ['ingress', 'livekit'], 1],
    ['the one named livekit-server', ['egress', 'livekit-server', 'agent'], 1],
    ['the first where none has a known name', ['sfu', 'egress'], 0],
  ])('is %s', (_, names, expected) => {
    const { containers } = podOf({ containers: names.map((name) => ({ name })) }).spec;

    expect(containers.map((container) => envNames(container).includes('LIVEKIT_CONFIG'))).toEqual(
      names.map((__, at) => at === expected),
    );
  });

  test('leaves its companions exactly as they were written', () => {
    const egress = { name: 'egress', image: 'livekit/egress', env: [{ name: 'A', value: 'b' }] };

    expect(podOf({ containers: [{ name: 'openvidu' }, egress] }).spec.containers[1]).toEqual(egress);
  });

  test('keeps probes, ports and variables that the template brings', () => {
    const media = mediaOf({
      readinessProbe: { tcpSocket: { port: 1 } },
      livenessProbe: { exec: { command: ['true'] } },
      env: [{ name: 'NODE_IP', value: '10.0.0.1' }],
      ports: [
        { name: 'http', containerPort: 7880 },
        { name: 'metrics', containerPort: 9999 },
      ],
    });

    expect(media['readinessProbe']).toEqual({ tcpSocket: { port: 1 } });
    expect(media['livenessProbe']).toEqual({ exec: { command: ['true'] } });
    expect(envNames(media)).toEqual(['NODE_IP', 'LIVEKIT_OPENVIDU_NODE_PRIVATE_IP', 'LIVEKIT_CONFIG']);
    expect(media['ports']).toEqual([
      { name: 'http', containerPort: 7880 },
      { name: 'metrics', containerPort: 9999 },
      { name: 'rtc-tcp', containerPort: 7881, protocol: 'TCP' },
      { name: 'rtc-udp', containerPort: 7882, protocol: 'UDP' },
    ]);
  });

  test.each([
    ['--config', { args: ['--config', '/etc/livekit.yaml'] }],
    ['--config=', { command: ['/livekit-server', '--config=/etc/livekit.yaml'] }],
    ['--config-body', { args: ['--config-body=x'] }],
    ['a shell', { command: ['sh', '-c', 'exec livekit-server --config /etc/livekit.yaml'] }],
    ['LIVEKIT_CONFIG', { env: [{ name: 'LIVEKIT_CONFIG', value: 'mine' }] }],
  ])('keeps a config that the template gives by %s', (_, container) => {
    const given = envNames(mediaOf(container)).filter((name) => name === 'LIVEKIT_CONFIG');

    expect(given).toHaveLength('env' in container ? 1 : 0);
  });

  test('is not fooled by a flag that only begins alike', () => {
    expect(envNames(mediaOf({ args: ['--config-map', 'x'] }))).toContain('LIVEKIT_CONFIG');
  });

  test('tells the address of the machine where the Pod shares its network', () => {
    const { spec } = podOf({ hostNetwork: true, containers: [{ name: 'livekit' }] });

    expect(spec).toHaveProperty('dnsPolicy', 'ClusterFirstWithHostNet');
    expect(spec.containers[0]).toHaveProperty('env.0', {
      name: 'NODE_IP',
      valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } },
    });
  });

  test('leaves the address to the config where the user wrote one', () => {
    const changes = { mediaNodes: { config: { rtc: { node_ip: '203.0.113.7' } } } };

    expect(envNames(mediaOf({ name: 'livekit' }, {}, changes))).toEqual(['LIVEKIT_CONFIG']);
  });

  test.each([
    [
      'a range of UDP ports is not listed',
      { port_range_start: 50_000, port_range_end: 60_000 },
      ['signal', 'rtc-tcp', 'metrics'],
    ],
    ['several UDP ports are not listed', { udp_port: '7882-7890' }, ['signal', 'rtc-tcp', 'metrics']],
    ['TCP that is off is not listed', { tcp_port: 0 }, ['signal', 'rtc-udp', 'metrics']],
  ])('lists what it listens on: %s', (_, rtc, expected) => {
    const { ports } = mediaOf({}, {}, { mediaNodes: { config: { rtc } } });

    expect(Array.isArray(ports) ? ports.map((port: JsonObject) => port['name']) : ports).toEqual(expected);
  });

  test('mounts the certificates for Redis beside the volumes of the template', () => {
    const redis = {
      tls: {
        caSecretRef: { name: 'redis-ca', key: 'root.pem' },
        clientCertificateSecretRef: { name: 'redis-client' },
      },
    };
    const data = { name: 'data', emptyDir: {} };
    const container = { name: 'livekit', volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    const { spec } = podOf({ volumes: [data], containers: [container] }, { redis });

    expect(spec['volumes']).toEqual([
      data,
      {
        name: 'openvidu-redis-tls',
        projected: {
          sources: [
            { secret: { name: 'redis-ca', items: [{ key: 'root.pem', path: 'ca.crt' }] } },
            {
              secret: {
                name: 'redis-client',
                items: [
                  { key: 'tls.crt', path: 'tls.crt' },
                  { key: 'tls.key', path: 'tls.key' },
                ],
              },
            },
          ],
        },
      },
    ]);
    expect(spec.containers[0]).toHaveProperty('volumeMounts.1', {
      name: 'openvidu-redis-tls',
      mountPath: '/etc/openvidu-media-operator/redis-tls',
      readOnly: true,
    });
  });
});

describe('the revision', () => {
  const base = aClusterSpec();

  test('is ten hexadecimal digits that do not depend on the order of keys', () => {
    const [a, b] = [
      { x: 1, y: { p: 1, q: 2 } },
      { y: { q: 2, p: 1 }, x: 1 },
    ].map((config) => mediaNodeRevision(aClusterSpec({ mediaNodes: { config } })));

    expect(a).toMatch(/^[0-9a-f]{10}$/);
    expect(a).toBe(b);
  });

  const metricsAuth = { username: 'ana', passwordSecretRef: { name: 'metrics', key: 'password' } };

  test.each<[string, JsonObject]>([
    [
      'the image',
      { mediaNodes: { template: { spec: { containers: [{ name: 'openvidu', image: 'new' }] } } } },
    ],
    ['the config', { mediaNodes: { config: { room: { empty_timeout: 1 } } } }],
    ['a port', { mediaNodes: { signalPort: 7000 } }],
    ['the login of the metrics', { mediaNodes: { metricsAuth } }],
    ['the Redis', { redis: { standalone: { address: 'other:6379' } } }],
    ['the grace period', { drain: { gracePeriod: '48h' } }],
  ])('changes with %s', (_, changes) => {
    expect(mediaNodeRevision(aClusterSpec(changes))).not.toBe(mediaNodeRevision(base));
  });

  test.each<[string, JsonObject]>([
    ['the limits', { mediaNodes: { min: 2, max: 40 } }],
    ['the capacity', { mediaNodes: { capacity: { participants: 7 } } }],
    ['the pace of leaving', { drain: { maxConcurrent: 9 } }],
    ['the own login', { redis: { operatorAuth: { passwordSecretRef: { name: 'redis', key: 'own' } } } }],
  ])('stays the same with %s, which no Pod carries', (_, changes) => {
    expect(mediaNodeRevision(aClusterSpec(changes))).toBe(mediaNodeRevision(base));
  });
});
