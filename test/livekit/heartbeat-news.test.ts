import { describe, expect, test } from '@jest/globals';
import { encodeNode } from '../../lab/livekit-encode.ts';
import { HeartbeatNews, type When } from '../../src/livekit/heartbeat-news.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import { FakeLink, ManualTime } from './fakes.ts';

const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

interface Said {
  readonly people?: number;
  readonly state?: number;
  readonly beat?: bigint;
}

async function aFleet(size: number) {
  const link = new FakeLink();
  const time = new ManualTime();
  const told: When[] = [];
  const news = new HeartbeatNews({ link, clock: time, timers: time, tell: (when) => void told.push(when) });
  const entry = (id: string, { people = 100, state = 1, beat = 200n }: Said = {}): Buffer =>
    encodeNode({ id, state, stats: { numClients: people, updatedAt: beat } });
  const entries = Object.fromEntries(
    Array.from({ length: size }, (_, at) => [`ND_${at}`, entry(`ND_${at}`)]),
  );
  link.set('nodes', entries);
  const table = new NodeTable(link, time);
  const judge = async (): Promise<void> => {
    const read = await table.read();
    if (read.kind === 'Read') news.judged(read.nodes, table.nodesLook);
    link.asked.length = 0;
  };
  await judge();
  const say = (changes: Readonly<Record<string, Said | 'gone'>>): void => {
    for (const [id, said] of Object.entries(changes)) {
      if (said === 'gone') delete entries[id];
      else entries[id] = entry(id, said);
    }
    link.set('nodes', entries);
  };
  return { link, time, news, told, say, judge, table };
}

describe('a heartbeat', () => {
  test('of a small fleet is decided upon at once, without a look', async () => {
    const { news, told, link } = await aFleet(50);
    news.notice();
    expect(told).toEqual(['soon']);
    expect(link.asked).toEqual([]);
  });

  test.each([
    ['says the same', { ND_3: { beat: 202n } }, 'later'],
    ['tells of a few people more', { ND_3: { people: 103 } }, 'later'],
    ['tells of a tenth more', { ND_3: { people: 110 } }, 'soon'],
    ['tells of a tenth less', { ND_3: { people: 90 } }, 'soon'],
    ['tells that the server drains', { ND_3: { state: 2 } }, 'soon'],
    ['is the first of a node', { ND_new: {} }, 'soon'],
    ['is of a fleet in which a node has gone', { ND_3: 'gone' }, 'soon'],
  ] as const)('of a large fleet that %s', async (_what, changes, when) => {
    const { news, told, say } = await aFleet(100);
    say(changes);
    news.notice();
    await settle();
    expect(told).toEqual([when]);
  });

  test('that adds little to little is news once all of it is a hundredth of the people', async () => {
    const { news, told, say, time } = await aFleet(100);
    for (let at = 0; at < 24; at += 1) say({ [`ND_${at}`]: { people: 104 } });
    news.notice();
    await settle();
    say({ ND_24: { people: 104 } });
    time.pass(1000);
    news.notice();
    await settle();
    expect(told).toEqual(['later', 'soon']);
  });

  test('that cannot be read is news', async () => {
    const { news, told, link } = await aFleet(100);
    link.failure = new Error('gone');
    news.notice();
    await settle();
    expect(told).toEqual(['soon']);
  });

  test('whose entry cannot be decoded is news, and not a second time', async () => {
    const { news, told, link, time, judge } = await aFleet(100);
    link.hashes.get('nodes')?.set('ND_3', Buffer.from([255, 255, 255]));
    news.notice();
    await settle();
    await judge();
    time.pass(1000);
    news.notice();
    await settle();
    expect(told).toEqual(['soon', 'later']);
  });
});

describe('looks', () => {
  test('are far enough apart that they take a twelfth of the time', async () => {
    const { news, link, time } = await aFleet(100);
    const ask = link.hashMany.bind(link);
    link.hashMany = async (key, fields) => {
      await new Promise<void>((resolve) => void time.after(10, resolve));
      return await ask(key, fields);
    };
    for (let ms = 0; ms < 1200; ms += 5) {
      news.notice();
      time.pass(5);
      await settle();
    }
    const looks = link.asked.filter((what) => what.startsWith('many nodes')).length;
    expect(looks).toBeGreaterThanOrEqual(9);
    expect(looks).toBeLessThanOrEqual(12);
  });

  test('end when nobody tells of anything any more, and with stop', async () => {
    const { news, link, time, told } = await aFleet(100);
    news.notice();
    await settle();
    time.pass(60_000);
    await settle();
    expect(link.asked).toEqual(['many nodes 100', 'size nodes']);
    news.notice();
    news.stop();
    await settle();
    expect(told).toEqual(['later']);
    expect(time.pending()).toBe(0);
  });

  /** Each node tells of itself every 2 s, one after the other. */
  async function beat(fleet: Awaited<ReturnType<typeof aFleet>>, forMs: number): Promise<void> {
    for (let ms = 0; ms < forMs; ms += 20) {
      const round = Math.floor(ms / 2000);
      fleet.say({ [`ND_${(ms / 20) % 100}`]: { beat: BigInt(1000 + 2 * round) } });
      fleet.time.pass(20);
      fleet.news.notice();
      await settle();
    }
  }

  test('read those that are due, and all of them once a second', async () => {
    const fleet = await aFleet(100);
    await beat(fleet, 6000);
    fleet.link.asked.length = 0;
    await beat(fleet, 2000);
    const due = fleet.link.asked.flatMap((what) => /^many nodes (\d+)$/u.exec(what)?.[1] ?? []).map(Number);
    expect(due.length).toBeGreaterThanOrEqual(95);
    expect(Math.max(...due)).toBeLessThanOrEqual(15);
    expect(fleet.link.asked.filter((what) => what === 'all nodes')).toHaveLength(2);
    expect(fleet.told).not.toContain('soon');
  });

  test('find within a second what a node tells at an unusual time', async () => {
    const fleet = await aFleet(100);
    await beat(fleet, 6000);
    fleet.say({ ND_99: { people: 150, beat: 3001n } });
    const before = fleet.told.length;
    let waitedMs = 0;
    while (fleet.told.at(-1) !== 'soon' && waitedMs < 3000) {
      fleet.time.pass(20);
      waitedMs += 20;
      fleet.news.notice();
      await settle();
    }
    expect(waitedMs).toBeLessThanOrEqual(1000);
    expect(fleet.told.slice(before, -1)).not.toContain('soon');
  });

  test('go by what a decision has read since: it is no news again', async () => {
    const fleet = await aFleet(100);
    await beat(fleet, 6000);
    fleet.say({ ND_99: { people: 150, beat: 3001n } });
    await fleet.judge();
    fleet.time.pass(100);
    fleet.news.notice();
    await settle();
    expect(fleet.told).not.toContain('soon');
  });

  test('keep what a node has told since a decision has read it', async () => {
    const { news, told, time, say, table } = await aFleet(100);
    const read = await table.read();
    if (read.kind !== 'Read') throw new Error(read.why);
    say({ ND_7: { people: 150, beat: 202n } });
    news.notice();
    await settle();
    news.judged(read.nodes, table.nodesLook);
    time.pass(100);
    news.notice();
    await settle();
    expect(told).toEqual(['soon', 'soon']);
  });
});
