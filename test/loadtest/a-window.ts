/** Windows as workers and node report them when all is well, to be changed where a test wants it otherwise. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { MeasuredWindow } from '../../src/loadtest/figures.ts';
import type { GeneratorHealth, NodeWindow, WorkerWindow } from '../../src/loadtest/window.ts';

/** A histogram with each value once. */
export function histogram(values: readonly number[]): string {
  const recorded = build({ autoResize: true, numberOfSignificantValueDigits: 3 });
  for (const value of values) recorded.recordValue(value);
  return encodeIntoCompressedBase64(recorded);
}

/** 1, 2 … count, times the unit. */
export const upTo = (count: number, unit: number): string =>
  histogram(Array.from({ length: count }, (_, index) => (index + 1) * unit));

const health: GeneratorHealth = {
  cpuCores: 0.5,
  eventLoopUse: 0.3,
  tickLateP99Ms: 3,
  stealShare: 0.005,
  throttledShare: 0,
  udpReceiveErrors: 0,
  rssBytes: 2e8,
};

/** A room of ten, joined just before the window of 20 s. */
const healthy: WorkerWindow = {
  worker: 0,
  people: { connected: 10, expected: 10 },
  joins: { tried: 10, failed: 0, failedAt: {}, disconnected: 0 },
  tracks: { published: 20, expected: 180, delivered: 180 },
  packets: {
    sent: 22_000,
    intended: 22_000,
    received: 200_000,
    expected: 200_000,
    lost: 0,
    nacks: 0,
    plis: 0,
  },
  bytes: { sent: 1.4e7, received: 1.25e8 },
  frameLatencyUs: upTo(1000, 10),
  joinMs: upTo(10, 30),
  firstPacketMs: upTo(10, 60),
  rooms: [{ room: 'a', frames: 1000, frameLatencyP95Ms: 9.5, expected: 200_000, lost: 0 }],
  probes: [],
  health,
};

export type Part<T> = { readonly [K in keyof T]?: T[K] };

export interface WorkerChange
  extends Omit<Part<WorkerWindow>, 'people' | 'joins' | 'tracks' | 'packets' | 'health'> {
  readonly people?: Part<WorkerWindow['people']>;
  readonly joins?: Part<WorkerWindow['joins']>;
  readonly tracks?: Part<WorkerWindow['tracks']>;
  readonly packets?: Part<WorkerWindow['packets']>;
  readonly health?: Part<GeneratorHealth>;
}

export function aWorker(change: WorkerChange = {}): WorkerWindow {
  return {
    ...healthy,
    ...change,
    people: { ...healthy.people, ...change.people },
    joins: { ...healthy.joins, ...change.joins },
    tracks: { ...healthy.tracks, ...change.tracks },
    packets: { ...healthy.packets, ...change.packets },
    health: { ...healthy.health, ...change.health },
  };
}

export function aNode(change: Part<NodeWindow> = {}): NodeWindow {
  return {
    seconds: 20,
    cpuCores: 0.4,
    limitCores: 1,
    throttledShare: 0,
    memoryBytes: 2e8,
    limitBytes: 2e9,
    packetsIn: 22_000,
    packetsOut: 200_000,
    bytesIn: 1.4e7,
    bytesOut: 1.25e8,
    forwardLatencyMeanMs: 0.3,
    rooms: 1,
    participants: 10,
    publishedTracks: 20,
    subscribedTracks: 180,
    foreignRooms: 0,
    nodeId: 'ND_one',
    ...change,
  };
}

export function measured(change: Part<MeasuredWindow> = {}): MeasuredWindow {
  return {
    repetition: 0,
    index: 3,
    level: 4,
    purpose: 'Search',
    fromMs: 60_000,
    toMs: 80_000,
    workers: [aWorker()],
    node: aNode(),
    ...change,
  };
}
