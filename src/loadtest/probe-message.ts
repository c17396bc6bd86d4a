/** What a worker and the process of its probes say to each other. */
import type { ProbeReading } from './probe-counts.ts';
import type { Receives } from './scenario.ts';

export interface ProbeJoin {
  readonly url: string;
  readonly token: string;
  /** One connection for both directions. */
  readonly isSingle: boolean;
  readonly sendsVideo: boolean;
  readonly sendsAudio: boolean;
  readonly receives: Receives;
}

/** Each order but `speak` gets one answer with its id. */
export type ProbeOrder =
  | { readonly kind: 'join'; readonly id: number; readonly seat: number; readonly join: ProbeJoin }
  | { readonly kind: 'leave'; readonly id: number; readonly seat: number }
  | { readonly kind: 'read'; readonly id: number }
  | { readonly kind: 'speak'; readonly seat: number; readonly isSpeaking: boolean };

/** The counters of the process and of everybody in it who is connected, by seat. */
export interface ProcessReading {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly seats: Readonly<Record<number, ProbeReading>>;
}

export type ProbeWord =
  | { readonly kind: 'joined'; readonly id: number; readonly tookMs: number }
  | { readonly kind: 'refused'; readonly id: number; readonly why: string }
  | { readonly kind: 'left'; readonly id: number }
  | { readonly kind: 'reading'; readonly id: number; readonly reading: ProcessReading }
  /** The server ended it. */
  | { readonly kind: 'lost'; readonly seat: number; readonly why: string };

/** By this name of a track others know that its pictures are no recording whose pace is known. */
export const probeTrackName = 'probe-camera';
