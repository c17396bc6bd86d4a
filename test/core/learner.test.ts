/** The learner on a small world that is looked at once a second or so. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Learned, ageKnot, countClass, countEdges } from '../../src/core/learned.ts';
import { Learner } from '../../src/core/learner.ts';
import { factsOf } from '../../src/core/room-names.ts';
import type { RedisReading, RoomPlacement } from '../../src/core/readings.ts';
import { aPod, anEntry } from '../support/builders.ts';

const capacity = 200;
const beganMs = Date.UTC(2026, 0, 5, 8);
const cell = (ageS: number, count: number) => ageKnot(ageS) * countEdges.length + countClass(count);

/** Rooms that begin with one person, have all after 40 s, and end. */
interface Room {
  readonly name: string;
  readonly atS: number;
  readonly size: number;
  readonly lengthS: number;
  readonly node?: string;
}

interface Scene {
  readonly rooms: readonly Room[];
  readonly untilS: number;
  readonly everyS?: number;
  /** Redis cannot be read between these. */
  readonly awayS?: readonly [number, number];
  /** The node is gone from here on. */
  readonly lostS?: number;
  /** The servers' clocks are behind ours by this. */
  readonly skewS?: number;
}

function sight({ rooms, skewS = 0, lostS = Infinity, awayS }: Scene, atS: number): RedisReading {
  const away = awayS !== undefined && atS >= awayS[0] && atS < awayS[1];
  if (away) return { kind: 'Failed', why: 'gone', atMs: atS * 1000 };
  const live = rooms.filter((room) => room.atS <= atS && atS < room.atS + room.lengthS && atS < lostS);
  const placed = live.map(({ name, atS: bornS, size, node = 'm-0' }): RoomPlacement => {
    const createdAtSeconds = Math.floor(beganMs / 1000 + bornS - skewS);
    return {
      room: name,
      nodeId: `ND_${node}`,
      participants: atS - bornS < 40 ? Math.min(1, size) : size,
      createdAtSeconds,
    };
  });
  const nodes = atS < lostS ? [anEntry('m-0'), anEntry('m-1')] : [anEntry('m-1')];
  return { kind: 'Read', nodes, rooms: placed, atMs: atS * 1000, serverVersion: '1.13.5' };
}

function watch(scene: Scene, learner = new Learner(5)): Learner {
  for (let atS = 0; atS <= scene.untilS; atS += scene.everyS ?? 2) {
    learner.see({
      redis: sight(scene, atS),
      pods: [],
      nowMs: atS * 1000,
      wallMs: beganMs + atS * 1000,
    });
  }
  return learner;
}

const after = (learner: Learner, atS: number): Learned => learner.snapshot(beganMs + atS * 1000, capacity);

function many(count: number, room: (at: number) => Partial<Room>): readonly Room[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `room-${at}`,
    atS: 10 + at * 7,
    size: 10,
    lengthS: 900,
    ...room(at),
  }));
}

describe('the learner', () => {
  test('learns how rooms grow, how large they become, and how many people come', () => {
    const learned = after(watch({ rooms: many(100, () => ({ size: 21 })), untilS: 2400 }), 2400);
    expect(learned.growth.mean[cell(0, 1)]).toBeGreaterThan(19);
    expect(learned.growth.mean[cell(60, 21)]).toBeLessThan(0.5);
    expect(learned.sizes.mean).toBeCloseTo(21, -0.5);
    const busy = after(watch({ rooms: many(300, () => ({ size: 21 })), untilS: 2110 }), 2110);
    expect(busy.arrivals.recentPerMinute).toBeGreaterThan(120);
    expect(busy.arrivals.recentPerMinute).toBeLessThan(240);
  });

  test('books the size of a room that ends before it has all its people', () => {
    const learned = after(watch({ rooms: many(60, () => ({ size: 2, lengthS: 120 })), untilS: 900 }), 900);
    expect(learned.growth.mean[cell(0, 1)]).toBeLessThan(1.6);
    expect((learned.hazard[0] ?? 0) + (learned.hazard[1] ?? 0)).toBeGreaterThan(4 / 2100);
  });

  test.each<readonly [string, Partial<Scene>]>([
    ['that vanish with their node', { lostS: 700 }],
    ['that nobody could see for a while', { awayS: [700, 1400] }],
    ['that Redis lost all at once', {}],
  ])('does not take rooms for ended %s', (_, how) => {
    const lost = how.lostS === undefined && how.awayS === undefined;
    const rooms = many(40, () => ({ atS: 20, lengthS: lost ? 700 : 100_000 }));
    const learned = after(watch({ rooms, untilS: 1000, ...how }), 1000);
    learned.hazard.slice(0, 5).forEach((value) => {
      expect(value).toBeLessThan(1 / 2100);
    });
  });

  test('learns nothing from rooms that nobody enters, which applications make by the hundred', () => {
    const rooms = many(300, (at) => ({ atS: 10 + at / 50, size: 0, lengthS: 60 }));
    const learned = after(watch({ rooms, untilS: 900 }), 900);
    const { growth, sizes, hazard, arrivals } = after(watch({ rooms: [], untilS: 900 }), 900);
    expect(learned).toMatchObject({ growth, sizes, hazard });
    expect(learned.arrivals).toMatchObject({ recentPerMinute: 0, latestPerMinute: 0 });
    expect(arrivals.recentPerMinute).toBe(0);
  });

  test('knows a room by its name, and keeps no name', () => {
    const weekly = [0, 1500, 3000].map((atS) => ({ name: 'all-hands', atS, size: 120, lengthS: 1200 }));
    const learner = watch({ rooms: weekly, untilS: 5000 });
    const learned = after(learner, 6000);
    expect(factsOf(learned.names, 'all-hands')).toMatchObject({ seen: 3, size: 120 });
    expect(factsOf(learned.names, 'all-hands')?.lengthS).toBeCloseTo(1200, -1);
    expect(JSON.stringify([learned, learner.checkpoint()])).not.toContain('all-hands');
  });

  test('notices that the servers have another clock, and learns the same', () => {
    const rooms = many(100, () => ({}));
    const usual = after(watch({ rooms, untilS: 2000 }), 2000);
    const skewed = after(watch({ rooms, untilS: 2000, skewS: 45 }), 2000);
    expect(usual.clockSkewS).toBe(0);
    expect(skewed.clockSkewS).toBeCloseTo(45, -0.5);
    expect(skewed.growth.mean[cell(0, 1)]).toBeCloseTo(usual.growth.mean[cell(0, 1)] ?? -1, 0);
  });

  test('counts rooms that were there before it as having come lately', () => {
    const rooms = many(100, (at) => ({ atS: -1200 + at * 10, lengthS: 5000 }));
    const learned = after(watch({ rooms, untilS: 30 }), 30);
    expect(learned.arrivals.recentPerMinute).toBeGreaterThan(20);
  });

  test('hands out the same snapshot until there is something new to say', () => {
    const learner = watch({ rooms: many(10, () => ({})), untilS: 100 });
    const first = after(learner, 100);
    expect(after(learner, 105)).toBe(first);
    const next = after(learner, 200);
    expect(next).not.toBe(first);
    expect(next.names).toBe(first.names);
    expect(next.hazard).toBe(first.hazard);
    expect(JSON.parse(JSON.stringify(next))).toEqual(next);
  });

  test('measures launches from the first sight of the Pod to Ready and registered', () => {
    const learner = new Learner(1);
    const pod = aPod('m-3', { ready: false, createdAtMs: beganMs });
    const see = (atS: number, ready: boolean, registered: boolean) => {
      const redis = { kind: 'Read', rooms: [], atMs: atS * 1000, serverVersion: undefined } as const;
      const nodes = registered ? [anEntry('m-3')] : [];
      const wallMs = beganMs + atS * 1000;
      learner.see({ redis: { ...redis, nodes }, pods: [{ ...pod, ready }], nowMs: atS * 1000, wallMs });
    };
    see(1, false, false);
    see(40, false, true);
    see(42, true, false);
    expect(learner.launchMs).toBeUndefined();
    see(45, true, true);
    see(50, true, true);
    expect(learner.launchMs).toBe(45_000);
  });
});

describe('a checkpoint', () => {
  const rooms = many(300, (at) => ({
    size: 2 + (at % 30),
    lengthS: 300 + 40 * (at % 40),
    name: `r-${at % 200}`,
  }));
  const learner = watch({ rooms, untilS: 4000 });
  const untilS = 4000;

  test('brings back what was known', () => {
    const next = new Learner(5);
    expect(next.restore(JSON.parse(JSON.stringify(learner.checkpoint())))).toBeUndefined();
    const [before, now] = [after(learner, untilS), after(next, untilS)];
    now.growth.mean.forEach((value, at) => {
      expect(Math.abs(value - (before.growth.mean[at] ?? 0))).toBeLessThan(0.1);
    });
    now.hazard.forEach((value, at) => {
      expect(value / (before.hazard[at] ?? 1)).toBeCloseTo(1, 0);
    });
    expect(now.sizes.mean).toBeCloseTo(before.sizes.mean, 1);
    now.arrivals.minuteOfHour.forEach((value, at) => {
      expect(value).toBeCloseTo(before.arrivals.minuteOfHour[at] ?? -1, 2);
    });
    expect(Object.keys(now.names.byHash)).toEqual(Object.keys(before.names.byHash));
    expect(next.checkpoint()).toEqual(learner.checkpoint());
  });

  test('of another fleet teaches everything but names', () => {
    const next = new Learner(6);
    expect(next.restore(learner.checkpoint())).toBeUndefined();
    expect(after(next, untilS).names.count).toBe(0);
    expect(after(next, untilS).growth).toEqual(
      (() => {
        const same = new Learner(5);
        same.restore(learner.checkpoint());
        return after(same, untilS).growth;
      })(),
    );
  });

  test.each<readonly [string, unknown, RegExp]>([
    ['nothing', undefined, /no JSON object/],
    ['a text', '{', /no JSON object/],
    ['a list', [], /no JSON object/],
    ['another version', { ...learner.checkpoint(), version: 2 }, /version is 2/],
    ['no parts', { version: 1 }, /growth, sizes, survival, arrivals, judge, launches, names/],
    ['wrong sizes', { ...learner.checkpoint(), sizes: { rooms: [1], people: [2] } }, /no sense: sizes$/],
    ['a number that is none', { ...learner.checkpoint(), judge: [1, Number.NaN, 2] }, /no sense: judge$/],
    ['negative weights', { ...learner.checkpoint(), growth: [[0, -5, 1, 1], [], []] }, /no sense: growth$/],
    [
      'an endless series',
      { ...learner.checkpoint(), arrivals: { fromMinute: 0, minutes: [-199_000], hour: [], looks: [] } },
      /no sense: arrivals$/,
    ],
    [
      'clear names',
      { ...learner.checkpoint(), names: { salt: 5, known: [['all-hands', 1, 2, 3, 4, 5]], once: [] } },
      /no sense: names$/,
    ],
  ])('that holds %s costs that part and says so', (_, checkpoint, why) => {
    const next = new Learner(5);
    expect(next.restore(checkpoint)).toMatch(why);
    expect(after(next, untilS).growth.mean.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  test('of any shape never harms', () => {
    const parts = Object.keys(learner.checkpoint());
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.jsonValue(), (part, junk) => {
        const next = new Learner(5);
        next.restore({ ...learner.checkpoint(), [part]: junk });
        const learned = after(next, untilS);
        const numbers = [
          ...learned.growth.mean,
          ...learned.hazard,
          ...learned.sizes.share,
          learned.sizes.mean,
        ];
        expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});
