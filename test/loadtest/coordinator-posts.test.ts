import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Board, contentOf, type Posted } from '../../src/loadtest/coordinator-board.ts';
import { CoordinatorEnvError, readEnv } from '../../src/loadtest/coordinator-env.ts';
import {
  endingPosts,
  packedRecord,
  ProgressPoster,
  progressJson,
  recordKey,
  unpackedRecord,
} from '../../src/loadtest/coordinator-posts.ts';
import type { JoinRecord, RunRecord } from '../../src/loadtest/record.ts';
import { World } from './coordinator-world.ts';
import { aScenario, aSearch } from './virtual-node.ts';
import { virtualRun as aRecord } from './virtual-run.ts';

describe('progress for the resource', () => {
  test('has the figures of the status by name', async () => {
    const world = new World();
    await world.time.settled(world.start(aScenario(aSearch({ max: 3, repetitions: 1 }))));
    const last = world.progress.at(-1);
    if (last === undefined) throw new Error('there was no progress');
    expect(JSON.parse(progressJson(last, world.clock))).toMatchObject({
      phase: 'Analysing',
      repetition: 1,
      repetitions: 1,
      windows: { fail: 0, invalid: 0 },
      workersWanted: 1,
      lastVerdict: 'Pass',
      lastReasons: [],
      expectedEndAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

describe('the record in a ConfigMap', () => {
  test('is whole where it fits', () => {
    const records = aRecord();
    const packed = packedRecord(records);
    expect(packed === undefined ? undefined : unpackedRecord(packed)).toEqual(
      JSON.parse(JSON.stringify(records)),
    );
  });

  test('gives up what is about single people before what is about windows', () => {
    // What cannot be compressed: names drawn by a generator.
    let state = 1;
    const name = (): string => {
      const digits = Array.from({ length: 12 }, () => {
        state = (state * 48_271) % 2_147_483_647;
        return state.toString(36);
      });
      return digits.join('');
    };
    const joins = Array.from(
      { length: 20_000 },
      (_, at): JoinRecord => ({
        kind: 'join',
        atMs: at,
        intendedAtMs: at,
        room: name(),
        identity: name(),
      }),
    );
    const records: readonly RunRecord[] = [...aRecord(), ...joins];
    const packed = packedRecord(records);
    expect(packed?.byteLength).toBeLessThan(400_000);
    const kept = packed === undefined ? [] : unpackedRecord(packed);
    const count = (of: readonly RunRecord[], kind: string): number =>
      of.filter((each) => each.kind === kind).length;
    expect(count(kept, 'join')).toBe(0);
    expect(count(kept, 'window')).toBe(count(records, 'window'));
  });

  test('comes with result, report and, if wished, a profile', () => {
    const records = aRecord();
    const summary = records.findLast((record) => record.kind === 'summary');
    if (summary === undefined) throw new Error('the sample has no summary');
    const { data = {}, binaryData = {} } = endingPosts({
      name: 'nightly',
      records,
      summary,
      wantsProfile: true,
    });
    expect(JSON.parse(data['result.json'] ?? '')).toMatchObject({
      outcome: summary.outcome,
      result: { capacity: summary.result?.capacity },
      fingerprint: { engine: 'pion' },
    });
    expect(JSON.parse(data['profile.json'] ?? '')).toMatchObject({ evidence: [{ loadTest: 'nightly' }] });
    expect(gunzipSync(binaryData['report.html.gz'] ?? Buffer.alloc(0)).toString()).toContain(
      '<!doctype html>',
    );
    expect(binaryData[recordKey]?.byteLength).toBeGreaterThan(0);
    const bytes = Object.values(binaryData).reduce((sum, each) => sum + each.byteLength, 0);
    expect((bytes * 4) / 3).toBeLessThan(900_000);
  });
});

describe('posting', () => {
  test('never has two posts under way, and the newest of each key wins', async () => {
    const posts: Posted[] = [];
    let release: () => void = () => undefined;
    const board: Board = {
      post: async (posted) => {
        posts.push(posted);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      },
      read: () => Promise.resolve({ data: {}, binaryData: {} }),
      close: () => Promise.resolve(),
    };
    const poster = new ProgressPoster(board, () => undefined);
    poster.put({ data: { a: '1' } });
    const first = poster.flush();
    poster.put({ data: { a: '2', b: '1' } });
    poster.put({ data: { a: '3' } });
    await poster.flush();
    expect(posts).toHaveLength(1);
    release();
    await first;
    const second = poster.flush();
    release();
    await second;
    expect(posts[1]).toEqual({ data: { a: '3', b: '1' }, binaryData: {} });
  });

  test('tells of trouble and goes on', async () => {
    const troubles: unknown[] = [];
    const board: Board = {
      post: () => Promise.reject(new Error('no')),
      read: () => Promise.resolve({ data: {}, binaryData: {} }),
      close: () => Promise.resolve(),
    };
    const poster = new ProgressPoster(board, (error) => troubles.push(error));
    poster.put({ data: { a: '1' } });
    await poster.flush();
    expect(troubles).toHaveLength(1);
  });

  test('reads a ConfigMap whose parts may be missing', () => {
    expect(contentOf({ data: { abort: 'true' }, binaryData: { x: 'aGk=' } })).toEqual({
      data: { abort: 'true' },
      binaryData: { x: Buffer.from('hi') },
    });
    expect(contentOf({})).toEqual({ data: {}, binaryData: {} });
    expect(contentOf(undefined)).toEqual({ data: {}, binaryData: {} });
  });
});

describe('what a coordinator in a Pod is told', () => {
  const needed = {
    OVLT_RUN_ID: 'lt-nightly-abcde',
    OVLT_SCENARIO: '/scenario/scenario.yaml',
    OVLT_RECORD_DIR: '/record',
    OVLT_URL: 'ws://10.0.0.7:7880',
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'secret',
  };

  test('has defaults where it may', () => {
    expect(readEnv(needed)).toMatchObject({
      workers: 1,
      port: 7000,
      metricsUrl: undefined,
      allowSharedTarget: false,
      deadlineMs: undefined,
      result: undefined,
    });
    expect(readEnv({ ...needed, OVLT_DEADLINE_SECONDS: '60', OVLT_NODE_ID: '' })).toMatchObject({
      deadlineMs: 60_000,
      nodeId: undefined,
    });
  });

  test.each([
    ['what is needed is missing', { OVLT_URL: '' }, 'OVLT_URL is missing'],
    ['a key is missing', { LIVEKIT_API_SECRET: undefined }, 'LIVEKIT_API_SECRET is missing'],
    ['a number is none', { OVLT_WORKERS: 'two' }, 'OVLT_WORKERS is no number: two'],
    ['the namespace of the result is missing', { OVLT_RESULT_CONFIGMAP: 'r' }, 'POD_NAMESPACE is missing'],
  ])('is refused when %s', (_, change, message) => {
    const read = (): unknown => readEnv({ ...needed, ...change });
    expect(read).toThrow(CoordinatorEnvError);
    expect(read).toThrow(message);
  });
});
