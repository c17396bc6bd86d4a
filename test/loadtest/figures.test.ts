import { describe, expect, test } from '@jest/globals';
import { figuresOf, mergeRooms } from '../../src/loadtest/figures.ts';
import type { ProbeWindow } from '../../src/loadtest/window.ts';
import { aNode, aWorker, measured, upTo } from './a-window.ts';

describe('the figures of a window', () => {
  test('are computed from all workers together', () => {
    const one = aWorker({ frameLatencyUs: upTo(100, 1000) });
    const other = aWorker({
      worker: 1,
      frameLatencyUs: upTo(100, 2000),
      people: { connected: 8 },
      joins: { tried: 12, failed: 2, disconnected: 1 },
      tracks: { delivered: 90 },
    });
    const figures = figuresOf(measured({ workers: [one, other] }));
    // Of 1…100 and 2, 4…200 together, 190 values are at most 180: 100 of the first and 90 of the second.
    expect(figures['frameLatencyMs.p95']).toBeCloseTo(180, -0.5);
    expect(figures['joinFailureShare']).toBeCloseTo(2 / 22, 9);
    expect(figures['disconnectShare']).toBe(1 / 20);
    expect(figures['tracksDeliveredShare']).toBe(270 / 360);
    expect(figures['clients.connectedShare']).toBe(0.9);
    expect(figures['clients.packetsPerSecondReceived']).toBe(20_000);
    expect(figures['clients.mbpsReceived']).toBe(100);
    expect(figures['generator.packetsPerSecondPerCore']).toBe(22_200);
  });

  test('of the generator are those of its worst worker', () => {
    const slow = aWorker({
      packets: { sent: 11_000 },
      health: { tickLateP99Ms: 45, eventLoopUse: 0.7, stealShare: 0.1 },
    });
    expect(figuresOf(measured({ workers: [aWorker(), slow] }))).toMatchObject({
      'generator.tickLateP99Ms': 45,
      'generator.eventLoopUse': 0.7,
      'generator.stealShare': 0.1,
      'generator.sentShare': 0.5,
      'generator.cpuCores': 1,
    });
  });

  test('of the node are shares of what it may use, and rates', () => {
    expect(figuresOf(measured({ node: aNode({ cpuCores: 0.3, limitCores: 0.5 }) }))).toMatchObject({
      'node.cpuShare': 0.6,
      'node.throttledShare': 0,
      'node.memoryShare': 0.1,
      'node.forwardLatencyMs.mean': 0.3,
      'node.packetsPerSecondOut': 10_000,
      'node.mbpsOut': 50,
    });
  });

  test('of probes are sums over all of them', () => {
    const probe: ProbeWindow = {
      identity: 'p',
      framesDecoded: 380,
      framesExpected: 400,
      freezes: 1,
      freezeSeconds: 1,
      concealedSamples: 100,
      totalSamples: 10_000,
      seconds: 20,
    };
    const still = { ...probe, framesDecoded: 400, freezeSeconds: 0, freezes: 0, concealedSamples: 0 };
    expect(figuresOf(measured({ workers: [aWorker({ probes: [probe, still] })] }))).toMatchObject({
      'probe.freezeShare': 1 / 40,
      'probe.concealedShare': 0.005,
      'probe.framesPerSecondShare': 0.975,
    });
  });

  test('of loss are by room, and the parts of a room at several workers are one', () => {
    const part = (lost: number) => ({
      room: 'big',
      frames: 10,
      frameLatencyP95Ms: lost,
      expected: 100,
      lost,
    });
    const workers = [aWorker({ rooms: [part(4)] }), aWorker({ worker: 1, rooms: [part(0)] })];
    expect(figuresOf(measured({ workers }))['packetLossShare.p95']).toBe(0.02);
    expect(mergeRooms(workers.flatMap(({ rooms }) => rooms))).toEqual([
      { room: 'big', frames: 20, frameLatencyP95Ms: 4, expected: 200, lost: 4 },
    ]);
  });
});

describe('what was not measured', () => {
  const nothing = aWorker({
    people: { connected: 0, expected: 0 },
    joins: { tried: 0 },
    tracks: { expected: 0, delivered: 0 },
    packets: { sent: 0, intended: 0 },
    frameLatencyUs: '',
    joinMs: upTo(0, 1),
    firstPacketMs: '',
    rooms: [],
  });

  test.each([
    'frameLatencyMs.p95',
    'joinMs.p95',
    'firstPacketMs.p95',
    'joinFailureShare',
    'disconnectShare',
    'tracksDeliveredShare',
    'packetLossShare.p95',
    'probe.freezeShare',
    'probe.concealedShare',
    'probe.framesPerSecondShare',
    'generator.sentShare',
  ])('gives no %s, and never 0', (name) => {
    expect(figuresOf(measured({ workers: [nothing] }))).not.toHaveProperty([name]);
  });

  test('gives no figure of the node where nobody looked, and no single one that it does not have', () => {
    const names = (figures: object) => Object.keys(figures).filter((name) => name.startsWith('node.'));
    expect(names(figuresOf(measured({ node: undefined })))).toEqual([]);
    const blind = aNode({
      limitBytes: undefined,
      forwardLatencyMeanMs: undefined,
      throttledShare: undefined,
    });
    const some = figuresOf(measured({ node: blind }));
    for (const name of ['node.memoryShare', 'node.forwardLatencyMs.mean', 'node.throttledShare']) {
      expect(some).not.toHaveProperty([name]);
    }
    expect(some['node.cpuShare']).toBe(0.4);
  });

  test('gives no figure at all of clients where no worker answered', () => {
    expect(figuresOf(measured({ workers: [], node: undefined }))).toEqual({});
  });
});
