import { type Random, stream } from '../workload/random.ts';
import {
  BulkParticipant,
  type Engine,
  type ParticipantEvents,
  type ParticipantWish,
} from './bulk-participant.ts';
import type { TrackCounts } from './receive-track.ts';
import type { PlannedPerson } from './plan.ts';
import type { RunSettings } from './protocol.ts';
import type { SenderCounts } from './rtp-sender.ts';
import type { Keys } from './signal.ts';
import type { ProbeWindow, WorkerWindow } from './window.ts';
import { PersonFaults } from './worker-faults.ts';

/** A subscribed track that should have media. */
export interface ExpectedTrack {
  readonly sid: string;
  readonly announcedMs: number;
  /** Undefined where the server never began to send it. */
  readonly counts: TrackCounts | undefined;
}

/** Sums over all tracks that somebody ever received. */
export type ReceivedSums = Omit<TrackCounts, 'mediaMs'>;

/** One connection of one person: what a worker needs of a bulk participant and of a probe. */
export interface Seat {
  readonly isConnected: boolean;
  /** Answers how long it took. @throws StageError */
  join(): Promise<number>;
  /** Harmless when it has left. */
  leave(): void | Promise<void>;
  speak(isSpeaking: boolean): void;
  tick(nowMs: number, stampMs: number, wallMs: number): void;
  received(): ReceivedSums;
  sent(): SenderCounts;
  publishedTracks(): number;
  expectedTracks(): readonly ExpectedTrack[];
}

/** A seat that decodes. It counts from `open` to `window`. */
export interface ProbeSeat extends Seat {
  open(): Promise<void>;
  /** Undefined where it could not be measured. */
  window(): Promise<ProbeWindow | undefined>;
}

/** Sits somebody down, not yet joined. */
export type TakeSeat<S extends Seat> = (wish: ParticipantWish, events: ParticipantEvents) => S;

/** Where people sit who decode. */
export interface Probes {
  readonly takeSeat: TakeSeat<ProbeSeat>;
  /** What they cost from now until the answer is asked for. */
  watchCost(): () => Promise<WorkerWindow['probeCost']>;
}

/** What a worker knows before people come. */
export interface SeatPlan {
  readonly settings: RunSettings;
  readonly keys: Keys;
}

/** What a planned person asks of the engine, under this name. */
export function wishOf(
  { settings, keys }: SeatPlan,
  person: PlannedPerson,
  identity: string,
): ParticipantWish {
  const { video, audio } = settings.media;
  const offeredLayers = video?.layers ?? [];
  return {
    url: settings.url,
    keys,
    room: person.room,
    identity,
    nodeId: settings.nodeId,
    isSingle: settings.singleConnection,
    sendsAudio: person.sendsAudio && audio !== undefined,
    layers: person.sendsVideo ? offeredLayers : [],
    receives: person.receives,
    offeredLayers,
  };
}

/** The usual seat: a bulk participant, with the faults that the seed gives to its person. */
export class BulkSeat implements Seat {
  readonly #participant: BulkParticipant;
  readonly #faults: PersonFaults;

  constructor(
    wish: ParticipantWish,
    parts: { readonly engine: Engine; readonly events: ParticipantEvents; readonly settings: RunSettings },
  ) {
    const { seed, faults } = parts.settings;
    this.#faults = new PersonFaults(faults, seed, wish.identity.replace(/~\d+$/, ''));
    const random: Random = stream(seed, `engine/${wish.identity}`);
    const events = { ...parts.events, isDropped: () => this.#faults.isDropped() };
    this.#participant = new BulkParticipant(wish, parts.engine, events, random);
  }

  get isConnected(): boolean {
    return this.#participant.isConnected;
  }

  async join(): Promise<number> {
    return await this.#participant.join();
  }

  leave(): void {
    this.#participant.leave();
  }

  speak(isSpeaking: boolean): void {
    this.#participant.publisher?.speak(isSpeaking);
  }

  tick(nowMs: number, stampMs: number, wallMs: number): void {
    this.#faults.tick(stampMs, this.#participant.receiver);
    this.#participant.tick(nowMs, stampMs, wallMs);
  }

  received(): ReceivedSums {
    return this.#participant.receiver.sums();
  }

  sent(): SenderCounts {
    const sums = { packets: 0, bytes: 0, intended: 0 };
    for (const sender of this.#participant.publisher?.senders() ?? []) {
      const { packets, bytes, intended } = sender.counts();
      sums.packets += packets;
      sums.bytes += bytes;
      sums.intended += intended;
    }
    return sums;
  }

  /** A server counts them among its packets. */
  signalMessages(): ReturnType<BulkParticipant['signalMessages']> {
    return this.#participant.signalMessages();
  }

  publishedTracks(): number {
    return this.#participant.publisher?.sids().length ?? 0;
  }

  expectedTracks(): readonly ExpectedTrack[] {
    const bySid = new Map<string, TrackCounts>();
    for (const track of this.#participant.receiver.tracks()) bySid.set(track.line.trackSid, track.counts());
    return this.#participant
      .wanted()
      .map(({ sid, announcedMs }) => ({ sid, announcedMs, counts: bySid.get(sid) }));
  }
}
