import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { Store } from '../../src/kube/store.ts';

function aThing(name: string, version: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  const metadata = {
    name,
    namespace: 'n',
    uid: `uid-${name}`,
    resourceVersion: version,
    creationTimestamp,
    labels,
  };
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}

function names(objects: readonly KubeObject[]): readonly string[] {
  return objects.map((object) => object.metadata.name);
}

describe('the store of a reflector', () => {
  test('finds objects under their present index values only', () => {
    const store = new Store<KubeObject>({ team: ({ metadata }) => Object.values(metadata.labels ?? {}) });
    store.put(aThing('a', '1', { team: 'red' }));
    store.put(aThing('b', '2', { team: 'red', second: 'blue' }));
    store.put(aThing('a', '3', { team: 'blue' }));
    expect(names(store.byIndex('team', 'red'))).toEqual(['b']);
    expect(names(store.byIndex('team', 'blue'))).toEqual(['b', 'a']);

    store.remove(aThing('b', '4'));
    store.replaceAll([aThing('c', '5', { team: 'red' })]);

    expect(names(store.byIndex('team', 'red'))).toEqual(['c']);
    expect(store.byIndex('team', 'blue')).toEqual([]);
    expect(store.byIndex('unknown', 'red')).toEqual([]);
  });

  test('takes a list for the truth even where its versions are older, as after a restored backup', () => {
    const store = new Store<KubeObject>();
    store.put(aThing('a', '500'));

    expect(store.replaceAll([aThing('a', '100')])).toMatchObject([{ type: 'modified' }]);
    expect(store.get('n', 'a')?.metadata.resourceVersion).toBe('100');
  });

  test('says nothing of a list that holds no news', () => {
    const store = new Store<KubeObject>();
    store.put(aThing('a', '1'));

    expect(store.replaceAll([aThing('a', '1')])).toEqual([]);
    expect(store.size).toBe(1);
  });
});
