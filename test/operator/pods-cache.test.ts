import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../src/kube/kinds.ts';
import { PodsCache } from '../../src/operator/pods-cache.ts';

const pod = (name: string, resourceVersion = '1'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'rooms',
    uid: `uid-${name}`,
    resourceVersion,
    creationTimestamp: '2026-01-05T10:00:00Z',
  },
  spec: { containers: [{ name: 'livekit' }] },
});

function cacheOf(shown: { pods: readonly Pod[] }): PodsCache {
  return new PodsCache({ byIndex: () => [...shown.pods], version: '1' }, 'rooms/live');
}

describe('the list of the Pods', () => {
  test('is the same one until a Pod has changed', () => {
    const shown = { pods: [pod('a'), pod('b')] };
    const cache = cacheOf(shown);
    expect(cache.list()).toBe(cache.list());
  });

  test.each([
    ['has changed', (pods: readonly Pod[]) => [...pods.slice(0, 1), pod('b', '2')], ['1', '2']],
    ['has come', (pods: readonly Pod[]) => [...pods, pod('c', '3')], ['1', '1', '3']],
    ['is gone', (pods: readonly Pod[]) => pods.slice(0, 1), ['1']],
  ])('shows a Pod that %s, and the others as they were', (_, change, versions) => {
    const shown: { pods: readonly Pod[] } = { pods: [pod('a'), pod('b')] };
    const cache = cacheOf(shown);
    const before = cache.list();
    shown.pods = change(shown.pods);
    const after = cache.list();
    expect(after.map(({ resourceVersion }) => resourceVersion)).toEqual(versions);
    expect(after[0]).toBe(before[0]);
  });
});
