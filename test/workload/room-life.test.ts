import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stream } from '../../src/workload/random.ts';
import { roomLife } from '../../src/workload/room-life.ts';
import type { TraceRoom } from '../../src/workload/trace.ts';

const aRoom = (room: Partial<TraceRoom>): TraceRoom => ({
  startS: 0,
  durationS: 3600,
  participants: 8,
  publishers: 8,
  name: undefined,
  ...room,
});

/** Seconds after which everybody's share of the people has joined, over many rooms of a kind. */
function joinedShareAt(room: TraceRoom, atS: number, rooms = 500): number {
  const random = stream(3, 'shares');
  let joined = 0;
  for (let index = 0; index < rooms; index += 1) {
    joined += roomLife(room, random).findLast((step) => step.atS <= atS)?.n ?? 0;
  }
  return joined / (rooms * room.participants);
}

describe('the life of a room', () => {
  test('begins with somebody, only grows, in whole milliseconds, and has everybody well before its end', () => {
    const rooms = fc.record({
      durationS: fc.integer({ min: 1, max: 40_000 }),
      participants: fc.integer({ min: 1, max: 400 }),
      publishers: fc.constantFrom(0, 400),
    });
    fc.assert(
      fc.property(rooms, fc.nat(), (room, seed) => {
        const steps = roomLife(aRoom(room), stream(seed, 'life'));
        expect(steps[0]?.atS).toBe(0);
        expect(steps[0]?.n).toBeGreaterThanOrEqual(1);
        expect(steps.at(-1)?.n).toBe(room.participants);
        expect(steps.at(-1)?.atS).toBeLessThanOrEqual(room.durationS / 2);
        const grows = steps.every((step, index) => {
          const before = steps[index - 1] ?? { atS: -1, n: 0 };
          return step.atS > before.atS && step.n > before.n;
        });
        expect(grows).toBe(true);
        expect(steps.filter(({ atS }) => Math.round(atS * 1000) / 1000 !== atS)).toEqual([]);
      }),
      { seed: 20_261_121, numRuns: 200 },
    );
  });

  test('is the same for the same random numbers', () => {
    const life = () => roomLife(aRoom({ participants: 30 }), stream(9, 'same'));
    expect(life()).toEqual(life());
  });

  // Two minutes after the first join everybody has come who is in time, and some of those who are late.
  test.each([
    [2, 0.83],
    [5, 0.71],
    [12, 0.49],
  ])('of a meeting of %d shows at least those in time after two minutes', (participants, inTime) => {
    const share = joinedShareAt(aRoom({ participants }), 120);
    expect(share).toBeGreaterThan(inTime);
    expect(share).toBeLessThan(inTime + 0.7 * (1 - inTime));
  });

  test.each([2, 5, 12])(
    'of a meeting of %d has seen nine of ten people after ten minutes',
    (participants) => {
      expect(joinedShareAt(aRoom({ participants }), 600)).toBeGreaterThan(0.9);
    },
  );

  test('of an audience begins with a burst: half of it within half a minute, up to 90 people', () => {
    const audience = aRoom({ participants: 180, publishers: 4 });
    const inBurst = joinedShareAt(audience, 30, 50) * 180;
    expect(inBurst).toBeGreaterThan(80);
    expect(inBurst).toBeLessThan(110);
    const huge = aRoom({ participants: 1000, publishers: 10 });
    expect(joinedShareAt(huge, 30, 10) * 1000).toBeLessThan(170);
    const meeting = aRoom({ participants: 180, publishers: 60 });
    expect(joinedShareAt(meeting, 30, 50)).toBeLessThan(0.3);
  });
});
