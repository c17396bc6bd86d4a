/** One participant on a whole media library: it decodes what it receives, and shows and says a little. */
import {
  AudioFrame,
  AudioSource,
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';
import { systemClock } from '../base/clock.ts';
import { type Cancel, systemTimers } from '../livekit/timers.ts';
import { type ProbeReading, type StreamCounts, streamOf } from './probe-counts.ts';
import { type ProbeJoin, probeTrackName } from './probe-message.ts';

/** Small, as its encoder costs the generator more than all else that it sends. */
const picture = { width: 320, height: 180, framesPerSecond: 15, bitsPerSecond: 150_000n } as const;
const sampleRate = 48_000;
const soundMs = 100;
const patienceMs = 2000;

export class ProbeParticipant {
  readonly #wish: ProbeJoin;
  readonly #room = new Room();
  readonly #told = new Map<string, boolean>();
  readonly #stops: (() => void | Promise<void>)[] = [];
  #isSpeaking = true;
  #isLeaving = false;

  /** `onLost` when it was connected, and the server or the network ended that. */
  constructor(wish: ProbeJoin, onLost: (why: string) => void) {
    this.#wish = wish;
    this.#room.on(RoomEvent.Disconnected, (reason) => {
      if (!this.#isLeaving) onLost(DisconnectReason[reason] ?? String(reason));
    });
    for (const event of [RoomEvent.TrackPublished, RoomEvent.TrackUnpublished] as const) {
      this.#room.on(event, () => this.#choose());
    }
  }

  /** Answers after how many milliseconds it was connected. @throws Error when it is refused */
  async join(): Promise<number> {
    const { url, token, receives, sendsAudio, sendsVideo, isSingle } = this.#wish;
    const startedMs = systemClock.elapsedMs();
    const autoSubscribe = receives.audio || receives.tiles > 0;
    // The library passes on what its types do not know yet.
    const options = { autoSubscribe, dynacast: true, singlePeerConnection: isSingle };
    await this.#room.connect(url, token, options);
    const tookMs = systemClock.elapsedMs() - startedMs;
    this.#choose();
    if (sendsAudio) await this.#publishSound();
    if (sendsVideo) await this.#publishPicture();
    return tookMs;
  }

  speak(isSpeaking: boolean): void {
    this.#isSpeaking = isSpeaking;
  }

  /** Harmless when it has left. The library has been seen never to answer on a busy machine. */
  async leave(): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    await patiently(Promise.all(this.#stops.map(async (stop) => await stop())));
    await patiently(this.#room.disconnect());
  }

  /** Undefined when it is not connected. */
  async read(): Promise<ProbeReading | undefined> {
    if (!this.#room.isConnected) return undefined;
    const { publisherStats, subscriberStats } = await this.#room.getRtcStats();
    const atMs = systemClock.elapsedMs();
    const streams = new Map<string, StreamCounts>();
    for (const { stats } of [...publisherStats, ...subscriberStats]) {
      if (stats.case !== 'inboundRtp') continue;
      const stream = streamOf(stats.value);
      streams.set(stream.trackSid, stream);
    }
    const wanted = this.#pictures()
      .filter((track) => this.#told.get(track.sid ?? '') === true && track.name !== probeTrackName)
      .flatMap(({ sid, muted }) => (sid === undefined || muted === true ? [] : [sid]));
    return {
      atMs,
      wanted: this.#wish.isSingle ? byOrder(wanted, streams) : wanted,
      streams: [...streams.values()],
    };
  }

  #pictures(): readonly RemoteTrackPublication[] {
    return this.#publications().filter(({ kind }) => kind === TrackKind.KIND_VIDEO);
  }

  #publications(): readonly RemoteTrackPublication[] {
    return [...this.#room.remoteParticipants.values()].flatMap((person) => [
      ...person.trackPublications.values(),
    ]);
  }

  /** Tells the server which tracks are wanted; the library asks for all of them by itself. */
  #choose(): void {
    const { tiles, audio } = this.#wish.receives;
    const shown = new Set(this.#pictures().slice(0, tiles));
    for (const track of this.#publications()) {
      const { sid, kind } = track;
      if (sid === undefined) continue;
      const isWanted = kind === TrackKind.KIND_VIDEO ? shown.has(track) : audio;
      if ((this.#told.get(sid) ?? true) !== isWanted) track.setSubscribed(isWanted);
      this.#told.set(sid, isWanted);
    }
  }

  async #publishSound(): Promise<void> {
    const source = new AudioSource(sampleRate, 1);
    const track = LocalAudioTrack.createAudioTrack('probe-microphone', source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE, dtx: true, red: false });
    await this.#room.localParticipant?.publishTrack(track, options);
    const length = (sampleRate * soundMs) / 1000;
    const samples = Int16Array.from({ length }, (_, at) =>
      Math.round(1000 * Math.sin((2 * Math.PI * 400 * at) / sampleRate)),
    );
    const cancel = systemTimers.every(soundMs, () => {
      if (!this.#isSpeaking) return;
      // A sound on its way while the source closes is refused, and nobody waits for it.
      source.captureFrame(new AudioFrame(samples, sampleRate, 1, length)).catch(() => undefined);
    });
    this.#stops.push(stopBoth(cancel, async () => await source.close()));
  }

  async #publishPicture(): Promise<void> {
    const { width, height, framesPerSecond, bitsPerSecond } = picture;
    const source = new VideoSource(width, height);
    const track = LocalVideoTrack.createVideoTrack(probeTrackName, source);
    const options = new TrackPublishOptions({
      source: TrackSource.SOURCE_CAMERA,
      simulcast: false,
      videoCodec: VideoCodec.VP8,
      videoEncoding: { maxBitrate: bitsPerSecond, maxFramerate: framesPerSecond },
    });
    await this.#room.localParticipant?.publishTrack(track, options);
    const frames = movingFrames();
    let at = 0;
    const cancel = systemTimers.every(1000 / framesPerSecond, () => {
      const frame = frames[at++ % frames.length];
      if (frame !== undefined) source.captureFrame(frame);
    });
    this.#stops.push(stopBoth(cancel, async () => await source.close()));
  }
}

/** Over one connection the library has names of its own for tracks: only how many there are can be compared. */
function byOrder(wanted: readonly string[], streams: ReadonlyMap<string, StreamCounts>): readonly string[] {
  const pictures = [...streams.values()].filter(({ kind }) => kind === 'video');
  return wanted.map((sid, at) => pictures[at]?.trackSid ?? sid);
}

function stopBoth(cancel: Cancel, close: () => Promise<void>): () => Promise<void> {
  return async () => {
    cancel();
    await close();
  };
}

/** A second of a gradient that moves, made once. */
function movingFrames(): readonly VideoFrame[] {
  const { width, height, framesPerSecond } = picture;
  return Array.from({ length: framesPerSecond }, (_, at) => {
    const data = new Uint8Array(width * height * 1.5).fill(128);
    for (let index = 0; index < width * height; index += 1) {
      const phase = (index % width) + Math.floor(index / width) + (at * width) / framesPerSecond;
      data[index] = 128 + Math.round(60 * Math.sin((2 * Math.PI * phase) / width));
    }
    return new VideoFrame(data, width, height, VideoBufferType.I420);
  });
}

async function patiently(work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = systemTimers.after(patienceMs, resolve);
  await Promise.race([work, promise]);
  cancel();
}
