import { describe, expect, test } from '@jest/globals';
import { deepMerge } from '../../src/manifests/deep-merge.ts';
import { livekitSecret } from '../../src/manifests/livekit-secret.ts';
import { mediaNodePod } from '../../src/manifests/media-node-pod.ts';
import { podDisruptionBudget } from '../../src/manifests/pod-disruption-budget.ts';
import { signalService, signalServiceUrl } from '../../src/manifests/signal-service.ts';
import { aClusterSpec, anOwner } from './a-cluster-spec.ts';

const objects = [livekitSecret(anOwner, 'x: 1'), signalService(anOwner, 7000), podDisruptionBudget(anOwner)];

test.each(objects.map((object) => [object.kind, object] as const))(
  'the %s is owned by the OpenViduCluster and found by its label',
  (_, { metadata }) => {
    expect(metadata).toEqual({
      name: expect.stringMatching(/^live-/),
      namespace: 'rooms',
      labels: {
        'openvidu.io/cluster': 'live',
        'app.kubernetes.io/managed-by': 'openvidu-media-operator',
      },
      ownerReferences: [
        expect.objectContaining({ uid: anOwner.uid, controller: true, blockOwnerDeletion: true }),
      ],
    });
  },
);

describe('the Secret', () => {
  test('carries the config under the key that the Pods read', () => {
    const secret = livekitSecret(anOwner, 'port: 7880 # ñ\n');

    expect(secret.metadata.name).toBe('live-livekit');
    expect(Buffer.from(secret.data['livekit.yaml'] ?? '', 'base64').toString('utf8')).toBe(
      'port: 7880 # ñ\n',
    );
  });
});

describe('the Service', () => {
  const { labels } = mediaNodePod(anOwner, 'live-1', aClusterSpec()).metadata;
  const { selector } = signalService(anOwner, 7000).spec;

  test('always listens on 7880 and leads to the port of the servers', () => {
    expect(signalService(anOwner, 7000).spec.ports).toEqual([
      { name: 'signal', protocol: 'TCP', port: 7880, targetPort: 7000 },
    ]);
    expect(signalServiceUrl(anOwner)).toBe('http://live-signal.rooms.svc:7880');
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
