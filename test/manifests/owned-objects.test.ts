import { describe, expect, test } from '@jest/globals';
import { controllerRevision, sourceIn } from '../../src/manifests/controller-revision.ts';
import { deepMerge } from '../../src/manifests/deep-merge.ts';
import { livekitSecret } from '../../src/manifests/livekit-secret.ts';
import { mediaNodePod, mediaNodeRevision, mediaNodeSource } from '../../src/manifests/media-node-pod.ts';
import { podDisruptionBudget } from '../../src/manifests/pod-disruption-budget.ts';
import { signalService } from '../../src/manifests/signal-service.ts';
import { aClusterSpec, anOwner } from './a-cluster-spec.ts';

const { mediaNodes } = aClusterSpec({ mediaNodes: { signalPort: 7000 } });
const objects = [
  livekitSecret(anOwner, { revision: 'abc' }, 'x: 1'),
  signalService(anOwner, mediaNodes),
  podDisruptionBudget(anOwner),
  controllerRevision(anOwner, { revision: 'abc', source: aClusterSpec() }, 1),
];

test.each(objects.map((object) => [object.kind, object] as const))(
  'the %s is owned by the OpenViduCluster and found by its label',
  (_, { metadata }) => {
    expect(metadata).toEqual({
      name: expect.stringMatching(/^live-/),
      namespace: 'rooms',
      labels: expect.objectContaining({
        'openvidu.io/cluster': 'live',
        'app.kubernetes.io/managed-by': 'openvidu-media-operator',
      }),
      ownerReferences: [
        expect.objectContaining({ uid: anOwner.uid, controller: true, blockOwnerDeletion: true }),
      ],
    });
  },
);

describe('the Secret', () => {
  test('carries the config under the key that the Pods read', () => {
    const secret = livekitSecret(anOwner, { revision: 'abc' }, 'port: 7880 # ñ\n');

    expect(secret.metadata.name).toBe('live-livekit-abc');
    expect(Buffer.from(secret.data['livekit.yaml'] ?? '', 'base64').toString('utf8')).toBe(
      'port: 7880 # ñ\n',
    );
  });
});

describe('a revision', () => {
  const source = mediaNodeSource(aClusterSpec({ mediaNodes: { config: { room: { max: 1 } } } }));
  const kept = controllerRevision(anOwner, { revision: 'abc', source }, 3);

  test('is read back as it was kept, with the Pod that was made from it', () => {
    const read = sourceIn(JSON.parse(JSON.stringify(kept.data)));

    expect(read).toEqual(source);
    expect(mediaNodeRevision(read ?? aClusterSpec())).toBe(mediaNodeRevision(source));
    expect(mediaNodePod(anOwner, 'live-1', read ?? aClusterSpec(), 'abc')).toEqual(
      mediaNodePod(anOwner, 'live-1', source, 'abc'),
    );
  });

  test('holds nothing but what a Pod is made from', () => {
    const { min, max, capacity, startupDeadline } = aClusterSpec().mediaNodes;

    expect({ min, max, capacity, startupDeadline }).not.toMatchObject(source.mediaNodes);
    expect(Object.keys(source.mediaNodes).toSorted()).toEqual([
      'config',
      'metricsPort',
      'signalPort',
      'template',
    ]);
    expect(source.drain).toEqual({ gracePeriod: '24h' });
  });

  test.each([
    ['no data', undefined],
    ['the data of another kind', { spec: { template: {} } }],
    ['a source without a template', { source: { redis: {}, mediaNodes: {}, drain: {} } }],
    [
      'a template without containers',
      { source: { redis: {}, drain: {}, mediaNodes: { template: { spec: {} } } } },
    ],
  ])('with %s is nobody we know', (_, data) => {
    expect(sourceIn(data)).toBeUndefined();
  });

  test('takes the Secret of its configuration with it', () => {
    const keeper = { name: 'live-abc', uid: 'uid-of-it' };
    const { metadata } = livekitSecret(anOwner, { revision: 'abc', keeper }, 'x: 1');

    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'apps/v1', kind: 'ControllerRevision', controller: true, ...keeper },
    ]);
  });
});

describe('the Service', () => {
  const { labels } = mediaNodePod(anOwner, 'live-1', aClusterSpec()).metadata;
  const { selector } = signalService(anOwner, mediaNodes).spec;

  test('always listens on 7880 and leads to the port of the servers', () => {
    expect(signalService(anOwner, mediaNodes).spec.ports).toEqual([
      { name: 'signal', protocol: 'TCP', port: 7880, targetPort: 'signal' },
    ]);
  });

  test.each([
    ['does not list it', undefined, 'signal'],
    ['lists it by our name', [{ name: 'signal', containerPort: 7000 }], 'signal'],
    ['lists it by another name', [{ name: 'http', containerPort: 7000 }], 7000],
    ['has our name for another port', [{ name: 'signal', containerPort: 9000 }], 7000],
  ])('leads to the port that Pods have, where the template %s', (_, ports, expected) => {
    const container = { name: 'openvidu', image: 'x', ...(ports === undefined ? {} : { ports }) };
    const template = { spec: { containers: [container] } };
    const spec = aClusterSpec({ mediaNodes: { signalPort: 7000, template } });

    expect(signalService(anOwner, spec.mediaNodes).spec.ports[0]?.targetPort).toBe(expected);
    const listed = mediaNodePod(anOwner, 'live-1', spec).spec.containers[0]?.['ports'];
    const ours = expect.objectContaining({ name: 'signal', containerPort: 7000 });
    if (expected === 'signal') expect(listed).toContainEqual(ours);
    else expect(listed).not.toContainEqual(ours);
  });

  test('selects a new Media Node, and no longer one whose signalling label was taken away', () => {
    const { 'openvidu.io/signalling': _, ...without } = labels;

    expect(labels).toMatchObject(selector);
    expect(without).not.toMatchObject(selector);
  });
});

describe('the PodDisruptionBudget', () => {
  const { spec } = podDisruptionBudget(anOwner);

  test('covers a Media Node whether or not it is in the Service', () => {
    const { labels } = mediaNodePod(anOwner, 'live-1', aClusterSpec()).metadata;
    const { 'openvidu.io/signalling': _, ...without } = labels;

    expect(without).toMatchObject(spec.selector.matchLabels);
  });

  test('is never free, whatever number the scale subresource tells', () => {
    expect(spec).toMatchObject({
      minAvailable: 2_147_483_647,
      unhealthyPodEvictionPolicy: 'IfHealthyBudget',
    });
    expect(spec).not.toHaveProperty('maxUnavailable');
  });
});

describe('merging', () => {
  test('goes into maps, replaces lists and changes neither side', () => {
    const [base, over] = [
      { a: { b: 1, c: [1, 2] }, d: 1 },
      { a: { c: [3] }, d: null, e: { f: 1 } },
    ];

    expect(deepMerge(base, over)).toEqual({ a: { b: 1, c: [3] }, d: null, e: { f: 1 } });
    expect(base).toEqual({ a: { b: 1, c: [1, 2] }, d: 1 });
    expect(over).toEqual({ a: { c: [3] }, d: null, e: { f: 1 } });
  });
});
