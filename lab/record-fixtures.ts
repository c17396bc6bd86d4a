/**
 * Records the media that load tests send: real encoders of the media library, through a real local server, once and for
 * all. `node lab/record-fixtures.ts` writes `fixtures/`. On a busy machine it takes as long as it takes: frames are fed
 * slower than they will be played, and a recording whose pictures were scaled down or lost is made again.
 */
import './quiet.ts';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AudioFrame,
  AudioSource,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';
import type { JoinResponse } from '@livekit/protocol';
import { systemTimers } from '../src/livekit/timers.ts';
import { TwoConnections } from '../src/loadtest/bulk-connections.ts';
import type { PeerTrack } from '../src/loadtest/bulk-line.ts';
import {
  audioFixtureName,
  encodeFrames,
  type FixtureEntry,
  type FixtureFrame,
  fixtureFolder,
  type FixturePacket,
} from '../src/loadtest/fixture.ts';
import { pictureLoss } from '../src/loadtest/rtcp.ts';
import { isRtcp, parseRtp, unwrapSequence } from '../src/loadtest/rtp.ts';
import type { LayerName } from '../src/loadtest/scenario.ts';
import { makeToken, SignalLink } from '../src/loadtest/signal.ts';
import { keyFrameSize, parseVp8Descriptor } from '../src/loadtest/vp8.ts';
import { type Random, stream } from '../src/workload/random.ts';
import { LabError } from './exec.ts';
import { startRedis } from './local-redis.ts';
import { type LocalServers, startServers } from './local-servers.ts';

interface VideoPlan {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitsPerSecond: number;
  /** The encoder is fed this many times slower, at as much less bandwidth: a frame costs the same. */
  readonly slower: number;
}

const plans: Readonly<Record<LayerName, VideoPlan>> = {
  '180p': { width: 320, height: 180, framesPerSecond: 15, bitsPerSecond: 150_000, slower: 1 },
  '360p': { width: 640, height: 360, framesPerSecond: 20, bitsPerSecond: 500_000, slower: 1 },
  '720p': { width: 1280, height: 720, framesPerSecond: 30, bitsPerSecond: 1_700_000, slower: 3 },
};
/** `DegradationPreference` of the library, which does not export it. */
const maintainResolution = 2;
const loopSeconds = 5;
const warmUpMs = 12_000;
const mostTries = 6;
const audioPacketsPerSecond = 50;
const sampleRate = 48_000;

interface Captured {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  /** From the payload on. */
  readonly payload: Buffer;
}

/** Somebody who only listens, and keeps what comes. */
class Listener {
  readonly packets: Captured[] = [];
  readonly #link: SignalLink;
  readonly #connections: TwoConnections;
  #port: PeerTrack | undefined;
  #ssrc = 0;
  #highest = 0;

  constructor(url: string, token: string) {
    const receiver = {
      attach: (port: PeerTrack): void => {
        this.#port = port;
        port.onPacket((packet) => this.#keep(packet));
      },
      lines: (): void => undefined,
    };
    this.#connections = new TwoConnections({
      name: 'listener',
      bindAddress: '127.0.0.1',
      send: (request) => this.#link.send(request),
      receiver,
      publishes: undefined,
      onFailed: (stage) => console.error(`${stage} failed`),
    });
    this.#link = new SignalLink({
      url,
      token,
      isSingle: false,
      timers: systemTimers,
      onMessage: (message) => {
        if (message.case === 'join') this.#onJoin(message.value);
        else if (message.case === 'offer') void this.#connections.offer(message.value);
        else if (message.case === 'trickle') this.#connections.trickle(message.value);
      },
      onClosed: (detail) => console.error(detail),
    });
  }

  async open(): Promise<void> {
    await this.#link.opened();
  }

  askKeyFrame(): void {
    this.#port?.send(pictureLoss(1, this.#ssrc));
  }

  close(): void {
    this.#link.close();
    this.#connections.close();
  }

  #onJoin(answer: JoinResponse): void {
    this.#link.keepAlive(answer.pingInterval, () => Date.now());
  }

  #keep(packet: Buffer): void {
    const view = isRtcp(packet) ? undefined : parseRtp(packet);
    if (view === undefined || view.padded || view.payloadEnd === view.payloadAt) return;
    // Lost packets that come again on their own SSRC are not waited for: a recording with a hole is made anew.
    if (this.#ssrc !== 0 && view.ssrc !== this.#ssrc) return;
    this.#ssrc = view.ssrc;
    this.#highest = unwrapSequence(view.sequence, this.packets.length === 0 ? view.sequence : this.#highest);
    this.packets.push({
      sequence: this.#highest,
      timestamp: view.timestamp,
      marker: view.marker,
      payload: Buffer.from(packet.subarray(view.payloadAt, view.payloadEnd)),
    });
  }
}

/** A moving gradient with noise: about as hard to encode as a person before a wall. */
function picture({ width, height }: VideoPlan, at: number, noise: Uint8Array): VideoFrame {
  const luma = width * height;
  const data = new Uint8Array(luma * 1.5);
  const shift = at * 2;
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    const wave = 40 * Math.sin((y + shift) / 37);
    for (let x = 0; x < width; x += 1) {
      const grain = noise[(row + x + at * 7919) % noise.length] ?? 0;
      data[row + x] = 128 + wave + 40 * Math.sin((x - shift) / 53) + grain - 5;
    }
  }
  data.fill(128 + Math.round(20 * Math.sin(at / 15)), luma, luma * 1.25);
  data.fill(128 + Math.round(20 * Math.cos(at / 19)), luma * 1.25);
  return new VideoFrame(data, width, height, VideoBufferType.I420);
}

/** Syllables: a voiced tone with harmonics that rises and falls, and breath between. */
function voice(at: number, random: Random): AudioFrame {
  const samplesPerFrame = sampleRate / 100;
  const samples = new Int16Array(samplesPerFrame);
  for (let index = 0; index < samplesPerFrame; index += 1) {
    const t = (at * samplesPerFrame + index) / sampleRate;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3.3 * t)) ** 0.7;
    const pitch = 120 + 25 * Math.sin(2 * Math.PI * 0.4 * t);
    let sound = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic += 1)
      sound += Math.sin(2 * Math.PI * pitch * harmonic * t) / (1 + Math.abs(harmonic - 5));
    samples[index] = syllable * 3500 * sound + (random() - 0.5) * 1200;
  }
  return new AudioFrame(samples, sampleRate, 1, samplesPerFrame);
}

async function recordVideo(servers: LocalServers, name: LayerName): Promise<readonly FixtureFrame[]> {
  const plan = plans[name];
  const rate = plan.framesPerSecond / plan.slower;
  const noise = Uint8Array.from({ length: 1 << 18 }, noiseOf(stream(1, name)));
  return await withRoom(servers, `record-${name}`, async (room, listener) => {
    const source = new VideoSource(plan.width, plan.height);
    const track = LocalVideoTrack.createVideoTrack('camera', source);
    const options = new TrackPublishOptions({
      source: TrackSource.SOURCE_CAMERA,
      simulcast: false,
      videoCodec: VideoCodec.VP8,
      videoEncoding: { maxBitrate: BigInt(Math.round(plan.bitsPerSecond / plan.slower)), maxFramerate: rate },
      degradationPreference: maintainResolution,
    });
    await room.localParticipant?.publishTrack(track, options);
    let at = 0;
    const timer = setInterval(() => source.captureFrame(picture(plan, at++, noise)), 1000 / rate);
    try {
      await sleep(warmUpMs);
      listener.packets.length = 0;
      listener.askKeyFrame();
      await sleep((loopSeconds * plan.slower + 3) * 1000);
      return framesOf(listener.packets, plan);
    } finally {
      clearInterval(timer);
      await source.close();
    }
  });
}

const noiseOf = (random: Random) => (): number => Math.floor(random() * 11);

/** @throws LabError where the recording has holes, or pictures of another size. */
function framesOf(packets: readonly Captured[], plan: VideoPlan): readonly FixtureFrame[] {
  const begin = packets.findIndex(({ payload }) => sizeOf(payload) !== undefined);
  const size = sizeOf(packets[begin]?.payload);
  if (size?.width !== plan.width || size.height !== plan.height)
    throw new LabError(`the picture is ${size?.width}×${size?.height}, not ${plan.width}×${plan.height}`);
  const frames = joined(packets.slice(begin));
  const wanted = loopSeconds * plan.framesPerSecond;
  if (frames.length <= wanted) throw new LabError(`${frames.length} frames instead of ${wanted}`);
  return frames.slice(0, wanted);
}

/** Packets of one instant are one frame. */
function joined(packets: readonly Captured[]): readonly FixtureFrame[] {
  const frames: FixturePacket[][] = [];
  let last: Captured | undefined;
  for (const one of packets) {
    if (last !== undefined && one.sequence !== last.sequence + 1) throw new LabError('a packet is missing');
    if (last?.timestamp !== one.timestamp) frames.push([]);
    const descriptor = parseVp8Descriptor(one.payload, 0, one.payload.length);
    if (descriptor === undefined) throw new LabError('a packet is no VP8');
    frames.at(-1)?.push({ start: descriptor.start, bytes: one.payload.subarray(descriptor.lengthBytes) });
    last = one;
  }
  return frames;
}

function sizeOf(payload: Buffer | undefined): ReturnType<typeof keyFrameSize> {
  if (payload === undefined) return undefined;
  const descriptor = parseVp8Descriptor(payload, 0, payload.length);
  if (descriptor === undefined || !descriptor.start) return undefined;
  return keyFrameSize(payload, descriptor.lengthBytes, payload.length);
}

async function recordVoice(servers: LocalServers): Promise<readonly FixtureFrame[]> {
  const random = stream(1, audioFixtureName);
  return await withRoom(servers, 'record-voice', async (room, listener) => {
    const source = new AudioSource(sampleRate, 1);
    const track = LocalAudioTrack.createAudioTrack('microphone', source);
    const options = new TrackPublishOptions({
      source: TrackSource.SOURCE_MICROPHONE,
      dtx: false,
      red: false,
    });
    await room.localParticipant?.publishTrack(track, options);
    let stopped = false;
    const speaking = (async () => {
      // The source takes a frame when it has room for it, so this is as fast as speech.
      for (let at = 0; !stopped; at += 1) await source.captureFrame(voice(at, random));
    })();
    try {
      await sleep(3000);
      listener.packets.length = 0;
      await sleep((loopSeconds + 1) * 1000);
      const wanted = loopSeconds * audioPacketsPerSecond;
      const packets = listener.packets.slice(0, wanted);
      const isWhole = packets.every(
        ({ sequence }, index) => sequence === (packets[0]?.sequence ?? 0) + index,
      );
      if (packets.length < wanted || !isWhole) throw new LabError(`${packets.length} packets of ${wanted}`);
      return packets.map(({ payload }) => [{ start: false, bytes: payload }]);
    } finally {
      stopped = true;
      await speaking;
      await source.close();
    }
  });
}

async function withRoom<T>(
  { servers, key }: LocalServers,
  name: string,
  work: (room: Room, listener: Listener) => Promise<T>,
): Promise<T> {
  const url = servers[0]?.wsUrl ?? '';
  const speaker = new Room();
  await speaker.connect(url, await makeToken(key, name, 'speaker'), {
    autoSubscribe: false,
    dynacast: false,
  });
  const listener = new Listener(url, await makeToken(key, name, 'listener'));
  await listener.open();
  try {
    return await work(speaker, listener);
  } finally {
    listener.close();
    await speaker.disconnect();
  }
}

async function again(
  what: string,
  record: () => Promise<readonly FixtureFrame[]>,
): Promise<readonly FixtureFrame[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await record();
    } catch (error) {
      if (!(error instanceof LabError) || tries === mostTries) throw error;
      console.error(`${what}: ${error.message}; once more`);
    }
  }
}

async function store(
  name: string,
  frames: readonly FixtureFrame[],
  about: Pick<FixtureEntry, 'codec' | 'width' | 'height' | 'framesPerSecond'>,
): Promise<FixtureEntry> {
  const bytes = encodeFrames(frames);
  const file = `${name}.bin`;
  await writeFile(join(fixtureFolder, file), bytes);
  const payload = frames.flat().reduce((sum, packet) => sum + packet.bytes.length, 0);
  const bitsPerSecond = Math.round((payload * 8 * about.framesPerSecond) / frames.length);
  console.log(`${file}: ${frames.length} frames, ${frames.flat().length} packets, ${bitsPerSecond} bit/s`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file, ...about, frames: frames.length, bitsPerSecond, sha256 };
}

async function main(): Promise<void> {
  await mkdir(fixtureFolder, { recursive: true });
  const redis = await startRedis();
  const servers = await startServers({ count: 1, redisAddress: redis.address });
  const index: Record<string, FixtureEntry> = {};
  try {
    const voices = await again('voice', async () => await recordVoice(servers));
    const about = { codec: 'opus', width: 0, height: 0, framesPerSecond: audioPacketsPerSecond } as const;
    index[audioFixtureName] = await store(audioFixtureName, voices, about);
    for (const [name, plan] of Object.entries(plans)) {
      const frames = await again(name, async () => await recordVideo(servers, name as LayerName));
      const { width, height, framesPerSecond } = plan;
      index[name] = await store(name, frames, { codec: 'vp8', width, height, framesPerSecond });
    }
    await writeFile(join(fixtureFolder, 'index.json'), `${JSON.stringify(index, undefined, 2)}\n`);
  } finally {
    await dispose();
    await servers.stop();
    await redis.stop();
  }
}

if (import.meta.main) {
  await main();
  process.exit();
}
