import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateTrace } from '../../src/workload/generate.ts';
import { formatTrace } from '../../src/workload/trace-csv.ts';
import { type ReadProgress, readTrace, writeTrace } from '../../src/workload/trace-file.ts';
import type { TraceRoom } from '../../src/workload/trace.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const trace = generateTrace({ profile: 'office', seed: 1, days: 1 });

describe('a trace in a file', () => {
  test.each(['week.csv', 'week.csv.gz'])('is read back from %s as it was written', async (file) => {
    const path = join(folder, file);
    await writeTrace(path, trace);
    expect(await readTrace(path)).toEqual({ name: 'week', rooms: trace.rooms });
    const bytes = await readFile(path);
    expect(bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))).toBe(file.endsWith('.gz'));
  });

  test('is known as compressed by its content, whatever its name', async () => {
    const path = join(folder, 'odd.csv');
    await writeFile(path, gzipSync(formatTrace(trace)));
    expect((await readTrace(path)).rooms).toEqual(trace.rooms);
  });

  test('may have characters that lie across two pieces', async () => {
    const rooms = trace.rooms.map(
      (room, index): TraceRoom => ({ ...room, name: `${'é'.repeat(index % 7)}漢😀` }),
    );
    const path = join(folder, 'names.csv');
    await writeTrace(path, { name: 'names', rooms: [...rooms, ...rooms.map(last)] });
    expect((await readTrace(path)).rooms.slice(0, rooms.length)).toEqual(rooms);
    function last(room: TraceRoom): TraceRoom {
      return { ...room, startS: 86_400 };
    }
  });

  test('tells how far the reading is', async () => {
    const path = join(folder, 'progress.csv');
    await writeTrace(path, trace);
    const seen: ReadProgress[] = [];
    await readTrace(path, { onProgress: (progress) => seen.push(progress) });
    const total = (await readFile(path)).length;
    expect(seen.at(-1)).toMatchObject({ bytes: total, bytesTotal: total });
    expect(seen.at(-1)?.rooms).toBeGreaterThan(0.9 * trace.rooms.length);
  });

  test('of a month with 400,000 rooms is read in few seconds', async () => {
    const path = join(folder, 'month.csv.gz');
    const rooms = Array.from({ length: 400_000 }, (_, index) => ({
      startS: Math.floor(index * 6.48),
      durationS: 60 + (index % 7000),
      participants: 2 + (index % 30),
      publishers: 1,
      name: index % 3 === 0 ? `daily-${index % 100}` : undefined,
    }));
    await writeTrace(path, { name: 'month', rooms });
    const began = process.cpuUsage();
    expect((await readTrace(path)).rooms).toHaveLength(400_000);
    // Processor time, for the machine may be busy. It takes 0.4 s, and more in a test's context.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(4000);
  }, 30_000);

  test('that is written in vain leaves nothing behind', async () => {
    const path = join(folder, 'stopped.csv.gz');
    const stopped = AbortSignal.abort(new Error('stopped by the user'));
    await expect(writeTrace(path, trace, stopped)).rejects.toThrow('stopped by the user');
    expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });

  test('is not read on when nobody wants it any more', async () => {
    const path = join(folder, 'unwanted.csv');
    await writeTrace(path, trace);
    const signal = AbortSignal.abort(new Error('stopped by the user'));
    await expect(readTrace(path, { signal })).rejects.toThrow('stopped by the user');
  });
});

describe('a file that is no trace is refused in one sentence:', () => {
  const whole = gzipSync(formatTrace(trace));
  test.each<[string, (path: string) => Promise<unknown>, string]>([
    [
      'none',
      async () => undefined,
      'found no such file, wanted the path of a trace in a folder that exists.',
    ],
    ['a folder', (path) => mkdir(path), 'found a folder, wanted the path of a trace.'],
    [
      'an empty one',
      (path) => writeFile(path, ''),
      'line 1: found the end of the file, wanted the header start_s,duration_s,participants,publishers.',
    ],
    [
      'a program',
      (path) => writeFile(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe])),
      'found bytes that are no UTF-8, wanted a CSV file in UTF-8.',
    ],
    [
      'half of a compressed one',
      (path) => writeFile(path, whole.subarray(0, whole.length / 2)),
      'found gzip data that is damaged or cut off, wanted a whole file.',
    ],
    [
      'a damaged one',
      (path) => writeFile(path, Buffer.concat([whole.subarray(0, 20), Buffer.alloc(200, 7)])),
      'found gzip data that is damaged or cut off, wanted a whole file.',
    ],
  ])('%s', async (what, make, sentence) => {
    const path = join(folder, `bad-${what.replaceAll(' ', '-')}`);
    await make(path);
    await expect(readTrace(path)).rejects.toThrow(`${path}: ${sentence}`);
  });

  test('a place where none can be written', async () => {
    const path = join(folder, 'nowhere', 'week.csv');
    await expect(writeTrace(path, trace)).rejects.toThrow(`${path}: found no such file`);
  });
});
