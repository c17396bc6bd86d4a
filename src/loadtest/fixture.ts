/** Media that was encoded once, so that thousands of senders need no encoder: `fixtures/`, made by `lab/record-fixtures.ts`. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LayerName, layerNames } from './scenario.ts';

/** A recording is missing, damaged, or not the one that the index speaks of. The message has the remedy. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
}

export interface FixturePacket {
  /** VP8: the packet begins a partition. */
  readonly start: boolean;
  /** Without the payload descriptor. */
  readonly bytes: Buffer;
}

/** The packets that are sent at one instant. */
export type FixtureFrame = readonly FixturePacket[];

/** A recording that can be played in a loop: its first picture is a key frame. */
export interface Fixture {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitsPerSecond: number;
  readonly frames: readonly FixtureFrame[];
}

export interface Fixtures {
  readonly video: Readonly<Record<LayerName, Fixture>>;
  readonly audio: Fixture;
}

/** What the index says of one recording. */
export interface FixtureEntry {
  readonly file: string;
  readonly codec: 'vp8' | 'opus';
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly bitsPerSecond: number;
  readonly sha256: string;
}

export const audioFixtureName = 'speech';
export const fixtureFolder = join(import.meta.dirname, '../../fixtures');
const remedy = 'restore the folder `fixtures/` from the repository';

/** Reads and checks all recordings. @throws FixtureError */
export async function readFixtures(folder: string = fixtureFolder): Promise<Fixtures> {
  const index = await readIndex(folder);
  const read = async (name: string): Promise<Fixture> => {
    const entry = index[name];
    if (entry === undefined) throw new FixtureError(`The index of recordings has no ${name}: ${remedy}.`);
    return await readOne(folder, entry);
  };
  const [low, medium, high] = await Promise.all(layerNames.map(read));
  const audio = await read(audioFixtureName);
  if (low === undefined || medium === undefined || high === undefined)
    throw new FixtureError(`Recordings are missing: ${remedy}.`);
  return { video: { '180p': low, '360p': medium, '720p': high }, audio };
}

type Index = Readonly<Record<string, FixtureEntry>>;

async function readIndex(folder: string): Promise<Index> {
  const file = join(folder, 'index.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Index;
  } catch (error) {
    throw new FixtureError(`The index of recordings ${file} cannot be read (${wordsOf(error)}): ${remedy}.`);
  }
}

async function readOne(folder: string, entry: FixtureEntry): Promise<Fixture> {
  const file = join(folder, entry.file);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new FixtureError(`The recording ${file} cannot be read (${wordsOf(error)}): ${remedy}.`);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== entry.sha256)
    throw new FixtureError(`The recording ${file} is not the one that the index speaks of: ${remedy}.`);
  const frames = decodeFrames(bytes);
  if (frames.length !== entry.frames)
    throw new FixtureError(
      `The recording ${file} has ${frames.length} frames, not ${entry.frames}: ${remedy}.`,
    );
  const { width, height, framesPerSecond, bitsPerSecond } = entry;
  return { width, height, framesPerSecond, bitsPerSecond, frames };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const lastOfFrame = 1;
const partitionStart = 2;
const recordHeaderBytes = 3;

/** Each packet: flags (1: last of its frame, 2: begins a partition), length in two bytes, payload. */
export function encodeFrames(frames: readonly FixtureFrame[]): Buffer {
  const parts: Buffer[] = [];
  for (const frame of frames) {
    frame.forEach(({ start, bytes }, index) => {
      const head = Buffer.alloc(recordHeaderBytes);
      head.writeUInt8((index === frame.length - 1 ? lastOfFrame : 0) | (start ? partitionStart : 0), 0);
      head.writeUInt16BE(bytes.length, 1);
      parts.push(head, bytes);
    });
  }
  return Buffer.concat(parts);
}

/** The inverse of `encodeFrames`. @throws FixtureError where the bytes end within a packet or a frame. */
export function decodeFrames(bytes: Buffer): readonly FixtureFrame[] {
  const frames: FixtureFrame[] = [];
  let frame: FixturePacket[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end =
      at + recordHeaderBytes > bytes.length ? Infinity : at + recordHeaderBytes + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) throw new FixtureError(`A recording ends within a packet: ${remedy}.`);
    const flags = bytes.readUInt8(at);
    frame.push({ start: (flags & partitionStart) !== 0, bytes: bytes.subarray(at + recordHeaderBytes, end) });
    if ((flags & lastOfFrame) !== 0) {
      frames.push(frame);
      frame = [];
    }
    at = end;
  }
  if (frame.length > 0) throw new FixtureError(`A recording ends within a frame: ${remedy}.`);
  return frames;
}
