/** The played media server held against a real one: what the operator reads of the one, it finds at the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BinaryReader, WireType } from '@bufbuild/protobuf';
import { Redis } from 'ioredis';
import { until } from '../../lab/exec.ts';
import { HollowPages } from '../../lab/hollow/pages.ts';
import { HollowRegistry } from '../../lab/hollow/registry.ts';
import { HollowServer } from '../../lab/hollow/server.ts';
import { freePorts } from '../../lab/local-process.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { type LocalServer, type LocalServers, startServers } from '../../lab/local-servers.ts';
import { joinSignal, type SignalParticipant } from '../../lab/signal-client.ts';
import { systemClock } from '../../src/base/clock.ts';
import { hostPort } from '../../src/livekit/redis-config.ts';
import { parseMetrics } from '../../src/livekit/metrics-text.ts';
import { readNode } from '../../src/livekit/node-metrics.ts';
import { decodeNode } from '../../src/livekit/node-decode.ts';
import { readServerApi, serverApi } from '../../src/livekit/server-api.ts';
import { stream } from '../../src/workload/random.ts';

jest.setTimeout(60_000);

const hollowIp = '127.130.0.1';
const room = 'meeting';

let redises: readonly [real: LocalRedis, hollow: LocalRedis];
let servers: LocalServers;
let registry: HollowRegistry;
let hollow: HollowServer;
let pages: HollowPages;
let ports: readonly number[];
let guest: SignalParticipant;
let clients: readonly [real: Redis, hollow: Redis];

beforeAll(async () => {
  redises = await Promise.all([startRedis(), startRedis()]);
  const [realRedis, hollowRedis] = redises;
  servers = await startServers({ count: 1, redisAddress: realRedis.address });
  ports = await freePorts(2);
  registry = new HollowRegistry(hollowRedis.address, stream(1, 'hollow'));
  await registry.connected();
  hollow = new HollowServer({
    cluster: 'fleet',
    pod: 'one',
    podUid: 'uid',
    ip: hollowIp,
    nodeId: 'ND_hollow123456',
    registry,
    random: stream(1, 'beat'),
    heartbeatMs: 2000,
    drainCheckMs: 5000,
    counts: {
      opened: 0,
      ended: 0,
      refused: 0,
      podsStarted: 0,
      podsEnded: 0,
      heartbeats: 0,
      heartbeatsLost: 0,
    },
    onCut: () => undefined,
    onExit: () => undefined,
  });
  pages = new HollowPages({
    key: servers.key,
    serverAt: (ip) => (ip === hollowIp ? hollow : undefined),
    roomsOf: () => [...hollow.list()],
  });
  await pages.listen(...ports);
  hollow.start();
  clients = [
    new Redis({ ...hostPort(realRedis.address), replyMapping: 'legacy', protocol: 2 }),
    new Redis({ ...hostPort(hollowRedis.address), replyMapping: 'legacy', protocol: 2 }),
  ];
  guest = await joinSignal({ url: server().wsUrl, room, identity: 'guest', key: servers.key });
  await hollow.open(room, 1);
  await until({ what: 'both tell of their guest', timeoutMs: 15_000 }, async () => {
    const told = await Promise.all([entry(0), entry(1)]);
    return told.every((value) => {
      const node = decodeNode(idOf(value), value);
      return node.kind === 'Node' && node.load.participants === 1;
    });
  });
});

afterAll(async () => {
  guest?.leave();
  for (const client of clients ?? []) client.disconnect();
  hollow?.vanish();
  await pages?.close();
  registry?.close();
  await servers?.stop();
  await Promise.all((redises ?? []).map((redis) => redis.stop()));
});

function server(): LocalServer {
  const [only] = servers.servers;
  if (only === undefined) throw new Error('no server runs');
  return only;
}

async function entry(which: 0 | 1): Promise<Buffer> {
  const [value] = Object.values(await clients[which].hgetallBuffer('nodes'));
  return value ?? Buffer.alloc(0);
}

function idOf(value: Buffer): string {
  const reader = new BinaryReader(value);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) return reader.string();
    reader.skip(wire, field);
  }
  return '';
}

/** Numbers of the fields in a message, with the bytes of those that hold a message. */
function fieldsOf(value: Uint8Array): ReadonlyMap<number, Uint8Array | undefined> {
  const fields = new Map<number, Uint8Array | undefined>();
  const reader = new BinaryReader(value);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) fields.set(field, reader.bytes());
    else {
      reader.skip(wire, field);
      fields.set(field, undefined);
    }
  }
  return fields;
}

const kindsOf = (fields: ReadonlyMap<number, unknown>): readonly number[] => [...fields.keys()];

async function page(which: 0 | 1): Promise<string> {
  const urls = [`http://127.0.0.1:${server().metricsPort}/metrics`, `http://${hollowIp}:${ports[1]}/metrics`];
  return await (await fetch(urls[which] ?? '')).text();
}

describe('a hollow server and a real one', () => {
  test('write the keys that the operator reads, each as the same kind', async () => {
    const keys = ['nodes', 'room_node_map', 'rooms', `room_participants:${room}`, 'livekit_version'];
    const kinds = (client: Redis): Promise<readonly string[]> =>
      Promise.all(keys.map((key) => client.type(key)));
    expect(await kinds(clients[1])).toEqual(await kinds(clients[0]));
    expect(await clients[1].get('livekit_version')).toBe(await clients[0].get('livekit_version'));
    expect(await clients[0].hget('room_node_map', room)).toBe(idOf(await entry(0)));
    expect(await clients[1].hget('room_node_map', room)).toBe(idOf(await entry(1)));
    for (const client of clients) expect(await client.hlen(`room_participants:${room}`)).toBe(1);
  });

  test('write entries of the same fields, and the hollow one none that the real one lacks', async () => {
    const [real, played] = (await Promise.all([entry(0), entry(1)])).map(fieldsOf);
    expect(kindsOf(real ?? new Map())).toEqual(expect.arrayContaining([...kindsOf(played ?? new Map())]));
    const [realStats, playedStats] = [real?.get(4), played?.get(4)].map((stats) =>
      fieldsOf(stats ?? new Uint8Array()),
    );
    // Tracks, rates and the load of a processor are left out where they are 0, and a guest without media has none.
    const mayBeNothing = new Set([5, 6, 21, 50]);
    const played4 = kindsOf(playedStats ?? new Map()).filter((field) => !mayBeNothing.has(field));
    expect(kindsOf(realStats ?? new Map())).toEqual(expect.arrayContaining(played4));
  });

  test('are decoded to the same parts', async () => {
    const [real, played] = await Promise.all([entry(0), entry(1)]);
    const [one, other] = [decodeNode(idOf(real), real), decodeNode(idOf(played), played)];
    expect(Object.keys(other).toSorted()).toEqual(Object.keys(one).toSorted());
    expect(other).toMatchObject({ kind: 'Node', state: 'Serving', load: { participants: 1, rooms: 1 } });
    expect(one).toMatchObject({ kind: 'Node', state: 'Serving', load: { participants: 1, rooms: 1 } });
    for (const value of [real, played]) expect(idOf(value)).toMatch(/^ND_\w{10,12}$/);
  });

  test('write themselves every two seconds, over what stands there', async () => {
    for (const which of [0, 1] as const) {
      const id = idOf(await entry(which));
      const before = await entry(which);
      await clients[which].hset('nodes', id, Buffer.concat([before, Buffer.from([0x30, 0x02])]));
      const startedMs = performance.now();
      await until({ what: 'the next heartbeat', timeoutMs: 4000, stepMs: 10 }, async () => {
        const now = decodeNode(id, await entry(which));
        return now.kind === 'Node' && !now.cordonMarked;
      });
      expect(performance.now() - startedMs).toBeLessThan(2200);
      const overwrittenMs = performance.now();
      const stood = await entry(which);
      await until({ what: 'one more', timeoutMs: 4000, stepMs: 10 }, async () => {
        return !(await entry(which)).equals(stood);
      });
      expect(performance.now() - overwrittenMs).toBeGreaterThan(1700);
      expect(performance.now() - overwrittenMs).toBeLessThan(2300);
    }
  });

  test('say the same of themselves in series of the same names and labels', async () => {
    const [real, played] = await Promise.all([page(0), page(1)]);
    expect(readNode(real)).toMatchObject({ participants: 1, rooms: 1, relayedSignals: 1 });
    expect(readNode(played)).toMatchObject({ participants: 1, rooms: 1, relayedSignals: 1 });
    const known = new Map(
      [...parseMetrics(real)].map(({ name, labels }) => [name, [...labels.keys()].toSorted()]),
    );
    for (const { name, labels } of parseMetrics(played)) {
      expect([name, [...labels.keys()].toSorted()]).toEqual([name, known.get(name)]);
    }
  });

  test('answer the server API alike, and refuse a key that they do not know', async () => {
    for (const url of [server().url, `http://${hollowIp}:${ports[0]}`]) {
      expect((await fetch(url)).status).toBe(200);
      const api = serverApi({ url, ...servers.key });
      await until({ what: 'the guest is counted', timeoutMs: 10_000 }, async () => {
        const read = await readServerApi(api, systemClock);
        return read.kind === 'Read' && read.rooms[0]?.participants === 1;
      });
      const stranger = serverApi({ url, apiKey: servers.key.apiKey, apiSecret: 'x'.repeat(40) });
      expect(await readServerApi(stranger, systemClock)).toMatchObject({ kind: 'Failed' });
    }
  });

  test('drain when they are told to stop: they say so at once, and go with their entry once nobody is there', async () => {
    server().drain();
    hollow.terminate();
    for (const which of [0, 1] as const) {
      await until({ what: 'the drain is told', timeoutMs: 1500, stepMs: 10 }, async () => {
        const value = await entry(which);
        const node = decodeNode(idOf(value), value);
        return node.kind === 'Node' && node.state === 'ShuttingDown';
      });
    }
    await sleep(500);
    for (const client of clients) expect(await client.hlen('nodes')).toBe(1);
    guest.leave();
    await hollow.close(room);
    for (const client of clients) {
      await until({ what: 'the entry is gone', timeoutMs: 12_000 }, async () => {
        return (await client.hlen('nodes')) === 0;
      });
    }
    expect(hollow.ended).toBe(true);
  });
});
