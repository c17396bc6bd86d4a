import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../src/base/clock.ts';
import { NodeTable } from '../../src/livekit/node-table.ts';
import {
  boundedName,
  boundedNodes,
  boundedPlacements,
  longestName,
  mostNodes,
  mostRooms,
} from '../../src/livekit/registry-bounds.ts';
import { encodeNode } from '../../lab/livekit-encode.ts';
import { FakeLink } from './fakes.ts';

const clock: Clock = { wallMs: () => 0, elapsedMs: () => 0 };

function many(count: number): ReadonlyMap<string, Buffer> {
  return new Map(Array.from({ length: count }, (_, at) => [`n${at}`, Buffer.from('ND_a')]));
}

describe('a registry', () => {
  test('is handed on as it is when nothing in it is too long', () => {
    const [nodes, roomNodes] = [many(3), many(5)];
    expect(boundedNodes(nodes)).toBe(nodes);
    expect(boundedPlacements(roomNodes)).toBe(roomNodes);
    expect(boundedName('1.13.5')).toBe('1.13.5');
  });

  test.each([
    ['servers', () => boundedNodes(many(mostNodes + 1))],
    ['rooms', () => boundedPlacements(many(mostRooms + 1))],
  ])('with more %s than any has is unknown as a whole', (what, read) => {
    expect(read).toThrow(new RegExp(`names \\d+ ${what}, and at most`));
  });

  test('keeps two rooms apart whose names are too long, and cuts both', () => {
    const names = ['a', 'b'].map((end) => 'x'.repeat(100_000) + end);
    const roomNodes = new Map(names.map((name) => [name, Buffer.from('ND_a')]));
    const placements = boundedPlacements(roomNodes);
    expect(placements.size).toBe(2);
    for (const name of placements.keys()) expect(name.length).toBeLessThan(longestName);
  });

  test('costs nobody the view of the others: a room with an endless name still holds its server', async () => {
    const link = new FakeLink();
    const endless = 'r'.repeat(2_000_000);
    link.hashes.set(
      'nodes',
      new Map([
        ['ND_a', encodeNode({ id: 'ND_a' })],
        [endless, encodeNode({ id: endless })],
      ]),
    );
    link.hashes.set(
      'room_node_map',
      new Map([
        [endless, Buffer.from('ND_a')],
        ['short', Buffer.from(endless)],
      ]),
    );
    const reading = await new NodeTable(link, clock).read();
    if (reading.kind !== 'Read') throw new Error(reading.why);
    expect(reading.nodes.map(({ kind }) => kind)).toEqual(['Node', 'Undecodable']);
    expect(reading.rooms.map(({ nodeId }) => nodeId.length)).toEqual([4, expect.any(Number)]);
    expect(reading.rooms[0]).toMatchObject({ nodeId: 'ND_a', participants: undefined });
    expect(JSON.stringify(reading).length).toBeLessThan(5000);
  });
});
