import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { estimateLevel } from '../../src/loadtest/estimate.ts';
import { speechRate, videoRates } from '../../src/loadtest/estimate-costs.ts';
import { readFixtures } from '../../src/loadtest/fixture.ts';
import { changeLevel, emptyCrowd, peopleOf } from '../../src/loadtest/plan-level.ts';
import type { LevelEstimate } from '../../src/loadtest/plan.ts';
import { levelsToShow } from '../../src/loadtest/scenario-levels.ts';
import { layerNames } from '../../src/loadtest/scenario.ts';
import { scenarioOf, workloads } from './scenarios.ts';

interface Room {
  readonly workload: string;
  readonly media: string;
}

const conference = (participants: number, receive = ''): string =>
  `kind: conference\n    conference: { participants: ${participants}${receive} }`;
const all = 'audio: { activeSpeakers: all }';

function estimated({ workload, media }: Room, level: number, probes = 0): LevelEstimate {
  const load = 'mode: fixed\n    most: { participants: 5000, egressMbps: 100000 }';
  return estimateLevel(
    scenarioOf({
      workload,
      load,
      spec: `media: { ${media} }\n  clients: { probes: ${probes} }\n  slos: [{ metric: joinMs.p95, max: 9s }]`,
    }),
    level,
  );
}

/**
 * Measured once with livekit-server 1.13.5 on two cores: packets a second in and out at the server, bytes a packet, cores
 * of the server, cores of one process of the engine.
 */
const measured: readonly (readonly [string, Room, number, readonly [number, number, number, number]])[] = [
  [
    '10:10, sound alone',
    { workload: conference(10), media: `video: none, ${all}` },
    1,
    [5_000, 130, 0.173, 0.243],
  ],
  [
    '10:10 in 180p',
    { workload: conference(10), media: `video: { layers: [180p] }, ${all}` },
    1,
    [7_400, 352, 0.25, 0.34],
  ],
  ['10:10 in 360p', { workload: conference(10), media: all }, 1, [11_200, 626, 0.335, 0.4]],
  [
    '2 of 10:10 in 180p',
    { workload: conference(10), media: `video: { layers: [180p] }, ${all}` },
    2,
    [15_900, 351, 0.335, 0.397],
  ],
  ['2 of 10:10 in 360p', { workload: conference(10), media: all }, 2, [22_900, 626, 0.48, 0.495]],
  [
    '4 of 10:10 in 180p',
    { workload: conference(10), media: `video: { layers: [180p] }, ${all}` },
    4,
    [30_300, 352, 0.51, 0.64],
  ],
  [
    '1 to 60 in 720p',
    { workload: workloads.liveStream, media: `video: { layers: [720p] }, ${all}` },
    60,
    [14_700, 911, 0.397, 0.4],
  ],
  [
    '1 to 120 in 720p',
    { workload: workloads.liveStream, media: `video: { layers: [720p] }, ${all}` },
    120,
    [29_700, 912, 0.53, 0.67],
  ],
];

describe('the estimate is near what was measured for', () => {
  test.each(measured)('%s', (_, room, level, [packets, bytes, server, generator]) => {
    const estimate = estimated(room, level);
    const found = estimate.packetsPerSecondIn + estimate.packetsPerSecondOut;
    expect(Math.abs(found / packets - 1)).toBeLessThan(0.1);
    expect(((estimate.mbpsIn + estimate.mbpsOut) * 125_000) / found / bytes).toBeCloseTo(1, 1);
    expect(Math.abs(estimate.serverCores / server - 1)).toBeLessThan(0.2);
    // More than one process has a base each; these figures are those of one.
    const others = (estimate.workers - 1) * 0.17;
    expect(Math.abs((estimate.generatorCores - others) / generator - 1)).toBeLessThan(0.2);
  });
});

describe('tracks are counted', () => {
  const media = `video: { layers: [180p, 360p, 720p] }, ${all}`;

  test.each([
    ['everybody sees and hears everybody', conference(10), { publishedTracks: 20, subscribedTracks: 180 }],
    [
      'pictures beyond the tiles are off',
      conference(10, ', receive: { tiles: 4 }'),
      { publishedTracks: 20, subscribedTracks: 130 },
    ],
    [
      'without sound',
      conference(10, ', receive: { audio: false }'),
      { publishedTracks: 20, subscribedTracks: 90 },
    ],
    ['few publish', conference(10, ', publishers: 2'), { publishedTracks: 4, subscribedTracks: 36 }],
    ['on a stage', workloads.stage, { publishedTracks: 4, subscribedTracks: 24 }],
    ['in a class', workloads.teaching, { publishedTracks: 8, subscribedTracks: 48 }],
  ])('%s', (_, workload, wanted) => {
    expect(estimated({ workload, media }, 1)).toMatchObject(wanted);
  });

  test('layers and pictures that nobody asks for are not sent', () => {
    const kbps = (workload: string): number => estimated({ workload, media }, 1).mbpsIn;
    const every = kbps(conference(10));
    expect(kbps(conference(10, ', receive: { layer: 360p }'))).toBeLessThan(every / 2);
    expect(kbps(conference(10, ', receive: { layer: 180p, tiles: 0 }'))).toBeCloseTo(0.5, 1);
    // Of four who are shown each one sees three others and a fifth.
    expect(kbps(conference(10, ', receive: { tiles: 4 }'))).toBeCloseTo((every - 0.52) / 2 + 0.52, 0);
    expect(kbps(conference(1))).toBeCloseTo(0.1, 1);
  });

  test('those who are silent send hardly anything', () => {
    const packets = (audio: string): number =>
      estimated({ workload: conference(10), media: `video: none, audio: { activeSpeakers: ${audio} }` }, 1)
        .packetsPerSecondOut;
    expect(packets('all')).toBe(4500);
    expect(packets('2')).toBe(90 * (0.2 * 50 + 0.8 * 2.5));
    expect(packets('0')).toBe(90 * 2.5);
    expect(packets('99')).toBe(4500);
  });
});

test('people and rooms of an estimate are those of the plan', () => {
  const names = ['conference', 'liveStream', 'stage', 'teaching', 'growingRoom', 'mixed'] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer({ min: 1, max: 40 }), (name, level) => {
      const scenario = scenarioOf({ workload: workloads[name] });
      const { crowd } = changeLevel(scenario, emptyCrowd(1), level);
      expect(estimateLevel(scenario, level)).toMatchObject({
        rooms: crowd.rooms.length,
        participants: peopleOf(crowd).length,
        publishedTracks: peopleOf(crowd).reduce(
          (sum, one) => sum + Number(one.sendsVideo) + Number(one.sendsAudio),
          0,
        ),
      });
    }),
  );
});

test('a probe costs as much as many others', () => {
  const room = { workload: conference(10), media: all };
  const more = estimated(room, 1, 1).generatorCores - estimated(room, 1).generatorCores;
  expect(more).toBeGreaterThan(0.3);
  expect(more).toBeLessThan(0.6);
});

test('workers carry no more than they can send on time', () => {
  const room = { workload: conference(10), media: all };
  expect([1, 2, 3, 10].map((level) => estimated(room, level).workers)).toEqual([1, 1, 2, 5]);
});

describe('a trace', () => {
  const load = 'mode: fixed\n    fixed: { level: 100 }';
  const trace = scenarioOf({ workload: workloads.trace, load });

  test('is estimated at its busiest moment', () => {
    expect(estimateLevel(trace, 100)).toMatchObject({ rooms: 4, participants: 16, publishedTracks: 14 });
  });

  test('costs less at a lower level, and nothing at none', () => {
    const people = [0, 25, 50, 75, 100, 200].map((level) => estimateLevel(trace, level).participants);
    expect(people).toEqual(people.toSorted((a, b) => a - b));
    expect([people[0], people.at(-1)]).toEqual([0, 32]);
  });
});

test.each([
  ['fixed', 'mode: fixed\n    fixed: { level: 3 }', [3]],
  ['soak', 'mode: soak\n    soak: { level: 2, duration: 1h }', [2]],
  ['steps', 'mode: steps\n    steps: { levels: [1, 4, 2] }', [1, 4, 2]],
  ['a short ramp', 'mode: ramp\n    ramp: { to: 8, step: 3 }', [1, 4, 7, 8]],
  ['a long ramp', 'mode: ramp\n    ramp: { to: 40 }', [1, 7, 12, 18, 23, 29, 34, 40]],
  ['a search', 'mode: search\n    search: { min: 3, max: 20 }', [3, 6, 12, 20]],
])('the levels that a plan shows: %s', (_, load, levels) => {
  expect(levelsToShow(scenarioOf({ load }).load.mode)).toEqual(levels);
});

describe('what a plan reckons with is what the recordings hold:', () => {
  const headerBytes = 20;

  test.each([...layerNames, 'speech'] as const)('%s', async (name) => {
    const { video, audio } = await readFixtures();
    const fixture = name === 'speech' ? audio : video[name];
    const seconds = fixture.frames.length / fixture.framesPerSecond;
    const packets = fixture.frames.flat();
    const bytes = packets.reduce((sum, packet) => sum + packet.bytes.length + headerBytes, 0);
    const { packetsPerSecond, kbps } = name === 'speech' ? speechRate : videoRates[name];
    expect(Math.abs(packets.length / seconds / packetsPerSecond - 1)).toBeLessThan(0.05);
    expect(Math.abs((bytes * 8) / 1000 / seconds / kbps - 1)).toBeLessThan(0.1);
  });
});
