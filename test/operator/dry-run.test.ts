/** A trial beside somebody else's fleet: what is asked of the API server, and that nothing is written to anything there. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { BugError } from '../../src/base/assert.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Action } from '../../src/core/action.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { Actor } from '../../src/operator/actor.ts';
import { ClusterRuntime } from '../../src/operator/cluster-runtime.ts';
import { PodsCache } from '../../src/operator/pods-cache.ts';
import { noRevisions } from '../../src/operator/revision-store.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { ScriptedServer, type Seen, json } from '../kube/scripted-server.ts';
import { aClusterSpec, anOwner } from '../manifests/a-cluster-spec.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const matchLabels = { tier: 'media', app: 'livekit' };

let redisAddress = '';

/** Enough for a client to take the server for ready. */
const information = '$29\r\nredis_version:7.2.0\nloading:0\r\n';

/** A Redis that refuses every command at once: what is not known of the rooms does not matter here. */
async function aRedisThatRefuses(): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      for (const command of bytes
        .toString('latin1')
        .split(/^\*\d+\r$/m)
        .slice(1)) {
        socket.write(/\ninfo\r/i.test(command) ? information : '-ERR not here\r\n');
      }
    });
    closing.push(() => Promise.resolve(void socket.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => Promise.resolve(void server.close()));
  redisAddress = `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(aRedisThatRefuses);

function aCluster(autoscaling: { readonly [key: string]: string | object }, generation = 1): OpenViduCluster {
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { ...anOwner, generation, resourceVersion: '5', creationTimestamp: '2026-03-01T12:00:00Z' },
    spec: aClusterSpec({ redis: { standalone: { address: redisAddress } }, autoscaling }),
  } as OpenViduCluster;
}

const foreign = (name: string) => ({
  metadata: {
    name,
    namespace: anOwner.namespace,
    uid: `uid-${name}`,
    resourceVersion: '7',
    creationTimestamp: '2026-03-01T12:00:00Z',
    labels: matchLabels,
    annotations: { 'openvidu.io/drain': 'left over from elsewhere' },
  },
  spec: { nodeName: 'worker', containers: [{ name: 'livekit' }] },
  // Refuses at once: an address that swallows connections would keep them, and this process, for seconds.
  status: { phase: 'Running', podIP: '127.0.0.2', conditions: [{ type: 'Ready', status: 'True' }] },
});

/** An API server with two Pods of a Deployment; it takes every write and remembers it. */
function answer({ method, url }: Seen, response: ServerResponse): void {
  if (url.searchParams.get('watch') !== null) {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    return;
  }
  if (method === 'GET' && url.pathname.endsWith('/pods')) {
    const items = [foreign('livekit-6d5-a'), foreign('livekit-6d5-b')];
    return json(response, 200, {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '9' },
      items,
    });
  }
  if (method === 'GET') {
    const data = { apiKey: btoa('key'), apiSecret: btoa('secret') };
    return json(response, 200, {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 'livekit-keys' },
      data,
    });
  }
  const creationTimestamp = '2026-03-01T12:00:00Z';
  json(response, 200, {
    revision: 1,
    metadata: { name: 'written', resourceVersion: '10', creationTimestamp },
  });
}

async function start(cluster: OpenViduCluster) {
  const server = await ScriptedServer.start(answer);
  const client = new KubeClient(server.http());
  const events = new EventRecorder({ client, controller: 'test', instance: 'test', log: silentLog });
  const metrics = createMetrics({ version: 'test', nodeVersion: 'test' });
  const views = { pods: { byIndex: () => [], version: '1' }, revisions: noRevisions };
  const runtime = new ClusterRuntime(cluster, {
    client,
    events,
    views,
    clock: systemClock,
    log: silentLog,
    metrics,
    wake: () => undefined,
  });
  closing.push(
    () => server.stop(),
    () => client.http.close(),
    () => events.stop(),
    () => runtime.close(),
  );
  const writes = () => server.seen.filter(({ method }) => method !== 'GET').map(({ url }) => url.pathname);
  return { server, runtime, writes };
}

/** Passes until the Pods are listed and a decision was made. */
async function pass(runtime: ClusterRuntime, cluster: OpenViduCluster): Promise<readonly string[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    await runtime.pass(cluster);
    const lines = [...runtime.journal(1, (room) => room)];
    if (lines.length > 1) return lines;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  throw new Error('no decision was made');
}

const harmless = /\/openviduclusters\/live\/status$|\/events$/;

describe('a trial beside the Pods of another scaler', () => {
  const aTrial = () => aCluster({ mode: 'DryRun', dryRun: { podSelector: { matchLabels } } });

  test('watches the Pods with those labels in its own namespace', async () => {
    const trial = aTrial();
    const { runtime, server } = await start(trial);

    const [, entry = ''] = await pass(runtime, trial);

    const lists = server.seen.filter(({ url }) => url.pathname.endsWith('/pods'));
    expect(lists[0]?.url.pathname).toBe('/api/v1/namespaces/rooms/pods');
    expect(lists[0]?.url.searchParams.get('labelSelector')).toBe('app=livekit,tier=media');
    const { input, decision } = JSON.parse(entry) as {
      readonly input: { readonly observed: { readonly pods: unknown } };
      readonly decision: { readonly actions: unknown };
    };
    expect(JSON.stringify(input.observed.pods)).toMatch(/livekit-6d5-a.*livekit-6d5-b/);
    expect(decision.actions).toEqual([]);
  });

  test('writes nothing but status and Events, and reads no wish from the annotations of others', async () => {
    const trial = aTrial();
    const { runtime, writes } = await start(trial);

    const [, entry = ''] = await pass(runtime, trial);
    await runtime.pass(trial);

    expect(entry).not.toContain('left over from elsewhere');
    expect(writes().filter((path) => !harmless.test(path))).toEqual([]);
  });

  test('makes what a fleet needs only when the trial is over, and then no longer looks at those Pods', async () => {
    const trial = aTrial();
    const { runtime, server, writes } = await start(trial);
    await pass(runtime, trial);
    const enforced = aCluster({ mode: 'Enforce', dryRun: { podSelector: { matchLabels } } }, 2);

    await runtime.pass(enforced);

    const kinds = writes().map((path) => path.split('/').at(-2) ?? '');
    expect(kinds).toEqual(expect.arrayContaining(['secrets', 'services', 'poddisruptionbudgets']));
    const [, entry = ''] = [...runtime.journal(1, (room) => room)];
    expect(entry).not.toContain('livekit-6d5');
    expect(server.seen.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});

test('a trial without a selector makes no Secret, no Service and no PodDisruptionBudget either', async () => {
  const trial = aCluster({ mode: 'DryRun' });
  const { runtime, writes } = await start(trial);

  await pass(runtime, trial);

  expect(writes().filter((path) => !harmless.test(path))).toEqual([]);
});

test.each<Action>([
  { kind: 'CreatePod', name: 'live-media-0', revision: 'r1', because: 'load' },
  { kind: 'RemoveGhost', nodeId: 'ND_1', rooms: 0, participants: 0 },
])(
  'an action $kind that was decided all the same is a defect, and is not carried out in a trial',
  async (action) => {
    const server = await ScriptedServer.start(answer);
    closing.push(() => server.stop());
    const actor = new Actor({
      client: new KubeClient(server.http()),
      pods: new PodsCache({ byIndex: () => [], version: '1' }, 'rooms/live'),
      revisions: { sourceOf: () => undefined, judge: () => Promise.reject(new Error('it was judged')) },
      media: { removeGhost: () => Promise.reject(new Error('it was carried out')) },
      cluster: () => aCluster({ mode: 'DryRun' }),
      elapsedMs: () => 0,
      nowIso: () => '2026-03-01T12:00:00Z',
      onDone: () => undefined,
    });

    await expect(actor.act(action)).rejects.toThrow(BugError);
    expect(server.seen).toEqual([]);
  },
);
