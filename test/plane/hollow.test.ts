/** The hollow fleet keeps its word: what the operator reads of it is what it plays, on a real API server and Redis. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { HollowTraffic } from '../../lab/hollow/traffic.ts';
import type { HollowRoom } from '../../lab/hollow/types.ts';
import { HollowWorld } from '../../lab/hollow/world.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { LABELS } from '../../src/api/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { NodeEntry, RedisReading } from '../../src/core/readings.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { PODS } from '../../src/kube/resource.ts';
import { CordonKeeper } from '../../src/livekit/cordon.ts';
import { MetricsReader } from '../../src/livekit/node-metrics.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import { connectRedis, type RedisLink } from '../../src/livekit/redis.ts';
import { readServerApi, serverApi } from '../../src/livekit/server-api.ts';
import { systemTimers } from '../../src/livekit/timers.ts';
import { projectPod } from '../../src/reconcile/project-pod.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { until } from '../../lab/plane/steps.ts';

jest.setTimeout(60_000);

const namespace = 'default';
const cluster = 'fleet';
const key = { apiKey: 'key', apiSecret: 'a-secret-of-more-than-thirty-two-bytes' };

let plane: Plane;
let redis: LocalRedis;
let link: RedisLink;
let world: HollowWorld;
let table: NodeTable;
const reader = new MetricsReader(systemClock);

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane(), startRedis()]);
  link = connectRedis(redis.config, silentLog);
  table = new NodeTable(link, systemClock);
  world = await HollowWorld.start({
    client: plane.client,
    fleets: [{ cluster, redis: redis.address }],
    seed: 1,
    heartbeatMs: 200,
    drainCheckMs: 100,
    plan: (pod) => ({
      launchMs: 20,
      readyMs: 20,
      fate: pod.metadata.name === 'never' ? { kind: 'NeverReady' } : { kind: 'Serves' },
    }),
  });
});
afterAll(async () => {
  await world?.stop();
  await reader.close();
  await link?.close();
  await redis?.stop();
  await plane?.stop();
});

async function make(name: string): Promise<void> {
  const labels = { [LABELS.cluster]: cluster, [LABELS.component]: 'media-node' };
  await plane.client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 60,
      containers: [{ name: 'livekit', image: 'hollow' }],
    },
  });
}

const podOf = (name: string): Promise<Pod | undefined> => plane.client.find(PODS, { name, namespace });

async function readyPod(name: string): Promise<Pod> {
  return await until(`${name} is ready`, async () => {
    const pod = await podOf(name);
    return pod !== undefined && projectPod(pod).ready && pod;
  });
}

/** As often as it takes: on a busy machine Redis may not answer in time. */
async function fill(pod: string, people: number): Promise<HollowRoom> {
  return await until('a room', async () => await world.openRoomOn(pod, people));
}

async function entryOf(name: string): Promise<Extract<NodeEntry, { kind: 'Node' }> | undefined> {
  const read: RedisReading = await table.read();
  const nodeId = world.nodes().find(({ pod }) => pod === name)?.nodeId;
  if (read.kind !== 'Read') return undefined;
  const entry = read.nodes.find((node) => node.nodeId === nodeId);
  return entry?.kind === 'Node' ? entry : undefined;
}

describe('a hollow Pod', () => {
  test('is bound to a machine, runs and becomes ready at an address where its own server answers', async () => {
    await make('one');
    const pod = projectPod(await readyPod('one'));
    expect(pod).toMatchObject({ phase: 'Running', restarts: 0, deleting: false, trouble: undefined });
    expect(pod.kubeNode).toMatch(/^hollow-/);
    expect(pod.startedAtMs).toBeGreaterThanOrEqual(pod.createdAtMs);

    const reading = await reader.read({ host: pod.ip ?? '', port: world.mediaNodes.metricsPort });
    const node = world.nodes().find((one) => one.pod === 'one');
    expect(reading).toMatchObject({ kind: 'Read', nodeId: node?.nodeId, participants: 0, rooms: 0 });
    await expect(
      reader.read({ host: '127.119.0.1', port: world.mediaNodes.metricsPort }),
    ).resolves.toMatchObject({ kind: 'Failed' });
  });

  test('that never becomes ready is registered all the same', async () => {
    await make('never');
    await until('an entry', async () => await entryOf('never'));
    const pod = await until('it runs', async () => {
      const now = await podOf('never');
      return now !== undefined && projectPod(now).phase === 'Running' && now;
    });
    expect(projectPod(pod).ready).toBe(false);
    await plane.client.delete(PODS, { name: 'never', namespace });
    await until('it is gone', async () => (await podOf('never')) === undefined);
  });

  test('that is deleted waits for its room and then goes with its entry', async () => {
    await make('two');
    await readyPod('two');
    const room = await fill('two', 3);
    await plane.client.delete(PODS, { name: 'two', namespace });
    await until('it drains', async () => (await entryOf('two'))?.state === 'ShuttingDown');
    expect(projectPod((await podOf('two')) as Pod).deleting).toBe(true);
    await world.endRoom(room?.name ?? '');
    await until('it is gone', async () => (await podOf('two')) === undefined);
    expect(await entryOf('two')).toBeUndefined();
    expect(world.cuts).toEqual([]);
  });
});

describe('a hollow server', () => {
  test('tells Redis of its rooms and people as the operator reads them', async () => {
    const room = await fill('one', 5);
    const seen = await until('the heartbeat', async () => {
      const entry = await entryOf('one');
      return entry?.load.participants === 5 && entry;
    });
    expect(seen).toMatchObject({ state: 'Serving', cordonMarked: false, load: { rooms: 1 } });
    const read = await table.read();
    expect(read).toMatchObject({
      kind: 'Read',
      serverVersion: '1.13.5',
      rooms: [{ room: room?.name, nodeId: seen.nodeId, participants: 5 }],
    });
    const api = serverApi({ url: `http://${seen.ip}:${world.mediaNodes.signalPort}`, ...key });
    await expect(readServerApi(api, systemClock)).resolves.toMatchObject({
      kind: 'Read',
      rooms: [{ room: room?.name, participants: 5 }],
    });
    await world.endRoom(room?.name ?? '');
  });

  test('overwrites a cordon with its next heartbeat', async () => {
    await make('three');
    await readyPod('three');
    const [one, three] = [await entryOf('one'), await entryOf('three')];
    const keeper = new CordonKeeper({ link, clock: systemClock, log: silentLog, timers: systemTimers });
    await keeper.setCordoned(new Set([three?.nodeId ?? '']), new Set([one?.nodeId ?? '']));
    expect((await entryOf('three'))?.cordonMarked).toBe(true);
    await keeper.stop();
    await until('it is open again', async () => (await entryOf('three'))?.cordonMarked === false);
  });

  test('takes no new rooms while it is marked', async () => {
    const [one, three] = [await entryOf('one'), await entryOf('three')];
    const keeper = new CordonKeeper({ link, clock: systemClock, log: silentLog, timers: systemTimers });
    await keeper.setCordoned(new Set([three?.nodeId ?? '']), new Set([one?.nodeId ?? '']));
    // A mark is gone for a moment after each heartbeat, and the keeper is told of none here.
    const ticker = setInterval(() => keeper.notice(), 2);
    for (let count = 0; count < 20; count += 1) await world.openRoom(cluster, { participants: 1 });
    clearInterval(ticker);
    await keeper.stop();
    const placed = world.rooms().filter(({ nodeId }) => nodeId === three?.nodeId);
    expect(world.rooms()).toHaveLength(20);
    expect(placed.length).toBeLessThanOrEqual(1);
    for (const { name } of world.rooms()) await world.endRoom(name);
  });

  test('that is stalled grows old in Redis, and answers by itself', async () => {
    const before = await until('an entry', async () => await entryOf('one'));
    world.stall('one');
    await until('it is old', async () => ((await entryOf('one'))?.ageMs ?? 0) > 1500);
    const reading = await reader.read({ host: before.ip, port: world.mediaNodes.metricsPort });
    expect(reading.kind).toBe('Read');
    world.resume('one');
    await until('it is young', async () => ((await entryOf('one'))?.ageMs ?? 9000) < 1500);
  });

  test('with a wrong clock says so in its entry, and its heart is heard all the same', async () => {
    world.skew('one', 60_000);
    await until('beats', async () => ((await entryOf('one'))?.heartbeatsSeen ?? 0) > 3);
    world.skew('one', 0);
  });
});

describe('hollow traffic', () => {
  let traffic: HollowTraffic | undefined;
  afterAll(() => traffic?.stop());

  test('keeps so many rooms, and none are cut', async () => {
    const flow = HollowTraffic.start(world, {
      cluster,
      rooms: 12,
      participants: [2, 4],
      lifeMs: [200, 600],
      seed: 3,
    });
    traffic = flow;
    await until('twelve rooms', async () => flow.rooms === 12);
    await until('some have ended', async () => world.counts.ended > 45);
    flow.setRooms(0);
    await until('none', async () => flow.rooms === 0 && world.rooms().length === 0);
    await until('Redis knows of none', async () => (await link.hashSize('room_node_map')) === 0);
    expect(world.cutParticipants()).toBe(0);
  });
});

describe('a hollow Pod', () => {
  test.each([
    ['whose grace is over', 'GraceOver', { gracePeriodSeconds: 1 }],
    ['that is deleted by force', 'PodGone', { gracePeriodSeconds: 0 }],
  ] as const)('%s cuts who is on it', async (_what, why, options) => {
    const name = why.toLowerCase();
    await make(name);
    await readyPod(name);
    await fill(name, 4);
    await plane.client.delete(PODS, { name, namespace }, options);
    await until('the cut', async () => world.cutParticipants(why) === 4);
    await until('it is gone', async () => (await podOf(name)) === undefined);
  });

  test('whose server crashes has failed, and leaves its entry behind', async () => {
    await make('crash');
    await readyPod('crash');
    await fill('crash', 2);
    const nodeId = world.nodes().find(({ pod }) => pod === 'crash')?.nodeId ?? '';
    world.crash('crash');
    const pod = await until('it has failed', async () => {
      const now = await podOf('crash');
      return now !== undefined && projectPod(now).phase === 'Failed' && projectPod(now);
    });
    expect(pod.ended).toMatchObject({ exitCode: 137 });
    expect((await link.hashAll('nodes')).has(nodeId)).toBe(true);
    expect(world.cutParticipants('Fault')).toBe(2);
    await plane.client.delete(PODS, { name: 'crash', namespace });
  });
});
