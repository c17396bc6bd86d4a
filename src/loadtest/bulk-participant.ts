import { DisconnectReason, type JoinResponse, LeaveRequest } from '@livekit/protocol';
import type { Clock } from '../base/clock.ts';
import type { Timers } from '../livekit/timers.ts';
import type { Random } from '../workload/random.ts';
import { type Connections, type ConnectStage, SingleConnection, TwoConnections } from './bulk-connections.ts';
import { Layout } from './bulk-layout.ts';
import type { Publisher } from './bulk-publisher.ts';
import { type RemoteTrack, Roster } from './bulk-roster.ts';
import { type Stage, stageDeadlinesMs, StageError } from './bulk-stage.ts';
import type { Fixtures } from './fixture.ts';
import { Receiver } from './receive.ts';
import type { LayerName, Receives } from './scenario.ts';
import { type Keys, makeToken, type Response, SignalLink } from './signal.ts';
import { isOnThisMachine } from './same-machine.ts';

export interface ParticipantWish {
  readonly url: string;
  readonly keys: Keys;
  readonly room: string;
  readonly identity: string;
  /** A join that ends on another node has failed. */
  readonly nodeId: string | undefined;
  readonly isSingle: boolean;
  readonly sendsAudio: boolean;
  /** Lowest first; none: sends no picture. */
  readonly layers: readonly LayerName[];
  readonly receives: Receives;
  /** Of those that others send, lowest first: the layer asked for is one of them. */
  readonly offeredLayers: readonly LayerName[];
}

/** What participants share. */
export interface Engine {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fixtures: Fixtures;
}

export interface ParticipantEvents {
  /** Of a track: how long after it was announced, or after the join began if that was later. */
  onFirstPacket(tookMs: number): void;
  onStamp(stamp: number): void;
  isDropped(): boolean;
  /** It had joined, and nobody here asked it to leave. Said at most once. */
  onLost(detail: string): void;
}

/** A participant that sends recorded media and counts what it receives: to the server it is one like any other. */
export class BulkParticipant {
  readonly wish: ParticipantWish;
  readonly receiver: Receiver;
  readonly #engine: Engine;
  readonly #events: ParticipantEvents;
  readonly #random: Random;
  readonly #roster: Roster;
  readonly #joined = Promise.withResolvers<JoinResponse>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #media = Promise.withResolvers<void>();
  readonly #layout = new Layout();
  #link: SignalLink | undefined;
  #connections: Connections | undefined;
  #startedMs = 0;
  #stage: Stage = 'ws';
  #state: 'Joining' | 'Joined' | 'Ended' = 'Joining';

  constructor(wish: ParticipantWish, engine: Engine, events: ParticipantEvents, random: Random) {
    this.wish = wish;
    this.#engine = engine;
    this.#events = events;
    this.#random = random;
    this.#roster = new Roster(wish.identity);
    this.#failed.promise.catch(() => undefined);
    this.receiver = new Receiver({
      ssrc: 1 + Math.floor(random() * 0x7fff_fffe),
      onFirstPacket: (sid, nowMs) => this.#firstPacket(sid, nowMs),
      onStamp: (stamp) => events.onStamp(stamp),
      isDropped: () => events.isDropped(),
      nowMs: () => engine.clock.elapsedMs(),
    });
  }

  get publisher(): Publisher | undefined {
    return this.#connections?.publisher;
  }

  get isConnected(): boolean {
    return this.#state === 'Joined';
  }

  /** Of signalling, so far. */
  signalMessages(): ReturnType<SignalLink['messages']> {
    return this.#link?.messages() ?? { sent: 0, received: 0 };
  }

  /** What should arrive here, by the word of the server. */
  wanted(): readonly RemoteTrack[] {
    return this.#roster.wanted(this.wish.receives);
  }

  /**
   * Joins, and waits for the first packet if there is anything to receive. Answers after how many milliseconds its
   * connections stood. @throws StageError; it has left then.
   */
  async join(): Promise<number> {
    try {
      const tookMs = await this.#goThrough();
      this.#state = 'Joined';
      return tookMs;
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Says goodbye and closes everything. Harmless when it has left. */
  leave(): void {
    if (this.#state === 'Ended') return;
    this.#state = 'Ended';
    this.#failed.reject(new StageError(this.#stage, 'left'));
    const value = new LeaveRequest({ reason: DisconnectReason.CLIENT_INITIATED });
    this.#link?.send({ case: 'leave', value });
    this.#link?.close();
    this.#connections?.close();
  }

  /** Sends, asks and reports what is due. The three times are the same instant. */
  tick(nowMs: number, stampMs: number, wallMs: number): void {
    this.publisher?.tick(nowMs, stampMs, wallMs);
    this.receiver.tick(nowMs);
  }

  async #goThrough(): Promise<number> {
    const { wish } = this;
    const { clock, timers } = this.#engine;
    this.#startedMs = clock.elapsedMs();
    const token = await makeToken(wish.keys, wish.room, wish.identity);
    const link = new SignalLink({
      url: wish.url,
      token,
      isSingle: wish.isSingle,
      timers,
      onMessage: (message) => this.#hear(message),
      onClosed: (detail) => this.#lost(detail),
    });
    this.#link = link;
    await this.#within('ws', link.opened());
    const answer = await this.#within('join', this.#joined.promise);
    link.keepAlive(answer.pingInterval, () => clock.wallMs());
    this.#checkNode(answer);
    const connections = this.#connections;
    if (connections === undefined) throw new StageError('join', 'no connections');
    await connections.begin();
    for (const { stage, connected } of connections.stages) await this.#within(stage, connected);
    const tookMs = clock.elapsedMs() - this.#startedMs;
    if (this.wanted().length > 0) await this.#within('first-packet', this.#media.promise);
    return tookMs;
  }

  async #within<T>(stage: Stage, work: Promise<T>): Promise<T> {
    this.#stage = stage;
    const { promise, reject } = Promise.withResolvers<never>();
    const ms = stageDeadlinesMs[stage];
    const cancel = this.#engine.timers.after(ms, () => reject(new StageError(stage, `not within ${ms} ms`)));
    try {
      return await Promise.race([work, promise, this.#failed.promise]);
    } finally {
      cancel();
    }
  }

  #checkNode(answer: JoinResponse): void {
    const { nodeId } = this.wish;
    const actual = answer.serverInfo?.nodeId;
    if (nodeId !== undefined && actual !== nodeId)
      throw new StageError('node', `the room is on ${actual ?? 'an unknown node'}, not on ${nodeId}`);
  }

  #hear(message: Response): void {
    if (this.#state === 'Ended') return;
    this.#obey(message).catch((error: unknown) =>
      this.#lost(error instanceof Error ? error.message : String(error)),
    );
  }

  /** All else that a server says matters to people only. */
  async #obey(message: Response): Promise<void> {
    if (message.case === 'join') this.#onJoin(message.value);
    else if (message.case === 'update') this.#hearOf(message.value.participants);
    else if (message.case === 'leave')
      this.#lost(`the server let it go: ${DisconnectReason[message.value.reason]}`);
    else if (this.#connections !== undefined) await this.#negotiate(message, this.#connections);
  }

  async #negotiate(message: Response, connections: Connections): Promise<void> {
    if (message.case === 'offer') await connections.offer(message.value);
    else if (message.case === 'answer') await connections.answer(message.value);
    else if (message.case === 'mediaSectionsRequirement') await connections.sections(message.value);
    else if (message.case === 'trickle') connections.trickle(message.value);
    else this.#obeyAsPublisher(message);
  }

  #obeyAsPublisher(message: Response): void {
    if (message.case === 'trackPublished')
      this.publisher?.published(message.value.cid, message.value.track?.sid ?? '');
    else if (message.case === 'subscribedQualityUpdate') this.publisher?.subscribed(message.value);
  }

  /** The connections must be there before the next message, which may be an offer. */
  #onJoin(answer: JoinResponse): void {
    const { wish } = this;
    const sends = wish.sendsAudio || wish.layers.length > 0;
    const nowMs = (): number => this.#engine.clock.elapsedMs();
    const connectionsWish = {
      name: wish.identity,
      // On loopback nothing else is reachable, and other addresses would only cost time.
      bindAddress: isOnThisMachine(wish.url) ? '127.0.0.1' : undefined,
      send: (request: Parameters<SignalLink['send']>[0]): void => this.#link?.send(request),
      receiver: this.receiver,
      publishes: sends
        ? {
            fixtures: this.#engine.fixtures,
            layers: wish.layers,
            sendsAudio: wish.sendsAudio,
            random: this.#random,
            nowMs,
          }
        : undefined,
      onFailed: (stage: ConnectStage): void => this.#lost(`${stage} failed`),
    };
    this.#connections = wish.isSingle
      ? new SingleConnection(connectionsWish)
      : new TwoConnections(connectionsWish);
    this.#joined.resolve(answer);
    this.#hearOf(answer.otherParticipants);
  }

  #hearOf(participants: JoinResponse['otherParticipants']): void {
    this.#roster.update(participants, this.#engine.clock.elapsedMs());
    const { receives, offeredLayers } = this.wish;
    for (const request of this.#layout.changes(this.#roster, receives, offeredLayers))
      this.#link?.send(request);
  }

  #firstPacket(trackSid: string, nowMs: number): void {
    this.#media.resolve();
    // On a busy machine media may be there before the server has announced it: then it took no time.
    const announcedMs = this.#roster.tracks().find(({ sid }) => sid === trackSid)?.announcedMs ?? nowMs;
    this.#events.onFirstPacket(nowMs - Math.max(this.#startedMs, announcedMs));
  }

  #lost(detail: string): void {
    if (this.#state === 'Ended') return;
    if (this.#state === 'Joining') {
      this.#failed.reject(new StageError(this.#stage, detail));
      return;
    }
    this.leave();
    this.#events.onLost(detail);
  }
}
