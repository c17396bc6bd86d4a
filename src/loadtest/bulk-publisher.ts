import {
  AddTrackRequest,
  type SubscribedQualityUpdate,
  TrackSource,
  TrackType,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import { type PeerTrack, payloadTypes, type SendingLine } from './bulk-line.ts';
import type { Peer } from './bulk-peer.ts';
import type { Fixtures } from './fixture.ts';
import { parseRtcp } from './rtcp.ts';
import { extensionBlock } from './rtp.ts';
import { RtpSender } from './rtp-sender.ts';
import type { LayerName } from './scenario.ts';

export interface PublisherWish {
  readonly fixtures: Fixtures;
  /** Lowest first; none: no picture. */
  readonly layers: readonly LayerName[];
  readonly sendsAudio: boolean;
  readonly random: () => number;
  readonly nowMs: () => number;
}

type SendingPeer = Pick<Peer, 'addSending'>;

interface PublishedTrack {
  readonly kind: 'audio' | 'video';
  readonly cid: string;
  readonly line: SendingLine;
  readonly senders: readonly RtpSender[];
  readonly port: PeerTrack;
}

/** Names of layers on the wire, lowest first, and what the server calls them. */
const rids = ['q', 'h', 'f'] as const;
const qualities = [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH] as const;
const extensions = { transport: 3, mid: 4, rid: 5 } as const;
const transportUri = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const sdesUri = 'urn:ietf:params:rtp-hdrext:sdes';
const reportPauseMs = 1000;
const blockHeaderBytes = 4;

/** What one participant sends: at most one picture and one voice, on a connection that it shares or owns. */
export class Publisher {
  readonly #wish: PublisherWish;
  readonly #tracks: PublishedTrack[] = [];
  readonly #sids = new Map<string, string>();
  #transportSequence = 0;
  #reportAtMs = 0;

  /** Adds its media lines to the connection: mids count from 0. */
  constructor(wish: PublisherWish, peer: SendingPeer) {
    this.#wish = wish;
    if (wish.sendsAudio) this.#tracks.push(this.#audio(peer, String(this.#tracks.length)));
    if (wish.layers.length > 0) this.#tracks.push(this.#video(peer, String(this.#tracks.length)));
    for (const track of this.#tracks) track.port.onPacket((packet) => this.#feedback(track, packet));
  }

  get lines(): number {
    return this.#tracks.length;
  }

  /** What to tell the server before the offer. */
  requests(): readonly AddTrackRequest[] {
    return this.#tracks.map(({ kind, cid, senders }) =>
      kind === 'audio'
        ? new AddTrackRequest({
            cid,
            name: 'microphone',
            type: TrackType.AUDIO,
            source: TrackSource.MICROPHONE,
            disableRed: true,
          })
        : this.#videoRequest(cid, senders),
    );
  }

  /** The server gave a track its id. */
  published(cid: string, sid: string): void {
    this.#sids.set(cid, sid);
  }

  /** Ids of what is published. */
  sids(): readonly string[] {
    return [...this.#sids.values()];
  }

  /** Dynacast: layers that nobody watches are not sent. */
  subscribed(update: SubscribedQualityUpdate): void {
    const wanted = (update.subscribedCodecs[0]?.qualities ?? update.subscribedQualities).filter(
      ({ enabled }) => enabled,
    );
    for (const { kind, cid, senders } of this.#tracks) {
      if (kind !== 'video' || this.#sids.get(cid) !== update.trackSid) continue;
      senders.forEach((sender, index) => {
        const quality = qualities[index];
        sender.want(senders.length === 1 ? wanted.length > 0 : wanted.some((one) => one.quality === quality));
      });
    }
  }

  speak(isSpeaking: boolean): void {
    for (const { kind, senders } of this.#tracks)
      if (kind === 'audio') for (const sender of senders) sender.speak(isSpeaking);
  }

  /** Sends what is due; `stampMs` and `wallMs` are the same instant on the shared clock and for people. */
  tick(nowMs: number, stampMs: number, wallMs: number): void {
    for (const { senders } of this.#tracks) for (const sender of senders) sender.tick(nowMs, stampMs);
    if (nowMs < this.#reportAtMs) return;
    this.#reportAtMs = nowMs + reportPauseMs;
    for (const { senders, port } of this.#tracks)
      for (const sender of senders) if (sender.isWanted) port.send(sender.report(nowMs, wallMs));
  }

  senders(): readonly RtpSender[] {
    return this.#tracks.flatMap(({ senders }) => senders);
  }

  #audio(peer: SendingPeer, mid: string): PublishedTrack {
    const cid = 'microphone';
    const ssrc = this.#number();
    const line: SendingLine = { mid, kind: 'audio', ssrcs: [ssrc], trackId: cid, attributes: [] };
    const port = peer.addSending(line);
    const fixture = this.#wish.fixtures.audio;
    const sender = new RtpSender({
      fixture,
      codec: 'opus',
      ssrc,
      payloadType: payloadTypes.audio,
      startMs: this.#start(fixture.framesPerSecond),
      salt: this.#number(),
      send: (packet) => port.send(packet),
    });
    return { kind: 'audio', cid, line, senders: [sender], port };
  }

  #video(peer: SendingPeer, mid: string): PublishedTrack {
    const cid = 'camera';
    const { layers, fixtures } = this.#wish;
    const ssrcs = layers.map(() => this.#number());
    const line: SendingLine = {
      mid,
      kind: 'video',
      ssrcs,
      trackId: cid,
      attributes: videoAttributes(layers.length),
    };
    const port = peer.addSending(line);
    const senders = layers.map((layer, index) => {
      const fixture = fixtures.video[layer];
      return new RtpSender({
        fixture,
        codec: 'vp8',
        ssrc: ssrcs[index] ?? 0,
        payloadType: payloadTypes.video,
        ...this.#extension(mid, layers.length > 1 ? rids[index] : undefined),
        startMs: this.#start(fixture.framesPerSecond),
        salt: this.#number(),
        send: (packet) => port.send(packet),
      });
    });
    return { kind: 'video', cid, line, senders, port };
  }

  /** The number of the packet comes first, so that its place is the same with and without layers. */
  #extension(mid: string, rid: string | undefined): Pick<RtpSenderWish, 'extension' | 'transport'> {
    const names =
      rid === undefined
        ? []
        : [
            { id: extensions.mid, value: Buffer.from(mid) },
            { id: extensions.rid, value: Buffer.from(rid) },
          ];
    const extension = extensionBlock([{ id: extensions.transport, value: Buffer.alloc(2) }, ...names]);
    const next = (): number => this.#transportSequence++;
    return { extension, transport: { at: blockHeaderBytes + 1, next } };
  }

  #videoRequest(cid: string, senders: readonly RtpSender[]): AddTrackRequest {
    const { layers, fixtures } = this.#wish;
    const described = layers.map((layer, index) => {
      const { width, height, bitsPerSecond } = fixtures.video[layer];
      const quality = layers.length === 1 ? VideoQuality.HIGH : (qualities[index] ?? VideoQuality.HIGH);
      const ssrc = layers.length === 1 ? (senders[0]?.ssrc ?? 0) : 0;
      return new VideoLayer({ quality, width, height, bitrate: bitsPerSecond, ssrc });
    });
    const { width = 0, height = 0 } = described.at(-1) ?? {};
    return new AddTrackRequest({
      cid,
      name: 'camera',
      type: TrackType.VIDEO,
      source: TrackSource.CAMERA,
      width,
      height,
      layers: described,
    });
  }

  #feedback({ senders }: PublishedTrack, packet: Buffer): void {
    for (const message of parseRtcp(packet)) {
      if (message.kind !== 'Nack' && message.kind !== 'KeyFrameRequest') continue;
      const sender = senders.find(({ ssrc }) => ssrc === message.mediaSsrc);
      if (message.kind === 'Nack') sender?.resend(message.sequences);
      else sender?.requestKeyFrame(this.#wish.nowMs());
    }
  }

  #number(): number {
    return 1 + Math.floor(this.#wish.random() * 0x7fff_fffe);
  }

  /** Somewhere within the first frame, so that not everybody sends on the same tick. */
  #start(framesPerSecond: number): number {
    return this.#wish.nowMs() + (this.#wish.random() * 1000) / framesPerSecond;
  }
}

type RtpSenderWish = ConstructorParameters<typeof RtpSender>[0];

function videoAttributes(layers: number): readonly string[] {
  const common = [
    `a=extmap:${extensions.transport} ${transportUri}`,
    `a=rtcp-fb:${payloadTypes.video} transport-cc`,
  ];
  if (layers === 1) return common;
  const used = rids.slice(0, layers);
  return [
    ...common,
    `a=extmap:${extensions.mid} ${sdesUri}:mid`,
    `a=extmap:${extensions.rid} ${sdesUri}:rtp-stream-id`,
    ...used.map((rid) => `a=rid:${rid} send`),
    `a=simulcast:send ${used.join(';')}`,
  ];
}
