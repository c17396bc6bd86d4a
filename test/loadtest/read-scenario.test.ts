import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readScenarioFile } from '../../src/loadtest/read-scenario-file.ts';
import { readScenario } from '../../src/loadtest/read-scenario.ts';
import { conference, problemsOf, scenarioOf, slos, textOf, workloads } from './scenarios.ts';
import { wrongScenarios } from './wrong-scenarios.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-scenario-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a short scenario gets', () => {
  test('every default', () => {
    expect(scenarioOf()).toMatchObject({
      name: 'test',
      description: '',
      seed: 1,
      media: { video: { codec: 'vp8', layers: ['360p'] }, audio: { codec: 'opus', activeSpeakers: 2 } },
      load: {
        unit: 'rooms',
        joinsPerSecond: 5,
        settleMs: 15_000,
        dwellMs: 60_000,
        churn: undefined,
        mode: { kind: 'Fixed', level: 1, windows: 3 },
        most: { participants: 1000, egressMbps: 1000, durationMs: 7_200_000 },
      },
      clients: { probes: 0, singleConnection: false },
      faults: [],
    });
  });

  test('latency as the first limit, and the processor as a guard', () => {
    const { slos } = scenarioOf();
    expect(slos[0]).toEqual({
      metric: 'frameLatencyMs.p95',
      max: 100,
      min: undefined,
      overBaseline: true,
      guard: false,
    });
    expect(slos.filter(({ guard }) => guard).map(({ metric, max }) => [metric, max])).toEqual([
      ['node.cpuShare', 0.95],
      ['node.throttledShare', 0.2],
      ['node.memoryShare', 0.85],
    ]);
  });

  test('latency as it is in a trace, in whose beginning nobody may be there', () => {
    const {
      slos: [first],
    } = scenarioOf({ workload: workloads.trace });
    expect(first).toMatchObject({ metric: 'frameLatencyMs.p95', max: 100, overBaseline: false });
  });

  test('no limit for pictures where nobody sends any', () => {
    const { slos } = scenarioOf({ spec: 'media: { video: none }' });
    expect(slos.map(({ metric }) => metric)).not.toContain('frameLatencyMs.p95');
  });

  test('a search up to as many as may be there', () => {
    const load = 'mode: search\n    most: { participants: 30 }';
    expect(scenarioOf({ load }).load.mode).toEqual({
      kind: 'Search',
      min: 1,
      max: 7,
      resolutionShare: 0.05,
      windows: 3,
      passShare: 0.66,
      confirmMs: 120_000,
      repetitions: 3,
    });
  });
});

test.each([
  ['rooms', workloads.conference, 'mode: fixed', { level: 1 }],
  ['a growing room, whose first person receives nothing', workloads.growingRoom, 'mode: fixed', { level: 2 }],
  ['the whole of a trace', workloads.trace, 'mode: fixed', { level: 100 }],
  ['a search in a trace', workloads.trace, 'mode: search', { min: 10, max: 100 }],
  ['a search in a growing room', workloads.growingRoom, 'mode: search', { min: 2, max: 1000 }],
  ['a search that ends early', workloads.trace, 'mode: search\n    search: { max: 5 }', { min: 5, max: 5 }],
  ['a ramp', workloads.growingRoom, 'mode: ramp\n    ramp: { to: 9 }', { from: 2, to: 9, step: 1 }],
])('levels that are not told are those that make sense: %s', (_, workload, load, wanted) => {
  const most = '\n    most: { duration: 9h, egressMbps: 99999 }';
  const spec = slos('metric: joinMs.p95, max: 2s');
  expect(scenarioOf({ workload, load: `${load}${most}`, spec }).load.mode).toMatchObject(wanted);
});

describe('a workload becomes', () => {
  const roles = (workload: string): unknown => {
    const made = scenarioOf({ workload }).workload;
    if (made.kind !== 'Rooms') return made;
    return made.shapes.map(({ shape }) => shape.roles.map(({ role, count }) => `${count} ${role.name}`));
  };

  test.each([
    ['N:N', workloads.conference, [['4 publisher']]],
    ['N:M by few publishers', conference('participants: 9, publishers: 2'), [['2 publisher', '7 viewer']]],
    ['N:M on a stage', workloads.stage, [['2 publisher', '5 viewer']]],
    ['a class', workloads.teaching, [['1 teacher', '6 student']]],
    ['a mix', workloads.mixed, [['2 publisher'], ['1 publisher', '7 viewer']]],
  ])('%s', (_, workload, wanted) => {
    expect(roles(workload)).toEqual(wanted);
  });

  test('1:N, whose publisher is there before the viewers that are counted', () => {
    expect(scenarioOf({ workload: workloads.liveStream })).toMatchObject({
      workload: {
        kind: 'OneRoom',
        fixed: [{ count: 1, role: { sendsVideo: true, sendsAudio: true } }],
        growing: { name: 'viewer', sendsVideo: false, receives: { tiles: 1, layer: '360p', audio: true } },
      },
      load: { unit: 'viewers' },
    });
  });

  test('a room that grows, whose people send', () => {
    expect(scenarioOf({ workload: workloads.growingRoom })).toMatchObject({
      workload: { kind: 'OneRoom', fixed: [], growing: { sendsVideo: true, receives: { tiles: 9 } } },
      load: { unit: 'participants' },
    });
  });

  test('a trace, whose rooms are read with it', () => {
    const { workload, load } = scenarioOf({
      workload: workloads.trace,
      load: 'mode: fixed\n    fixed: { level: 50 }',
    });
    expect(load.unit).toBe('percent');
    expect(workload).toMatchObject({ kind: 'Trace', timeScale: 10 });
    expect(workload.kind === 'Trace' && workload.rooms).toHaveLength(4);
  });

  test('students who are only there to listen', () => {
    const { workload } = scenarioOf({
      workload: 'kind: teaching\n    teaching: { students: 3, studentsSend: nothing }',
    });
    expect(workload).toMatchObject({ shapes: [{ shape: { roles: [{}, { role: { sendsAudio: false } }] } }] });
  });
});

test('units are read: durations, rates, shares and limits', () => {
  const scenario = scenarioOf({
    load: 'mode: search\n    joinRate: 90/m\n    settle: 1m30s\n    search: { resolution: 10%, passShare: 1 }',
    spec:
      'slos: [{ metric: joinMs.p95, max: 2s }, { metric: joinFailureShare, max: 1% }]\n' +
      '  faults: [{ kind: packetLoss, share: 2%, ofParticipants: 50%, from: 10s, to: 1m }]',
  });
  expect(scenario.load).toMatchObject({
    joinsPerSecond: 1.5,
    settleMs: 90_000,
    mode: { resolutionShare: 0.1, passShare: 1 },
  });
  expect(scenario.slos.map(({ max }) => max)).toEqual([2000, 0.01]);
  expect(scenario.faults).toEqual([
    { kind: 'PacketLoss', share: 0.02, ofParticipants: 0.5, fromMs: 10_000, toMs: 60_000 },
  ]);
});

describe('a scenario is refused for', () => {
  test.each(wrongScenarios)('%s', (_, text, at, sentence) => {
    const problems = problemsOf(text);
    expect(problems.map(({ message }) => message)).toEqual([sentence]);
    const [{ line = 0, column = 0 } = {}] = problems;
    const found = text.split('\n')[line - 1]?.slice(column - 1) ?? '';
    expect(found.startsWith(at) ? at : found).toBe(at);
  });

  test('everything at once and from top to bottom, so that one look is enough', () => {
    const problems = problemsOf(
      textOf({
        load: 'mode: fixed\n    dwell: 0s\n    search: {}',
        spec: slos('metric: probe.freezeShare, max: 2'),
      }),
    );
    expect(problems.map(({ path: where }) => where)).toEqual([
      'spec.load.dwell',
      'spec.load.search',
      'spec.slos[0].metric',
      'spec.slos[0].max',
    ]);
  });

  test('and each problem has its path, its value and what to do', () => {
    expect(problemsOf(textOf({ load: 'mode: fixed\n    dwell: 0s' }))).toEqual([
      {
        path: 'spec.load.dwell',
        value: '"0s"',
        remedy: 'write at least 1s',
        line: 10,
        column: 12,
        message: 'spec.load.dwell is "0s": write at least 1s.',
      },
    ]);
  });
});

test('a few lines of aliases do not become gigabytes', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let at = 1; at < 9; at += 1)
    lines.push(
      `a${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(', ')}]`,
    );
  expect(problemsOf(lines.join('\n'))).toMatchObject([{ remedy: 'write the values out' }]);
});

describe('a scenario in a file', () => {
  const rows = 'start_s,duration_s,participants,publishers\n0,60,3,2\n';
  mkdirSync(path.join(dir, 'traces'));
  writeFileSync(path.join(dir, 'traces/plain.csv'), rows);
  writeFileSync(path.join(dir, 'traces/packed.csv.gz'), gzipSync(rows));

  test.each(['traces/plain.csv', 'traces/packed.csv.gz'])('reads the trace beside it: %s', (name) => {
    const file = path.join(dir, 'scenario.yaml');
    writeFileSync(file, textOf({ workload: `kind: trace\n    trace: { file: ${name} }` }));
    expect(readScenarioFile(file)).toMatchObject({
      kind: 'Scenario',
      scenario: {
        workload: { rooms: [{ startSeconds: 0, durationSeconds: 60, participants: 3, publishers: 2 }] },
      },
    });
  });

  test('says when the trace is not there', () => {
    const file = path.join(dir, 'lost.yaml');
    writeFileSync(file, textOf({ workload: 'kind: trace\n    trace: { file: lost.csv }' }));
    expect(readScenarioFile(file)).toMatchObject({
      problems: [{ path: 'spec.workload.trace.file', remedy: 'name the file of a trace', line: 7 }],
    });
  });
});

const samples = path.resolve(import.meta.dirname, '../../docs/samples/loadtests');

describe('the scenarios that come with the product', () => {
  const files = readdirSync(samples);

  test('are the two questions of the documents on capacity and those of daily life', () => {
    expect(files.toSorted()).toEqual([
      'growing-room.yaml',
      'live-stream.yaml',
      'mixed-day.yaml',
      'quick.yaml',
      'rooms-of-10.yaml',
      'soak.yaml',
      'stage.yaml',
      'teaching.yaml',
      'trace.yaml',
    ]);
  });

  test.each(files)('have no problem and are called as their files: %s', (file) => {
    const read = readScenarioFile(path.join(samples, file));
    expect(read).toMatchObject({ kind: 'Scenario', scenario: { name: file.replace('.yaml', '') } });
    expect(read.kind === 'Scenario' && read.scenario.description).not.toBe('');
  });

  test('ask for rooms of ten in which everybody publishes', () => {
    const read = readScenarioFile(path.join(samples, 'rooms-of-10.yaml'));
    expect(read).toMatchObject({
      scenario: {
        workload: {
          shapes: [
            {
              shape: {
                roles: [
                  { count: 10, role: { sendsVideo: true, sendsAudio: true, receives: { layer: '360p' } } },
                ],
              },
            },
          ],
        },
        load: { mode: { kind: 'Search' }, unit: 'rooms' },
      },
    });
  });
});

test('reading never throws, whatever is written', () => {
  for (const text of [
    '',
    '\u0000',
    '{',
    '[]',
    '1',
    'null',
    '!!binary x',
    '&a [*a]',
    'spec: {load: {mode: [1]}}',
  ]) {
    expect(readScenario(text).kind).toBe('Problems');
  }
});
