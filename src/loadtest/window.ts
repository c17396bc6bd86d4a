/** What is measured in one window, and the word on it. All sums are of that window alone. */

import type { PresentGroup } from './present.ts';

/** A histogram of hdr-histogram-js, compressed and in base64. */
export type Histogram = string;

/** One worker's share of a window. Sums add up over workers, histograms merge. */
export interface WorkerWindow {
  readonly worker: number;
  readonly people: { readonly connected: number; readonly expected: number };
  readonly joins: {
    readonly tried: number;
    readonly failed: number;
    /** By the stage that failed, such as `publisher-connected`. */
    readonly failedAt: Readonly<Record<string, number>>;
    readonly disconnected: number;
  };
  readonly tracks: {
    readonly published: number;
    /** Subscribed ones that should have media, and those of them that got at least 99.5 % of what was sent. */
    readonly expected: number;
    readonly delivered: number;
  };
  /** Everybody who was there from before it began to its end; older records do not have it. */
  readonly present?: readonly PresentGroup[];
  readonly packets: {
    readonly sent: number;
    readonly intended: number;
    readonly received: number;
    readonly expected: number;
    /** After repair. */
    readonly lost: number;
    readonly nacks: number;
    readonly plis: number;
  };
  readonly bytes: { readonly sent: number; readonly received: number };
  /** From the sending of a frame to its arrival, microseconds. */
  readonly frameLatencyUs: Histogram;
  /** Of joins that ended in this window or the change of level before it, milliseconds. */
  readonly joinMs: Histogram;
  readonly firstPacketMs: Histogram;
  /** For intervals in which the people of a room are not taken as independent. */
  readonly rooms: readonly RoomWindow[];
  readonly probes: readonly ProbeWindow[];
  readonly health: GeneratorHealth;
  /** Of the processes that probes run in, which `health` then leaves out; absent where they share that of the worker. */
  readonly probeCost?: { readonly cpuCores: number; readonly packetsReceived: number };
}

export interface RoomWindow {
  readonly room: string;
  readonly frames: number;
  readonly frameLatencyP95Ms: number;
  readonly expected: number;
  readonly lost: number;
}

/** What a person would have seen and heard. */
export interface ProbeWindow {
  readonly identity: string;
  readonly framesDecoded: number;
  readonly framesExpected: number;
  readonly freezes: number;
  /** The mean over its pictures. */
  readonly freezeSeconds: number;
  readonly concealedSamples: number;
  readonly totalSamples: number;
  readonly seconds: number;
}

/** Whether the generator kept up: a slow generator must never be sold as a slow server. */
export interface GeneratorHealth {
  readonly cpuCores: number;
  readonly eventLoopUse: number;
  /** How late the tick that sends came, 99th percentile. */
  readonly tickLateP99Ms: number;
  /** Share of the time in which the machine gave its processors to others. */
  readonly stealShare: number;
  readonly throttledShare: number;
  readonly udpReceiveErrors: number;
  readonly rssBytes: number;
}

/** The node under test over the same window, from its metrics and the operating system. */
export interface NodeWindow {
  readonly seconds: number;
  readonly cpuCores: number;
  /** What it may use at most. */
  readonly limitCores: number;
  /** Undefined where the control group of the server cannot be read. */
  readonly throttledShare: number | undefined;
  readonly memoryBytes: number;
  readonly limitBytes: number | undefined;
  /** These four by the server's own counters, as `node-counters.ts` reads them: nearly right for a window, not to the packet. */
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Undefined where the server does not measure it. */
  readonly forwardLatencyMeanMs: number | undefined;
  readonly rooms: number;
  readonly participants: number;
  readonly publishedTracks: number;
  readonly subscribedTracks: number;
  /** Rooms that the test did not make. */
  readonly foreignRooms: number;
  /** Changes when the server started anew. */
  readonly nodeId: string;
}

/** Why a window says nothing about the node. */
export const invalidReasons = {
  GeneratorLimited: 'The generator did not keep up, so slowness may be its own.',
  WorkerLost: 'A worker was lost, so there was less load than planned.',
  TargetShared: 'The node served rooms that the test did not make.',
  TargetReplaced: 'The media server started anew during the window.',
  MetricsMissing: 'The node could not be measured during the whole window.',
  MachineBusy: 'Others took too much of the processors of the generator.',
  LoadNotReached: 'Fewer people were there than planned, for reasons that are not the node.',
} as const;
export type InvalidReason = keyof typeof invalidReasons;

export interface BrokenSlo {
  readonly metric: string;
  readonly value: number;
  readonly limit: number;
  readonly guard: boolean;
}

export type Verdict =
  | { readonly kind: 'Pass' }
  | { readonly kind: 'Fail'; readonly broken: readonly BrokenSlo[] }
  | { readonly kind: 'Invalid'; readonly because: readonly InvalidReason[]; readonly detail: string };

/** All shares of a window together, and what they say. One line of the record each. */
export interface WindowRecord {
  readonly kind: 'window';
  readonly repetition: number;
  readonly index: number;
  readonly level: number;
  readonly purpose: 'Baseline' | 'Search' | 'Confirm' | 'Fixed' | 'Soak';
  /** Since the run began. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly workers: readonly WorkerWindow[];
  readonly node: NodeWindow | undefined;
  /** By the names of SLO metrics, as computed. */
  readonly figures: Readonly<Record<string, number>>;
  readonly verdict: Verdict;
}
