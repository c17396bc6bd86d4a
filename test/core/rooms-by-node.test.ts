/** The lists of rooms by node are right whatever has changed, and the same objects where nothing has. */
import { describe, expect, test } from '@jest/globals';
import type { RoomPlacement } from '../../src/core/readings.ts';
import { roomsByNode } from '../../src/core/rooms-by-node.ts';
import { type Random, stream } from '../../src/workload/random.ts';

const nodes = 7;

function aRecord(name: string, nodeId: string, participants: number): RoomPlacement {
  return { room: name, nodeId, participants, createdAtSeconds: 1000 };
}

/** As anybody would do it. */
function plainly(placements: readonly RoomPlacement[]): ReadonlyMap<string, readonly RoomPlacement[]> {
  return Map.groupBy(placements, ({ nodeId }) => nodeId);
}

type Change = (rooms: readonly RoomPlacement[], random: Random) => readonly RoomPlacement[];

function anyOf(rooms: readonly RoomPlacement[], random: Random): number {
  return Math.floor(random() * rooms.length);
}

const join: Change = (rooms, random) => {
  const one = anyOf(rooms, random);
  return rooms.map((room, at) =>
    at === one ? aRecord(room.room, room.nodeId, (room.participants ?? 0) + 1) : room,
  );
};
const end: Change = (rooms, random) => rooms.toSpliced(anyOf(rooms, random), 1);
const begin: Change = (rooms, random) => {
  const made = aRecord(`new-${random()}`, `n-${Math.floor(random() * nodes)}`, 1);
  return rooms.toSpliced(anyOf(rooms, random), 0, made);
};
const replace: Change = (rooms, random) => begin(end(rooms, random), random);
const reverse: Change = (rooms) => rooms.toReversed();
const joinAll: Change = (rooms) =>
  rooms.map(({ room, nodeId, participants }) => aRecord(room, nodeId, (participants ?? 0) + 1));
const nothing: Change = (rooms) => [...rooms];

const fleet = Array.from({ length: 400 }, (_, at) => aRecord(`r-${at}`, `n-${(at * 3) % nodes}`, at % 9));

describe('rooms are grouped rightly', () => {
  test.each<readonly [after: string, change: Change]>([
    ['somebody has joined', join],
    ['a room has ended', end],
    ['a room has begun', begin],
    ['one has begun where another has ended', replace],
    ['they are listed in another order', reverse],
    ['somebody has joined every room', joinAll],
    ['nothing has changed', nothing],
  ])('after %s', (_, change) => {
    const random = stream(1, 'rooms-by-node');
    let rooms: readonly RoomPlacement[] = fleet;
    roomsByNode(rooms);
    for (let turn = 0; turn < 30; turn += 1) {
      rooms = change(rooms, random);
      expect(new Map(roomsByNode(rooms))).toEqual(plainly(rooms));
      expect([...roomsByNode(rooms).keys()]).toEqual([...plainly(rooms).keys()]);
    }
  });
});

test('rooms of one node that move up are in the order of the list, whatever was there before', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => aRecord(name, 'n-0', 1)) as [
    RoomPlacement,
    RoomPlacement,
    RoomPlacement,
  ];
  roomsByNode([a, b, c]);
  expect(roomsByNode([c, a, b]).get('n-0')).toEqual([c, a, b]);
});

describe('only the lists of nodes on which something has changed are made anew', () => {
  const ofFleet = (fleetName: string) =>
    fleet.map(({ room, nodeId }) => aRecord(room, fleetName + nodeId, 3));
  const anew = (rooms: readonly RoomPlacement[], changed: readonly RoomPlacement[], between = rooms) => {
    const past = roomsByNode(rooms);
    roomsByNode(between);
    return [...roomsByNode(changed)].flatMap(([nodeId, list]) => (past.get(nodeId) === list ? [] : [nodeId]));
  };

  test('when somebody has joined', () => {
    const rooms = ofFleet('a');
    expect(anew(rooms, rooms.with(10, aRecord('r-10', 'an-2', 77)))).toEqual(['an-2']);
  });

  test('when a room has ended', () => {
    const rooms = ofFleet('b');
    expect(anew(rooms, rooms.toSpliced(10, 1))).toEqual(['bn-2']);
  });

  test('also when another fleet was looked at in between', () => {
    const rooms = ofFleet('c');
    expect(anew(rooms, rooms.toSpliced(10, 1), ofFleet('d'))).toEqual(['cn-2']);
  });
});
