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

describe('a Pod that was created', () => {
  const created = pod('c', '7');
  const namesOf = (cache: PodsCache) => cache.list().map(({ name }) => name);

  function behind(version: string, ...pods: readonly Pod[]) {
    const shown = { pods, version };
    const view = {
      byIndex: () => [...shown.pods],
      get version() {
        return shown.version;
      },
    };
    return { shown, cache: new PodsCache(view, 'rooms/live') };
  }

  test('is there before the reflector shows it, so that its place is not taken twice', () => {
    const { cache } = behind('5', pod('a'));
    cache.created(created);
    expect(namesOf(cache)).toEqual(['a', 'c']);
    expect(cache.list()).toBe(cache.list());
    expect(cache.ownWritesSeen()).toBe(false);
  });

  test('is there once when it is shown, and gone when a newer view does not show it', () => {
    const { cache, shown } = behind('5', pod('a'));
    cache.created(created);
    shown.pods = [pod('a'), created];
    expect(namesOf(cache)).toEqual(['a', 'c']);
    shown.version = '7';
    expect(namesOf(cache)).toEqual(['a', 'c']);
    shown.pods = [pod('a')];
    shown.version = '8';
    expect(namesOf(cache)).toEqual(['a']);
    expect(cache.ownWritesSeen()).toBe(true);
  });
});
