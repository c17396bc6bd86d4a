import { describe, expect, test } from '@jest/globals';
import { type Bounded, bounded } from '../../src/core/bounds.ts';
import { type Memory, coldMemory } from '../../src/core/memory.ts';
import type { ClusterSpec, Schedule, ScalingRules } from '../../src/core/spec.ts';
import { aSpec, freeRules, wallMs } from '../support/builders.ts';

/** At an ordinary wall time, before any launch was measured. */
const unmeasured = { wallMs, launchMs: undefined } as const;

const wide = { minNodes: 0, maxNodes: 1000 } as const;

/** A memory that has watched a fleet of this size for a day. */
const watched = (desired: number): Memory => ({ ...coldMemory(-86_400_000), desired });

type Wish = readonly [atS: number, wanted: number];

/** The sizes that follow from these wishes, each at its second. */
function sizes(
  spec: ClusterSpec,
  from: number,
  wishes: readonly Wish[],
  memory = watched(from),
): readonly number[] {
  return walk(spec, wishes, memory).map(({ desired }) => desired);
}

function walk(spec: ClusterSpec, wishes: readonly Wish[], memory: Memory): readonly Bounded[] {
  const steps: Bounded[] = [];
  let carried = memory;
  for (const [atS, wanted] of wishes) {
    const current = carried.desired ?? 0;
    const step = bounded({
      spec,
      wanted,
      mayLower: true,
      current,
      memory: carried,
      nowMs: atS * 1000,
      ...unmeasured,
    });
    carried = { ...carried, ...step.memory };
    steps.push(step);
  }
  return steps;
}

const every = (stepS: number, count: number, wanted: number): readonly Wish[] =>
  Array.from({ length: count }, (_, at) => [at * stepS, wanted]);

const rules = (changes: Partial<ScalingRules>): ScalingRules => ({ ...freeRules, ...changes });
const percent = (value: number, periodMs: number) => ({ kind: 'Percent', value, periodMs }) as const;
const pods = (value: number, periodMs: number) => ({ kind: 'Pods', value, periodMs }) as const;

describe('the examples of the Kubernetes documentation', () => {
  test('10 % or 4 Pods a minute: 80 shrink by 8, then by 7.2 rounded up, and below 40 by 4 at a time', () => {
    const scaleDown = rules({ policies: [pods(4, 60_000), percent(10, 60_000)] });
    const got = sizes(aSpec({ ...wide, scaleDown }), 80, every(60, 13, 10));
    expect(got).toEqual([72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12]);
  });

  test('with selectPolicy Min the policy with the least change is taken', () => {
    const scaleDown = rules({ selectPolicy: 'Min', policies: [percent(10, 60_000), pods(5, 60_000)] });
    expect(sizes(aSpec({ ...wide, scaleDown }), 80, every(60, 3, 10))).toEqual([75, 70, 65]);
  });

  test('with selectPolicy Disabled nothing changes in that direction', () => {
    const scaleDown = rules({ selectPolicy: 'Disabled' });
    expect(
      sizes(aSpec({ ...wide, scaleDown }), 80, [
        [0, 10],
        [600, 10],
        [601, 90],
      ]),
    ).toEqual([80, 80, 90]);
  });

  test('the default behaviour grows by 4 Pods or by 100 % in 15 s, whichever is more', () => {
    const scaleUp = rules({ policies: [percent(100, 15_000), pods(4, 15_000)] });
    expect(sizes(aSpec({ ...wide, scaleUp }), 1, every(15, 6, 100))).toEqual([5, 10, 20, 40, 80, 100]);
  });

  test('the default behaviour shrinks to the highest wish of the last 300 s', () => {
    const scaleDown = rules({ stabilizationMs: 300_000, policies: [percent(100, 15_000)] });
    const wishes: readonly Wish[] = [
      [0, 10],
      [60, 4],
      [120, 6],
      [240, 2],
      [300, 2],
      [361, 2],
      [421, 2],
      [541, 2],
    ];
    expect(sizes(aSpec({ ...wide, scaleDown }), 10, wishes)).toEqual([10, 10, 10, 10, 6, 6, 2, 2]);
  });

  test('a window for growth takes the lowest wish within it', () => {
    const scaleUp = rules({ stabilizationMs: 60_000 });
    const wishes: readonly Wish[] = [
      [0, 2],
      [30, 9],
      [59, 5],
      [61, 9],
      [91, 9],
      [120, 9],
    ];
    expect(sizes(aSpec({ ...wide, scaleUp }), 2, wishes)).toEqual([2, 2, 2, 5, 5, 9]);
  });
});

describe('rate rules', () => {
  test('count what was changed within the period, in both directions', () => {
    const scaleUp = rules({ policies: [pods(2, 60_000)] });
    const got = sizes(aSpec({ ...wide, scaleUp }), 5, [
      [0, 9],
      [20, 9],
      [59, 9],
      [60, 9],
    ]);
    expect(got).toEqual([7, 7, 7, 9]);
  });

  test('say when they will allow more', () => {
    const scaleUp = rules({ policies: [pods(2, 60_000)] });
    const [, held] = walk(
      aSpec({ ...wide, scaleUp }),
      [
        [0, 9],
        [20, 9],
      ],
      watched(5),
    );
    expect(held).toMatchObject({ limitedBy: { reason: 'RateLimited' }, wakeAtMs: 60_001 });
  });

  test('measure a step from where the period began: what was added within it may be taken back', () => {
    const scaleDown = rules({ policies: [pods(1, 60_000)] });
    expect(
      sizes(aSpec({ ...wide, scaleDown }), 5, [
        [0, 8],
        [10, 2],
      ]),
    ).toEqual([8, 4]);
  });

  test('never push the size the other way, even where more was changed than they now allow', () => {
    const scaleUp = rules({ policies: [pods(1, 60_000)] });
    const memory = { ...watched(8), changes: [{ atMs: -1000, delta: 3 }] };
    expect(sizes(aSpec({ ...wide, scaleUp }), 8, [[0, 9]], memory)).toEqual([8]);
  });
});

describe('minimum and maximum', () => {
  test.each([
    ['less than the minimum is raised to it', 1, 3, 'AtMinimum'],
    ['more than the maximum is cut to it', 12, 8, 'AtMaximum'],
    ['what lies between is left alone', 5, 5, undefined],
  ])('%s', (_, wanted, desired, reason) => {
    const spec = aSpec({ minNodes: 3, maxNodes: 8 });
    const [step] = walk(spec, [[0, wanted]], watched(desired));
    expect([step?.desired, step?.limitedBy?.reason]).toEqual([desired, reason]);
  });

  test('win over every window and rate', () => {
    const slow = rules({ stabilizationMs: 600_000, policies: [pods(1, 600_000)] });
    const spec = aSpec({ minNodes: 3, maxNodes: 8, scaleUp: slow, scaleDown: slow });
    expect(sizes(spec, 0, [[0, 0]])).toEqual([3]);
    expect(sizes(spec, 20, [[0, 20]])).toEqual([8]);
  });
});

describe('a schedule that is open', () => {
  const lessons: Schedule = {
    name: 'lessons',
    timeZone: 'Europe/Madrid',
    // An hour before the wall time of these tests, 13:00 in Madrid.
    start: '0 12 * * *',
    durationMs: 4 * 3_600_000,
    minNodes: 5,
  };
  const step = (wanted: number, changes: Partial<ClusterSpec> = {}, from = 2) => {
    const spec = aSpec({ ...wide, maxNodes: 20, schedules: [lessons], ...changes });
    return walk(spec, [[0, wanted]], watched(from))[0];
  };

  test('raises the fleet at once, whatever the rate rules say, and tells until when', () => {
    const slow = rules({ stabilizationMs: 600_000, policies: [pods(1, 600_000)] });
    expect(step(1, { scaleUp: slow })).toMatchObject({
      desired: 5,
      limitedBy: {
        reason: 'ScheduleRequiresNodes',
        message: 'Schedule lessons keeps 5 until 16:00 Europe/Madrid.',
      },
    });
  });

  test('has the next pass made when it closes', () => {
    expect(step(1)?.wakeAtMs).toBe(3 * 3_600_000);
  });

  test('says nothing while the load needs as many or more', () => {
    expect(step(5)).toMatchObject({ desired: 5, limitedBy: undefined });
    expect(step(9)).toMatchObject({ desired: 9, limitedBy: undefined });
  });

  test('is bounded by the maximum, and tells what it really keeps', () => {
    expect(step(1, { maxNodes: 3 })).toMatchObject({
      desired: 3,
      limitedBy: { reason: 'ScheduleRequiresNodes', message: expect.stringContaining('keeps 3') },
    });
  });

  test('gives way to a minimum that asks for as much', () => {
    expect(step(1, { minNodes: 5 })).toMatchObject({ desired: 5, limitedBy: { reason: 'AtMinimum' } });
  });

  test('is no business of mode External', () => {
    expect(step(1, { mode: 'External' })).toMatchObject({ desired: 1, wakeAtMs: undefined });
  });

  test('opens ahead by what a launch takes', () => {
    const later = { ...lessons, start: '10 13 * * *' };
    const spec = aSpec({ ...wide, schedules: [later] });
    const on = (launchMs: number) =>
      bounded({
        spec,
        wanted: 1,
        mayLower: true,
        current: 1,
        memory: watched(1),
        nowMs: 0,
        wallMs,
        launchMs,
      });
    expect(on(20_000)).toMatchObject({ desired: 1, wakeAtMs: 8 * 60_000 });
    expect(on(360_000)).toMatchObject({ desired: 5 });
  });
});

describe('a cold start', () => {
  const cold = (wanted: number, atMs: number) =>
    bounded({
      spec: aSpec(),
      wanted,
      mayLower: true,
      current: 6,
      memory: coldMemory(0),
      nowMs: atMs,
      ...unmeasured,
    });

  test('may grow at once', () => {
    expect(cold(9, 0).desired).toBe(9);
  });

  test('never shrinks on its first pass', () => {
    expect(cold(1, 0)).toMatchObject({ desired: 6, limitedBy: { reason: 'ColdStart' } });
  });

  test('watches for five heartbeats before it shrinks without a window', () => {
    const memory = { ...coldMemory(0), desired: 6 };
    expect(sizes(aSpec(), 6, every(2, 7, 1), memory)).toEqual([6, 6, 6, 6, 6, 1, 1]);
  });

  test('watches for the whole window where there is one', () => {
    const spec = aSpec({ scaleDown: rules({ stabilizationMs: 60_000 }) });
    const memory = { ...coldMemory(0), desired: 6 };
    expect(
      sizes(
        spec,
        6,
        [
          [0, 1],
          [30, 1],
          [59, 1],
          [61, 1],
        ],
        memory,
      ),
    ).toEqual([6, 6, 6, 1]);
  });
});

test('a wish to shrink on unknown figures is not followed, a wish to grow is', () => {
  const on = (wanted: number) =>
    bounded({
      spec: aSpec(),
      wanted,
      mayLower: false,
      current: 4,
      memory: watched(4),
      nowMs: 0,
      ...unmeasured,
    });
  expect(on(2)).toMatchObject({ desired: 4, limitedBy: { reason: 'TargetsUnknown' } });
  expect(on(6)).toMatchObject({ desired: 6, limitedBy: undefined });
});

test('the memory of wishes stays small however often a pass runs', () => {
  const spec = aSpec({ scaleDown: rules({ stabilizationMs: 60_000 }) });
  const wishes = Array.from({ length: 5000 }, (_, at): Wish => [at / 20, 4]);
  expect(walk(spec, wishes, watched(4)).at(-1)?.memory.recommendations.length).toBeLessThanOrEqual(62);
});
