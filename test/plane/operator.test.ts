/** The operator's shell on a real API server and a real Redis: revisions, the finalizer, machines. No node ever runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { RETAIN_FINALIZER } from '../../src/api/names.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { ControllerRevision, KubeObject, Pod, Secret } from '../../src/kube/kinds.ts';
import {
  CONTROLLER_REVISIONS,
  NODES,
  PODS,
  resourceType,
  SECRETS,
  SERVICES,
} from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import type { Controller } from '../../src/operator/controller.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { define, leadFleets, makeFleet, makeKeys, until } from '../../lab/plane/steps.ts';

jest.setTimeout(90_000);

const namespace = 'default';
const user = { token: 'operator-token', user: 'operator' };

let plane: Plane;
let redis: LocalRedis;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane({ users: [user] }), startRedis()]);
  await define(plane.client, 'openviducluster');
  await makeKeys(plane.client, namespace);
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await redis?.stop();
  await plane?.stop();
});

/** The whole operator but for its lease. */
function operate(token?: string): Controller {
  const led = leadFleets(new KubeClient(plane.http(token === undefined ? {} : { token })));
  stops.push(led.stop);
  return led.part;
}

function template(image: string): object {
  return { spec: { containers: [{ name: 'openvidu', image }] } };
}

async function make(
  name: string,
  changes: { readonly db: number; readonly spec?: JsonObject },
): Promise<void> {
  const { db, spec } = changes;
  await makeFleet(
    plane.client,
    { name, namespace },
    { redis: { standalone: { address: redis.address, db } }, ...spec },
  );
}

const clusterOf = (name: string): Promise<OpenViduCluster> => plane.client.get(CLUSTERS, { name, namespace });

async function podsOf(name: string): Promise<readonly Pod[]> {
  const { items } = await plane.client.list(PODS, {
    namespace,
    labelSelector: `openvidu.io/cluster=${name}`,
  });
  return items;
}

async function revisionsOf(name: string): Promise<readonly ControllerRevision[]> {
  const labelSelector = `openvidu.io/cluster=${name}`;
  const { items } = await plane.client.list(CONTROLLER_REVISIONS, { namespace, labelSelector });
  return items.toSorted((a, b) => a.revision - b.revision);
}

const revisionOf = (object: ControllerRevision | undefined): string =>
  object?.metadata.labels?.['openvidu.io/revision'] ?? '';

async function change(name: string, spec: object): Promise<void> {
  await plane.client.patchMerge(CLUSTERS, { name, namespace }, { spec });
}

async function condition(name: string, type: string) {
  return (await clusterOf(name)).status?.conditions?.find((one) => one.type === type);
}

describe('a fleet', () => {
  beforeAll(async () => {
    operate();
  });

  test('keeps what its first Pod is made from, and the configuration that this Pod reads', async () => {
    await make('first', { db: 1 });
    const pod = await until('a Pod', async () => (await podsOf('first'))[0]);
    const [kept, ...more] = await revisionsOf('first');
    const revision = revisionOf(kept);

    expect(more).toEqual([]);
    expect(kept?.metadata.name).toBe(`first-${revision}`);
    expect(pod.metadata.annotations?.['openvidu.io/revision']).toBe(revision);
    expect(JSON.stringify(pod.spec)).toContain(`first-livekit-${revision}`);
    expect(JSON.stringify(kept)).not.toMatch(/a-secret-of|thirty-two/);
    const secret: Secret = await plane.client.get(SECRETS, { name: `first-livekit-${revision}`, namespace });
    expect(secret.metadata.ownerReferences?.map(({ kind, uid }) => [kind, uid])).toEqual([
      ['ControllerRevision', kept?.metadata.uid],
    ]);
  });

  test('is the same revision when only the limits change, and another one with the template', async () => {
    await make('second', { db: 2 });
    const before = revisionOf(await until('a revision', async () => (await revisionsOf('second'))[0]));
    await change('second', { mediaNodes: { max: 3 } });
    await delay(500);
    expect((await revisionsOf('second')).map(revisionOf)).toEqual([before]);

    await change('second', { mediaNodes: { template: template('two') } });
    const both = await until('two revisions', async () => {
      const all = await revisionsOf('second');
      return all.length === 2 && all;
    });
    expect(revisionOf(both[0])).toBe(before);

    await change('second', { mediaNodes: { template: template('one') } });
    await until('the first one is the newest again', async () => {
      const all = await revisionsOf('second');
      return all.length === 2 && revisionOf(all[1]) === before;
    });
  });

  test('forgets revisions that nobody needs, but neither those of Pods nor the last that was proven', async () => {
    await make('third', { db: 3 });
    const first = await until('a Pod', async () => (await podsOf('third'))[0]);
    const inUse = first.metadata.annotations?.['openvidu.io/revision'] ?? '';
    // No Pod of the changes to come.
    await change('third', { autoscaling: { mode: 'Paused' } });
    const names: string[] = [inUse];
    for (let at = 0; at < 8; at += 1) {
      await change('third', { mediaNodes: { template: template(`change-${at}`) } });
      const newest = await until('its revision', async () => {
        const revision = revisionOf((await revisionsOf('third')).at(-1));
        return !names.includes(revision) && revision;
      });
      names.push(newest);
      if (at === 0) {
        const annotations = { 'openvidu.io/verdict': 'Proven', 'openvidu.io/verdict-why': 'it was fine' };
        const ref = { name: `third-${newest}`, namespace };
        await plane.client.patchMerge(CONTROLLER_REVISIONS, ref, { metadata: { annotations } });
      }
    }
    const left = await until('few are left', async () => {
      const all = (await revisionsOf('third')).map(revisionOf);
      return all.length <= 8 && all;
    });
    expect(left).toEqual(expect.arrayContaining([inUse, names[1], ...names.slice(-6)]));
  });
});

describe('a fleet that is deleted', () => {
  test('stays until its Pods have left, and says what it waits for', async () => {
    await make('ending', { db: 4 });
    const pod = await until('a Pod', async () => (await podsOf('ending'))[0]);
    await until('it is held', async () =>
      (await clusterOf('ending')).metadata.finalizers?.includes(RETAIN_FINALIZER),
    );

    await plane.client.delete(CLUSTERS, { name: 'ending', namespace });
    const progress = await until('the status says so', async () => {
      const found = await condition('ending', 'Progressing');
      return found?.reason === 'Deleting' && found;
    });
    expect(progress.message).toContain('1 Media Nodes are left');
    expect(await podsOf('ending')).toHaveLength(1);

    // What its removal would be once it is empty.
    await plane.client.delete(PODS, { name: pod.metadata.name, namespace }, { gracePeriodSeconds: 0 });
    await until(
      'it is gone',
      async () => (await plane.client.find(CLUSTERS, { name: 'ending', namespace })) === undefined,
    );
  });

  test('is never held for longer than its timeout, although its Redis is away', async () => {
    const deletion = { policy: 'Retain', timeout: '3s' };
    await make('late', { db: 5, spec: { deletion } });
    await until('a Pod', async () => (await podsOf('late'))[0]);
    await until('it is held', async () =>
      (await clusterOf('late')).metadata.finalizers?.includes(RETAIN_FINALIZER),
    );
    redis.freeze();
    try {
      const startMs = performance.now();
      await plane.client.delete(CLUSTERS, { name: 'late', namespace });
      await until(
        'it is gone',
        async () => (await plane.client.find(CLUSTERS, { name: 'late', namespace })) === undefined,
      );
      expect(performance.now() - startMs).toBeGreaterThan(1500);
    } finally {
      redis.thaw();
    }
    expect(await podsOf('late')).toHaveLength(1);
  });

  test('goes at once with policy Delete, also when that is decided afterwards', async () => {
    await make('hasty', { db: 6, spec: { deletion: { policy: 'Delete' } } });
    await until('a Pod', async () => (await podsOf('hasty'))[0]);
    expect((await clusterOf('hasty')).metadata.finalizers ?? []).toEqual([]);
    await make('regretted', { db: 7 });
    await until('a Pod', async () => (await podsOf('regretted'))[0]);

    await plane.client.delete(CLUSTERS, { name: 'regretted', namespace });
    await change('regretted', { deletion: { policy: 'Delete' } });

    await until('it is gone', async () => {
      return (await plane.client.find(CLUSTERS, { name: 'regretted', namespace })) === undefined;
    });
  });
});

describe('two fleets on one Redis', () => {
  test('name each other, until one of them goes', async () => {
    await make('left', { db: 8 });
    await make('right', { db: 8 });
    const told = (name: string) =>
      until(`${name} is told`, async () => {
        const found = await condition(name, 'RegistryExclusive');
        return found?.status === 'False' && found;
      });
    const [left, right] = await Promise.all([told('left'), told('right')]);

    expect(left).toMatchObject({
      reason: 'RegistryShared',
      message: expect.stringContaining('default/right'),
    });
    expect(right).toMatchObject({
      reason: 'RegistryShared',
      message: expect.stringContaining('default/left'),
    });
    await change('right', { redis: { standalone: { db: 9 } } });
    await until('it is over', async () => (await condition('left', 'RegistryExclusive'))?.status === 'True');
  });
});

describe('without the right to watch Kubernetes Nodes and revisions', () => {
  const rules = [
    { apiGroups: ['openvidu.io'], resources: ['*'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods', 'services', 'secrets', 'configmaps'], verbs: ['*'] },
    { apiGroups: ['policy'], resources: ['*'], verbs: ['*'] },
    { apiGroups: ['events.k8s.io'], resources: ['*'], verbs: ['*'] },
  ];
  const rbac = (plural: string, kind: string) =>
    resourceType<KubeObject>({
      group: 'rbac.authorization.k8s.io',
      version: 'v1',
      plural,
      kind,
      namespaced: false,
    });

  test('the fleet is launched all the same, and the conditions say what is missing', async () => {
    for (const stop of stops.splice(0)) await stop();
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const metadata = { name: 'little' };
    const role = { apiVersion, kind: 'ClusterRole', metadata, rules };
    await plane.client.create(rbac('clusterroles', 'ClusterRole'), role);
    await plane.client.create(rbac('clusterrolebindings', 'ClusterRoleBinding'), {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'little' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user.user }],
    });
    operate(user.token);
    await make('poor', { db: 10 });

    await until('a Pod', async () => (await podsOf('poor'))[0]);
    const faulty = await until('it is told', async () => {
      const found = await condition('poor', 'Degraded');
      return found?.status === 'True' && found;
    });
    expect(faulty.message).toContain('ControllerRevision');
    expect(await revisionsOf('poor')).toEqual([]);
  });

  test('a Service that may not be made is told of in the status, and it is made once it may, while the fleet goes on', async () => {
    const roles = rbac('clusterroles', 'ClusterRole');
    const all = [...rules, { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['*'] }];
    const without = all.map((rule) => ({
      ...rule,
      resources: rule.resources.filter((plural) => plural !== 'services'),
    }));
    await plane.client.patchMerge(roles, { name: 'little' }, { rules: without });
    await make('poorer', { db: 11 });

    const told = await until('it is told', async () => {
      const found = await condition('poorer', 'ScalingActive');
      return found?.status === 'False' && found;
    });
    expect(told.message).toContain('services');
    await until('a Pod', async () => (await podsOf('poorer'))[0]);

    await plane.client.patchMerge(roles, { name: 'little' }, { rules: all });
    const service = { name: 'poorer-signal', namespace };
    await until('the Service', async () => await plane.client.find(SERVICES, service));
  });
});

test('a machine that a person cordons is seen by the fleets that have Pods there, and by no other', async () => {
  for (const stop of stops.splice(0)) await stop();
  const metadata = { name: 'worker-1' };
  await plane.client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata });
  const controller = operate();
  await make('placed', { db: 11 });
  const pod = await until('a Pod', async () => (await podsOf('placed'))[0]);
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: pod.metadata.name, namespace },
    target: { apiVersion: 'v1', kind: 'Node', name: 'worker-1' },
  };
  await plane.client.create(PODS, binding, { subresource: 'binding' });
  await plane.client.patchMerge(NODES, metadata, { spec: { unschedulable: true } });

  const lastSeen = (cluster: string): string =>
    [...(controller.journal({ cluster, last: 1 }) ?? [])].at(-1) ?? '';
  const seen = await until('it is seen', () => {
    const text = lastSeen('default/placed');
    return Promise.resolve(text.includes('"why":"cordoned"') && text);
  });
  expect(seen).toMatch(/"kubeNodes":\{[^}]*"worker-1":\{/);
  expect(lastSeen('default/first')).not.toContain('worker-1');
});
