import { describe, expect, test } from '@jest/globals';
import type { MeasuredWindow } from '../../src/loadtest/figures.ts';
import type { Slo, SloMetric } from '../../src/loadtest/scenario.ts';
import { type JudgeRules, judgeWindow, peopleMissing, thresholds } from '../../src/loadtest/verdict.ts';
import type { WindowRecord } from '../../src/loadtest/window.ts';
import { aNode, aWorker, measured, type Part, upTo } from './a-window.ts';

const max = (metric: SloMetric, limit: number, guard = false): Slo => ({
  metric,
  max: limit,
  min: undefined,
  overBaseline: false,
  guard,
});
const latency: Slo = { ...max('frameLatencyMs.p95', 100), overBaseline: true };
const delivered: Slo = { ...max('tracksDeliveredShare', 0), max: undefined, min: 0.995 };
const slos: readonly Slo[] = [
  latency,
  max('firstPacketMs.p95', 2000),
  delivered,
  max('packetLossShare.p95', 0.01),
  max('joinMs.p95', 2000),
  max('joinFailureShare', 0.01),
  max('disconnectShare', 0.005),
  max('node.cpuShare', 0.95, true),
  max('node.throttledShare', 0.2, true),
  max('node.memoryShare', 0.85, true),
];
const rules: JudgeRules = { slos, workersExpected: 1, nodeId: 'ND_one', allowSharedTarget: false };
const baseline = judgeWindow(rules, [], measured({ purpose: 'Baseline', level: 1, index: 0 }));

/** As "Pass", "Fail: metric metric" or "Invalid: Reason Reason". */
function word({ verdict }: WindowRecord): string {
  switch (verdict.kind) {
    case 'Pass':
      return 'Pass';
    case 'Fail':
      return `Fail: ${verdict.broken.map(({ metric }) => metric).join(' ')}`;
    case 'Invalid':
      return `Invalid: ${verdict.because.join(' ')}`;
  }
}

const judge = (change: Part<MeasuredWindow>, judgeBy: JudgeRules = rules) =>
  word(judgeWindow(judgeBy, [baseline], measured(change)));

const late = { tickLateP99Ms: thresholds.tickLateP99Ms + 1 };
const slow = upTo(1000, 1000);
const full = aNode({ cpuCores: 0.97 });

/** As at the quiet end of a trace. */
const deserted = aWorker({
  people: { connected: 0, expected: 0 },
  joins: { tried: 0 },
  tracks: { published: 0, expected: 0, delivered: 0 },
  packets: { sent: 0, intended: 0, received: 0, expected: 0 },
  frameLatencyUs: '',
  joinMs: '',
  firstPacketMs: '',
  rooms: [],
});

const alike = { room: 'a', tiles: 25, hears: true, probes: 0 };
const untold = [
  { ...alike, video: true, audio: true, people: 1 },
  { ...alike, video: false, audio: false, people: 9 },
];

/** Half of the people could not come in, the rest are well. */
const halfOut = {
  people: { connected: 5 },
  joins: { tried: 15, failed: 10 },
  tracks: { expected: 20, delivered: 20 },
};

describe('a window', () => {
  // What is true at once, and what follows. The three rules are those at the top of verdict.ts.
  test.each<readonly [claim: string, change: Part<MeasuredWindow>, expected: string]>([
    ['passes when all is well', {}, 'Pass'],
    [
      'passes in the second round at a level, in which nobody joins',
      { workers: [aWorker({ joins: { tried: 0 }, joinMs: '', firstPacketMs: '' })] },
      'Pass',
    ],
    [
      'passes with publishers whom nobody watches, where latency is not asked for',
      { workers: [aWorker({ tracks: { expected: 0, delivered: 0 }, firstPacketMs: '', rooms: [] })] },
      'Pass',
    ],
    [
      'fails when the server tells viewers of no track although a publisher is there',
      { workers: [aWorker({ tracks: { expected: 0, delivered: 0 }, present: untold, rooms: [] })] },
      'Fail: tracksDeliveredShare',
    ],
    [
      'fails when people get late pictures',
      { workers: [aWorker({ frameLatencyUs: slow })] },
      'Fail: frameLatencyMs.p95',
    ],
    [
      'fails by all that is broken, in the order of the SLOs',
      { workers: [aWorker({ frameLatencyUs: slow, tracks: { delivered: 100 } })], node: full },
      'Fail: frameLatencyMs.p95 tracksDeliveredShare node.cpuShare',
    ],
    ['fails by a guard alone', { node: aNode({ memoryBytes: 1.9e9 }) }, 'Fail: node.memoryShare'],
    [
      'fails, instead of not having reached its load, when the node lets people not in',
      { workers: [aWorker(halfOut)] },
      'Fail: joinFailureShare',
    ],
    [
      'fails when the node has lost people',
      { workers: [aWorker({ people: { connected: 8 }, joins: { tried: 0, disconnected: 2 } })] },
      'Fail: disconnectShare',
    ],
    [
      'is invalid when people are missing for no known reason',
      { workers: [aWorker({ people: { connected: 8 } })] },
      'Invalid: LoadNotReached',
    ],
    [
      'fails with less load than planned when even that is too much',
      { workers: [aWorker({ people: { connected: 8 }, frameLatencyUs: slow })] },
      'Fail: frameLatencyMs.p95',
    ],
    [
      'is invalid when the generator was late, however slow the node looks',
      { workers: [aWorker({ frameLatencyUs: slow, health: late })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'is invalid when the generator was late and joins failed: who made whom late is not known',
      { workers: [aWorker({ ...halfOut, health: late })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'fails by the guard alone when the generator was late and the node had no processor left',
      { workers: [aWorker({ ...halfOut, frameLatencyUs: slow, health: late })], node: full },
      'Fail: node.cpuShare',
    ],
    [
      'is invalid when a late generator sends in bursts that get the node throttled',
      { workers: [aWorker({ health: late })], node: aNode({ throttledShare: 0.5 }) },
      'Invalid: GeneratorLimited',
    ],
    [
      'is invalid when the generator did not send what it should',
      { workers: [aWorker({ packets: { sent: 21_700 } })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'is invalid when the event loop of the generator was full',
      { workers: [aWorker({ health: { eventLoopUse: 0.61 } })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'is invalid when the generator was held back by its own limit',
      { workers: [aWorker({ health: { throttledShare: 0.1 } })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'is invalid when the generator lost datagrams before reading them',
      { workers: [aWorker({ health: { udpReceiveErrors: 500 } })] },
      'Invalid: GeneratorLimited',
    ],
    [
      'does not mind a datagram lost among thousands',
      { workers: [aWorker({ health: { udpReceiveErrors: 20 } })] },
      'Pass',
    ],
    [
      'is invalid when other machines took the processor, even from a node that was full',
      { workers: [aWorker({ health: { stealShare: 0.03 } })], node: full },
      'Invalid: MachineBusy',
    ],
    [
      'does not mind the little that machines always steal',
      { workers: [aWorker({ health: { stealShare: 0.015 } })] },
      'Pass',
    ],
    [
      'is invalid when a worker was lost, even though the rooms of its people look broken',
      { workers: [] },
      'Invalid: WorkerLost',
    ],
    ['is invalid when others use the node', { node: aNode({ foreignRooms: 1 }) }, 'Invalid: TargetShared'],
    [
      'is invalid when the server started anew, although its people were thrown out',
      {
        workers: [aWorker({ people: { connected: 0 }, joins: { disconnected: 10 } })],
        node: aNode({ nodeId: 'ND_two' }),
      },
      'Invalid: TargetReplaced',
    ],
    [
      'is invalid as long as another server answers, whatever the window before it was',
      { workers: [aWorker({ joins: { tried: 10, failed: 10 } })], node: aNode({ nodeId: 'ND_two' }) },
      'Invalid: TargetReplaced',
    ],
    [
      'is invalid when nobody could look at the node, for it may have started anew',
      { workers: [aWorker({ frameLatencyUs: slow })], node: undefined },
      'Invalid: MetricsMissing',
    ],
    [
      'is invalid when a guard cannot be checked',
      { node: aNode({ throttledShare: undefined }) },
      'Invalid: MetricsMissing',
    ],
    [
      'is invalid when an SLO cannot be checked',
      { workers: [aWorker({ frameLatencyUs: '' })] },
      'Invalid: MetricsMissing',
    ],
    ['passes while nobody is to be there', { workers: [deserted] }, 'Pass'],
    [
      'fails by what is known to be broken even when another figure is missing',
      { workers: [aWorker({ frameLatencyUs: '', tracks: { delivered: 0 } })] },
      'Fail: tracksDeliveredShare',
    ],
    [
      'names all reasons for which it is invalid',
      { workers: [aWorker({ health: { ...late, stealShare: 0.5 } })], node: aNode({ foreignRooms: 2 }) },
      'Invalid: GeneratorLimited MachineBusy TargetShared',
    ],
  ])('%s', (_claim, change, expected) => {
    expect(judge(change)).toBe(expected);
  });

  test('fails for people whom the node kept out even if no SLO speaks of them', () => {
    const quiet = { ...rules, slos: [latency] };
    expect(judge({ workers: [aWorker(halfOut)] }, quiet)).toBe('Fail: clients.connectedShare');
  });

  test('does not need the node where no SLO does', () => {
    expect(judge({ node: undefined }, { ...rules, slos: [latency] })).toBe('Pass');
  });

  test('may share the target where that is allowed', () => {
    expect(judge({ node: aNode({ foreignRooms: 3 }) }, { ...rules, allowSharedTarget: true })).toBe('Pass');
  });

  test('says in words which worker was late and by how much', () => {
    const { verdict } = judgeWindow(
      { ...rules, workersExpected: 2 },
      [baseline],
      measured({ workers: [aWorker(), aWorker({ worker: 1, health: { tickLateP99Ms: 45 } })] }),
    );
    expect(verdict).toEqual({
      kind: 'Invalid',
      because: ['GeneratorLimited'],
      detail: 'worker 1 sent 45 ms late (p99)',
    });
  });
});

describe('a limit over the baseline', () => {
  const at = (frameLatencyUs: string, purpose: WindowRecord['purpose'], repetition = 0) =>
    measured({ workers: [aWorker({ frameLatencyUs })], purpose, repetition });
  // p95: 9.5 ms, and 104.5 ms.
  const quick = upTo(1000, 10);
  const slower = upTo(1000, 110);

  test('counts from the median of the baseline windows', () => {
    const { verdict } = judgeWindow(rules, [baseline], at(upTo(1000, 200), 'Search'));
    const broken = verdict.kind === 'Fail' ? verdict.broken[0] : undefined;
    expect(broken?.limit).toBeCloseTo(109.5, 1);
    expect(broken?.value).toBeCloseTo(190, 0);
    expect(word(judgeWindow(rules, [baseline], at(slower, 'Search')))).toBe('Pass');
  });

  test('does not hold for a baseline itself, which all the same must have the figure', () => {
    expect(word(judgeWindow(rules, [], at(slow, 'Baseline')))).toBe('Pass');
    expect(word(judgeWindow(rules, [], at('', 'Baseline')))).toBe('Invalid: MetricsMissing');
  });

  test.each([
    ['there is none', []],
    ['it is of another repetition', [judgeWindow(rules, [], at(quick, 'Baseline', 1))]],
    [
      'it was invalid',
      [judgeWindow(rules, [], measured({ purpose: 'Baseline', workers: [aWorker({ health: late })] }))],
    ],
  ])('makes a window invalid, and not a pass, when %s', (_why, earlier) => {
    expect(word(judgeWindow(rules, earlier, at(quick, 'Search')))).toBe('Invalid: MetricsMissing');
  });

  test('does not stand in the way of what is absolute', () => {
    expect(word(judgeWindow(rules, [], measured({ node: full })))).toBe('Fail: node.cpuShare');
  });
});

test('people are missing below 98 % of those planned', () => {
  const of = (connected: number) => ({ workers: [aWorker({ people: { connected, expected: 100 } })] });
  expect([100, 98, 97].map((connected) => peopleMissing(of(connected)))).toEqual([false, false, true]);
});
