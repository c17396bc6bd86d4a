import { describe, expect, test } from '@jest/globals';
import {
  bandOf,
  courseOf,
  insideShare,
  launchTimes,
  likeness,
  median,
  runOf,
} from '../../lab/reality/compare.ts';
import { scriptsOf } from '../../lab/reality/crowd.ts';
import { reportOf } from '../../lab/reality/report.ts';
import { realityTrace } from '../../lab/reality/trace.ts';
import { simulateTwin } from '../../lab/reality/twin.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { formatTrace, parseTrace } from '../../src/workload/trace-csv.ts';
import { aSpec } from '../support/builders.ts';

const events: readonly SimEvent[] = [
  { t: 0, e: 'launch', node: 'n1' },
  { t: 0, e: 'ready', node: 'n1' },
  { t: 1, e: 'launch', node: 'n2' },
  { t: 2, e: 'room', room: 'r1', node: 'n1' },
  { t: 2, e: 'load', room: 'r1', n: 3 },
  { t: 3.5, e: 'ready', node: 'n2' },
  { t: 5, e: 'cordon', node: 'n1' },
  { t: 6, e: 'end', room: 'r1' },
  { t: 7, e: 'remove', node: 'n1', cut: 0 },
];

describe('a course', () => {
  test('counts at each second what is there after all events of that instant', () => {
    expect(courseOf(events, 8)).toEqual({
      nodes: [1, 2, 2, 2, 2, 2, 2, 1, 1],
      serving: [1, 1, 1, 1, 2, 1, 1, 1, 1],
      participants: [0, 0, 3, 3, 3, 3, 0, 0, 0],
    });
  });

  test('sums up to the minutes that nodes existed', () => {
    expect(runOf(events, 10, 8)).toMatchObject({ nodeMinutes: 14 / 60, cordons: 1 });
  });
});

describe('a comparison', () => {
  test('of a course with itself finds no difference', () => {
    expect(likeness([1, 2, 3], [1, 2, 3])).toEqual({ meanDifference: 0, equalShare: 1, withinOneShare: 1 });
  });

  test('counts how much and how often two courses differ', () => {
    expect(likeness([1, 2, 3, 4], [1, 3, 5, 4])).toEqual({
      meanDifference: 0.75,
      equalShare: 0.5,
      withinOneShare: 0.75,
    });
  });

  test('says how often one lies within the range of many', () => {
    const band = bandOf([
      [1, 2, 3],
      [2, 2, 1],
    ]);
    expect(band).toEqual([
      [1, 2],
      [2, 2],
      [1, 3],
    ]);
    expect(insideShare([1, 3, 2], band)).toBeCloseTo(2 / 3);
  });
});

test('launch times are those of nodes that were launched after the beginning', () => {
  expect(launchTimes(events)).toEqual([2.5]);
});

test.each([
  [[], undefined],
  [[3], 3],
  [[4, 1, 3], 3],
  [[4, 1], 2.5],
])('the median of %j is %p', (values, wanted) => {
  expect(median(values)).toBe(wanted);
});

describe('the trace', () => {
  const trace = realityTrace({ seed: 7, minutes: 24 });

  test('is the same each time, and survives its file', () => {
    expect(realityTrace({ seed: 7, minutes: 24 })).toEqual(trace);
    expect(parseTrace(formatTrace(trace), trace.name)).toEqual(trace);
  });

  test('has 60 to 120 rooms of one to six people, one of them long, and ends in time', () => {
    expect(trace.rooms.length).toBeGreaterThanOrEqual(60);
    expect(trace.rooms.length).toBeLessThanOrEqual(120);
    expect(trace.rooms.filter(({ participants }) => participants < 1 || participants > 6)).toEqual([]);
    expect(trace.rooms.filter(({ durationS }) => durationS > 1000)).toHaveLength(1);
    expect(Math.max(...trace.rooms.map((room) => room.startS + room.durationS))).toBeLessThanOrEqual(24 * 60);
  });

  test('has a wall: at least six rooms begin within six seconds', () => {
    const most = trace.rooms.map(
      ({ startS }) => trace.rooms.filter((other) => Math.abs(other.startS - startS - 3) <= 3).length,
    );
    expect(Math.max(...most)).toBeGreaterThanOrEqual(6);
  });
});

describe('the twin', () => {
  const trace = realityTrace({ seed: 3, minutes: 2 });
  const spec = aSpec({
    minNodes: 2,
    maxNodes: 4,
    capacity: { participants: 10, tracks: undefined, egressBytesPerSecond: undefined },
  });
  const twin = (diceSeed: number, endS = 150) =>
    simulateTwin({ trace, seed: 3, diceSeed, spec, launchSeconds: 3, endS });

  test('meets the same people as reality, whatever the dice', async () => {
    const scripts = scriptsOf(trace, 3);
    const people = scripts.reduce((sum, { steps }) => sum + (steps.at(-1)?.n ?? 0), 0);
    for (const dice of [1, 2]) {
      const loads = new Map<string, number>();
      for (const event of await twin(dice)) if (event.e === 'load') loads.set(event.room, event.n);
      expect([...loads.values()].reduce((sum, n) => sum + n, 0)).toBe(people);
    }
  });

  test('is not asked to end before the last room does', async () => {
    await expect(twin(1, 30)).rejects.toThrow('The last room of reality-3 is not over after 30 s.');
  });

  test('compared with itself, differs in nothing', async () => {
    const log = await twin(1);
    const facts = {
      capacity: 10,
      endS: 150,
      launchTimes: [3],
      launchSeconds: 3,
      clients: ['nobody was cut'],
    };
    const { text, svg } = reportOf(log, log, [await twin(2)], facts);
    expect(text).toMatch(/^nodes +0\.00 +100\.0 % +100\.0 % +100\.0 %/m);
    expect(text).toContain('nobody was cut');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
