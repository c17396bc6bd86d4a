import { setTimeout as sleep } from 'node:timers/promises';
import {
  AudioFrame,
  AudioSource,
  DisconnectReason,
  LocalAudioTrack,
  Room,
  RoomEvent,
} from '@livekit/rtc-node';
import { TrackPublishOptions, TrackSource } from '@livekit/rtc-node';
import type { ApiKey } from './local-servers.ts';
import { makeToken } from './signal-client.ts';

export interface JoinWish {
  /** `ws://host:port` of any server. */
  readonly url: string;
  readonly room: string;
  readonly identity: string;
  readonly publish?: 'audio' | 'none';
}

/** What happened to one participant. Times are milliseconds since the Unix epoch. */
export interface ParticipantReport {
  readonly room: string;
  readonly identity: string;
  /** Id of the room that it joined: a room that is made a second time has another one. */
  readonly sid: string;
  readonly joinedAtMs: number;
  readonly joinMs: number;
  /** Set when it left by its own wish. */
  readonly leftAtMs: number | undefined;
  /** Disconnects that nobody here asked for: each one is a participant that was cut. */
  readonly unexpected: readonly { readonly atMs: number; readonly reason: string }[];
  readonly reconnecting: readonly number[];
  readonly reconnected: readonly number[];
  readonly tracksHeard: number;
  readonly connected: boolean;
}

interface Seat {
  readonly room: Room;
  readonly roomName: string;
  readonly identity: string;
  readonly joinedAtMs: number;
  readonly joinMs: number;
  readonly unexpected: { atMs: number; reason: string }[];
  readonly reconnecting: number[];
  readonly reconnected: number[];
  sid: string;
  tracksHeard: number;
  leftAtMs: number | undefined;
  stopTone: () => Promise<void>;
}

/** Real WebRTC participants in this process, with a diary of each. */
export class Participants {
  readonly #key: ApiKey;
  readonly #onChange: (report: ParticipantReport) => void;
  #seats: Seat[] = [];

  /** `onChange` hears of everything that the diary of a participant takes down, from its entry on. */
  constructor(key: ApiKey, onChange: (report: ParticipantReport) => void = () => undefined) {
    this.#key = key;
    this.#onChange = onChange;
  }

  /**
   * Joins, and publishes if wished. Resolves when connected. Tried once more, as an application would, where the media
   * library here gave up on itself: no server had a part in it. @throws ConnectError when refused.
   */
  async join(wish: JoinWish): Promise<void> {
    try {
      await this.#enter(wish);
    } catch (error) {
      if (!wasTooSlowItself(error)) throw error;
      await this.#enter(wish);
    }
  }

  async #enter(wish: JoinWish): Promise<void> {
    const token = await makeToken({ ...wish, key: this.#key });
    const room = new Room();
    const startMs = Date.now();
    const diary = { unexpected: [], reconnecting: [], reconnected: [], sid: '', tracksHeard: 0 };
    const seat: Seat = {
      ...diary,
      room,
      roomName: wish.room,
      identity: wish.identity,
      joinedAtMs: startMs,
      joinMs: 0,
      leftAtMs: undefined,
      stopTone: async () => undefined,
    };
    keepDiary(seat, () => this.#tell(seat));
    await room.connect(wish.url, token, { autoSubscribe: true, dynacast: false });
    const joinedAtMs = Date.now();
    const joined = Object.assign(seat, { joinedAtMs, joinMs: joinedAtMs - startMs });
    this.#seats.push(joined);
    joined.sid = await room.getSid();
    this.#tell(joined);
    if (wish.publish === 'audio') joined.stopTone = await publishTone(room);
  }

  /** Lets everybody leave who is in that room or has that identity. @returns whether the library let go of all of them */
  async leave(roomOrIdentity: string): Promise<boolean> {
    const leaving = this.#seats.filter((seat) => [seat.roomName, seat.identity].includes(roomOrIdentity));
    const left = await Promise.all(leaving.map(leaveSeat));
    for (const seat of leaving) this.#tell(seat);
    return left.every(Boolean);
  }

  /** Takes those who have left and have that identity out of the diary. */
  forget(identity: string): void {
    this.#seats = this.#seats.filter((seat) => seat.identity !== identity || seat.leftAtMs === undefined);
  }

  report(): readonly ParticipantReport[] {
    return this.#seats.map(reportOf);
  }

  #tell(seat: Seat): void {
    // Before its entry it is nobody: a join that fails is told to whoever wished it.
    if (this.#seats.includes(seat)) this.#onChange(reportOf(seat));
  }

  /** Lets everybody leave. The native library stays loaded; the process that ends calls its `dispose`. */
  async close(): Promise<void> {
    await Promise.all(this.#seats.map(leaveSeat));
  }
}

/**
 * The library lets go of a connection that it made when this process does not ask for its events within some seconds
 * (livekit/rust-sdks#1188), and answers so when it asks.
 */
function wasTooSlowItself(error: unknown): boolean {
  return String(error).includes('ReadyForRoomEvent');
}

function reportOf(seat: Seat): ParticipantReport {
  return {
    room: seat.roomName,
    identity: seat.identity,
    sid: seat.sid,
    joinedAtMs: seat.joinedAtMs,
    joinMs: seat.joinMs,
    leftAtMs: seat.leftAtMs,
    unexpected: [...seat.unexpected],
    reconnecting: [...seat.reconnecting],
    reconnected: [...seat.reconnected],
    tracksHeard: seat.tracksHeard,
    connected: seat.room.isConnected,
  };
}

function keepDiary(seat: Seat, changed: () => void): void {
  seat.room.on(RoomEvent.Disconnected, (reason) => {
    if (seat.leftAtMs !== undefined) return;
    seat.unexpected.push({ atMs: Date.now(), reason: DisconnectReason[reason] ?? String(reason) });
    changed();
  });
  seat.room.on(RoomEvent.Reconnecting, () => {
    seat.reconnecting.push(Date.now());
    changed();
  });
  seat.room.on(RoomEvent.Reconnected, () => {
    seat.reconnected.push(Date.now());
    changed();
  });
  seat.room.on(RoomEvent.TrackSubscribed, () => {
    seat.tracksHeard += 1;
    changed();
  });
}

async function leaveSeat(seat: Seat): Promise<boolean> {
  if (seat.leftAtMs !== undefined) return true;
  seat.leftAtMs = Date.now();
  await patiently(seat.stopTone());
  return await patiently(seat.room.disconnect());
}

/** On a busy machine the media library has been seen never to answer; everybody else goes on all the same. */
async function patiently(work: Promise<void>): Promise<boolean> {
  const enough = new AbortController();
  const late = sleep(5000, false, { signal: enough.signal, ref: false }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  enough.abort();
  return isDone;
}

const sampleRate = 48_000;
const frameSamples = sampleRate / 100;
/** One frame of 10 ms now and then keeps the track alive at next to no cost. */
const cadenceMs = 200;

/** Publishes a quiet 400 Hz tone; answers how to stop it. */
async function publishTone(room: Room): Promise<() => Promise<void>> {
  const source = new AudioSource(sampleRate, 1);
  const track = LocalAudioTrack.createAudioTrack('tone', source);
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
  await room.localParticipant?.publishTrack(track, options);
  const samples = Int16Array.from({ length: frameSamples }, (_, at) =>
    Math.round(2000 * Math.sin((2 * Math.PI * 400 * at) / sampleRate)),
  );
  let stopped = false;
  const timer = setInterval(() => {
    source.captureFrame(new AudioFrame(samples, sampleRate, 1, frameSamples)).catch((error: unknown) => {
      // A frame on its way while the source closes is refused; at any other time that is a defect.
      if (!stopped) throw error;
    });
  }, cadenceMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await source.close();
  };
}
