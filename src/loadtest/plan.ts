/** Who joins which room, as whom, and when: made from scenario and seed alone, so that a run can be repeated. */
import type { Receives } from './scenario.ts';

/** Names are relative: a run puts its own prefix before those of rooms. */
export interface PlannedRoom {
  readonly index: number;
  readonly name: string;
  readonly shape: string;
}

export interface PlannedPerson {
  /** Unique in the run; also the LiveKit identity. */
  readonly identity: string;
  readonly room: string;
  readonly role: string;
  readonly sendsVideo: boolean;
  readonly sendsAudio: boolean;
  readonly receives: Receives;
  /** A probe decodes what it receives and sends what its role sends. */
  readonly probe: boolean;
}

/** One change of who is there, so many ms after the change of level begins. Sorted by `atMs`. */
export type PlannedStep =
  | { readonly kind: 'Join'; readonly atMs: number; readonly person: PlannedPerson }
  | { readonly kind: 'Leave'; readonly atMs: number; readonly identity: string };

/** The way from one level to the next: whole rooms (or viewers) are added at the end or taken from the end. */
export interface LevelChange {
  readonly from: number;
  readonly to: number;
  readonly rooms: readonly PlannedRoom[];
  readonly steps: readonly PlannedStep[];
}

/** What a level should cost, before anything starts. */
export interface LevelEstimate {
  readonly level: number;
  readonly rooms: number;
  readonly participants: number;
  readonly publishedTracks: number;
  /** Those with media: pictures beyond the tiles are switched off. */
  readonly subscribedTracks: number;
  /** Of the server's view: what it takes in and what it gives out. RTP with its headers. */
  readonly packetsPerSecondIn: number;
  readonly packetsPerSecondOut: number;
  readonly mbpsIn: number;
  readonly mbpsOut: number;
  /** Worker processes that carry it without being late. */
  readonly workers: number;
  readonly generatorCores: number;
  readonly serverCores: number;
  readonly serverMegabytes: number;
}
