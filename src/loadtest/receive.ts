import type { PeerTrack } from './bulk-line.ts';
import { ReceivedTrack, type TrackCounts } from './receive-track.ts';
import {
  mostReportBlocks,
  nack,
  parseRtcp,
  pictureLoss,
  receiverBandwidth,
  receiverReport,
  type ReportBlock,
} from './rtcp.ts';
import { isRtcp, parseRtp } from './rtp.ts';
import type { MediaLine } from './sdp.ts';

export interface ReceiverWish {
  /** Names this participant in its reports. */
  readonly ssrc: number;
  /** The first packet of a track, by its sid. */
  readonly onFirstPacket: (trackSid: string, nowMs: number) => void;
  /** A frame with its sender's stamp. */
  readonly onStamp: (stamp: number) => void;
  /** Whether a packet is to be lost on the way, as a fault. */
  readonly isDropped: () => boolean;
  readonly nowMs: () => number;
}

const repairPauseMs = 50;
const reportPauseMs = 1000;
const keyFramePauseMs = 500;

/** All that one participant receives, and what it says about it to the server. */
export class Receiver {
  readonly #wish: ReceiverWish;
  readonly #ports = new Map<string, PeerTrack>();
  /** By the id of the media line. */
  readonly #tracks = new Map<string, ReceivedTrack>();
  readonly #askedKeyFrameMs = new Map<string, number>();
  readonly #retired = { received: 0, lost: 0, bytes: 0, nacks: 0, plis: 0 };
  #repairAtMs = 0;
  #reportAtMs = 0;

  constructor(wish: ReceiverWish) {
    this.#wish = wish;
  }

  /** A media line is there; what comes on it is said by `lines`. */
  attach(port: PeerTrack): void {
    this.#ports.set(port.mid, port);
    port.onPacket((packet) => this.#packet(port.mid, packet));
  }

  /** What the newest description of the server sends. A line whose SSRC has changed is another track. */
  lines(lines: readonly MediaLine[]): void {
    const named = new Set(lines.map(({ mid }) => mid));
    for (const mid of this.#tracks.keys()) if (!named.has(mid)) this.#retire(mid);
    for (const line of lines) {
      const known = this.#tracks.get(line.mid)?.line;
      if (known?.ssrc === line.ssrc && known.trackSid === line.trackSid) continue;
      this.#retire(line.mid);
      this.#tracks.set(line.mid, new ReceivedTrack(line, this.#wish.onStamp));
    }
  }

  tracks(): Iterable<ReceivedTrack> {
    return this.#tracks.values();
  }

  /** Of all tracks, also of those that are no more. */
  sums(): Omit<TrackCounts, 'mediaMs'> {
    const sums = { ...this.#retired };
    for (const track of this.#tracks.values()) addCounts(sums, track.counts());
    return sums;
  }

  /** Asks for what is missing and reports, as often as each is due. */
  tick(nowMs: number): void {
    if (nowMs >= this.#repairAtMs) {
      this.#repairAtMs = nowMs + repairPauseMs;
      for (const track of this.#tracks.values()) if (track.isMissingSome) this.#repair(track, nowMs);
    }
    if (nowMs >= this.#reportAtMs) {
      this.#reportAtMs = nowMs + reportPauseMs;
      this.#report(nowMs);
    }
  }

  /** Claims that no more than this can be received in all. */
  claimBandwidth(bitsPerSecond: number): void {
    const ssrcs = [...this.#tracks.values()].filter(({ hasMedia }) => hasMedia).map(({ line }) => line.ssrc);
    const [port] = this.#ports.values();
    if (ssrcs.length > 0) port?.send(receiverBandwidth(this.#wish.ssrc, bitsPerSecond, ssrcs.slice(0, 255)));
  }

  #retire(mid: string): void {
    const track = this.#tracks.get(mid);
    if (track !== undefined) addCounts(this.#retired, track.counts());
    this.#tracks.delete(mid);
  }

  #packet(mid: string, packet: Buffer): void {
    const track = this.#tracks.get(mid);
    if (track === undefined) return;
    const nowMs = this.#wish.nowMs();
    if (isRtcp(packet)) {
      for (const message of parseRtcp(packet))
        if (message.kind === 'SenderReport' && message.ssrc === track.line.ssrc)
          track.senderReport(message.middleNtp, nowMs);
      return;
    }
    const view = parseRtp(packet);
    if (view === undefined || this.#wish.isDropped()) return;
    if (track.packet(packet, view, nowMs)) this.#wish.onFirstPacket(track.line.trackSid, nowMs);
  }

  #repair(track: ReceivedTrack, nowMs: number): void {
    const { mid, ssrc } = track.line;
    const port = this.#ports.get(mid);
    const asked = track.takeNacks(nowMs);
    if (asked.length > 0) port?.send(nack(this.#wish.ssrc, ssrc, asked));
    const lastMs = this.#askedKeyFrameMs.get(mid) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < keyFramePauseMs || !track.takeKeyFrameNeed()) return;
    this.#askedKeyFrameMs.set(mid, nowMs);
    port?.send(pictureLoss(this.#wish.ssrc, ssrc));
  }

  /** One report speaks of all tracks, as browsers send it. */
  #report(nowMs: number): void {
    const blocks: ReportBlock[] = [];
    let port: PeerTrack | undefined;
    for (const track of this.#tracks.values()) {
      const block = track.takeReportBlock(nowMs);
      if (block === undefined) continue;
      blocks.push(block);
      port ??= this.#ports.get(track.line.mid);
    }
    for (let from = 0; from < blocks.length; from += mostReportBlocks)
      port?.send(receiverReport(this.#wish.ssrc, blocks.slice(from, from + mostReportBlocks)));
  }
}

type Sums = { -readonly [K in keyof Omit<TrackCounts, 'mediaMs'>]: number };

function addCounts(sums: Sums, counts: TrackCounts): void {
  sums.received += counts.received;
  sums.lost += counts.lost;
  sums.bytes += counts.bytes;
  sums.nacks += counts.nacks;
  sums.plis += counts.plis;
}
