/**
 * Figures of a window, by name, from what workers and node measured. What was not measured, or did not happen, gives
 * no figure and never 0.
 */
import { build, decodeFromCompressedBase64, type Histogram as Hdr } from 'hdr-histogram-js';
import { dueTracks } from './present.ts';
import type { SloMetric } from './scenario.ts';
import { quantile, sum } from './statistics.ts';
import type { Histogram, NodeWindow, ProbeWindow, RoomWindow, WindowRecord, WorkerWindow } from './window.ts';

/** A window before it is judged. `workers` are those that answered. */
export type MeasuredWindow = Omit<WindowRecord, 'kind' | 'figures' | 'verdict'>;

export type Figures = Readonly<Record<string, number>>;

/** Figures beside those of SLOs, for reports. Shares are from 0 to 1, rates per second. */
export const reportFigures = {
  'frameLatencyMs.p50': 'Median from the sending of a frame to its arrival.',
  'joinMs.p50': 'Median of a join.',
  'firstPacketMs.p50': 'Median from a join, or a new track, to its first packet.',
  'clients.connectedShare': 'People who were there, of those planned.',
  'clients.packetsPerSecondReceived': 'Of all people together.',
  'clients.packetsPerSecondSent': 'Of all people together.',
  'clients.mbpsReceived': 'Of all people together.',
  'generator.cpuCores': 'Of all workers together.',
  'generator.packetsPerSecondPerCore': 'Sent and received, by a core of the generator.',
  'generator.eventLoopUse': 'Of the busiest worker.',
  'generator.tickLateP99Ms': 'Of the latest worker.',
  'generator.sentShare': 'Packets sent, of those intended, of the worst worker.',
  'generator.stealShare': 'Of the worst worker.',
  'node.cpuCores': 'Of the media server.',
  'node.packetsPerSecondIn': 'At the media server.',
  'node.packetsPerSecondOut': 'At the media server.',
  'node.mbpsIn': 'At the media server.',
  'node.mbpsOut': 'At the media server.',
  'node.memoryBytes': 'Of the media server.',
} as const;
export type ReportFigure = keyof typeof reportFigures;

type Found = Partial<Record<SloMetric | ReportFigure, number | undefined>>;

/** All figures that the window has. */
export function figuresOf(measured: MeasuredWindow): Figures {
  const seconds = (measured.toMs - measured.fromMs) / 1000;
  const found: Found = {
    ...latencies(measured.workers),
    ...people(measured.workers),
    ...delivery(measured.workers),
    ...probes(measured.workers.flatMap((worker) => worker.probes)),
    ...rates(measured.workers, seconds),
    ...generator(measured.workers, seconds),
    ...(measured.node === undefined ? {} : nodeFigures(measured.node)),
  };
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

/** All histograms in one. `undefined` where none holds a value. */
export function mergeHistograms(histograms: readonly Histogram[]): Hdr | undefined {
  const merged = build({ lowestDiscernibleValue: 1, autoResize: true, numberOfSignificantValueDigits: 3 });
  for (const histogram of histograms) {
    if (histogram !== '') merged.add(decodeFromCompressedBase64(histogram));
  }
  return merged.totalCount === 0 ? undefined : merged;
}

/** Rooms by name, since the people of a large one may be at several workers. */
export function mergeRooms(rooms: readonly RoomWindow[]): readonly RoomWindow[] {
  const merged = new Map<string, RoomWindow>();
  for (const room of rooms) {
    const before = merged.get(room.room);
    merged.set(room.room, before === undefined ? room : together(before, room));
  }
  return [...merged.values()];
}

function together(one: RoomWindow, other: RoomWindow): RoomWindow {
  return {
    room: one.room,
    frames: one.frames + other.frames,
    // Percentiles of parts do not add up; the worse of them is what somebody in the room saw.
    frameLatencyP95Ms: Math.max(one.frameLatencyP95Ms, other.frameLatencyP95Ms),
    expected: one.expected + other.expected,
    lost: one.lost + other.lost,
  };
}

function latencies(workers: readonly WorkerWindow[]): Found {
  const frames = mergeHistograms(workers.map((worker) => worker.frameLatencyUs));
  const joins = mergeHistograms(workers.map((worker) => worker.joinMs));
  const first = mergeHistograms(workers.map((worker) => worker.firstPacketMs));
  const frame = (percent: number) =>
    frames === undefined ? undefined : frames.getValueAtPercentile(percent) / 1000;
  return {
    'frameLatencyMs.p50': frame(50),
    'frameLatencyMs.p95': frame(95),
    'frameLatencyMs.p99': frame(99),
    'joinMs.p50': joins?.getValueAtPercentile(50),
    'joinMs.p95': joins?.getValueAtPercentile(95),
    'firstPacketMs.p50': first?.getValueAtPercentile(50),
    'firstPacketMs.p95': first?.getValueAtPercentile(95),
  };
}

function people(workers: readonly WorkerWindow[]): Found {
  const expected = sum(workers.map((worker) => worker.people.expected));
  const tried = sum(workers.map((worker) => worker.joins.tried));
  return {
    joinFailureShare: share(sum(workers.map((worker) => worker.joins.failed)), tried),
    disconnectShare: share(sum(workers.map((worker) => worker.joins.disconnected)), expected),
    'clients.connectedShare': share(sum(workers.map((worker) => worker.people.connected)), expected),
  };
}

/**
 * Tracks that should have arrived: those that the server told of, or those that the plan says people receive from each
 * other if it told of fewer.
 */
export function tracksDue(workers: readonly WorkerWindow[]): number {
  const toldOf = sum(workers.map((worker) => worker.tracks.expected));
  return Math.max(toldOf, dueTracks(workers.flatMap(({ present = [] }) => present)));
}

function delivery(workers: readonly WorkerWindow[]): Found {
  const rooms = mergeRooms(workers.flatMap((worker) => worker.rooms)).filter((room) => room.expected > 0);
  return {
    tracksDeliveredShare: share(sum(workers.map((worker) => worker.tracks.delivered)), tracksDue(workers)),
    'packetLossShare.p95': quantile(
      rooms.map((room) => room.lost / room.expected),
      0.95,
    ),
  };
}

function probes(windows: readonly ProbeWindow[]): Found {
  const all = (read: (window: ProbeWindow) => number) => sum(windows.map(read));
  return {
    'probe.freezeShare': share(
      all((window) => window.freezeSeconds),
      all((window) => (window.framesExpected > 0 ? window.seconds : 0)),
    ),
    'probe.concealedShare': share(
      all((window) => window.concealedSamples),
      all((window) => window.totalSamples),
    ),
    'probe.framesPerSecondShare': share(
      all((window) => window.framesDecoded),
      all((window) => window.framesExpected),
    ),
  };
}

function rates(workers: readonly WorkerWindow[], seconds: number): Found {
  if (workers.length === 0) return {};
  const received = sum(workers.map((worker) => worker.packets.received));
  return {
    'clients.packetsPerSecondReceived': share(received, seconds),
    'clients.packetsPerSecondSent': share(sum(workers.map((worker) => worker.packets.sent)), seconds),
    'clients.mbpsReceived': megabits(sum(workers.map((worker) => worker.bytes.received)), seconds),
  };
}

function generator(workers: readonly WorkerWindow[], seconds: number): Found {
  if (workers.length === 0) return {};
  const cores = sum(workers.map((worker) => worker.health.cpuCores));
  const packets = sum(workers.map((worker) => worker.packets.sent + worker.packets.received));
  const sent = workers.flatMap((worker) => share(worker.packets.sent, worker.packets.intended) ?? []);
  return {
    'generator.cpuCores': cores,
    'generator.packetsPerSecondPerCore': share(packets, seconds * cores),
    'generator.eventLoopUse': Math.max(...workers.map((worker) => worker.health.eventLoopUse)),
    'generator.tickLateP99Ms': Math.max(...workers.map((worker) => worker.health.tickLateP99Ms)),
    'generator.sentShare': sent.length === 0 ? undefined : Math.min(...sent),
    'generator.stealShare': Math.max(...workers.map((worker) => worker.health.stealShare)),
  };
}

function nodeFigures(node: NodeWindow): Found {
  return {
    'node.forwardLatencyMs.mean': node.forwardLatencyMeanMs,
    'node.cpuShare': share(node.cpuCores, node.limitCores),
    'node.throttledShare': node.throttledShare,
    'node.memoryShare': node.limitBytes === undefined ? undefined : share(node.memoryBytes, node.limitBytes),
    'node.cpuCores': node.cpuCores,
    'node.packetsPerSecondIn': share(node.packetsIn, node.seconds),
    'node.packetsPerSecondOut': share(node.packetsOut, node.seconds),
    'node.mbpsIn': megabits(node.bytesIn, node.seconds),
    'node.mbpsOut': megabits(node.bytesOut, node.seconds),
    'node.memoryBytes': node.memoryBytes,
  };
}

/** `undefined` of nothing, which is neither good nor bad. */
function share(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

function megabits(bytes: number, seconds: number): number | undefined {
  return share((bytes * 8) / 1e6, seconds);
}
