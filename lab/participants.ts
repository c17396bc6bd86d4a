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
  tracksHeard: number;
  leftAtMs: number | undefined;
  stopTone: () => Promise<void>;
}

/** Real WebRTC participants in this process, with a diary of each. */
export class Participants {
  readonly #key: ApiKey;
  readonly #seats: Seat[] = [];

  constructor(key: ApiKey) {
    this.#key = key;
  }

  /** Joins, and publishes if wished. Resolves when connected. @throws ConnectError when refused. */
  async join(wish: JoinWish): Promise<void> {
    const token = await makeToken({ ...wish, key: this.#key });
    const room = new Room();
    const startMs = Date.now();
    const diary = { unexpected: [], reconnecting: [], reconnected: [], tracksHeard: 0 };
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
    keepDiary(seat);
    await room.connect(wish.url, token, { autoSubscribe: true, dynacast: false });
    const joinedAtMs = Date.now();
    const joined = Object.assign(seat, { joinedAtMs, joinMs: joinedAtMs - startMs });
    this.#seats.push(joined);
    if (wish.publish === 'audio') joined.stopTone = await publishTone(room);
  }

  /** Lets everybody leave who is in that room or has that identity. */
  async leave(roomOrIdentity: string): Promise<void> {
    const leaving = this.#seats.filter((seat) => [seat.roomName, seat.identity].includes(roomOrIdentity));
    await Promise.all(leaving.map(leaveSeat));
  }

  report(): readonly ParticipantReport[] {
    return this.#seats.map((seat) => ({
      room: seat.roomName,
      identity: seat.identity,
      joinedAtMs: seat.joinedAtMs,
      joinMs: seat.joinMs,
      leftAtMs: seat.leftAtMs,
      unexpected: [...seat.unexpected],
      reconnecting: [...seat.reconnecting],
      reconnected: [...seat.reconnected],
      tracksHeard: seat.tracksHeard,
      connected: seat.room.isConnected,
    }));
  }

  /** Lets everybody leave. The native library stays loaded; the process that ends calls its `dispose`. */
  async close(): Promise<void> {
    await Promise.all(this.#seats.map(leaveSeat));
  }
}

function keepDiary(seat: Seat): void {
  seat.room.on(RoomEvent.Disconnected, (reason) => {
    if (seat.leftAtMs !== undefined) return;
    seat.unexpected.push({ atMs: Date.now(), reason: DisconnectReason[reason] ?? String(reason) });
  });
  seat.room.on(RoomEvent.Reconnecting, () => void seat.reconnecting.push(Date.now()));
  seat.room.on(RoomEvent.Reconnected, () => void seat.reconnected.push(Date.now()));
  seat.room.on(RoomEvent.TrackSubscribed, () => {
    seat.tracksHeard += 1;
  });
}

async function leaveSeat(seat: Seat): Promise<void> {
  if (seat.leftAtMs !== undefined) return;
  seat.leftAtMs = Date.now();
  await seat.stopTone();
  await seat.room.disconnect();
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
