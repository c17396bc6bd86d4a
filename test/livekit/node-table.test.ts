import { describe, expect, test } from '@jest/globals';
import type { RoomPlacement } from '../../src/core/readings.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import { RedisRefusedError } from '../../src/livekit/redis.ts';
import { encodeNode, encodeRoom } from '../../lab/livekit-encode.ts';
import { FakeLink, ManualTime } from './fakes.ts';

function setUp() {
  const link = new FakeLink();
  const time = new ManualTime();
  return { link, time, table: new NodeTable(link, time) };
}

async function roomsOf(table: NodeTable): Promise<readonly RoomPlacement[]> {
  const reading = await table.read();
  return reading.kind === 'Read' ? reading.rooms : [];
}

const at = (updatedAt: bigint): Buffer => encodeNode({ id: 'ND_a', stats: { updatedAt } });

describe('the age of an entry', () => {
  test.each([
    [
      'grows while the time in it stays',
      [
        [5n, 0],
        [5n, 2000],
        [5n, 1500],
      ],
      3500,
      0,
    ],
    [
      'starts anew when the time in it changes',
      [
        [5n, 0],
        [7n, 2000],
        [7n, 300],
      ],
      300,
      1,
    ],
    [
      'does not care how far the clock of the node is off',
      [
        [5n, 0],
        [9_999_999n, 2000],
      ],
      0,
      1,
    ],
    [
      'takes a clock that was set back for a heartbeat',
      [
        [500n, 0],
        [7n, 2000],
      ],
      0,
      1,
    ],
    [
      'counts each heartbeat',
      [
        [5n, 0],
        [7n, 2000],
        [9n, 2000],
        [11n, 2000],
      ],
      0,
      3,
    ],
  ] as const)('%s', async (_, looks, ageMs, heartbeatsSeen) => {
    const { link, time, table } = setUp();
    for (const [updatedAt, laterMs] of looks) {
      time.pass(laterMs);
      link.set('nodes', { ND_a: at(updatedAt) });
      await table.read();
    }
    expect(await table.read()).toMatchObject({ nodes: [{ ageMs, heartbeatsSeen }] });
  });

  test('survives that the entry is missing for a moment', async () => {
    const { link, time, table } = setUp();
    link.set('nodes', { ND_a: at(5n) });
    await table.read();
    link.set('nodes', {});
    time.pass(2000);
    await table.read();
    link.set('nodes', { ND_a: at(5n) });
    time.pass(2000);
    expect(await table.read()).toMatchObject({ nodes: [{ ageMs: 4000, heartbeatsSeen: 0 }] });
  });

  test('survives a failed look and one at garbage', async () => {
    const { link, time, table } = setUp();
    link.set('nodes', { ND_a: at(5n) });
    await table.read();
    link.failure = new Error('gone');
    time.pass(1000);
    expect(await table.read()).toEqual({ kind: 'Failed', why: 'gone', atMs: 1000 });
    link.failure = undefined;
    link.set('nodes', { ND_a: 'garbage' });
    expect(await table.read()).toMatchObject({ nodes: [{ kind: 'Undecodable', nodeId: 'ND_a' }] });
    link.set('nodes', { ND_a: at(5n) });
    time.pass(1000);
    expect(await table.read()).toMatchObject({ nodes: [{ kind: 'Node', ageMs: 2000 }] });
  });

  test('is forgotten long after the entry went', async () => {
    const { link, time, table } = setUp();
    link.set('nodes', { ND_a: at(5n) });
    await table.read();
    link.set('nodes', {});
    time.pass(400_000);
    await table.read();
    link.set('nodes', { ND_a: at(5n) });
    expect(await table.read()).toMatchObject({ nodes: [{ ageMs: 0 }] });
  });
});

describe('the packets that a node tells of', () => {
  const busy = (updatedAt: bigint, packetsOut?: number): Buffer =>
    encodeNode({
      id: 'ND_a',
      stats: { updatedAt, numTracksOut: 3, ...(packetsOut === undefined ? {} : { rates: [{ packetsOut }] }) },
    });

  test('hold while it leaves them out for a moment, and not for long', async () => {
    const { link, time, table } = setUp();
    const look = async (value: Buffer, passMs: number) => {
      link.set('nodes', { ND_a: value });
      time.pass(passMs);
      const reading = await table.read();
      const [node] = reading.kind === 'Read' ? reading.nodes : [];
      return node?.kind === 'Node' ? node.load.packetsOutPerSecond : undefined;
    };
    expect(await look(busy(5n), 0)).toBeUndefined();
    expect(await look(busy(7n, 900), 2000)).toBe(900);
    expect(await look(busy(9n), 2000)).toBe(900);
    expect(await look(busy(11n), 20_000)).toBe(900);
    expect(await look(busy(13n), 10_000)).toBeUndefined();
  });
});

describe('a look at the registry', () => {
  test('reads the other entries when one is broken', async () => {
    const { link, table } = setUp();
    link.set('nodes', { ND_x: 'garbage', ND_a: at(5n) });
    expect(await table.read()).toMatchObject({
      kind: 'Read',
      nodes: [
        { kind: 'Undecodable', nodeId: 'ND_x' },
        { kind: 'Node', nodeId: 'ND_a' },
      ],
    });
  });

  test('gives rooms their sizes, and says where there is none', async () => {
    const { link, table } = setUp();
    link.set('room_node_map', { big: 'ND_a', lost: 'ND_a', broken: 'ND_b' });
    link.set('rooms', {
      big: encodeRoom({ name: 'big', participants: 40, createdAtSeconds: 9 }),
      broken: 'garbage!',
    });
    expect(await table.read()).toMatchObject({
      rooms: [
        { room: 'big', nodeId: 'ND_a', participants: 40, createdAtSeconds: 9 },
        { room: 'lost', nodeId: 'ND_a', participants: undefined },
        { room: 'broken', nodeId: 'ND_b', participants: undefined },
      ],
    });
  });

  test('counts the people in rooms that are young or seem empty, whom the record does not show yet', async () => {
    const { link, table } = setUp();
    link.set('room_node_map', { old: 'ND_a', young: 'ND_a', joined: 'ND_a', empty: 'ND_a' });
    link.set('rooms', {
      old: encodeRoom({ name: 'old', participants: 4, createdAtSeconds: 100 }),
      young: encodeRoom({ name: 'young', participants: 1, createdAtSeconds: 990 }),
      joined: encodeRoom({ name: 'joined', participants: 0, createdAtSeconds: 200 }),
      empty: encodeRoom({ name: 'empty', participants: 0, createdAtSeconds: 1000 }),
    });
    link.set('room_participants:old', { a: '1', b: '1', c: '1', d: '1', e: '1' });
    link.set('room_participants:young', { a: '1', b: '1', c: '1' });
    link.set('room_participants:joined', { a: '1' });
    const reading = await table.read();
    const people = reading.kind === 'Read' ? reading.rooms.map((room) => [room.room, room.participants]) : [];
    expect(people).toEqual([
      ['old', 4],
      ['young', 3],
      ['joined', 1],
      ['empty', 0],
    ]);
  });

  test('lets rooms grow old although no newer one begins', async () => {
    const { link, time, table } = setUp();
    link.set('room_node_map', { only: 'ND_a' });
    link.set('rooms', { only: encodeRoom({ name: 'only', participants: 2, createdAtSeconds: 1000 }) });
    const asked = (): number => link.asked.filter((what) => what.startsWith('size ')).length;
    await table.read();
    time.pass(14_900);
    await table.read();
    expect(asked()).toBe(2);
    time.pass(200);
    await table.read();
    expect(asked()).toBe(2);
  });

  test('goes on with the records where it may not count the people itself, and asks once', async () => {
    const { link, table } = setUp();
    link.set('room_node_map', { young: 'ND_a' });
    link.set('rooms', { young: encodeRoom({ name: 'young', participants: 1, createdAtSeconds: 990 }) });
    link.refusals.set('room_participants:young', new RedisRefusedError('NOPERM'));
    expect(await table.read()).toMatchObject({ kind: 'Read', rooms: [{ participants: 1 }] });
    expect(await table.read()).toMatchObject({ kind: 'Read', rooms: [{ participants: 1 }] });
    expect(link.asked.filter((what) => what.includes('room_participants'))).toHaveLength(1);
  });

  describe('a room at the next look', () => {
    const kept = encodeRoom({ name: 'kept', participants: 4, createdAtSeconds: 100 });
    const young = encodeRoom({ name: 'young', participants: 1, createdAtSeconds: 990 });
    const grown = encodeRoom({ name: 'kept', participants: 5, createdAtSeconds: 100 });

    test.each([
      ['is the same object where nothing has changed, and so is the list', {}, [true, true, true]],
      ['is another where its record has', { rooms: { kept: grown, young } }, [false, true, false]],
      [
        'is another where it has moved',
        { room_node_map: { kept: 'ND_b', young: 'ND_a' } },
        [false, true, false],
      ],
      ['is another where people came', { 'room_participants:young': { a: '1' } }, [true, false, false]],
      ['is told of no more once it is gone', { room_node_map: { young: 'ND_a' } }, [false, true, false]],
    ] as const)('%s', async (_, changes, same) => {
      const { link, table } = setUp();
      link.set('room_node_map', { kept: 'ND_a', young: 'ND_a' });
      link.set('rooms', { kept, young });
      link.set('room_participants:young', { a: '1', b: '1', c: '1' });
      const before = await roomsOf(table);
      for (const [key, value] of Object.entries(changes)) link.set(key, value);
      const after = await roomsOf(table);
      const isSame = (name: string) =>
        after.find(({ room }) => room === name) === before.find(({ room }) => room === name);
      expect([isSame('kept'), isSame('young'), after === before]).toEqual(same);
      expect(after).toEqual(await roomsOf(new NodeTable(link, new ManualTime())));
    });
  });

  test('asks for the records of many rooms in pieces', async () => {
    const { link, table } = setUp();
    link.set('room_node_map', Object.fromEntries(Array.from({ length: 1201 }, (_, n) => [`r${n}`, 'ND_a'])));
    const reading = await table.read();
    expect(reading.kind === 'Read' && reading.rooms.length).toBe(1201);
    expect(link.asked.filter((what) => what.startsWith('many'))).toEqual([
      'many rooms 500',
      'many rooms 500',
      'many rooms 201',
    ]);
  });

  test('is shared by those who ask at the same time', async () => {
    const { link, table } = setUp();
    const [one, other] = await Promise.all([table.read(), table.read()]);
    expect(one).toBe(other);
    expect(link.asked.filter((what) => what === 'all nodes')).toHaveLength(1);
  });

  test('takes the rooms of a large fleet from an earlier look, unless told not to or they are old', async () => {
    const { link, time, table } = setUp();
    link.set('room_node_map', Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`r${n}`, 'ND_a'])));
    const reads = (): number => link.asked.filter((what) => what === 'all room_node_map').length;
    const look = async (roomsNow: boolean): Promise<readonly [rooms: number, reads: number]> => {
      const reading = await table.read({ roomsNow });
      return [reading.kind === 'Read' ? reading.rooms.length : 0, reads()];
    };
    expect(await look(false)).toEqual([4000, 1]);
    time.pass(340);
    expect(await look(false)).toEqual([4000, 1]);
    expect(await look(true)).toEqual([4000, 2]);
    time.pass(340);
    expect(await look(false)).toEqual([4000, 2]);
    time.pass(232);
    expect(await look(false)).toEqual([4000, 3]);
  });

  test('reads the rooms of a large fleet ahead, so that nobody waits for them while looks are frequent', async () => {
    const { link, time, table } = setUp();
    const rooms = (count: number) =>
      link.set(
        'room_node_map',
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`r${n}`, 'ND_a'])),
      );
    const look = async (): Promise<number> => {
      const reading = await table.read({ roomsNow: false });
      await new Promise(setImmediate);
      return reading.kind === 'Read' ? reading.rooms.length : 0;
    };
    rooms(4000);
    await look();
    rooms(3999);
    time.pass(343);
    expect(await look()).toBe(4000);
    time.pass(1);
    expect(await look()).toBe(3999);
  });

  test('that read ahead in vain asks again, and tells of it then', async () => {
    const { link, time, table } = setUp();
    link.set('room_node_map', Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`r${n}`, 'ND_a'])));
    await table.read();
    const ask = link.hashAll.bind(link);
    link.hashAll = async (key) => {
      if (key === 'room_node_map') throw new Error('no rooms');
      return await ask(key);
    };
    time.pass(400);
    expect(await table.read({ roomsNow: false })).toMatchObject({ kind: 'Read' });
    time.pass(200);
    expect(await table.read({ roomsNow: false })).toMatchObject({ kind: 'Failed', why: 'no rooms' });
  });

  test('that wants the rooms as they are now does not share one that may do without', async () => {
    const { link, table } = setUp();
    link.set('room_node_map', Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`r${n}`, 'ND_a'])));
    await table.read();
    const [lately, now, again] = await Promise.all([
      table.read({ roomsNow: false }),
      table.read({ roomsNow: true }),
      table.read({ roomsNow: false }),
    ]);
    expect(link.asked.filter((what) => what === 'all room_node_map')).toHaveLength(2);
    expect(lately).not.toBe(now);
    expect(again).toBe(now);
  });

  test('keeps the bytes by which an entry was judged', async () => {
    const { link, table } = setUp();
    link.set('nodes', { ND_a: at(5n) });
    await table.read();
    expect(table.valueOf('ND_a')).toEqual(at(5n));
    expect(table.valueOf('ND_b')).toBeUndefined();
  });
});
