import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  decodeFrames,
  encodeFrames,
  FixtureError,
  type FixtureFrame,
  fixtureFolder,
  type Fixtures,
  readFixtures,
} from '../../src/loadtest/fixture.ts';
import { keyFrameSize } from '../../src/loadtest/vp8.ts';

const bytesOf = (frames: readonly FixtureFrame[]): number =>
  frames.flat().reduce((sum, packet) => sum + packet.bytes.length, 0);

describe('the recordings of this repository', () => {
  let fixtures: Fixtures;
  beforeAll(async () => {
    fixtures = await readFixtures();
  });

  test.each([
    ['180p', 320, 180, 15, 150_000],
    ['360p', 640, 360, 20, 500_000],
    ['720p', 1280, 720, 30, 1_700_000],
  ] as const)(
    '%s is five seconds of what its name says, and begins with a key frame',
    (name, wide, high, rate, bits) => {
      const { width, height, framesPerSecond, bitsPerSecond, frames } = fixtures.video[name];
      expect([width, height, framesPerSecond]).toEqual([wide, high, rate]);
      expect(Math.abs(bitsPerSecond / bits - 1)).toBeLessThan(0.1);
      expect(frames).toHaveLength(5 * framesPerSecond);
      const first = frames[0]?.[0];
      expect(first?.start).toBe(true);
      expect(first && keyFrameSize(first.bytes, 0, first.bytes.length)).toEqual({ width, height });
      expect(Math.abs((bytesOf(frames) * 8) / 5 / bitsPerSecond - 1)).toBeLessThan(0.01);
    },
  );

  test('have packets that fit into a datagram with all headers', () => {
    const packets = [...Object.values(fixtures.video), fixtures.audio].flatMap(({ frames }) => frames.flat());
    expect(Math.max(...packets.map(({ bytes }) => bytes.length))).toBeLessThan(1230);
  });

  test('have a voice of 50 packets a second', () => {
    expect(fixtures.audio.framesPerSecond).toBe(50);
    expect(fixtures.audio.frames).toHaveLength(250);
  });
});

describe('a recording', () => {
  const frames: readonly FixtureFrame[] = [
    [
      { start: true, bytes: Buffer.from('one') },
      { start: false, bytes: Buffer.alloc(0) },
    ],
    [{ start: true, bytes: Buffer.from('two') }],
  ];

  test('is read as it was written', () => {
    expect(decodeFrames(encodeFrames(frames))).toEqual(frames);
  });

  test.each([
    ['within a packet', -1],
    ['within a packet head', -4],
    ['within a frame', -9],
  ])('that ends %s is refused', (where, end) => {
    const cut =
      where === 'within a frame'
        ? encodeFrames(frames).subarray(0, 6)
        : encodeFrames(frames).subarray(0, end);
    expect(() => decodeFrames(cut)).toThrow(FixtureError);
  });
});

describe('a folder of recordings', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ov-fixtures-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const wrong = async (spoil: () => Promise<void>): Promise<string> => {
    await cp(fixtureFolder, folder, { recursive: true });
    await spoil();
    const error: unknown = await readFixtures(folder).catch((why: unknown) => why);
    return error instanceof FixtureError ? error.message : String(error);
  };
  const file = (name: string): string => join(folder, name);

  test.each([
    ['without an index', async () => await rm(file('index.json')), /index .* cannot be read .*restore/],
    ['without one of them', async () => await rm(file('360p.bin')), /360p\.bin cannot be read .*restore/],
    [
      'with another one',
      async () => await writeFile(file('360p.bin'), await readFile(file('180p.bin'))),
      /360p\.bin is not the one .*restore/,
    ],
    ['whose index is empty', async () => await writeFile(file('index.json'), '{}'), /has no .*restore/],
  ])('%s is refused in one sentence', async (_, spoil, sentence) => {
    expect(await wrong(spoil)).toMatch(sentence);
  });
});
