import { Audio, type DataChannel, PeerConnection, type RtcConfig, type Track, Video } from 'node-datachannel';
import { type PeerTrack, payloadTypes, type SendingLine } from './bulk-line.ts';
import { isUsableCandidate, withoutCandidates } from './sdp.ts';

export interface Candidate {
  readonly candidate: string;
  readonly sdpMid: string;
}

export interface PeerWish {
  readonly name: string;
  /** Undefined: all addresses of this machine. */
  readonly bindAddress: string | undefined;
  readonly onCandidate: (candidate: Candidate) => void;
  /** `connected`, `failed`, `closed` and what lies between. */
  readonly onState: (state: string) => void;
  /** A media line that the other side opened. */
  readonly onTrack: (track: PeerTrack) => void;
}

/** A WebRTC connection. Descriptions are handed out without candidates; ours follow once the server's answer is stored. */
export class Peer {
  readonly #pc: PeerConnection;
  readonly #wish: PeerWish;
  /** To be closed one by one: each would hold the process. */
  readonly #tracks: Track[] = [];
  #data: DataChannel | undefined;
  readonly #heldOurs: Candidate[] = [];
  readonly #heldTheirs: Candidate[] = [];
  #described: ((sdp: string) => void) | undefined;
  #hasRemote = false;
  #isClosed = false;

  constructor(wish: PeerWish) {
    this.#wish = wish;
    const config: RtcConfig = {
      iceServers: [],
      disableAutoNegotiation: true,
      // Without it a first description that has data channels only starts a connection that can never carry media.
      forceMediaTransport: true,
      disableFingerprintVerification: true,
      ...(wish.bindAddress === undefined ? {} : { bindAddress: wish.bindAddress }),
    };
    this.#pc = new PeerConnection(wish.name, config);
    this.#pc.onLocalDescription((sdp) => this.#described?.(withoutCandidates(sdp)));
    // The library gives the line of a description; signalling wants its value.
    this.#pc.onLocalCandidate((line, sdpMid) => this.#ours({ candidate: line.replace(/^a=/, ''), sdpMid }));
    this.#pc.onStateChange((state) => {
      if (!this.#isClosed) wish.onState(state);
    });
    this.#pc.onTrack((track) => wish.onTrack(this.#take(track)));
  }

  addSending(line: SendingLine): PeerTrack {
    const media = line.kind === 'audio' ? new Audio(line.mid, 'SendOnly') : new Video(line.mid, 'SendOnly');
    addCodec(media);
    for (const ssrc of line.ssrcs) media.addSSRC(ssrc, 'bulk', 'stream', line.trackId);
    for (const attribute of line.attributes) media.parseSdpLine(attribute);
    return this.#take(this.#pc.addTrack(media));
  }

  addReceiving(mid: string, kind: 'audio' | 'video'): PeerTrack {
    const media = kind === 'audio' ? new Audio(mid, 'RecvOnly') : new Video(mid, 'RecvOnly');
    addCodec(media);
    return this.#take(this.#pc.addTrack(media));
  }

  /** As SDKs do; also what makes a connection without media possible. */
  addData(label: string): void {
    this.#data = this.#pc.createDataChannel(label);
  }

  async offer(): Promise<string> {
    return await this.#describe('offer');
  }

  async answer(offer: string): Promise<string> {
    this.#setRemote(offer, 'offer');
    return await this.#describe('answer');
  }

  accept(answer: string): void {
    this.#setRemote(answer, 'answer');
  }

  /** Those that come before the description that they belong to wait for it. */
  addCandidate(candidate: Candidate): void {
    if (!isUsableCandidate(candidate.candidate) || this.#isClosed) return;
    if (this.#hasRemote) this.#pc.addRemoteCandidate(candidate.candidate, candidate.sdpMid);
    else this.#heldTheirs.push(candidate);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const track of this.#tracks) track.close();
    this.#data?.close();
    this.#pc.close();
  }

  #take(track: Track): PeerTrack {
    this.#tracks.push(track);
    return wrap(track);
  }

  async #describe(type: 'offer' | 'answer'): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#described = resolve;
    this.#pc.setLocalDescription(type);
    return await promise;
  }

  #setRemote(sdp: string, type: 'offer' | 'answer'): void {
    if (this.#isClosed) return;
    this.#pc.setRemoteDescription(sdp, type);
    this.#hasRemote = true;
    for (const held of this.#heldTheirs.splice(0)) this.addCandidate(held);
    for (const held of this.#heldOurs.splice(0)) this.#wish.onCandidate(held);
  }

  #ours(candidate: Candidate): void {
    if (this.#isClosed) return;
    if (this.#hasRemote) this.#wish.onCandidate(candidate);
    else this.#heldOurs.push(candidate);
  }
}

function addCodec(media: Audio | Video): void {
  if (media instanceof Audio) return void media.addOpusCodec(payloadTypes.audio);
  media.addVP8Codec(payloadTypes.video);
  media.addRTXCodec(payloadTypes.repair, payloadTypes.video, 90_000);
}

/** Asks whether the line is open instead of being told: each handler is one more to look at whenever a packet comes in. */
function wrap(track: Track): PeerTrack {
  return {
    mid: track.mid(),
    send: (packet) => {
      // The line may close between the question and the packet, which the library says by throwing.
      try {
        return track.isOpen() && track.sendMessageBinary(packet);
      } catch {
        return false;
      }
    },
    onPacket: (handle) => track.onMessage(handle),
  };
}
