import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeNode, decodeRoom } from '../../src/livekit/node-decode.ts';
import { encodeNode, encodeRoom, type StatsParts } from '../../lab/livekit-encode.ts';

const id = 'ND_a';
const mark = Buffer.from([0x30, 0x02]);

function load(stats: StatsParts) {
  const decoded = decodeNode(id, encodeNode({ id, stats }));
  if (decoded.kind !== 'Node') throw new Error(decoded.why);
  return decoded.load;
}

describe('an entry of the registry', () => {
  test('is read with its load and its times', () => {
    const stats = { numRooms: 2, numClients: 5, numTracksIn: 3, numTracksOut: 12, cpuLoad: 0.5 };
    const rates = [{ bytesIn: 1000, bytesOut: 4000, packetsIn: 10, packetsOut: 40 }];
    expect(decodeNode(id, encodeNode({ id, ip: '10.1.2.3', stats: { ...stats, rates } }))).toEqual({
      kind: 'Node',
      nodeId: id,
      ip: '10.1.2.3',
      state: 'Serving',
      cordonMarked: false,
      load: {
        participants: 5,
        rooms: 2,
        tracksIn: 3,
        tracksOut: 12,
        bytesInPerSecond: 1000,
        bytesOutPerSecond: 4000,
        packetsInPerSecond: 10,
        packetsOutPerSecond: 40,
        cpuLoad: 0.5,
      },
      updatedAtSeconds: 200,
      startedAtSeconds: 100,
    });
  });

  test.each([
    ['serving', encodeNode({ id }), 'Serving', false],
    ['cordoned', Buffer.concat([encodeNode({ id }), mark]), 'Serving', true],
    ['cordoned, with a region', Buffer.concat([encodeNode({ id, region: 'eu' }), mark]), 'Serving', true],
    [
      'opened again by appending',
      Buffer.concat([encodeNode({ id }), mark, Buffer.from([0x30, 1])]),
      'Serving',
      false,
    ],
    ['draining by itself', encodeNode({ id, state: 2 }), 'ShuttingDown', false],
    ['draining and marked', Buffer.concat([encodeNode({ id, state: 2 }), mark]), 'ShuttingDown', true],
    ['starting', encodeNode({ id, state: 0 }), 'StartingUp', false],
    ['suspended', encodeNode({ id, state: 3 }), 'Suspended', false],
    ['in a state of the future', encodeNode({ id, state: 77 }), 'Unknown', false],
    ['in a negative state', encodeNode({ id, state: -1 }), 'Unknown', false],
  ])('keeps the own state apart from the mark when %s', (_, value, state, cordonMarked) => {
    expect(decodeNode(id, value)).toMatchObject({ kind: 'Node', state, cordonMarked });
  });

  test.each([
    ['a load of its own', { cpuLoad: 0.25, numClients: 1 }, 0.25],
    ['idle and empty', { cpuLoad: 0 }, 0],
    ['0 with clients, which is how saturation looks', { cpuLoad: 0, numClients: 1 }, undefined],
    ['0 with tracks', { cpuLoad: 0, numTracksOut: 1 }, undefined],
    ['less than 0', { cpuLoad: -2.75 }, undefined],
    ['not a number', { cpuLoad: Number.NaN }, undefined],
    ['endless', { cpuLoad: Infinity }, undefined],
    ['a little above 1', { cpuLoad: 1.5 }, 1],
  ])('trusts the CPU figure only where it can: %s', (_, stats, cpuLoad) => {
    expect(load(stats).cpuLoad).toBe(cpuLoad);
  });

  test.each([
    ['the first rate', { rates: [{ bytesIn: 5 }, { bytesIn: 9 }], bytesInPerSec: 7 }, 5],
    ['the figure of old servers where there is no rate', { bytesInPerSec: 7 }, 7],
    ['nothing yet', {}, 0],
    ['nonsense', { rates: [{ bytesIn: Number.NaN }] }, 0],
    ['less than nothing', { bytesInPerSec: -5 }, 0],
  ])('takes bandwidth from %s', (_, stats, bytesInPerSecond) => {
    expect(load(stats).bytesInPerSecond).toBe(bytesInPerSecond);
  });

  test.each([
    ['the first rate', { numTracksIn: 1, rates: [{ packetsIn: 5, packetsOut: 6 }] }, 6],
    ['the figure of old servers where there is no rate', { numTracksIn: 1, packetsOutPerSec: 7 }, 7],
    ['nothing, because there is no track', {}, 0],
    ['nobody, where there are tracks and no rate', { numTracksIn: 1 }, undefined],
    ['nobody, where the rate is nonsense', { rates: [{ packetsOut: Number.NaN }] }, undefined],
  ])('takes packets from %s', (_, stats, packetsOutPerSecond) => {
    expect(load(stats).packetsOutPerSecond).toBe(packetsOutPerSecond);
  });

  test.each([
    ['empty', Buffer.alloc(0), 'another node'],
    ['not protobuf', Buffer.from('not protobuf at all'), 'not a node'],
    ['cut off', encodeNode({ id }).subarray(0, -5), 'not a node'],
    ['of another node', encodeNode({ id: 'ND_b' }), 'another node'],
    ['without statistics, which are not zero', encodeNode({ id, stats: null }), 'no statistics'],
    ['counting less than nothing', encodeNode({ id, stats: { numClients: -1 } }), 'less than nothing'],
    ['updated before time began', encodeNode({ id, stats: { updatedAt: -1n } }), 'impossible'],
    ['updated after all time', encodeNode({ id, stats: { updatedAt: 2n ** 62n } }), 'impossible'],
    ['too large', Buffer.alloc(65 * 1024), 'too many'],
  ])('is unknown, and never empty, when %s', (_, value, why) => {
    const decoded = decodeNode(id, value);
    expect(decoded.kind).toBe('Undecodable');
    expect(decoded.kind === 'Undecodable' && decoded.why).toContain(why);
  });

  test('never throws, whatever the bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const broken = fc.tuple(fc.nat(80), fc.nat(255)).map(([at, byte]) => {
      const value = encodeNode({ id, stats: { numClients: 3, rates: [{ bytesIn: 1 }] } });
      value[at % value.length] = byte;
      return value;
    });
    fc.assert(
      fc.property(fc.oneof(bytes, broken), (value) => {
        expect(['Node', 'Undecodable']).toContain(decodeNode(id, value).kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a room's record", () => {
  test('tells its size and age', () => {
    const value = encodeRoom({ name: 'r', participants: 7, createdAtSeconds: 99, metadata: 'x'.repeat(500) });
    expect(decodeRoom(value)).toEqual({ participants: 7, createdAtSeconds: 99 });
  });

  test('has an unknown age when it carries none', () => {
    expect(decodeRoom(encodeRoom({ name: 'r' }))).toEqual({ participants: 0, createdAtSeconds: undefined });
  });

  test('is unknown when it cannot be read', () => {
    expect(decodeRoom(Buffer.from('garbage!'))).toBeUndefined();
    expect(decodeRoom(Buffer.alloc(2 * 1024 * 1024))).toBeUndefined();
  });
});
