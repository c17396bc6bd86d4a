import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countOf, liveText, RunWatch, verdictText } from '../../src/cli/loadtest-watch.ts';
import { keysIn } from '../../src/cli/loadtest-options.ts';
import { silentIo, type Sink } from '../../src/cli/io.ts';
import { metaIn, refuseOthers, writeProfile } from '../../src/cli/loadtest-profile.ts';
import type { RunProgress } from '../../src/loadtest/run-progress.ts';
import type { Verdict } from '../../src/loadtest/window.ts';
import { virtualRun } from '../loadtest/virtual-run.ts';
import { runProgram } from './run-program.ts';

const quick = 'docs/samples/loadtests/quick.yaml';
const nowhere = 'ws://127.0.0.1:1';

describe('making load', () => {
  let folder = '';
  let keys = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ov-cli-load-'));
    keys = join(folder, 'keys.yaml');
    writeFileSync(keys, '# of the server\ndevkey: "not-a-secret"\n');
    writeFileSync(join(folder, 'empty.yaml'), '\n');
    const lines = virtualRun().map((record) => JSON.stringify(record));
    writeFileSync(join(folder, 'record.jsonl'), `${lines.join('\n')}\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);

  test.each<[string, () => readonly string[], string]>([
    ['no address', () => ['run', quick], "required option '--url <url>' not specified"],
    [
      'an address that is none',
      () => ['run', quick, '--url', 'here', '--keys-file', keys],
      '--url here is no address',
    ],
    ['no key', () => ['run', quick, '--url', nowhere], 'the API key is missing: set LIVEKIT_API_KEY'],
    [
      'keys that cannot be read',
      () => ['run', quick, '--url', nowhere, '--keys-file', at('none')],
      'cannot be read (it does not exist)',
    ],
    [
      'a file without a key',
      () => ['run', quick, '--url', nowhere, '--keys-file', at('empty.yaml')],
      'has no line "key: secret"',
    ],
    ['a scenario that is not there', () => ['run', at('none.yaml'), '--url', nowhere], 'cannot read'],
    ['a scenario that is none', () => ['run', keys, '--url', nowhere], 'keys.yaml'],
    [
      'metrics that are no address',
      () => ['run', quick, '--url', nowhere, '--keys-file', keys, '--metrics', 'x'],
      '--metrics x is no address',
    ],
    [
      'a folder with a record',
      () => ['run', quick, '--url', nowhere, '--keys-file', keys, '--out', folder],
      'holds the record of another run',
    ],
    [
      'a search that cannot see the node',
      () => ['search', quick, '--url', nowhere],
      'a search needs to see the node',
    ],
    [
      'a calibration that cannot see the node',
      () => ['calibrate', '--url', nowhere],
      'a calibration needs to see the node',
    ],
    ['a replay with another seed', () => ['replay', folder, '--seed', '7'], 'leave --seed and --probes out'],
    ['a replay of nothing', () => ['replay', at('none')], 'cannot read the record'],
  ])('with %s is wrong usage, told in a sentence before anything starts', async (_, args, says) => {
    const { code, err, out } = await runProgram('loadtest', ...args());
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    expect(err).not.toContain('not-a-secret');
  });

  test('against a server that is not there is answered with no, and leaves nothing behind', async () => {
    const out = at('result');
    const args = ['--url', nowhere, '--keys-file', keys, '--out', out];
    const { code, err } = await runProgram('loadtest', 'run', quick, ...args);
    expect(code).toBe(1);
    expect(err).toContain('quick: 1 room with 4 people');
    expect(err).toContain('the server did not make a room');
    expect(err).not.toContain('not-a-secret');
    expect(() => rmSync(out)).toThrow('ENOENT');
  });

  test('from a record that another version would plan differently is refused', async () => {
    const lines = virtualRun().map((record) =>
      JSON.stringify(record.kind === 'meta' ? { ...record, planDigest: 'other' } : record),
    );
    writeFileSync(at('other.jsonl'), `${lines.join('\n')}\n`);
    const { code, err } = await runProgram('loadtest', 'replay', at('other.jsonl'), '--keys-file', keys);
    expect(code).toBe(1);
    expect(err).toContain('this version plans the scenario differently');
  });

  test('searches of another node do not go into its profile', async () => {
    const records = virtualRun();
    const [meta] = metaIn(records);
    const result = records.findLast((record) => record.kind === 'summary')?.result;
    if (meta === undefined || result === undefined) throw new Error('the sample has no answer');
    const search = { path: at('record.jsonl'), meta, result };
    const { serverVersion, serverCores, serverCpu } = meta.fingerprint;
    const here = { serverVersion, serverCores, serverCpu };
    await refuseOthers([search], here);
    const other = refuseOthers([search], { ...here, serverCores: 64 });
    await expect(other).rejects.toThrow(`another node (cores ${serverCores}, here 64)`);
    const parts = { name: 'here', date: '2026-01-01T00:00:00.000Z', searches: [search], costs: undefined };
    expect(await writeProfile(folder, { ...parts, fingerprint: meta.fingerprint })).toBe(at('profile.yaml'));
    expect(await writeProfile(folder, { ...parts, fingerprint: undefined })).toBeUndefined();
  });
});

describe('keys from a file', () => {
  test.each([
    ['devkey: secret', 'secret'],
    ['# comment\n  devkey: "quoted"\n', 'quoted'],
    ["devkey: 'quoted'", 'quoted'],
  ])('are read as the server reads them: %j', (text, apiSecret) => {
    expect(keysIn(text)).toEqual({ apiKey: 'devkey', apiSecret });
  });
});

describe('watching a run', () => {
  const passed: Verdict = { kind: 'Pass' };
  const progress: RunProgress = {
    phase: 'Searching',
    step: 'Measuring',
    repetition: 2,
    repetitions: 3,
    level: 4,
    unit: 'rooms',
    people: { connected: 39, planned: 40 },
    packetsPerSecond: 45_678.4,
    workers: { ready: 2, wanted: 2 },
    windows: { pass: 3, fail: 0, invalid: 0 },
    last: {
      repetition: 1,
      level: 4,
      verdict: passed,
      figures: { 'frameLatencyMs.p95': 12.34, 'node.cpuShare': 0.456 },
    },
    atMs: 60_000,
    expectedEndMs: 180_000,
  };

  test('says in a line what is going on', () => {
    expect(liveText(progress)).toBe(
      'repetition 2 of 3, 4 rooms, measuring: 39 of 40 people, 45,678 packets/s; about 2 min to go',
    );
    expect(liveText({ ...progress, step: 'Waiting', workers: { ready: 0, wanted: 2 } })).toBe(
      'waiting for workers: 0 of 2',
    );
  });

  test('where nobody watches is one line for each window', () => {
    const lines: string[] = [];
    const err: Sink = {
      isTerminal: false,
      columns: 80,
      write: (text) => Promise.resolve(void lines.push(text)),
    };
    const watch = new RunWatch({ ...silentIo, err });
    watch.show(progress);
    watch.show(progress);
    watch.show({ ...progress, windows: { pass: 3, fail: 1, invalid: 0 } });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(
      'repetition 2, window 3 at 4 rooms: PASS, frames 12.3 ms (p95), processor 46 % (2 min to go)\n',
    );
  });

  test.each<[Verdict, string]>([
    [passed, 'PASS'],
    [
      { kind: 'Fail', broken: [{ metric: 'frameLatencyMs.p95', value: 583.2, limit: 105.4, guard: false }] },
      'FAIL, frameLatencyMs.p95 583 against 105',
    ],
    [
      { kind: 'Invalid', because: ['WorkerLost'], detail: '1 of 2 workers answered' },
      'INVALID, WorkerLost: 1 of 2 workers answered',
    ],
  ])('gives every verdict its reason: %j', (verdict, text) => {
    expect(verdictText(verdict)).toBe(text);
  });

  test.each([
    [1, 'rooms', '1 room'],
    [2, 'viewers', '2 viewers'],
    [50, 'percent', '50 %'],
  ] as const)('counts %d %s', (level, unit, text) => {
    expect(countOf(level, unit)).toBe(text);
  });
});
