/** From the counters of a media library to what a person saw and heard between two looks at them. */
import type { ProbeWindow } from './window.ts';

/** Of one received track, since it began. */
export interface StreamCounts {
  readonly trackSid: string;
  readonly kind: 'audio' | 'video';
  readonly packets: number;
  readonly framesDecoded: number;
  /** Of the newest picture; 0 where there was none. */
  readonly height: number;
  readonly freezes: number;
  /** Sum of the squares of the seconds from each picture to the next. */
  readonly squaredDelays: number;
  readonly concealedSamples: number;
  readonly totalSamples: number;
}

/** One look at the counters of a probe. */
export interface ProbeReading {
  readonly atMs: number;
  /** Tracks whose pictures should be seen at this moment. */
  readonly wanted: readonly string[];
  readonly streams: readonly StreamCounts[];
}

/** What of a media library's `inboundRtp` matters here. Its 64-bit numbers are bigint. */
export interface InboundStats {
  readonly stream?: { readonly kind?: string };
  readonly received?: { readonly packetsReceived?: bigint };
  readonly inbound?: {
    readonly trackIdentifier?: string;
    readonly framesDecoded?: number;
    readonly frameHeight?: number;
    readonly freezeCount?: number;
    readonly totalSquaredInterFrameDelay?: number;
    readonly concealedSamples?: bigint;
    readonly silentConcealedSamples?: bigint;
    readonly totalSamplesReceived?: bigint;
  };
}

type Inbound = NonNullable<InboundStats['inbound']>;

export function streamOf({ stream, received, inbound = {} }: InboundStats): StreamCounts {
  return {
    trackSid: inbound.trackIdentifier ?? '',
    kind: stream?.kind === 'video' ? 'video' : 'audio',
    packets: Number(received?.packetsReceived ?? 0),
    ...picturesOf(inbound),
    ...soundOf(inbound),
  };
}

function picturesOf(
  inbound: Inbound,
): Pick<StreamCounts, 'framesDecoded' | 'height' | 'freezes' | 'squaredDelays'> {
  const { framesDecoded = 0, frameHeight = 0, freezeCount = 0, totalSquaredInterFrameDelay = 0 } = inbound;
  return {
    framesDecoded,
    height: frameHeight,
    freezes: freezeCount,
    squaredDelays: totalSquaredInterFrameDelay,
  };
}

function soundOf(inbound: Inbound): Pick<StreamCounts, 'concealedSamples' | 'totalSamples'> {
  const { concealedSamples = 0n, silentConcealedSamples = 0n, totalSamplesReceived = 0n } = inbound;
  // Between the rare packets of somebody silent there is silence, and nobody misses anything.
  const heard = concealedSamples - silentConcealedSamples;
  return { concealedSamples: Math.max(0, Number(heard)), totalSamples: Number(totalSamplesReceived) };
}

/** What a picture of this height, or one of which nothing has come yet, should show. */
export type FramesPerSecond = (height: number) => number;

/**
 * What happened between two looks. Only tracks that were wanted at both count: others had no whole window. A picture of
 * which nothing at all came stood still the whole time, which the library does not count as a freeze.
 */
export function probeWindow(
  identity: string,
  [before, after]: readonly [ProbeReading, ProbeReading],
  framesPerSecond: FramesPerSecond,
): ProbeWindow {
  const seconds = (after.atMs - before.atMs) / 1000;
  const pictures = after.wanted
    .filter((sid) => before.wanted.includes(sid))
    .map((sid) => pictureOf(find(before, sid), find(after, sid), { seconds, framesPerSecond }));
  const voices = after.streams
    .filter(({ kind }) => kind === 'audio')
    .flatMap((now) => {
      const earlier = find(before, now.trackSid);
      return earlier === undefined ? [] : [{ now, earlier }];
    });
  const total = (of: (picture: Picture) => number): number =>
    pictures.reduce((sum, picture) => sum + of(picture), 0);
  return {
    identity,
    seconds,
    framesDecoded: total(({ decoded }) => decoded),
    framesExpected: Math.round(total(({ expected }) => expected)),
    freezes: total(({ freezes }) => freezes),
    freezeSeconds: pictures.length === 0 ? 0 : total((picture) => picture.freezeSeconds) / pictures.length,
    concealedSamples: voices.reduce(
      (sum, { now, earlier }) => sum + now.concealedSamples - earlier.concealedSamples,
      0,
    ),
    totalSamples: voices.reduce((sum, { now, earlier }) => sum + now.totalSamples - earlier.totalSamples, 0),
  };
}

/** All that came to a probe, of whatever kind. */
export function packetsOf({ streams }: ProbeReading): number {
  return streams.reduce((sum, { packets }) => sum + packets, 0);
}

interface Picture {
  readonly decoded: number;
  readonly expected: number;
  readonly freezes: number;
  readonly freezeSeconds: number;
}

/**
 * The library counts freezes, but its sum of their lengths stays at nothing. So the squares of all delays, less those of
 * a steady pace, are taken for the freezes alone: exact for freezes of one length, a little much for others.
 */
function pictureOf(
  before: StreamCounts | undefined,
  after: StreamCounts | undefined,
  { seconds, framesPerSecond }: { readonly seconds: number; readonly framesPerSecond: FramesPerSecond },
): Picture {
  const since = (of: (stream: StreamCounts) => number): number =>
    (after === undefined ? 0 : of(after)) - (before === undefined ? 0 : of(before));
  const decoded = since((stream) => stream.framesDecoded);
  const pace = framesPerSecond(after?.height ?? 0);
  const expected = seconds * pace;
  if (decoded <= 0) return { decoded: 0, expected, freezes: 1, freezeSeconds: seconds };
  const freezes = since((stream) => stream.freezes);
  const usual = (decoded - freezes) / pace ** 2;
  const rest = Math.max(0, since((stream) => stream.squaredDelays) - usual);
  return { decoded, expected, freezes, freezeSeconds: Math.min(seconds, Math.sqrt(freezes * rest)) };
}

function find({ streams }: ProbeReading, trackSid: string): StreamCounts | undefined {
  return streams.find((stream) => stream.trackSid === trackSid);
}
