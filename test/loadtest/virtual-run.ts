/** The whole record of a search against a node that exists only in numbers: queueing slows it down as it fills up. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { fingerprintOf } from '../../src/loadtest/fingerprint.ts';
import type { JoinRecord, MetaRecord, RunRecord, SummaryRecord } from '../../src/loadtest/record.ts';
import type { Scenario, Slo } from '../../src/loadtest/scenario.ts';
import { conclude } from '../../src/loadtest/search-conclude.ts';
import { type Move, next, observe, start } from '../../src/loadtest/search.ts';
import { judgeWindow } from '../../src/loadtest/verdict.ts';
import type { NodeWindow, RoomWindow, WindowRecord, WorkerWindow } from '../../src/loadtest/window.ts';
import { lognormal, normal, type Random, stream } from '../../src/workload/random.ts';
import { aScenario, aSearch } from './virtual-node.ts';

const slo = (metric: Slo['metric'], limit: Partial<Slo>): Slo => ({
  metric,
  max: undefined,
  min: undefined,
  overBaseline: false,
  guard: false,
  ...limit,
});

export const usualSlos: readonly Slo[] = [
  slo('frameLatencyMs.p95', { max: 100, overBaseline: true }),
  slo('firstPacketMs.p95', { max: 2000 }),
  slo('tracksDeliveredShare', { min: 0.995 }),
  slo('packetLossShare.p95', { max: 0.01 }),
  slo('joinMs.p95', { max: 2000 }),
  slo('joinFailureShare', { max: 0.01 }),
  slo('disconnectShare', { max: 0.005 }),
  slo('node.cpuShare', { max: 0.95, guard: true }),
  slo('node.throttledShare', { max: 0.2, guard: true }),
  slo('node.memoryShare', { max: 0.85, guard: true }),
];

/** Per second and room: ten people who send 95 packets and receive those of nine others. */
const packetsIn = 950;
const packetsOut = 8550;
const bytesPerPacket = 700;
/** Cores of a packet that is received, and of one that is sent. */
const costs = { base: 0.03, in: 12e-6, out: 11e-6 } as const;

export interface VirtualRun {
  readonly seed?: number;
  readonly limitCores?: number;
  readonly serverVersion?: string;
  /** Windows, by their index, in which the generator was late. */
  readonly lateWindows?: readonly number[];
  readonly withProbes?: boolean;
  /** The run was stopped after so many windows. */
  readonly stopAfter?: number;
  readonly max?: number;
  readonly scenario?: (scenario: Scenario) => Scenario;
}

/** Its records as a run writes them. Equal options give equal records. */
export function virtualRun(options: VirtualRun = {}): readonly RunRecord[] {
  const { seed = 42, stopAfter = Infinity } = options;
  const random = stream(seed, 'virtual run');
  const plain = aScenario(aSearch({ max: options.max ?? 40 }), usualSlos);
  const scenario = (options.scenario ?? ((same) => same))({
    ...plain,
    description: 'How many rooms of ten people, all of whom send, does the node carry',
    seed,
  });
  const meta = metaOf(options, scenario);
  const records: RunRecord[] = [meta];
  const windows: WindowRecord[] = [];
  let state = start(scenario);
  let nowMs = 2000;
  let level = 0;
  for (;;) {
    const move = next(state);
    if (move.kind === 'Done' || windows.length >= stopAfter) {
      const why = move.kind === 'Done' ? move.why : 'somebody pressed Ctrl-C';
      const outcome = move.kind === 'Done' ? move.outcome : 'Stopped';
      const result = conclude(state);
      return [
        ...records,
        summaryOf({ why, outcome, result, costs: outcome === 'Complete' ? fitted : undefined }),
      ];
    }
    const from = move.fresh ? 0 : level;
    records.push(...joinsOf(move, from, nowMs, random));
    nowMs += 1000 * (2 * Math.max(0, move.level - from) + 10);
    const window = windowOf(options, { move, nowMs, earlier: windows, scenario, random });
    windows.push(window);
    records.push(window);
    state = observe(state, window);
    nowMs = window.toMs;
    level = move.level;
  }
}

function metaOf({ limitCores = 1, serverVersion = '1.13.5' }: VirtualRun, scenario: Scenario): MetaRecord {
  return {
    kind: 'meta',
    version: 1,
    runId: 'lt-virtual',
    startedAt: '2026-03-01T12:00:00Z',
    scenario,
    planDigest: '0123456789ab',
    fingerprint: fingerprintOf({
      serverVersion,
      serverCpu: 'Imaginary(R) CPU 9000 @ 3.00GHz',
      serverCores: limitCores,
      nicMbps: undefined,
      generatorCpus: ['Imaginary(R) CPU 9000 @ 3.00GHz'],
      kernel: '6.1.0',
      samePlace: true,
      scenario,
    }),
    target: { url: 'ws://127.0.0.1:7880', nodeId: 'ND_virtual', workers: 1 },
  };
}

const about = (value: number, share: number) => ({
  value,
  low: value * (1 - share),
  high: value * (1 + share),
});

const fitted: SummaryRecord['costs'] = {
  baseCores: about(costs.base, 0.4),
  coresPerPacketIn: about(costs.in, 0.5),
  coresPerPacketOut: about(costs.out, 0.1),
  coresPerMegabyte: about(0, 0),
  coresPerParticipant: about(0, 0),
  baseBytes: about(120e6, 0.1),
  bytesPerParticipant: about(4.2e6, 0.1),
  residualCores: 0.008,
  conditionNumber: 41.3,
  windows: 18,
};

function summaryOf(parts: Omit<SummaryRecord, 'kind' | 'endedAt'>): SummaryRecord {
  return { kind: 'summary', endedAt: '2026-03-01T12:40:00Z', ...parts };
}

const roomName = (repetition: number, room: number): string => `lt-virtual-${repetition}-conference-${room}`;

function joinsOf(
  { repetition, level }: Move & { kind: 'Measure' },
  from: number,
  nowMs: number,
  random: Random,
): readonly JoinRecord[] {
  return Array.from({ length: Math.max(0, level - from) * 10 }, (_, at): JoinRecord => {
    const room = from + Math.floor(at / 10);
    const intendedAtMs = nowMs + at * 200;
    const tookMs = Math.round(lognormal(random, 140, 0.3));
    const kind = random() < 0.002 ? 'failed' : 'join';
    return {
      kind,
      atMs: intendedAtMs + tookMs,
      intendedAtMs,
      room: roomName(repetition, room),
      identity: `p-${repetition}-${room}-${at % 10}`,
      tookMs,
      ...(kind === 'failed' ? { stage: 'publisher-connected' } : {}),
    };
  });
}

interface Scene {
  readonly move: Move & { kind: 'Measure' };
  readonly nowMs: number;
  readonly earlier: readonly WindowRecord[];
  readonly scenario: Scenario;
  readonly random: Random;
}

function windowOf(options: VirtualRun, { move, nowMs, earlier, scenario, random }: Scene): WindowRecord {
  const { limitCores = 1, lateWindows = [] } = options;
  const { level, repetition, index, purpose, dwellMs } = move;
  const seconds = dwellMs / 1000;
  const wanted = costs.base + level * (costs.in * packetsIn + costs.out * packetsOut);
  const use = (wanted / limitCores) * (1 + 0.01 * normal(random, 0, 1));
  const times = { fromMs: nowMs, toMs: nowMs + dwellMs };
  const isLate = lateWindows.includes(index);
  const scene = { level, repetition, seconds, use, isLate, random };
  const rules = { slos: scenario.slos, workersExpected: 1, nodeId: 'ND_virtual', allowSharedTarget: false };
  return judgeWindow(rules, earlier, {
    repetition,
    index,
    level,
    purpose,
    ...times,
    workers: [workerOf(scene, options.withProbes === true)],
    node: nodeOf(scene, limitCores),
  });
}

interface Load {
  readonly level: number;
  readonly repetition: number;
  readonly seconds: number;
  /** Of the node's processor, above 1 where it cannot keep up. */
  readonly use: number;
  readonly isLate: boolean;
  readonly random: Random;
}

/** Of an M/M/1 queue, and a second or so more once it grows without end. */
function latencyMs(use: number): number {
  return use < 0.985 ? 1.2 + 0.9 / (1 - use) : 400 + 4000 * (use - 0.985);
}

function workerOf(
  { level, repetition, seconds, use, isLate, random }: Load,
  withProbes: boolean,
): WorkerWindow {
  const people = level * 10;
  const sent = level * packetsIn * seconds;
  const expected = level * packetsOut * seconds;
  const lost = use < 1 ? 0 : Math.round(expected * Math.min(0.4, use - 1));
  const rooms = Array.from({ length: level }, (_, room): RoomWindow => {
    const roomExpected = packetsOut * seconds;
    return {
      room: roomName(repetition, room),
      frames: 10 * 9 * 15 * seconds,
      frameLatencyP95Ms: latencyMs(use) * lognormal(random, 2.2, 0.12),
      expected: roomExpected,
      lost: Math.round(lost / level),
    };
  });
  return {
    worker: 0,
    people: { connected: people, expected: people },
    joins: { tried: people, failed: 0, failedAt: {}, disconnected: 0 },
    tracks: {
      published: people * 2,
      expected: people * 18,
      delivered: Math.round(people * 18 * (use < 1 ? 1 : 0.9)),
    },
    packets: { sent, intended: sent, received: expected - lost, expected, lost, nacks: 0, plis: 0 },
    bytes: { sent: sent * bytesPerPacket, received: (expected - lost) * bytesPerPacket },
    frameLatencyUs: histogram(random, latencyMs(use) * 1000, 0.5, 400),
    joinMs: histogram(random, 90 / Math.max(0.1, 1.05 - use), 0.3, Math.max(10, people)),
    firstPacketMs: histogram(random, 100 / Math.max(0.1, 1.05 - use), 0.3, Math.max(10, people)),
    rooms,
    probes: withProbes
      ? [
          {
            identity: 'probe',
            framesDecoded: 9 * 15 * seconds,
            framesExpected: 9 * 15 * seconds,
            freezes: 0,
            freezeSeconds: 0,
            concealedSamples: 0,
            totalSamples: 48_000 * 9 * seconds,
            seconds,
          },
        ]
      : [],
    health: {
      cpuCores: 0.03 + level * 0.32,
      eventLoopUse: Math.min(0.95, 0.03 + level * 0.04),
      tickLateP99Ms: isLate ? 55 : 3 + level * 0.6,
      stealShare: 0.002,
      throttledShare: 0,
      udpReceiveErrors: 0,
      rssBytes: 300e6,
    },
    ...(withProbes ? { probeCost: { cpuCores: 0.35, packetsReceived: 855 * seconds } } : {}),
  };
}

function histogram(random: Random, median: number, sigma: number, count: number): string {
  const values = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  for (let at = 0; at < count; at += 1)
    values.recordValue(Math.round(Math.max(1, lognormal(random, median, sigma))));
  return encodeIntoCompressedBase64(values);
}

function nodeOf({ level, seconds, use, random }: Load, limitCores: number): NodeWindow {
  const people = level * 10;
  return {
    seconds,
    cpuCores: Math.min(1, use) * limitCores,
    limitCores,
    throttledShare: 0,
    memoryBytes: Math.round(120e6 + people * 4.2e6 * (1 + 0.02 * normal(random, 0, 1))),
    limitBytes: 4e9,
    packetsIn: level * packetsIn * seconds,
    packetsOut: Math.round((level * packetsOut * seconds) / Math.max(1, use)),
    bytesIn: level * packetsIn * seconds * bytesPerPacket,
    bytesOut: Math.round((level * packetsOut * seconds * bytesPerPacket) / Math.max(1, use)),
    forwardLatencyMeanMs: undefined,
    rooms: level,
    participants: people,
    publishedTracks: people * 2,
    subscribedTracks: people * 18,
    foreignRooms: 0,
    nodeId: 'ND_virtual',
  };
}
