import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { until } from '../../lab/exec.ts';
import { startRedis, startRedisCluster, startSentinel } from '../../lab/local-redis.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { CordonKeeper } from '../../src/livekit/cordon.ts';
import { removeGhost } from '../../src/livekit/ghost.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import { connectRedis, redisScript, type RedisLink } from '../../src/livekit/redis.ts';
import { closeClient, openClient } from '../../src/livekit/redis-client.ts';
import type { RedisConfig } from '../../src/livekit/redis-config.ts';
import { systemTimers } from '../../src/livekit/timers.ts';
import { type ChangeOf, startWatch, type Watch } from '../../src/livekit/watch.ts';
import { encodeNode, encodeRoom } from '../../lab/livekit-encode.ts';

const patientMs = 60_000;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}, patientMs);

function connect(config: RedisConfig): RedisLink {
  const link = connectRedis(config, silentLog);
  cleanups.push(async () => await link.close());
  return link;
}

function watchOf(link: RedisLink): { readonly watch: Watch; readonly changes: ChangeOf[] } {
  const changes: ChangeOf[] = [];
  const onChange = (of: ChangeOf): void => void changes.push(of);
  const watch = startWatch({ link, log: silentLog, timers: systemTimers, onChange });
  cleanups.push(async () => await watch.stop());
  return { watch, changes };
}

function keeperOf(link: RedisLink): CordonKeeper {
  const keeper = new CordonKeeper({ link, log: silentLog, clock: systemClock, timers: systemTimers });
  cleanups.push(async () => await keeper.stop());
  return keeper;
}

/** Writes a registry of two nodes and a room, as the servers would. */
async function fill(writer: Redis | Cluster): Promise<void> {
  await writer.hset(
    'nodes',
    'ND_a',
    encodeNode({ id: 'ND_a' }),
    'ND_b',
    encodeNode({ id: 'ND_b', region: 'x' }),
  );
  await writer.hset('room_node_map', '__proto__', 'ND_a', 'späti', 'ND_b');
  await writer.hset('rooms', 'späti', encodeRoom({ name: 'späti', participants: 3, createdAtSeconds: 50 }));
  await writer.set('livekit_version', '1.13.5');
}

/** What must hold in every mode. */
async function expectWholeWork(link: RedisLink): Promise<void> {
  const table = new NodeTable(link, systemClock);
  const reading = await table.read();
  expect(reading).toMatchObject({ kind: 'Read', serverVersion: '1.13.5' });
  if (reading.kind !== 'Read') return;
  expect(reading.nodes.map((node) => [node.nodeId, node.kind])).toEqual([
    ['ND_a', 'Node'],
    ['ND_b', 'Node'],
  ]);
  expect(reading.rooms).toEqual([
    { room: '__proto__', nodeId: 'ND_a', participants: undefined, createdAtSeconds: undefined },
    { room: 'späti', nodeId: 'ND_b', participants: 3, createdAtSeconds: 50 },
  ]);
  const keeper = keeperOf(link);
  const marked = (await link.hashAll('nodes')).get('ND_b');
  expect(await keeper.setCordoned(new Set(['ND_b']), new Set(['ND_a']))).toMatchObject({ marked: 1 });
  expect(await keeper.setCordoned(new Set(['ND_b']), new Set(['ND_a']))).toMatchObject({ marked: 0 });
  expect((await table.read()) as unknown).toMatchObject({
    nodes: [{ cordonMarked: false }, { cordonMarked: true }],
  });
  expect(await keeper.setCordoned(new Set(), new Set(['ND_a', 'ND_b']))).toMatchObject({ cleared: 1 });
  expect((await link.hashAll('nodes')).get('ND_b')).toEqual(marked);
  expect(await removeGhost(link, 'ND_a', Buffer.from('other'))).toBe(false);
  expect(await removeGhost(link, 'ND_a', encodeNode({ id: 'ND_a' }))).toBe(true);
}

/** The script meets bytes that no server wrote: it must neither touch them, nor fail, nor hang. */
async function expectGarbageUntouched(link: RedisLink, writer: Redis): Promise<void> {
  const long = Buffer.concat([Buffer.from([0x0a]), Buffer.alloc(12, 0xff)]);
  const garbage = [
    Buffer.alloc(0),
    Buffer.from([0x30]),
    Buffer.from([0x0a, 0xff]),
    Buffer.from('0\x02'),
    long,
  ];
  const fields = garbage.map((value, at) => [`ND_${at}`, value] as const);
  await writer.hset('nodes', new Map([...fields, ['ND_open', encodeNode({ id: 'ND_open' })]]));
  const names = new Set(fields.map(([name]) => name));
  const keeper = keeperOf(link);
  expect(await keeper.setCordoned(names, new Set(['ND_open']))).toMatchObject({ marked: 0, missing: [] });
  expect(await keeper.setCordoned(new Set(['ND_open']), names)).toMatchObject({ kind: 'Refused' });
  const after = await link.hashAll('nodes');
  expect(fields.map(([name]) => after.get(name))).toEqual(garbage);
}

describe('Redis in every mode', () => {
  test(
    'a connection that ends without our wish begins anew, one that we closed does not',
    async () => {
      const redis = await startRedis();
      cleanups.push(async () => await redis.stop());
      const client = openClient(redis.config, silentLog);
      cleanups.push(async () => closeClient(client));
      const isReady = (): boolean => client.status === 'ready';
      await until({ what: 'the first connection', timeoutMs: 5000 }, isReady);
      client.disconnect();
      await until({ what: 'the end', timeoutMs: 5000, stepMs: 2 }, () => client.status === 'end');
      await until({ what: 'the second connection', timeoutMs: 5000 }, isReady);
      closeClient(client);
      await until({ what: 'the end', timeoutMs: 5000, stepMs: 2 }, () => client.status === 'end');
      await sleep(500);
      expect(client.status).toBe('end');
    },
    patientMs,
  );

  test(
    'a certificate that cannot be used costs an attempt now and then, never more and more of them',
    async () => {
      const tls = { cert: 'no certificate', key: 'no key' };
      const client = openClient({ mode: 'standalone', address: '127.0.0.1:1', db: 0, tls }, silentLog);
      cleanups.push(async () => closeClient(client));
      let ends = 0;
      client.on('end', () => void (ends += 1));
      await sleep(3000);
      expect(ends).toBeGreaterThan(1);
      expect(ends).toBeLessThan(10);
    },
    patientMs,
  );

  test(
    'standalone: reads, cordons, removes, and survives a hanging server',
    async () => {
      const redis = await startRedis();
      cleanups.push(async () => await redis.stop());
      const [host = '', port] = redis.address.split(':');
      const writer = new Redis(Number(port), host);
      cleanups.push(async () => writer.disconnect());
      await fill(writer);
      const link = connect(redis.config);
      await expectWholeWork(link);
      await expectGarbageUntouched(link, writer);

      const { watch, changes } = watchOf(link);
      await until({ what: 'tracking', timeoutMs: 5000 }, () => watch.how() === 'Tracking');
      await sleep(20);
      changes.length = 0;
      await writer.hset('nodes', 'ND_c', 'x');
      await until({ what: 'the notice', timeoutMs: 1000, stepMs: 2 }, () => changes.includes('nodes'));
      await writer.hdel('room_node_map', 'späti');
      await until({ what: 'the notice', timeoutMs: 1000, stepMs: 2 }, () => changes.includes('rooms'));

      // Larger than anything a fleet writes: it is not read to its end.
      await writer.eval("redis.call('HSET', 'large', 'a', string.rep('x', 80 * 1024 * 1024))", 0);
      await expect(link.hashAll('large')).rejects.toMatchObject({ name: 'RedisUnavailableError' });
      await until({ what: 'the connection back', timeoutMs: 8000 }, async () => {
        return (await new NodeTable(link, systemClock).read()).kind === 'Read';
      });

      redis.freeze();
      const startMs = performance.now();
      expect(await new NodeTable(link, systemClock).read()).toMatchObject({ kind: 'Failed' });
      expect(performance.now() - startMs).toBeLessThan(2500);
      await until({ what: 'the end of the connection', timeoutMs: 20_000 }, async () => {
        const askedMs = performance.now();
        await new NodeTable(link, systemClock).read();
        return performance.now() - askedMs < 100;
      });
      redis.thaw();
      await until({ what: 'an answer again', timeoutMs: 8000 }, async () => {
        return (await new NodeTable(link, systemClock).read()).kind === 'Read';
      });
    },
    patientMs,
  );

  test(
    'TLS and a login that may do only what the operator needs',
    async () => {
      const redis = await startRedis({
        tls: true,
        username: 'operator',
        password: 's3cret-for-tests',
      });
      cleanups.push(async () => await redis.stop());
      const { auth, tls } = redis.config;
      const [host = '', port] = redis.address.split(':');
      const secure = { ca: tls?.ca ?? '', servername: 'localhost' };
      const writer = new Redis(Number(port), host, {
        username: 'admin',
        password: auth?.password ?? '',
        tls: secure,
      });
      cleanups.push(async () => writer.disconnect());
      await fill(writer);
      const link = connect(redis.config);
      await expectWholeWork(link);
      const { watch } = watchOf(link);
      await until({ what: 'tracking', timeoutMs: 5000 }, () => watch.how() === 'Tracking');
      await expect(link.hashAll('secrets')).rejects.toMatchObject({ name: 'RedisRefusedError' });

      const wrong = connect({ ...redis.config, auth: { username: 'operator', password: 'wrong-guess' } });
      const refusal = await wrong.text('livekit_version').catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'RedisLoginError' });
      expect(String(refusal)).not.toContain('wrong-guess');
      const distrust = connect({ ...redis.config, tls: { serverName: 'localhost' } });
      await expect(distrust.text('livekit_version')).rejects.toMatchObject({ name: 'RedisUnavailableError' });
      const careless = connect({ ...redis.config, tls: { insecureSkipVerify: true } });
      expect(await careless.text('livekit_version')).toBe('1.13.5');
    },
    patientMs,
  );

  test(
    'Sentinel: a fail-over costs a few seconds, and the cordon is kept up on the new master',
    async () => {
      const sentinel = await startSentinel();
      cleanups.push(async () => await sentinel.stop());
      const [host = '', port] = sentinel.masterAddress.split(':');
      const writer = new Redis(Number(port), host);
      writer.on('error', () => undefined);
      cleanups.push(async () => writer.disconnect());
      await fill(writer);
      await writer.wait(1, 2000);
      const link = connect(sentinel.config);
      const { watch, changes } = watchOf(link);
      await until({ what: 'tracking', timeoutMs: 5000 }, () => watch.how() === 'Tracking');
      await sentinel.killMaster();
      const startMs = performance.now();
      await until({ what: 'a reading from the new master', timeoutMs: 20_000 }, async () => {
        const reading = await new NodeTable(link, systemClock).read();
        return reading.kind === 'Read' && reading.nodes.length === 2;
      });
      const write = redisScript('touch', `return redis.call('HSET', KEYS[1], 'ND_z', 'x')`);
      await until({ what: 'the new master to take writes', timeoutMs: 10_000 }, async () => {
        return await link.run(write, 'nodes', []).then(
          () => true,
          () => false,
        );
      });
      expect(performance.now() - startMs).toBeLessThan(15_000);
      await until(
        { what: 'tracking on the new master', timeoutMs: 10_000 },
        () => watch.how() === 'Tracking',
      );
      await sleep(20);
      changes.length = 0;
      const keeper = keeperOf(link);
      expect(await keeper.setCordoned(new Set(['ND_b']), new Set(['ND_a']))).toMatchObject({ marked: 1 });
      await until({ what: 'the notice', timeoutMs: 1000, stepMs: 2 }, () => changes.includes('nodes'));
    },
    patientMs,
  );

  test(
    'Cluster: keys in different slots are read together, and changes are found by looking',
    async () => {
      const cluster = await startRedisCluster();
      cleanups.push(async () => await cluster.stop());
      const { config } = cluster;
      if (config.mode !== 'cluster') throw new Error('not a cluster');
      const nodes = config.addresses.map((address) => ({
        host: '127.0.0.1',
        port: Number(address.split(':')[1]),
      }));
      const writer = new Cluster(nodes);
      cleanups.push(async () => writer.disconnect());
      await fill(writer);
      const link = connect(config);
      await expectWholeWork(link);
      const { watch, changes } = watchOf(link);
      await until({ what: 'the first look', timeoutMs: 3000 }, () => changes.includes('rooms'));
      expect(watch.how()).toBe('Polling');
      changes.length = 0;
      await writer.hset('nodes', 'ND_c', 'x');
      await until({ what: 'the change', timeoutMs: 2000 }, () => changes.includes('nodes'));
      expect(changes).not.toContain('rooms');
    },
    patientMs,
  );
});
