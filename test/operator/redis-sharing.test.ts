import { describe, expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { sharingRedis } from '../../src/operator/redis-sharing.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

function aCluster(name: string, namespace: string, redis: JsonObject, mode = 'Enforce'): OpenViduCluster {
  const spec = aClusterSpec({ autoscaling: { mode } });
  const metadata = {
    name,
    namespace,
    uid: `uid-${namespace}-${name}`,
    generation: 1,
    resourceVersion: '5',
    creationTimestamp: '2026-03-01T00:00:00Z',
  };
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata,
    spec: { ...spec, redis: redis as OpenViduCluster['spec']['redis'] },
  };
}

const at = (address: string, db = 0): JsonObject => ({ standalone: { address, db } });
const sentinels = (masterName: string, ...addresses: readonly string[]): JsonObject => ({
  sentinel: { masterName, addresses },
});
const nodes = (...addresses: readonly string[]): JsonObject => ({ cluster: { addresses } });

describe('two fleets share a Redis', () => {
  test.each<[string, JsonObject, JsonObject, string]>([
    ['by the same address and database', at('10.0.0.1:6379'), at('10.0.0.1:6379'), 'b'],
    ['by the same short name in one namespace', at('redis:6379'), at('redis:6379'), 'a'],
    [
      'by a short and a long name of one Service',
      at('redis:6379'),
      at('redis.a.svc.cluster.local:6379'),
      'b',
    ],
    ['whatever the case of the name', at('Redis.data.svc:6379'), at('redis.data:6379'), 'b'],
    [
      'by one Sentinel in common',
      sentinels('m', 's1.x:1', 's2.x:1'),
      sentinels('m', 's2.x:1', 's3.x:1'),
      'b',
    ],
    ['by one node of a Redis Cluster in common', nodes('n1.x:1', 'n2.x:1'), nodes('n2.x:1'), 'b'],
  ])('%s', (_, redis, other, namespace) => {
    const [one, two] = [aCluster('one', 'a', redis), aCluster('two', namespace, other)];

    expect(sharingRedis(one, [one, two])).toEqual([`${namespace}/two`]);
    expect(sharingRedis(two, [one, two])).toEqual(['a/one']);
  });
});

describe('two fleets do not share a Redis', () => {
  test.each<[string, JsonObject, JsonObject, string]>([
    ['with another database', at('10.0.0.1:6379', 0), at('10.0.0.1:6379', 1), 'a'],
    ['with another port', at('10.0.0.1:6379'), at('10.0.0.1:6380'), 'a'],
    ['by the same short name in two namespaces', at('redis:6379'), at('redis:6379'), 'b'],
    ['with another master of the same Sentinels', sentinels('m', 's1.x:1'), sentinels('n', 's1.x:1'), 'a'],
  ])('%s', (_, redis, other, namespace) => {
    const [one, two] = [aCluster('one', 'a', redis), aCluster('two', namespace, other)];

    expect(sharingRedis(one, [one, two])).toEqual([]);
  });

  test('when one of them is a trial, which writes nothing there', () => {
    const one = aCluster('one', 'a', at('redis:6379'));
    const trial = aCluster('two', 'a', at('redis:6379'), 'DryRun');

    expect(sharingRedis(one, [one, trial])).toEqual([]);
    expect(sharingRedis(trial, [one, trial])).toEqual([]);
  });
});
