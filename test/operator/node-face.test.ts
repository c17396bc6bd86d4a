/** Where a node and its companions are asked, also when nobody knows what its revision was made from. */
import { describe, expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import {
  type MediaNodeSource,
  mediaNodeRevision,
  mediaNodeSource,
} from '../../src/manifests/media-node-pod.ts';
import { faceOf } from '../../src/operator/media-loop.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

const media = { name: 'openvidu', image: 'livekit' };
const egress = { name: 'egress', image: 'livekit/egress', ports: [{ name: 'metrics', containerPort: 9090 }] };
const specWith = (...containers: readonly object[]) =>
  aClusterSpec({ mediaNodes: { template: { spec: { containers } } } } as Parameters<typeof aClusterSpec>[0]);

const present = specWith(media);
const earlier = specWith(media, egress);
const metadata = {
  name: 'live',
  namespace: 'default',
  uid: 'uid',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '',
};
const cluster: OpenViduCluster = {
  apiVersion: 'openvidu.io/v1alpha1',
  kind: 'OpenViduCluster',
  metadata,
  spec: present,
};
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...metadata, name: 'live-media-0' },
  spec: { containers: [media, egress] },
  status: { podIP: '10.0.0.1' },
};

const facesOf = (stored: MediaNodeSource | undefined, revision: string | undefined, ip?: string) =>
  faceOf(
    {
      cluster: () => cluster,
      pods: { podAt: (at) => (at === '10.0.0.1' ? pod : undefined) },
      revisions: { sourceOf: () => stored },
    },
    revision,
    ip,
  ).companions.map(({ name }) => name);

describe('the companions of a node', () => {
  const old = mediaNodeRevision(mediaNodeSource(earlier));

  test('are those of what its revision was made from', () => {
    expect(facesOf(mediaNodeSource(earlier), old, '10.0.0.2')).toEqual(['egress']);
  });

  test('are those that its Pod has, where that is not stored any more', () => {
    expect(facesOf(undefined, old, '10.0.0.1')).toEqual(['egress']);
  });

  test('are those of the spec for a Pod of the present revision', () => {
    expect(facesOf(undefined, mediaNodeRevision(present), '10.0.0.1')).toEqual([]);
  });
});
