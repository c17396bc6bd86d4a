import { type RtpView, originalSequence, unwrapSequence } from './rtp.ts';
import type { ReportBlock } from './rtcp.ts';
import { keyFrameSize, parseVp8Descriptor } from './vp8.ts';
import type { MediaLine } from './sdp.ts';
import { readStamp } from './rtp-stamp.ts';

/** Sums since the track began; differences of two give a window. */
export interface TrackCounts {
  /** Each packet once, whether it came at first or was repaired. Padding and the server's blank frames are not media. */
  readonly received: number;
  /** Given up: not there one second after it was missed. */
  readonly lost: number;
  readonly bytes: number;
  readonly nacks: number;
  readonly plis: number;
  /** How far the media has come, milliseconds of its own clock. */
  readonly mediaMs: number;
}

interface Missing {
  readonly sinceMs: number;
  askedMs: number;
}

const clockRates = { audio: 48_000, video: 90_000 } as const;
const giveUpMs = 1000;
const askAgainMs = 100;
/** More than this at once is no loss: the stream began anew. */
const mostMissing = 3000;
/** What the server writes where a track ends: a key frame of this size, or these Opus bytes. */
const blankPixels = 8;
const blankOpus = Buffer.of(0xf8, 0xff, 0xfe);

/** Counts one received track as a media engine would: losses, repairs, jitter, and the stamp of each frame. */
export class ReceivedTrack {
  readonly line: MediaLine;
  readonly #onStamp: (stamp: number) => void;
  readonly #missing = new Map<number, Missing>();
  #highest: number | undefined;
  #lowest = 0;
  #received = 0;
  #lost = 0;
  #bytes = 0;
  #nacks = 0;
  #plis = 0;
  /** For receiver reports: what came on the track's own SSRC. */
  #first = { received: 0, expected: 0, lastReceived: 0, lastExpected: 0 };
  #rtpFirst: number | undefined;
  #rtpLast = 0;
  #jitter = 0;
  #lastTransitMs: number | undefined;
  #senderReport: { readonly middleNtp: number; readonly atMs: number } | undefined;
  #needsKeyFrame = false;

  /** `onStamp` gets the stamp of each frame that arrived. */
  constructor(line: MediaLine, onStamp: (stamp: number) => void) {
    this.line = line;
    this.#onStamp = onStamp;
  }

  /** True for the first media packet of the track. */
  packet(packet: Buffer, view: RtpView, nowMs: number): boolean {
    if (view.ssrc === this.line.ssrc) return this.#original(packet, view, nowMs);
    if (view.ssrc === this.line.rtxSsrc) this.#repair(packet, view);
    return false;
  }

  senderReport(middleNtp: number, nowMs: number): void {
    this.#senderReport = { middleNtp, atMs: nowMs };
  }

  counts(): TrackCounts {
    const mediaUnits = this.#rtpFirst === undefined ? 0 : this.#rtpLast - this.#rtpFirst;
    return {
      received: this.#received,
      lost: this.#lost,
      bytes: this.#bytes,
      nacks: this.#nacks,
      plis: this.#plis,
      mediaMs: (mediaUnits * 1000) / clockRates[this.line.kind],
    };
  }

  get hasMedia(): boolean {
    return this.#received > 0;
  }

  get isMissingSome(): boolean {
    return this.#missing.size > 0;
  }

  /** The packets to ask for now. Gives up those that are missed for too long. Audio is not asked for: nobody answers. */
  takeNacks(nowMs: number): readonly number[] {
    const asked: number[] = [];
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs > giveUpMs) {
        this.#missing.delete(sequence);
        this.#lost += 1;
        this.#needsKeyFrame = this.line.kind === 'video';
      } else if (this.line.kind === 'video' && nowMs - missing.askedMs >= askAgainMs) {
        missing.askedMs = nowMs;
        asked.push(sequence);
      }
    }
    this.#nacks += asked.length;
    return asked;
  }

  /** Whether a picture was lost for good, so that only a key frame helps. Asked once each time. */
  takeKeyFrameNeed(): boolean {
    const needs = this.#needsKeyFrame;
    this.#needsKeyFrame = false;
    if (needs) this.#plis += 1;
    return needs;
  }

  /** Undefined while nothing came. */
  takeReportBlock(nowMs: number): ReportBlock | undefined {
    if (this.#highest === undefined) return undefined;
    const first = this.#first;
    first.expected = this.#highest - this.#lowest + 1;
    const expected = first.expected - first.lastExpected;
    const lost = expected - (first.received - first.lastReceived);
    first.lastExpected = first.expected;
    first.lastReceived = first.received;
    const report = this.#senderReport;
    return {
      ssrc: this.line.ssrc,
      fractionLost: expected <= 0 ? 0 : Math.max(0, lost) / expected,
      cumulativeLost: Math.max(0, first.expected - first.received),
      highestSequence: this.#highest,
      jitter: this.#jitter,
      lastReport: report?.middleNtp ?? 0,
      delaySinceReport: report === undefined ? 0 : Math.round(((nowMs - report.atMs) / 1000) * 65_536),
    };
  }

  #original(packet: Buffer, view: RtpView, nowMs: number): boolean {
    const sequence = unwrapSequence(view.sequence, this.#highest ?? view.sequence);
    const isNew = this.#place(sequence, nowMs);
    if (!isNew) return false;
    this.#first.received += 1;
    if (isFiller(packet, view, this.line.kind)) return false;
    const isFirst = this.#received === 0;
    this.#measureJitter(view.timestamp, nowMs);
    this.#count(packet, view);
    return isFirst;
  }

  #repair(packet: Buffer, view: RtpView): void {
    const original = originalSequence(packet, view);
    if (original === undefined || this.#highest === undefined) return;
    if (this.#missing.delete(unwrapSequence(original, this.#highest))) this.#count(packet, view);
  }

  /** Whether the packet is the first with this number. Numbers that were jumped over are missing from now on. */
  #place(sequence: number, nowMs: number): boolean {
    const highest = this.#highest;
    if (highest === undefined || Math.abs(sequence - highest) > mostMissing) {
      this.#highest = sequence;
      this.#lowest = sequence - this.#first.received;
      return true;
    }
    if (sequence <= highest) return this.#missing.delete(sequence);
    for (let jumped = highest + 1; jumped < sequence; jumped += 1)
      this.#missing.set(jumped, { sinceMs: nowMs, askedMs: Number.NEGATIVE_INFINITY });
    this.#highest = sequence;
    return true;
  }

  #count(packet: Buffer, view: RtpView): void {
    this.#received += 1;
    this.#bytes += packet.length;
    this.#rtpFirst ??= view.timestamp;
    const passed = (view.timestamp - this.#rtpLast) | 0;
    if (this.#received === 1) this.#rtpLast = view.timestamp;
    else if (passed > 0) this.#rtpLast += passed;
    if (this.line.kind !== 'video' || !view.marker) return;
    const stamp = readStamp(packet, view.payloadEnd);
    if (stamp !== undefined) this.#onStamp(stamp);
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    const rate = clockRates[this.line.kind];
    const transitMs = nowMs - (timestamp * 1000) / rate;
    const difference = Math.abs(transitMs - (this.#lastTransitMs ?? transitMs)) * (rate / 1000);
    this.#lastTransitMs = transitMs;
    // A timestamp that wraps looks like a jump of hours.
    if (difference < rate * 10) this.#jitter += (difference - this.#jitter) / 16;
  }
}

/** Padding alone, or a blank frame of the server: it has a number, and is no media. */
function isFiller(packet: Buffer, view: RtpView, kind: 'audio' | 'video'): boolean {
  const { payloadAt, payloadEnd } = view;
  if (view.padded || payloadEnd === payloadAt) return true;
  if (kind === 'audio')
    return (
      payloadEnd - payloadAt > blankOpus.length && packet.subarray(payloadAt, payloadAt + 3).equals(blankOpus)
    );
  if (payloadEnd - payloadAt > 64) return false;
  const descriptor = parseVp8Descriptor(packet, payloadAt, payloadEnd);
  if (descriptor === undefined) return true;
  return keyFrameSize(packet, payloadAt + descriptor.lengthBytes, payloadEnd)?.width === blankPixels;
}
