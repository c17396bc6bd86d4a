/** The node under test by its own server API and metrics. Real media server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis, type LocalRedis } from '../../lab/local-redis.ts';
import { type LocalServer, type LocalServers, startServers } from '../../lab/local-servers.ts';
import { openRunTarget, type RunTargetWish } from '../../src/loadtest/run-target.ts';

describe('a node under test', () => {
  let redis: LocalRedis | undefined;
  let servers: LocalServers | undefined;
  beforeAll(async () => {
    redis = await startRedis();
    servers = await startServers({ count: 2, redisAddress: redis.address });
  }, 60_000);
  afterAll(async () => {
    await servers?.stop();
    await redis?.stop();
  });

  const server = (at: number): LocalServer => {
    const found = servers?.servers[at];
    if (found === undefined) throw new Error('the server does not run');
    return found;
  };
  const wish = (at: number, change: Partial<RunTargetWish> = {}): RunTargetWish => ({
    url: server(0).wsUrl,
    keys: servers?.key ?? { apiKey: '', apiSecret: '' },
    metricsUrl: `http://127.0.0.1:${server(at).metricsPort}/metrics`,
    prefix: 'lt-target-',
    allowSharedTarget: false,
    nodeId: undefined,
    serverPid: undefined,
    serverCores: undefined,
    serverMemoryBytes: undefined,
    serverCpu: undefined,
    ...change,
  });

  test.each([0, 1])(
    'is told apart by its metrics, and gets the rooms: node %d',
    async (at) => {
      const place = await openRunTarget(wish(at));
      const { target, probe } = place;
      expect(target).toMatchObject({
        nodeId: server(at).nodeId,
        serverVersion: expect.stringMatching(/^1\./),
      });
      expect(place.limitCores).toBeGreaterThan(0);
      await target.createRooms(['lt-target-1', 'lt-target-2']);
      expect(await target.countRooms()).toEqual({ own: 2, foreign: 0 });
      expect(await probe?.read(() => 0)).toMatchObject({ nodeId: server(at).nodeId, rooms: 2 });
      // What is gone already is no trouble.
      await target.deleteRooms(['lt-target-1', 'lt-target-0']);
      expect(await target.deleteLeftovers()).toBe(1);
      expect(await target.countRooms()).toEqual({ own: 0, foreign: 0 });
      await probe?.close();
    },
    30_000,
  );

  test('that serves rooms of others is refused, another node of the service is not', async () => {
    const others = await openRunTarget(wish(0, { prefix: 'others-' }));
    await others.target.createRooms(['others-1']);
    await expect(openRunTarget(wish(0))).rejects.toThrow('the node serves another room: a test would');
    const elsewhere = await openRunTarget(wish(1));
    const shared = await openRunTarget(wish(0, { allowSharedTarget: true }));
    await others.target.deleteLeftovers();
    await Promise.all([others, elsewhere, shared].map(async ({ probe }) => await probe?.close()));
  }, 30_000);

  test.each<[string, Partial<RunTargetWish>, string]>([
    ['with a wrong secret', { keys: { apiKey: 'devkey', apiSecret: 'x'.repeat(32) } }, 'refused the API key'],
    ['at an address where nobody is', { url: 'ws://127.0.0.1:1' }, 'did not make a room'],
    ['with metrics that are not there', { metricsUrl: 'http://127.0.0.1:1/metrics' }, 'ECONNREFUSED'],
    ['with the id of another node', { nodeId: 'ND_other' }, 'the test is for ND_other'],
  ])(
    '%s cannot be tested, in a sentence',
    async (_, change, says) => {
      await expect(openRunTarget(wish(0, change))).rejects.toThrow(says);
    },
    30_000,
  );
});
