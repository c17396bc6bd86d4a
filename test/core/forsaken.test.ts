/** A room's record that its server could not delete, because Redis was away in that moment, holds the node no longer than a minute. */
import { describe, expect, test } from '@jest/globals';
import { isForsaken, noteForsaken } from '../../src/core/forsaken.ts';
import type { NodeMemory } from '../../src/core/memory.ts';
import type { NodeLoad, RoomPlacement } from '../../src/core/readings.ts';
import { aLoad, aRoom, aSpec, anEntry, nowMs } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const first = 'c-media-0';
const second = 'c-media-1';

interface Changes {
  readonly load?: Partial<NodeLoad>;
  readonly mapped?: readonly RoomPlacement[];
  readonly forsaken?: NonNullable<NodeMemory['forsaken']>;
}

type Arguments = Parameters<typeof noteForsaken>;

function seen({ load, mapped = [aRoom('m-0', { participants: 3 })], forsaken }: Changes = {}): Arguments {
  const memory = {
    proofs: [],
    served: true,
    participants: 3,
    ...(forsaken === undefined ? {} : { forsaken }),
  };
  return [anEntry('m-0', { load: aLoad(load) }), mapped, memory, nowMs];
}
const known = { sinceMs: nowMs - 60_000, rooms: 1, participants: 3 };

describe('records of rooms beside a node that tells of none', () => {
  test('are noted when they are first seen so, and stay noted as long as nothing changes', () => {
    expect(noteForsaken(...seen())).toEqual({ ...known, sinceMs: nowMs });
    expect(noteForsaken(...seen({ forsaken: known }))).toBe(known);
  });

  test.each<readonly [claim: string, changes: Changes]>([
    ['its heartbeat tells of a room', { load: { rooms: 1 } }],
    ['its heartbeat tells of somebody', { load: { participants: 1 } }],
    ['there is no record', { mapped: [] }],
    ['there is only a mapping without a record', { mapped: [aRoom('m-0', { participants: undefined })] }],
  ])('are no more so when %s', (_, changes) => {
    expect(noteForsaken(...seen({ forsaken: known, ...changes }))).toBeUndefined();
    expect(isForsaken(...seen({ forsaken: known, ...changes }))).toBe(false);
  });

  test('are waited for anew when somebody comes or goes by them', () => {
    const mapped = [aRoom('m-0', { participants: 4 })];
    expect(noteForsaken(...seen({ forsaken: known, mapped }))?.sinceMs).toBe(nowMs);
    expect(isForsaken(...seen({ forsaken: known, mapped }))).toBe(false);
  });

  test('count no more after a minute', () => {
    expect(isForsaken(...seen({ forsaken: known }))).toBe(true);
    expect(isForsaken(...seen({ forsaken: { ...known, sinceMs: nowMs - 59_999 } }))).toBe(false);
  });
});

describe('a node with such a record', () => {
  const fleet = (): Story =>
    new Story({ spec: aSpec(), nodes: 2 }).at(1).load(first, 30).load(second, 3).at(30);

  test('waits a minute, tells of it, and leaves when it has itself confirmed that nobody is there', () => {
    const story = fleet().leaveBehind(second, 3).at(85);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.at(92).refusals()).toContain('GhostRooms');
    expect(story.at(200).deeds('RemoveNode')).toEqual([`RemoveNode ${second}`]);
  });

  test('stays as long as it says itself that somebody is there', () => {
    const story = fleet().claims(second, 1).leaveBehind(second, 3).at(300);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.decision.nodes[1]?.finding?.reason).toBe('EvidenceContradicts');
  });

  test('carries nobody by it, so that nobody pays for a ghost', () => {
    expect(fleet().leaveBehind(second, 3).at(89).decision.nodes[1]?.node.participants).toBe(0);
  });
});
