import { describe, expect, test } from '@jest/globals';
import { slipRefusal, watchCordon } from '../../src/core/cordon-watch.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { coldMemory, type CordonWatch, type Memory } from '../../src/core/memory.ts';
import type { RoomPlacement } from '../../src/core/readings.ts';
import { noteCordons } from '../../src/core/steering.ts';
import { aNode, aRoom, aSpec, anObservation, nowMs, wallMs } from '../support/builders.ts';

const at = { nowMs, wallMs, revision: 'r1' };
const closedForMs = 120_000;
const later = (ms: number) => ({ ...at, nowMs: nowMs + ms, wallMs: wallMs + ms });

/** A minute has gone by since the last look, in which all was well. */
const aMinuteAgo: CordonWatch = {
  lookedMs: nowMs - 60_000,
  lookedWallMs: wallMs - 60_000,
  skewMs: 0,
  counted: [],
  minutes: [],
};

/** Rooms of these ages in seconds. */
function born(name: string, ...agesS: readonly number[]): readonly RoomPlacement[] {
  return agesS.map((ageS, index) =>
    aRoom(name, { room: `${name}-${index}`, createdAtSeconds: wallMs / 1000 - ageS }),
  );
}

/** A node that has been closed for two minutes. */
function closed(name: string, ...agesS: readonly number[]): MediaNode {
  return aNode(name, {
    entry: { cordonMarked: true },
    memory: { closedSinceMs: nowMs - closedForMs },
    rooms: born(name, ...agesS),
  });
}

const open = (name: string, ...agesS: readonly number[]) => aNode(name, { rooms: born(name, ...agesS) });
const refusal = (nodes: readonly MediaNode[], before = aMinuteAgo) =>
  slipRefusal(watchCordon(nodes, before, at), at);

const many = (count: number, ageS: number) => Array.from({ length: count }, () => ageS);

describe('closing nodes holds', () => {
  test.each<readonly [claim: string, nodes: readonly MediaNode[]]>([
    ['in a fleet without rooms', [open('m-0'), closed('m-1')]],
    ['while rooms on closed nodes are older than their closing', [closed('m-0', 125, 200, 300, 400)]],
    ['with two slips', [closed('m-0', 50, 40), open('m-1', 40)]],
    [
      'with a quarter of the new rooms on the closed half of the fleet',
      [closed('m-0', ...many(25, 40)), open('m-1', ...many(75, 40))],
    ],
    [
      'as it did on a machine that let the operator run for a quarter of the time: 3 of 52, with two of six closed',
      [
        ...['m-0', 'm-1'].map((name, index) => closed(name, ...many(1 + index, 40))),
        ...['m-2', 'm-3', 'm-4', 'm-5'].map((name) => open(name, ...many(13, 40))),
      ],
    ],
    ['while the nodes with new rooms are open', [open('m-0', ...many(50, 40)), closed('m-1')]],
    [
      'while rooms on closed nodes were made as they were being closed',
      [
        {
          ...closed('m-0', 49, 47, 46, 45),
          memory: { ...closed('m-0').memory, closedSinceMs: nowMs - 50_000 },
        },
      ],
    ],
    [
      'while those that seem closed do not report',
      [
        aNode('m-0', {
          entry: { cordonMarked: true, ageMs: 6001 },
          memory: { closedSinceMs: nowMs - closedForMs },
          rooms: born('m-0', ...many(9, 40)),
        }),
      ],
    ],
    [
      'while nobody knows since when they are closed',
      [aNode('m-0', { entry: { cordonMarked: true }, rooms: born('m-0', ...many(9, 40)) })],
    ],
    [
      'while what is left there are mappings of failed joins',
      [
        {
          ...closed('m-0'),
          rooms: born('m-0', ...many(9, 40)).map((room) => ({ ...room, participants: undefined })),
        },
      ],
    ],
    [
      'as far as clocks allow to say: a server that makes rooms in the future makes all of its rooms seem late',
      [
        {
          ...closed('m-0', ...many(9, 20)),
          memory: { ...closed('m-0').memory, closedSinceMs: nowMs - 50_000 },
        },
        open('m-1', -30),
      ],
    ],
  ])('%s', (_, nodes) => {
    expect(refusal(nodes)).toBeUndefined();
  });

  test('for all that an operator knows that has only just started', () => {
    const nodes = [closed('m-0', ...many(9, 40))];
    expect(slipRefusal(watchCordon(nodes, undefined, at), at)).toBeUndefined();
  });
});

describe('rooms that were placed on closed nodes', () => {
  const nodes = [closed('m-0', 50, 40, 30)];
  const seenAfter = (memory: Pick<Memory, 'readMs' | 'dueMs' | 'blindUntilMs'>) =>
    noteCordons(
      {
        spec: aSpec(),
        observed: anObservation(),
        nowMs,
        wallMs,
        memory: { ...coldMemory(0), cordonWatch: aMinuteAgo, ...memory },
      },
      nodes,
    );
  const before = { ...at, revision: aSpec().revision };

  test.each([
    ['are slips while Redis is read', { readMs: nowMs - 6000 }, 'CordonNotHolding'],
    ['are slips while passes are made in time', { dueMs: nowMs - 2000 }, 'CordonNotHolding'],
    ['say nothing after a while in which nobody read it', { readMs: nowMs - 6001 }, undefined],
    ['say nothing to an operator that has stood still', { dueMs: nowMs - 2001 }, undefined],
    ['say nothing where it has stood still lately', { blindUntilMs: nowMs + 1 }, undefined],
  ] as const)('%s', (_, memory, reason) => {
    expect(slipRefusal(seenAfter(memory), before)?.reason).toBe(reason);
  });

  test('are not counted later either', () => {
    const next = watchCordon(nodes, seenAfter({ readMs: nowMs - 6001 }), {
      ...later(1000),
      revision: before.revision,
    });
    expect(slipRefusal(next, before)).toBeUndefined();
  });
});

describe('closing nodes does not hold', () => {
  test('where three of few new rooms are on closed nodes, and the figures are told', () => {
    const nodes = [closed('m-0', 50, 40), closed('m-1', 30), open('m-2', ...many(2, 40))];
    expect(refusal(nodes)).toEqual({
      reason: 'CordonNotHolding',
      message: expect.stringContaining('3 of 5 new rooms') as unknown,
    });
  });

  test('where closed nodes have more than half of what they would have if nobody heeded it', () => {
    const nodes = [closed('m-0', ...many(26, 40)), open('m-1', ...many(74, 40))];
    expect(refusal(nodes)?.message).toContain('26 of 100');
  });

  test('where they come one by one, each counted once and remembered though its node has been opened', () => {
    let watch: CordonWatch | undefined = aMinuteAgo;
    for (let second = 0; second < 4; second += 1) {
      const now = later(second * 2000);
      const rooms = Array.from({ length: second + 1 }, (_, index) =>
        aRoom('m-0', { room: `slip-${index}`, createdAtSeconds: wallMs / 1000 + 2 * index }),
      );
      watch = watchCordon([{ ...closed('m-0'), rooms }], watch, now);
      expect(slipRefusal(watch, now)?.reason).toBe(second < 2 ? undefined : 'CordonNotHolding');
      watch = watchCordon([{ ...open('m-0'), rooms }], watch, later(second * 2000 + 1000));
    }
  });

  test('only where the slips are of the last ten minutes', () => {
    const two = watchCordon([closed('m-0', 50, 40)], aMinuteAgo, at);
    const rooms = [aRoom('m-0', { room: 'third', createdAtSeconds: wallMs / 1000 + 590 })];
    const soon = later(595_000);
    const late = later(601_000);
    const node = { ...closed('m-0'), rooms };
    expect(slipRefusal(watchCordon([node], two, soon), soon)?.message).toContain('3 of 3');
    expect(slipRefusal(watchCordon([node], two, late), late)).toBeUndefined();
  });
});

describe('what was seen', () => {
  const nodes = [closed('m-0', 50, 40, 30)];
  const seen = watchCordon(nodes, aMinuteAgo, at);

  test('holds for an hour, though nothing more is seen', () => {
    const after = watchCordon([open('m-0')], seen, later(600_000));
    expect(slipRefusal(after, later(3_599_000))?.reason).toBe('CordonNotHolding');
    expect(slipRefusal(after, later(3_600_000))).toBeUndefined();
    expect(watchCordon([open('m-0')], after, later(3_600_000))).not.toHaveProperty('off');
  });

  test('is forgotten with a change of the template', () => {
    expect(slipRefusal(seen, { ...at, revision: 'r2' })).toBeUndefined();
    expect(watchCordon([open('m-0')], seen, { ...later(5000), revision: 'r2' })).not.toHaveProperty('off');
  });

  test('is the same text from one second to the next', () => {
    const first = slipRefusal(seen, later(1000))?.message;
    expect(slipRefusal(seen, later(2000))?.message).toBe(first);
  });

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  });

  test('is looked for once a second at most', () => {
    expect(watchCordon(nodes, seen, later(899))).toBe(seen);
    expect(watchCordon(nodes, seen, later(900))).not.toBe(seen);
  });
});

test('what is remembered does not grow with the fleet', () => {
  const fleet = Array.from({ length: 1000 }, (_, index) => open(`m-${index}`, ...many(20, 40)));
  const seen = watchCordon(fleet, aMinuteAgo, at);
  expect(JSON.stringify(seen).length).toBeLessThan(1000);
});
