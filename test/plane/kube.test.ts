import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError, ForbiddenError, InvalidError, NotFoundError } from '../../src/kube/errors.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { runAsLeader } from '../../src/kube/lease.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { EVENTS, LEASES, PODS, resourceType } from '../../src/kube/resource.ts';
import { isAtLeast } from '../../src/kube/resource-version.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';

jest.setTimeout(45_000);

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
const CONFIG_MAPS = resourceType<ConfigMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});

const namespace = 'default';
let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(async () => {
  await plane.stop();
});

async function until(claim: string, holds: () => boolean, withinMs = 15_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${claim}`);
    await delay(20);
  }
}

function aConfigMap(name: string, labels: Readonly<Record<string, string>>, value = '') {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data: { value } };
}

function aPod(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  };
}

describe('the reflector on a real API server', () => {
  test('follows changes across a killed and a frozen API server and sees a recreation as delete and add', async () => {
    const labels = { suite: 'reflector' };
    const seen: string[] = [];
    const counts = { lists: 0, watches: 0 };
    const reflector = new Reflector<ConfigMap>({
      http: plane.http(),
      type: CONFIG_MAPS,
      labelSelector: 'suite=reflector',
      silenceMs: 1_500,
      indexes: { value: (object) => [object.data?.['value'] ?? ''] },
      hooks: { onList: () => (counts.lists += 1), onWatch: () => (counts.watches += 1) },
    });
    reflector.onChange((change) => {
      seen.push(`${change.type} ${change.object.metadata.name} ${change.object.data?.['value'] ?? ''}`);
    });
    const stop = new AbortController();
    await plane.client.create(CONFIG_MAPS, aConfigMap('a', labels, '1'));
    reflector.start(stop.signal);
    await reflector.synced;

    const first = await plane.client.patchMerge(
      CONFIG_MAPS,
      { name: 'a', namespace },
      { data: { value: '2' } },
    );
    await until('the reader passes the write', () =>
      isAtLeast(reflector.version, first.metadata.resourceVersion),
    );
    expect(reflector.byIndex('value', '2').map((object) => object.metadata.name)).toEqual(['a']);
    expect(reflector.get(namespace, 'a')).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });

    await plane.killApiServer();
    await delay(300);
    await plane.startApiServer();
    await plane.client.create(CONFIG_MAPS, aConfigMap('b', labels, '1'));
    await until('b is seen after the crash', () => reflector.get(namespace, 'b') !== undefined);

    const watchesBefore = counts.watches;
    plane.freeze();
    await delay(2_500);
    plane.thaw();
    await plane.client.create(CONFIG_MAPS, aConfigMap('c', labels, '1'));
    await until('c is seen after the freeze', () => reflector.get(namespace, 'c') !== undefined);
    expect(counts.watches).toBeGreaterThan(watchesBefore);

    await plane.client.delete(CONFIG_MAPS, { name: 'c', namespace });
    await plane.client.create(CONFIG_MAPS, aConfigMap('c', labels, 'new'));
    await until('the new c is seen', () => reflector.get(namespace, 'c')?.data?.['value'] === 'new');

    stop.abort();
    await reflector.done;
    expect(seen).toEqual([
      'added a 1',
      'modified a 2',
      'added b 1',
      'added c 1',
      'deleted c 1',
      'added c new',
    ]);
    expect(counts.lists).toBeLessThanOrEqual(3);
  });

  test('lists 3100 objects page by page and keeps only what the projection keeps', async () => {
    const labels = { suite: 'paging' };
    const names = Array.from({ length: 3100 }, (_, index) => `page-${index}`);
    const next = names.values();
    const worker = async (): Promise<void> => {
      for (const name of next)
        await plane.client.create(CONFIG_MAPS, aConfigMap(name, labels, 'x'.repeat(50)));
    };
    await Promise.all(Array.from({ length: 24 }, worker));
    const codes: string[] = [];
    const http = plane.http({ onAttempt: ({ verb, code }) => codes.push(`${verb} ${code}`) });
    const stop = new AbortController();
    const reflector = new Reflector<ConfigMap>({
      http,
      type: CONFIG_MAPS,
      labelSelector: 'suite=paging',
      project: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
    });

    reflector.start(stop.signal);
    await reflector.synced;
    stop.abort();
    await reflector.done;

    expect(reflector.size).toBe(3100);
    expect(reflector.get(namespace, 'page-3099')?.data).toBeUndefined();
    expect(codes.filter((code) => code === 'GET 200')).toHaveLength(7);
  });
});

describe('the lease on a real API server', () => {
  const times = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 400 };

  interface Candidate {
    readonly stop: AbortController;
    readonly done: Promise<unknown>;
  }

  class Arena {
    readonly log: string[] = [];
    leading = 0;
    mostLeading = 0;

    readonly #name: string;

    constructor(name: string) {
      this.#name = name;
    }

    enter(identity: string): Candidate {
      const stop = new AbortController();
      const options = {
        ...times,
        client: plane.client,
        namespace,
        name: this.#name,
        identity,
        signal: stop.signal,
      };
      const done = runAsLeader(options, async (signal) => {
        this.leading += 1;
        this.mostLeading = Math.max(this.mostLeading, this.leading);
        this.log.push(`${identity} leads`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        this.leading -= 1;
        this.log.push(`${identity} ends`);
      }).catch((error: unknown) => error);
      return { stop, done };
    }
  }

  test('passes on at once after a graceful stop, and never leads twice at a time', async () => {
    const arena = new Arena('graceful');
    const a = arena.enter('a');
    await until('a leads', () => arena.log.includes('a leads'));
    const b = arena.enter('b');
    await delay(1_000);
    const startedMs = performance.now();
    a.stop.abort();
    await until('b leads', () => arena.log.includes('b leads'));

    expect(performance.now() - startedMs).toBeLessThan(1_500);
    b.stop.abort();
    await expect(Promise.all([a.done, b.done])).resolves.toEqual([undefined, undefined]);
    expect(arena.log).toEqual(['a leads', 'a ends', 'b leads', 'b ends']);
    expect(arena.mostLeading).toBe(1);
    const lease = await plane.client.get(LEASES, { name: 'graceful', namespace });
    expect(lease.spec?.holderIdentity ?? '').toBe('');
    expect(lease.spec?.leaseTransitions).toBe(1);
  });

  test('steps down before the lease can be taken when the API server freezes, then somebody leads again', async () => {
    const arena = new Arena('frozen');
    const a = arena.enter('a');
    await until('a leads', () => arena.log.includes('a leads'));
    const b = arena.enter('b');
    await delay(800);
    plane.freeze();
    const frozenMs = performance.now();
    await until('a steps down', () => arena.log.includes('a ends'));
    const tookMs = performance.now() - frozenMs;
    await delay(Math.max(0, 3_500 - tookMs));
    plane.thaw();
    await until('b leads', () => arena.log.includes('b leads'));

    expect(tookMs).toBeLessThan(times.leaseMs - 500);
    await expect(a.done).resolves.toMatchObject({ name: 'LeaseLostError' });
    b.stop.abort();
    await b.done;
    expect(arena.mostLeading).toBe(1);
  });
});

describe('writes on a real API server', () => {
  test('server-side apply leaves the conditions of another manager alone and refuses a field it does not own', async () => {
    const name = 'owned';
    await plane.client.create(PODS, aPod(name));
    const condition = (type: string, status: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      status: { conditions: [{ type, status }] },
    });
    await plane.client.applyStatus(PODS, condition('example.org/One', 'True'), { fieldManager: 'one' });
    const both = await plane.client.applyStatus(PODS, condition('example.org/Two', 'True'), {
      fieldManager: 'two',
    });
    const contested = plane.client.applyStatus(PODS, condition('example.org/One', 'False'), {
      fieldManager: 'two',
    });

    expect(both.status?.conditions?.map(({ type }) => type).sort()).toEqual([
      'example.org/One',
      'example.org/Two',
    ]);
    await expect(contested).rejects.toBeInstanceOf(ConflictError);
  });

  test('a delete is refused once the object has changed, and for another uid', async () => {
    const ref = { name: 'guarded', namespace };
    const created = await plane.client.create(PODS, aPod(ref.name));
    const changed = await plane.client.patchMerge(PODS, ref, { metadata: { annotations: { a: 'b' } } });
    const { uid, resourceVersion } = created.metadata;

    await expect(plane.client.delete(PODS, ref, { uid, resourceVersion })).rejects.toBeInstanceOf(
      ConflictError,
    );
    await expect(plane.client.delete(PODS, ref, { uid: 'other' })).rejects.toBeInstanceOf(ConflictError);
    const now = { uid, resourceVersion: changed.metadata.resourceVersion, gracePeriodSeconds: 0 };
    await plane.client.delete(PODS, ref, now);
    await expect(plane.client.get(PODS, ref)).rejects.toBeInstanceOf(NotFoundError);
  });

  test('an invalid object names its fields, a powerless user is told so', async () => {
    const bad = { ...aPod('bad'), spec: { containers: [] } };
    const refusal = await plane.client.create(PODS, bad).catch((error: unknown) => error);
    const nobody = plane.http({ token: 'nobody-token' });

    expect(refusal).toBeInstanceOf(InvalidError);
    expect(refusal).toMatchObject({ status: 422, causes: [{ field: 'spec.containers' }] });
    const list = nobody.request({ method: 'GET', path: '/api/v1/pods' });
    await expect(list).rejects.toBeInstanceOf(ForbiddenError);
  });

  test('repeated events become one object with a count', async () => {
    const dropped: string[] = [];
    const recorder = new EventRecorder({
      client: plane.client,
      controller: 'example.org/tester',
      instance: 'test-1',
      onDropped: (why) => dropped.push(why),
    });
    const regarding = { apiVersion: 'v1', kind: 'Pod', name: 'owned', namespace };
    const happening = { regarding, type: 'Normal', reason: 'Tried', action: 'Try', noteKey: 'try' } as const;
    recorder.record({ ...happening, note: 'first' });
    for (let index = 0; index < 6; index += 1) recorder.record({ ...happening, note: `again ${index}` });
    recorder.record({ ...happening, noteKey: 'other', note: 'other' });
    await recorder.stop();

    const { items } = await plane.client.list(EVENTS, { namespace, fieldSelector: 'reason=Tried' });
    expect(dropped).toEqual([]);
    expect(items.map(({ note, series }) => `${note} ${series?.count ?? 1}`).sort()).toEqual([
      'first 7',
      'other 1',
    ]);
  });
});
