/** The Redis login of the documentation: it suffices, nothing in it is idle, and it opens nothing else. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  clusterRules,
  type LocalRedis,
  operatorRules,
  sentinelRules,
  startRedis,
  startRedisCluster,
  startSentinel,
} from '../../lab/local-redis.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { CordonKeeper } from '../../src/livekit/cordon.ts';
import { removeGhost } from '../../src/livekit/ghost.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import { connectRedis, type RedisLink } from '../../src/livekit/redis.ts';
import type { RedisConfig } from '../../src/livekit/redis-config.ts';
import { systemTimers, type Timers } from '../../src/livekit/timers.ts';
import { startWatch } from '../../src/livekit/watch.ts';
import { encodeNode, encodeRoom } from '../../lab/livekit-encode.ts';

const patientMs = 60_000;
const password = 'for-this-test-only';
const login = { username: 'openvidu-operator', password };
/** Not the first one, so that the connection has to choose it. */
const db = 1;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}, patientMs);

/** The watch asks a quiet server after seconds; here after a tenth of that. */
const hurried: Timers = {
  after: (ms, run) => systemTimers.after(ms, run),
  every: (ms, run) => systemTimers.every(ms / 50, run),
};

function portOf(address: string): number {
  return Number(address.split(':')[1]);
}

async function opened(address: string): Promise<Redis> {
  const admin = new Redis(portOf(address), '127.0.0.1', { db });
  admin.on('error', () => undefined);
  cleanups.push(async () => admin.disconnect());
  await admin.ping();
  return admin;
}

async function allow(admin: Redis, rules: readonly string[]): Promise<void> {
  await admin.call('ACL', 'SETUSER', login.username, 'reset', 'on', `>${password}`, '-@all', ...rules);
  await admin.call('ACL', 'LOG', 'RESET');
  // So that a script has to be sent once more.
  await admin.call('SCRIPT', 'FLUSH');
}

/** What Redis refused since `allow`: commands by name, keys and channels as they are. */
async function refused(admin: Redis): Promise<readonly string[]> {
  const entries = (await admin.call('ACL', 'LOG')) as readonly (readonly unknown[])[];
  return entries.map((entry) => String(entry[entry.indexOf('object') + 1]));
}

async function fill(admin: Redis): Promise<void> {
  await admin.del('nodes');
  for (const id of ['ND_a', 'ND_b', 'ND_gone']) await admin.hset('nodes', id, encodeNode({ id }));
  await admin.hset('room_node_map', 'young', 'ND_a');
  await admin.hset('rooms', 'young', encodeRoom({ name: 'young', participants: 1, createdAtSeconds: 50 }));
  await admin.hset('room_participants:young', { ann: '1', ben: '1', cleo: '1' });
  await admin.set('livekit_version', '1.13.5');
}

interface Work {
  readonly reading: string;
  /** In the young room, of whom its record knows one. */
  readonly people: number | undefined;
  readonly cordon: string;
  readonly ghost: string;
  readonly watch: string;
  readonly isNamed: boolean;
}

const wholeWork: Work = {
  reading: 'Read',
  people: 3,
  cordon: 'Applied',
  ghost: 'removed',
  watch: 'Tracking',
  isNamed: true,
};

/** Everything that the operator ever does in Redis. */
async function work(config: RedisConfig, admin: Redis): Promise<Work> {
  const link = connectRedis(config, silentLog);
  const parts = { link, log: silentLog, clock: systemClock };
  const watch = startWatch({ ...parts, timers: hurried, onChange: () => undefined, pollMs: 500 });
  const keeper = new CordonKeeper({ ...parts, timers: systemTimers });
  try {
    const reading = await new NodeTable(link, systemClock).read();
    const cordon = await keeper.setCordoned(new Set(['ND_b']), new Set(['ND_a']));
    const ghost = await ghostRemoved(link);
    // Longer than the quiet after which the watch asks, and than a few looks where it may not listen.
    await sleep(250);
    return {
      reading: reading.kind,
      people: reading.kind === 'Read' ? reading.rooms[0]?.participants : undefined,
      cordon: cordon.kind,
      ghost,
      watch: watch.how(),
      isNamed: String(await admin.client('LIST')).includes('name=openvidu-media-operator'),
    };
  } finally {
    await watch.stop();
    await keeper.stop();
    await link.close();
  }
}

async function ghostRemoved(link: RedisLink): Promise<string> {
  return await removeGhost(link, 'ND_gone', encodeNode({ id: 'ND_gone' })).then(
    (isRemoved) => (isRemoved ? 'removed' : 'there'),
    (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
  );
}

describe('the Redis login of the documentation', () => {
  let redis: LocalRedis;
  let config: RedisConfig;
  let admin: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    config = { mode: 'standalone', address: redis.address, db, auth: login };
    admin = new Redis(portOf(redis.address), '127.0.0.1', { db });
  }, patientMs);
  afterAll(async () => {
    admin?.disconnect();
    await redis?.stop();
  });

  test('is the one that is tested here', async () => {
    const page = await readFile('docs/how-to/redis-acl.md', 'utf8');
    for (const rules of [operatorRules, clusterRules, sentinelRules]) {
      const rest = rules.filter((rule) => !page.includes(` ${rule} `) && !page.includes(` ${rule}\n`));
      expect(rest).toEqual([]);
    }
    const written = /^user openvidu-operator [^`]*/m.exec(page)?.[0].split(/\s+/) ?? [];
    const known = ['user', 'openvidu-operator', 'on', '>PASSWORD', '-@all', ...operatorRules];
    expect(written.filter((word) => word !== '' && word !== '\\').toSorted()).toEqual(known.toSorted());
  });

  test(
    'lets every function work, and nothing is refused',
    async () => {
      await fill(admin);
      await allow(admin, operatorRules);
      expect(await work(config, admin)).toEqual(wholeWork);
      expect(await refused(admin)).toEqual([]);
    },
    patientMs,
  );

  const noScript: Partial<Work> = { cordon: 'Failed', ghost: 'RedisRefusedError' };
  const losses: readonly (readonly [string, Partial<Work>])[] = [
    ['~nodes', { reading: 'Failed', ...noScript, watch: 'Tracking' }],
    ['%R~room_node_map', { reading: 'Failed', cordon: 'Applied' }],
    ['%R~rooms', { reading: 'Failed', cordon: 'Applied' }],
    ['%R~room_participants:*', { reading: 'Read', people: 1 }],
    ['%R~livekit_version', { reading: 'Failed' }],
    ['&__redis__:invalidate', { watch: 'Polling', reading: 'Read' }],
    ['+hgetall', { reading: 'Failed' }],
    ['+hmget', { reading: 'Failed' }],
    ['+hlen', { reading: 'Read', people: 1 }],
    ['+get', { reading: 'Failed' }],
    ['+hget', noScript],
    ['+hset', { cordon: 'Failed', ghost: 'removed' }],
    ['+hdel', { cordon: 'Applied', ghost: 'RedisRefusedError' }],
    ['+evalsha', noScript],
    ['+eval', noScript],
    ['+subscribe', { watch: 'Polling' }],
    ['+client|id', { watch: 'Polling' }],
    ['+client|tracking', { watch: 'Polling' }],
    ['+client|setname', { isNamed: false, reading: 'Read' }],
    // Never what is in the first database instead: that may be another fleet's.
    ['+select', { reading: 'Failed', cordon: 'Failed', ghost: 'RedisRefusedError' }],
    // It then does not notice that Redis is still loading its data, or that the connection has died silently.
    ['+info', { reading: 'Read' }],
    ['+ping', { reading: 'Read' }],
  ];

  test('each of its rules has its loss', () => {
    expect(losses.map(([rule]) => rule)).toEqual(operatorRules);
  });

  test.each(losses)(
    'without %s something does not work, and Redis tells what',
    async (rule, lost) => {
      await fill(admin);
      await allow(
        admin,
        operatorRules.filter((one) => one !== rule),
      );
      expect(await work(config, admin)).toMatchObject(lost);
      const pattern = rule.replace(/^(?:%R~|[~&+])/, '').replace('*', '');
      expect((await refused(admin)).some((what) => what.startsWith(pattern))).toBe(true);
    },
    patientMs,
  );

  const others: readonly (readonly [string, ...string[]])[] = [
    ['GET', 'sessions'],
    ['SET', 'livekit_version', '9.9.9'],
    ['HGETALL', 'room_participants'],
    ['HSET', 'rooms', 'young', 'x'],
    ['HSET', 'room_node_map', 'young', 'ND_b'],
    ['HDEL', 'room_participants:young', 'ann'],
    ['DEL', 'nodes'],
    ['EXPIRE', 'nodes', '1'],
    ['RENAME', 'nodes', 'rooms'],
    ['EVAL', "return redis.call('HSET', KEYS[1], 'young', 'x')", '1', 'rooms'],
    ['EVAL', "return redis.call('HGETALL', 'sessions')", '0'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['FLUSHDB'],
    ['FLUSHALL'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['SCRIPT', 'FLUSH'],
    ['PUBLISH', '__redis__:invalidate', 'nodes'],
    ['SUBSCRIBE', 'node_channel'],
    ['MONITOR'],
    ['SHUTDOWN', 'NOSAVE'],
    ['REPLICAOF', 'NO', 'ONE'],
  ];
  test('opens no other key, channel or command', async () => {
    await fill(admin);
    await allow(admin, operatorRules);
    const client = new Redis(portOf(redis.address), '127.0.0.1', { db, ...login });
    cleanups.push(async () => client.disconnect());
    for (const [command, ...args] of others) {
      const answer = client.call(command, ...args).then(
        (reply) => `${command} ${args.join(' ')} answered ${String(reply)}`,
        (error: unknown) => String(error),
      );
      expect(await answer).toMatch(/NOPERM|ACL failure|can't (?:access|run)/);
    }
    expect(await admin.get('livekit_version')).toBe('1.13.5');
    expect(await admin.hlen('nodes')).toBe(3);
  });
});

test(
  'a Redis with too many clients is told as such, and not as a login that does not hold',
  async () => {
    const redis = await startRedis();
    cleanups.push(async () => await redis.stop());
    const admin = await opened(redis.address);
    await allow(admin, operatorRules);
    await admin.call('CONFIG', 'SET', 'maxclients', '1');
    const config = { mode: 'standalone', address: redis.address, db, auth: login } satisfies RedisConfig;
    const link = connectRedis(config, silentLog);
    cleanups.push(async () => await link.close());
    const table = new NodeTable(link, systemClock);
    await sleep(300);
    expect(await table.read()).toMatchObject({
      kind: 'Failed',
      why: expect.stringMatching(/not connected: /),
    });
    expect(table.isRefused).toBe(false);
  },
  patientMs,
);

test(
  'a database that there is not is never taken for the first one',
  async () => {
    const redis = await startRedis();
    cleanups.push(async () => await redis.stop());
    const admin = new Redis(portOf(redis.address), '127.0.0.1');
    cleanups.push(async () => admin.disconnect());
    await fill(admin);
    const link = connectRedis({ mode: 'standalone', address: redis.address, db: 999 }, silentLog);
    cleanups.push(async () => await link.close());
    for (const waitMs of [0, 300, 2500]) {
      await sleep(waitMs);
      await expect(link.hashAll('nodes')).rejects.toThrow(/not ready|not connected|DB index is out of range/);
    }
  },
  patientMs,
);

test(
  'a login that does not hold any more is told as such, and the registry is read again once it holds',
  async () => {
    const redis = await startRedis();
    cleanups.push(async () => await redis.stop());
    const admin = await opened(redis.address);
    await fill(admin);
    await allow(admin, operatorRules);
    const config = { mode: 'standalone', address: redis.address, db, auth: login } satisfies RedisConfig;
    const link = connectRedis(config, silentLog);
    cleanups.push(async () => await link.close());
    const table = new NodeTable(link, systemClock);
    expect((await table.read()).kind).toBe('Read');

    await admin.call('ACL', 'SETUSER', login.username, 'resetpass', '>another-one');
    await admin.call('CLIENT', 'KILL', 'USER', login.username);
    await sleep(500);
    expect(await table.read()).toMatchObject({
      kind: 'Failed',
      why: expect.stringMatching(/login: WRONGPASS/),
    });
    expect(table.isRefused).toBe(true);

    await admin.call('ACL', 'SETUSER', login.username, `>${password}`);
    await sleep(2500);
    expect((await table.read()).kind).toBe('Read');
    expect(table.isRefused).toBe(false);
  },
  patientMs,
);

describe('in the other modes', () => {
  /** `undefined` where it could not be read. */
  async function readOnce(config: RedisConfig): Promise<string> {
    const link = connectRedis(config, silentLog);
    try {
      return await link.hashAll('nodes').then(
        () => 'read',
        () => 'not read',
      );
    } finally {
      await link.close();
    }
  }

  test(
    'a Cluster needs two rules more, and each of them',
    async () => {
      const cluster = await startRedisCluster();
      cleanups.push(async () => await cluster.stop());
      if (cluster.config.mode !== 'cluster') throw new Error('not a cluster');
      const { addresses } = cluster.config;
      const admins = addresses.map((address) => new Redis(portOf(address), '127.0.0.1'));
      cleanups.push(async () => admins.forEach((one) => one.disconnect()));
      const readWith = async (rules: readonly string[]): Promise<string> => {
        for (const admin of admins) await allow(admin, [...operatorRules, ...rules]);
        return await readOnce({ ...cluster.config, auth: login });
      };
      expect(await readWith(clusterRules)).toBe('read');
      for (const rule of clusterRules) {
        expect(await readWith(clusterRules.filter((one) => one !== rule))).toBe('not read');
      }
    },
    patientMs,
  );

  test(
    'Sentinels with logins need rules of their own, and each of them',
    async () => {
      const sentinel = await startSentinel();
      cleanups.push(async () => await sentinel.stop());
      const [address = ''] = sentinel.config.addresses;
      const master = await opened(sentinel.masterAddress);
      await allow(master, operatorRules);
      const judge = new Redis(portOf(address), '127.0.0.1');
      cleanups.push(async () => judge.disconnect());
      const refusedWith = async (rules: readonly string[]): Promise<readonly string[]> => {
        await judge.call('ACL', 'SETUSER', 'judge', 'reset', 'on', `>${password}`, '-@all', ...rules);
        await judge.call('ACL', 'LOG', 'RESET');
        const logins = { auth: login, sentinelUsername: 'judge', sentinelPassword: password };
        const link = connectRedis({ ...sentinel.config, ...logins }, silentLog);
        const answer = await link.text('livekit_version').then(
          () => [],
          () => ['not read'],
        );
        // The detector of fail-overs subscribes a moment later.
        await sleep(200);
        await link.close();
        return [...answer, ...(await refused(judge))];
      };
      expect(await refusedWith(sentinelRules)).toEqual([]);
      for (const rule of sentinelRules) {
        const what = await refusedWith(sentinelRules.filter((one) => one !== rule));
        expect(what).toContain(rule.slice(1));
      }
    },
    patientMs,
  );
});
