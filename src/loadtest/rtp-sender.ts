import type { Fixture, FixtureFrame, FixturePacket } from './fixture.ts';
import { senderReport } from './rtcp.ts';
import { writeRtpHeader } from './rtp.ts';
import { writeStamp } from './rtp-stamp.ts';
import { writeVp8Descriptor } from './vp8.ts';

/** Sends one packet now. Answers whether it went out. The bytes are only valid during the call. */
export type SendPacket = (packet: Buffer) => boolean;

export interface SenderWish {
  readonly fixture: Fixture;
  readonly codec: 'vp8' | 'opus';
  readonly ssrc: number;
  readonly payloadType: number;
  /** Made by `extensionBlock`; written on each packet as it is. */
  readonly extension?: Buffer;
  /** Numbers all packets of a connection; written into the extension at `at`. */
  readonly transport?: { readonly at: number; next(): number };
  /** When the first frame is due. */
  readonly startMs: number;
  /** Any number: where sequence numbers, timestamps and the loop begin. */
  readonly salt: number;
  readonly send: SendPacket;
}

/** Sums since the sender began; differences of two give a window. */
export interface SenderCounts {
  readonly packets: number;
  readonly bytes: number;
  /** What the clock asked for, whether it went out or not. */
  readonly intended: number;
}

interface SentPacket {
  sequence: number;
  timestamp: number;
  marker: boolean;
  pictureId: number;
  stampMs: number;
  packet: FixturePacket;
}

const clockRates = { vp8: 90_000, opus: 48_000 } as const;
const silence: FixtureFrame = [{ start: false, bytes: Buffer.of(0xf8, 0xff, 0xfe) }];
/** Who is silent sends one packet in this many: 400 ms. */
const silentFrames = 20;
const keyFramePauseMs = 300;
/** Frames that are later than this are not sent at all: a burst would only make it worse. */
const tooLateMs = 500;
const ringPackets = 256;
/** One for all senders of the process: a packet is copied by the transport before the call returns. */
const scratch = Buffer.alloc(2048);

/** Plays a recording as one RTP stream, by the clock: a frame is due when it is due, whatever happened to the others. */
export class RtpSender {
  readonly ssrc: number;
  /** Someone wants this layer. A layer that begins again begins with a key frame. */
  #isWanted = true;
  #isSpeaking = true;
  readonly #wish: SenderWish;
  readonly #frameMs: number;
  readonly #clockRate: number;
  readonly #ring: SentPacket[] = [];
  #frame = 0;
  #position = 0;
  #lastKeyMs = Number.NEGATIVE_INFINITY;
  #sequence: number;
  #pictureId: number;
  #wasSilent = true;
  #packets = 0;
  #payloadBytes = 0;
  #bytes = 0;
  #intended = 0;

  constructor(wish: SenderWish) {
    this.#wish = wish;
    this.ssrc = wish.ssrc;
    this.#frameMs = 1000 / wish.fixture.framesPerSecond;
    this.#clockRate = clockRates[wish.codec];
    this.#sequence = wish.salt & 0x7fff;
    this.#pictureId = wish.salt & 0x7fff;
  }

  counts(): SenderCounts {
    return { packets: this.#packets, bytes: this.#bytes, intended: this.#intended };
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Dynacast: a layer that nobody watches is not sent. */
  want(isWanted: boolean): void {
    if (isWanted && !this.#isWanted) this.#position = 0;
    this.#isWanted = isWanted;
  }

  speak(isSpeaking: boolean): void {
    this.#isSpeaking = isSpeaking;
  }

  /** Sends what is due. `stampMs` is the same instant on the clock that all workers share. */
  tick(nowMs: number, stampMs: number): void {
    const { startMs } = this.#wish;
    for (let dueMs = startMs + this.#frame * this.#frameMs; dueMs <= nowMs; dueMs += this.#frameMs) {
      const frame = this.#nextFrame();
      if (frame !== undefined) this.#sendFrame(frame, nowMs - dueMs > tooLateMs ? undefined : stampMs);
      this.#frame += 1;
    }
  }

  /** Starts the loop again with its key frame, but not for each of many requests. */
  requestKeyFrame(nowMs: number): void {
    if (nowMs - this.#lastKeyMs < keyFramePauseMs) return;
    this.#lastKeyMs = nowMs;
    this.#position = 0;
  }

  /** Sends packets again that the server missed, as far as they are still known. */
  resend(sequences: readonly number[]): void {
    for (const sequence of sequences) {
      const sent = this.#ring[sequence % ringPackets];
      if (sent?.sequence === sequence) this.#write(sent);
    }
  }

  /** A sender report for this instant. */
  report(nowMs: number, wallMs: number): Buffer {
    const rtpTimestamp = this.#timestampAt(((nowMs - this.#wish.startMs) / 1000) * this.#clockRate);
    return senderReport({
      ssrc: this.ssrc,
      wallMs,
      rtpTimestamp,
      packets: this.#packets,
      bytes: this.#payloadBytes,
    });
  }

  #timestampAt(units: number): number {
    return (this.#wish.salt + Math.round(units)) >>> 0;
  }

  /** Undefined where nothing is due: the layer is off, or the speaker is silent and this is not the packet of 400 ms. */
  #nextFrame(): FixtureFrame | undefined {
    if (!this.#isWanted) return undefined;
    if (this.#wish.codec === 'opus' && !this.#isSpeaking) {
      this.#wasSilent = true;
      return this.#frame % silentFrames === 0 ? silence : undefined;
    }
    const { frames } = this.#wish.fixture;
    const frame = frames[this.#position];
    this.#position = (this.#position + 1) % frames.length;
    return frame;
  }

  #sendFrame(frame: FixtureFrame, stampMs: number | undefined): void {
    this.#intended += frame.length;
    if (stampMs === undefined) return;
    const isVideo = this.#wish.codec === 'vp8';
    const timestamp = this.#timestampAt((this.#frame * this.#clockRate) / this.#wish.fixture.framesPerSecond);
    const isFirstOfTalk = !isVideo && this.#wasSilent && frame !== silence;
    if (isFirstOfTalk) this.#wasSilent = false;
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    frame.forEach((packet, index) => {
      const isLast = index === frame.length - 1;
      this.#sendNew({
        sequence: this.#sequence,
        timestamp,
        marker: isVideo ? isLast : isFirstOfTalk,
        pictureId: this.#pictureId,
        stampMs: isVideo && isLast ? stampMs : Number.NaN,
        packet,
      });
    });
  }

  #sendNew(sent: SentPacket): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    if (this.#wish.codec === 'vp8') this.#ring[sent.sequence % ringPackets] = sent;
    const bytes = this.#write(sent);
    if (bytes === 0) return;
    this.#packets += 1;
    this.#bytes += bytes;
    this.#payloadBytes += sent.packet.bytes.length;
  }

  /** Answers the bytes that went out. */
  #write(sent: SentPacket): number {
    const { payloadType, ssrc, extension, transport, codec, send } = this.#wish;
    if (extension !== undefined && transport !== undefined)
      extension.writeUInt16BE(transport.next() & 0xffff, transport.at);
    const { marker, sequence, timestamp } = sent;
    let at = writeRtpHeader(scratch, { marker, payloadType, sequence, timestamp, ssrc }, extension);
    if (codec === 'vp8') at = writeVp8Descriptor(scratch, at, sent.packet.start, sent.pictureId);
    at += sent.packet.bytes.copy(scratch, at);
    if (!Number.isNaN(sent.stampMs)) at = writeStamp(scratch, at, sent.stampMs);
    return send(scratch.subarray(0, at)) ? at : 0;
  }
}
