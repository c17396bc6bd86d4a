import { afterEach, describe, expect, test } from '@jest/globals';
import type { Log } from '../../src/base/log.ts';
import { KubeNodes } from '../../src/operator/kube-nodes.ts';
import { fastRuntime } from '../kube/fake-runtime.ts';
import { json, ScriptedServer } from '../kube/scripted-server.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const aNode = (name: string, resourceVersion: string, spec: object = {}, status: object = {}) => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion, annotations: {}, labels: {} },
  spec,
  status,
});
const ready = (status: string) => ({
  conditions: [
    { type: 'Ready', status },
    { type: 'DiskPressure', status: 'False' },
  ],
});

/**
 * Kubernetes Nodes of an API server that lists these, then tells of these changes; or that refuses with a status. At first it
 * refuses everybody so many times.
 */
async function watched(
  answer: number | { readonly items: readonly object[]; readonly changes: readonly object[] },
  { refusals, timeFactor } = { refusals: 0, timeFactor: 1 },
) {
  const server = await ScriptedServer.start((seen, response) => {
    if (server.seen.length <= refusals) return json(response, 403, { reason: 'Forbidden' });
    if (typeof answer === 'number') return json(response, answer, { reason: 'Forbidden' });
    if (seen.url.searchParams.get('watch') === null) {
      return json(response, 200, { metadata: { resourceVersion: '10' }, items: answer.items });
    }
    response.writeHead(200).flushHeaders();
    for (const change of answer.changes) {
      const told = 'type' in change ? change : { type: 'MODIFIED', object: change };
      response.write(`${JSON.stringify(told)}\n`);
    }
  });
  const warnings: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
    child: () => log,
  };
  const changed: string[] = [];
  // A minute passes between any two looks at the clock.
  let wallMs = Date.parse('2026-03-01T12:00:00Z');
  const nodes = new KubeNodes({
    http: server.http({ runtime: fastRuntime(timeFactor) }),
    log,
    clock: { wallMs: () => (wallMs += 60_000) },
    onChange: (name) => void changed.push(name),
  });
  const stop = new AbortController();
  closing.push(
    () => server.stop(),
    () => stop.abort(),
  );
  nodes.start(stop.signal);
  await nodes.settled;
  return { nodes, changed, warnings, server };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries += 1) {
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

describe('Kubernetes Nodes', () => {
  test('are told of those that are asked for and known', async () => {
    const { nodes } = await watched({
      items: [aNode('a', '1', {}, ready('True')), aNode('b', '2')],
      changes: [],
    });

    expect(nodes.of(['a', 'a', 'c'])).toEqual({ a: { name: 'a', ready: true, departure: undefined } });
  });

  test('wake nobody by a heartbeat, only by what matters', async () => {
    const items = [aNode('a', '1', {}, ready('True')), aNode('b', '2', {}, ready('True'))];
    const changes = [
      aNode('a', '11', {}, { ...ready('True'), images: ['pulled'] }),
      aNode('b', '12', { unschedulable: true }, ready('True')),
    ];
    const { nodes, changed } = await watched({ items, changes });
    await until(() => changed.length > 2);

    expect(changed).toEqual(['a', 'b', 'b']);
    expect(nodes.of(['b'])?.['b']?.departure).toEqual({ why: 'cordoned', deadlineMs: undefined });
  });

  test('that come anew under the name of one that is gone have their own notice', async () => {
    const spot = { taints: [{ key: 'aws-node-termination-handler/spot-itn', effect: 'NoSchedule' }] };
    const changes = [
      { type: 'DELETED', object: aNode('a', '11', spot, ready('True')) },
      { type: 'ADDED', object: aNode('a', '12', spot, ready('True')) },
    ];
    const { nodes, changed } = await watched({ items: [aNode('a', '1', spot, ready('True'))], changes });
    await until(() => changed.length > 2);

    expect(changed).toEqual(['a', 'a', 'a']);
    const deadlineMs = nodes.of(['a'])?.['a']?.departure?.deadlineMs;
    expect(deadlineMs).toBe(Date.parse('2026-03-01T12:02:00Z') + 120_000);
  });

  test('that may not be watched are unknown, which is said once', async () => {
    const { nodes, warnings, server } = await watched(403);
    await new Promise((resolve) => void setTimeout(resolve, 100));

    expect(nodes.of(['a'])).toBeUndefined();
    expect(nodes.isWatching).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('set rbac.kubernetesNodes=true')]);
    expect(server.seen).toHaveLength(1);
  });

  test('are known within seconds where an API server that has just started refused everybody at first', async () => {
    const answer = { items: [aNode('a', '1', {}, ready('True'))], changes: [] };
    const { nodes, warnings } = await watched(answer, { refusals: 4, timeFactor: 20 });
    expect(nodes.isWatching).toBe(false);
    await until(() => nodes.isWatching);

    expect(nodes.of(['a'])).toMatchObject({ a: { ready: true } });
    expect(warnings).toHaveLength(1);
  });
});

test('a kind that the API server does not know is no object and one warning, not a failure', async () => {
  const { nodes, warnings, server } = await watched(404);

  expect(nodes.of(['worker-1'])).toBeUndefined();
  expect(nodes.isWatching).toBe(false);
  expect(warnings).toHaveLength(1);
  expect(server.seen).toHaveLength(1);
});
