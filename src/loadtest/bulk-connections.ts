import {
  type MediaSectionsRequirement,
  SessionDescription,
  SignalTarget,
  TrickleRequest,
  type AddTrackRequest,
} from '@livekit/protocol';
import { type Candidate, Peer, type PeerWish } from './bulk-peer.ts';
import { Publisher, type PublisherWish } from './bulk-publisher.ts';
import type { Receiver } from './receive.ts';
import { receivingAnswer, sendingLines, simulcastOffer } from './sdp.ts';
import type { Request } from './signal.ts';

export type ConnectStage = 'publisher-connected' | 'subscriber-connected';

export interface ConnectionsWish {
  readonly name: string;
  readonly bindAddress: string | undefined;
  readonly send: (request: Request) => void;
  /** Gets the media lines that the server sends on. */
  readonly receiver: Pick<Receiver, 'attach' | 'lines'>;
  /** Undefined: sends nothing. */
  readonly publishes: PublisherWish | undefined;
  /** A connection that stood is gone for good. */
  readonly onFailed: (stage: ConnectStage) => void;
}

/** The WebRTC connections of one participant, as the server's messages drive them. */
export interface Connections {
  readonly publisher: Publisher | undefined;
  /** Which must stand before the participant has joined. */
  readonly stages: readonly { readonly stage: ConnectStage; readonly connected: Promise<void> }[];
  /** After the join was answered. */
  begin(): Promise<void>;
  offer(description: SessionDescription): Promise<void>;
  answer(description: SessionDescription): Promise<void>;
  trickle(trickle: TrickleRequest): void;
  sections(requirement: MediaSectionsRequirement): Promise<void>;
  close(): void;
}

const dataLabel = '_reliable';

/** One connection that stands or does not. */
class Leg {
  readonly peer: Peer;
  readonly connected: Promise<void>;

  constructor(wish: ConnectionsWish, target: SignalTarget, onTrack: PeerWish['onTrack']) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.connected = promise;
    const stage = target === SignalTarget.PUBLISHER ? 'publisher-connected' : 'subscriber-connected';
    this.peer = new Peer({
      name: `${wish.name}/${SignalTarget[target]}`,
      bindAddress: wish.bindAddress,
      onCandidate: ({ candidate, sdpMid }) =>
        wish.send({
          case: 'trickle',
          value: new TrickleRequest({
            target,
            candidateInit: JSON.stringify({ candidate, sdpMid, sdpMLineIndex: 0 }),
          }),
        }),
      onState: (state) => {
        if (state === 'connected') resolve();
        else if (state === 'failed' || state === 'closed') wish.onFailed(stage);
      },
      onTrack,
    });
  }

  trickle({ candidateInit }: TrickleRequest): void {
    if (candidateInit === '') return;
    const { candidate = '', sdpMid = '0' } = JSON.parse(candidateInit) as Partial<Candidate>;
    this.peer.addCandidate({ candidate, sdpMid: sdpMid === '' ? '0' : sdpMid });
  }
}

function addTracks(wish: ConnectionsWish, requests: readonly AddTrackRequest[]): void {
  for (const value of requests) wish.send({ case: 'addTrack', value });
}

/** `/rtc`: one connection for each direction; the server offers what it sends. */
export class TwoConnections implements Connections {
  readonly publisher: Publisher | undefined;
  readonly stages: Connections['stages'];
  readonly #wish: ConnectionsWish;
  readonly #publishing: Leg | undefined;
  readonly #subscribing: Leg;
  #answering: Promise<void> = Promise.resolve();

  constructor(wish: ConnectionsWish) {
    this.#wish = wish;
    this.#subscribing = new Leg(wish, SignalTarget.SUBSCRIBER, (track) => wish.receiver.attach(track));
    const stages = [{ stage: 'subscriber-connected' as const, connected: this.#subscribing.connected }];
    if (wish.publishes !== undefined) {
      this.#publishing = new Leg(wish, SignalTarget.PUBLISHER, () => undefined);
      this.publisher = new Publisher(wish.publishes, this.#publishing.peer);
    }
    this.stages =
      this.#publishing === undefined
        ? stages
        : [{ stage: 'publisher-connected', connected: this.#publishing.connected }, ...stages];
  }

  async begin(): Promise<void> {
    if (this.#publishing === undefined || this.publisher === undefined) return;
    addTracks(this.#wish, this.publisher.requests());
    const sdp = simulcastOffer(await this.#publishing.peer.offer());
    this.#wish.send({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id: 1 }) });
  }

  /** One after the other: an answer belongs to the newest offer, whose id it repeats. */
  async offer({ sdp, id }: SessionDescription): Promise<void> {
    this.#answering = this.#answering.then(async () => {
      this.#wish.receiver.lines(sendingLines(sdp));
      const answer = receivingAnswer(await this.#subscribing.peer.answer(sdp));
      this.#wish.send({
        case: 'answer',
        value: new SessionDescription({ type: 'answer', sdp: answer, id }),
      });
    });
    await this.#answering;
  }

  async answer({ sdp }: SessionDescription): Promise<void> {
    this.#publishing?.peer.accept(sdp);
  }

  trickle(trickle: TrickleRequest): void {
    const leg = trickle.target === SignalTarget.PUBLISHER ? this.#publishing : this.#subscribing;
    leg?.trickle(trickle);
  }

  async sections(): Promise<void> {
    // Only said where one connection serves both directions.
  }

  close(): void {
    this.#publishing?.peer.close();
    this.#subscribing.peer.close();
  }
}

/** `/rtc/v1`: one connection; the client offers, also the empty lines on which the server then sends. */
export class SingleConnection implements Connections {
  readonly publisher: Publisher | undefined;
  readonly stages: Connections['stages'];
  readonly #wish: ConnectionsWish;
  readonly #leg: Leg;
  #nextMid: number;
  #nextId = 0;
  #isOffering = false;
  #needed: ('audio' | 'video')[] = [];

  constructor(wish: ConnectionsWish) {
    this.#wish = wish;
    this.#leg = new Leg(wish, SignalTarget.PUBLISHER, () => undefined);
    this.publisher = wish.publishes === undefined ? undefined : new Publisher(wish.publishes, this.#leg.peer);
    this.#leg.peer.addData(dataLabel);
    // The library gives the data channels the first free number.
    this.#nextMid = (this.publisher?.lines ?? 0) + 1;
    this.stages = [{ stage: 'publisher-connected', connected: this.#leg.connected }];
  }

  async begin(): Promise<void> {
    addTracks(this.#wish, this.publisher?.requests() ?? []);
    await this.#offer();
  }

  async offer(): Promise<void> {
    // The client is the only one to offer.
  }

  async answer({ sdp }: SessionDescription): Promise<void> {
    this.#leg.peer.accept(sdp);
    this.#wish.receiver.lines(sendingLines(sdp));
    this.#isOffering = false;
    if (this.#needed.length > 0) await this.#offer();
  }

  trickle(trickle: TrickleRequest): void {
    this.#leg.trickle(trickle);
  }

  /** What comes while an offer is open is offered with the next one. */
  async sections({ numAudios, numVideos }: MediaSectionsRequirement): Promise<void> {
    this.#needed.push(...Array.from({ length: numAudios }, () => 'audio' as const));
    this.#needed.push(...Array.from({ length: numVideos }, () => 'video' as const));
    if (!this.#isOffering) await this.#offer();
  }

  close(): void {
    this.#leg.peer.close();
  }

  async #offer(): Promise<void> {
    this.#isOffering = true;
    for (const kind of this.#needed) {
      this.#wish.receiver.attach(this.#leg.peer.addReceiving(String(this.#nextMid), kind));
      this.#nextMid += 1;
    }
    this.#needed = [];
    const sdp = simulcastOffer(await this.#leg.peer.offer());
    this.#nextId += 1;
    this.#wish.send({
      case: 'offer',
      value: new SessionDescription({ type: 'offer', sdp, id: this.#nextId }),
    });
  }
}
