import { describe, expect, test } from '@jest/globals';
import { ArrivalLearner, evennessOf } from '../../src/core/arrivals.ts';
import { evenShare, keptAnyway } from '../../src/core/even.ts';
import { openNodes } from '../../src/core/governor.ts';
import { type Learned, priorLearned } from '../../src/core/learned.ts';
import { Fortune, type NodeOutlook } from '../../src/core/outlook.ts';
import { paceOf, reserve } from '../../src/core/reserve.ts';
import { aNode, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';

const capacity = { participants: 200, tracks: undefined, egressBytesPerSecond: undefined };
const spec = aSpec({ capacity });
const prior = priorLearned(200);

function withEvenness(evenness: number): Learned {
  return { ...prior, arrivals: { ...prior.arrivals, evenness } };
}

/** Nodes with so many people each, in rooms that have long had their size. */
function fleet(people: readonly number[], learned = prior): readonly NodeOutlook[] {
  const fortune = new Fortune(spec, learned, wallMs, paceOf(undefined));
  return people.map((participants, at) => {
    const name = `m-${at}`;
    const createdAtSeconds = wallMs / 1000 - 20_000;
    const rooms = participants === 0 ? [] : [aRoom(name, { participants, createdAtSeconds })];
    const since = participants === 0 ? { standbySinceMs: nowMs - 7e6, emptySinceMs: nowMs - 7e6 } : {};
    return fortune.tell(aNode(name, { rooms, load: { participants }, memory: since }));
  });
}

describe('the evenness of a load', () => {
  test.each<readonly [string, (hour: number) => number, number, number]>([
    ['is near 1 when all hours are alike', () => 20, 0.95, 1],
    ['is small when the day has a peak of two hours', (hour) => (hour === 9 || hour === 14 ? 60 : 5), 0, 0.2],
    ['is 0 when nobody comes', () => 0, 0, 0],
  ])('%s', (_, perMinute, least, most) => {
    const arrivals = new ArrivalLearner();
    for (let minute = 0; minute <= 1440; minute += 1) {
      arrivals.watch(minute);
      arrivals.add(minute, perMinute(Math.floor(minute / 60)));
    }
    const evenness = evennessOf(arrivals, 1440);
    expect(evenness).toBeGreaterThanOrEqual(least);
    expect(evenness).toBeLessThanOrEqual(most);
  });

  test('is unknown, and so 0, before a whole hour was watched', () => {
    const arrivals = new ArrivalLearner();
    for (let minute = 0; minute < 40; minute += 1) {
      arrivals.watch(minute);
      arrivals.add(minute, 20);
    }
    expect(evennessOf(arrivals, 39)).toBe(0);
  });
});

describe('what an even load asks for', () => {
  test('is nothing when the load has peaks', () => {
    expect(evenShare(spec, withEvenness(0.35), fleet([150, 150, 150]))).toEqual({
      weight: 0,
      fewest: 0,
      most: 0,
    });
  });

  test('is as many nodes as are used to seven tenths, and at most twice as many', () => {
    expect(evenShare(spec, withEvenness(0.7), fleet([140, 140, 140]))).toEqual({
      weight: 1,
      fewest: 3,
      most: 6,
    });
  });

  test('is more the more overload is to cost', () => {
    const of = (priority: number) =>
      evenShare(
        aSpec({ capacity, placement: { ...spec.placement, priority } }),
        withEvenness(1),
        fleet([165, 165, 160, 160]),
      ).fewest;
    expect([of(4), of(8), of(64)]).toEqual([4, 5, 6]);
    expect(of(0)).toBeLessThanOrEqual(of(4));
  });

  test('is kept by the nodes that their rooms hold longest', () => {
    const outlooks = fleet([0, 60, 0, 60]);
    const kept = keptAnyway({ weight: 1, fewest: 1, most: 2 }, outlooks);
    expect([...kept].map(({ node }) => node.name).toSorted()).toEqual(['m-1', 'm-3']);
  });
});

describe('the governor under an even load', () => {
  const steer = (evenness: number) => ({ spec, learned: withEvenness(evenness), wallMs, blind: false });

  test('uses an empty node that is there rather than one that is half full', () => {
    const outlooks = fleet([110, 110, 110, 0]);
    expect([...openNodes(steer(0.8), outlooks)]).toEqual(['m-3']);
    expect([...openNodes(steer(0.2), outlooks)]).not.toContain('m-3');
  });

  test.each([
    ['launches before large rooms meet full nodes', [170, 170, 170, 170], 0.8, 5],
    ['launches nothing while a day with peaks has space', [170, 150, 150, 150], 0.2, 4],
    ['keeps empty nodes that an even load will use', [90, 90, 0, 0], 0.8, 3],
    ['lets them go when days have peaks', [90, 90, 0, 0], 0.2, 2],
  ] as const)('%s', (_, people, evenness, wanted) => {
    const learned = withEvenness(evenness);
    const outlooks = fleet(people, learned);
    const got = reserve({
      spec,
      learned,
      launchMs: 20_000,
      outlooks,
      launching: 0,
      current: outlooks.length,
      silentBusy: 0,
      desired: undefined,
      nowMs,
      wallMs,
    });
    expect(got.wanted).toBe(wanted);
  });
});
