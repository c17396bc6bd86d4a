/**
 * What media and people cost, as measured once: the planner's prices, not a promise. A calibration gives those of a
 * machine.
 */
import type { LayerName } from './scenario.ts';

export interface StreamRate {
  readonly packetsPerSecond: number;
  readonly kbps: number;
}

/** Of the fixtures, VP8 at 15, 20 and 30 pictures a second; with RTP headers, as a media server counts them. */
export const videoRates: Readonly<Record<LayerName, StreamRate>> = {
  '180p': { packetsPerSecond: 24, kbps: 155 },
  '360p': { packetsPerSecond: 62, kbps: 502 },
  '720p': { packetsPerSecond: 195, kbps: 1730 },
};

/** Opus in packets of 20 ms, 130 bytes with the header. */
export const speechRate: StreamRate = { packetsPerSecond: 50, kbps: 52 };
/** With DTX: one packet in 400 ms. */
export const silenceRate: StreamRate = { packetsPerSecond: 2.5, kbps: 0.7 };

/** Cores of the generator. */
export interface GeneratorCosts {
  /** Of each worker process that plays anybody. */
  readonly process: number;
  /** Polling and waking, which grows with load up to some packets a second and then no more. */
  readonly waking: { readonly cores: number; readonly fullAtPacketsPerSecond: number };
  readonly perPacketSent: number;
  readonly perPacketReceived: number;
  /** A probe encodes and decodes as an app does; per track. */
  readonly probe: {
    readonly connected: number;
    readonly publish: Readonly<Record<LayerName, number>>;
    readonly publishAudio: number;
    readonly decode: Readonly<Record<LayerName, number>>;
    readonly decodeAudio: number;
  };
}

/** Cores and memory of the server. */
export interface ServerCosts {
  readonly waking: { readonly cores: number; readonly fullAtPacketsPerSecond: number };
  readonly perPacket: number;
  readonly perByte: number;
  readonly baseMegabytes: number;
  readonly megabytesPerParticipant: number;
}

export interface Costs {
  readonly generator: GeneratorCosts;
  readonly server: ServerCosts;
}

/**
 * Measured with livekit-server 1.13.5 and this engine on a virtual machine with two cores of an AMD EPYC, 10 to 40
 * thousand packets a second, rooms of ten and one sender with 60 and 120 viewers: both lines are within 20 % of all
 * eleven measurements. The benchmark that LiveKit publishes for 16 older cores fits 13 µs a packet and 14 ns a byte, up
 * to 1.7 times as much, so take the figures of the server as the lower end. Costs of probes are those of
 * `@livekit/rtc-node` 1.1.0 on the same machine.
 */
export const measuredCosts: Costs = {
  generator: {
    process: 0.03,
    waking: { cores: 0.14, fullAtPacketsPerSecond: 5000 },
    perPacketSent: 11e-6,
    perPacketReceived: 15.5e-6,
    probe: {
      connected: 0.015,
      publish: { '180p': 0.046, '360p': 0.077, '720p': 0.299 },
      publishAudio: 0.02,
      decode: { '180p': 0.0115, '360p': 0.032, '720p': 0.148 },
      decodeAudio: 0.008,
    },
  },
  server: {
    waking: { cores: 0.14, fullAtPacketsPerSecond: 5000 },
    perPacket: 8e-6,
    perByte: 8e-9,
    baseMegabytes: 60,
    megabytesPerParticipant: 8,
  },
};

/** What one worker process should carry at most, so that it sends on time. */
export const workerLimits = { receivedPacketsPerSecond: 25_000, people: 300, joinsPerSecond: 10 } as const;
