import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { virtualRun } from '../loadtest/virtual-run.ts';
import { type RanHere, runProgram } from './run-program.ts';

let folder = '';
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loadtest-cli-'));
  const lines = (records: readonly object[]): string =>
    records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const plain = lines(virtualRun());
  writeFileSync(file('record.jsonl'), plain);
  writeFileSync(file('record.jsonl.gz'), gzipSync(plain));
  writeFileSync(file('half.jsonl'), lines(virtualRun({ limitCores: 0.5 })));
  writeFileSync(file('stopped.jsonl'), lines(virtualRun({ stopAfter: 4 })));
  writeFileSync(file('cut.jsonl'), plain.slice(0, Math.floor(plain.length / 2)));
  writeFileSync(file('headless.jsonl'), plain.split('\n').slice(1).join('\n'));
  writeFileSync(file('words.jsonl'), 'not a record\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The command line in this process. */
const run = (...args: readonly string[]): Promise<RanHere> => runProgram('loadtest', ...args);

describe('loadtest report', () => {
  test.each(['record.jsonl', 'record.jsonl.gz', ''])(
    'makes both files again from "%s" in the folder',
    async (name) => {
      const out = file(`out-${name}`);
      const ran = await run('report', file(name), '--out', out);
      expect(ran).toMatchObject({ code: 0, err: '' });
      expect(ran.out).toMatch(/^8 rooms of 10 \(the same in 3 repetitions\), bound by/);
      expect(ran.out).toContain(`wrote ${join(out, 'report.html')}`);
      expect(readdirSync(out).toSorted()).toEqual(['report.html', 'result.json']);
    },
  );

  test('prints as JSON what it writes', async () => {
    const ran = await run('report', file('record.jsonl'), '--out', file('json'), '-o', 'json');
    const written: unknown = JSON.parse(readFileSync(join(file('json'), 'result.json'), 'utf8'));
    expect(JSON.parse(ran.out)).toEqual(written);
  });

  test('of a record that was cut off in the middle of a line says so and gives no capacity', async () => {
    const ran = await run('report', file('cut.jsonl'), '--out', file('cut'));
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('the last line of the record was cut off');
    expect(ran.out).toMatch(/^The record ends before the run did, so there is no answer/);
  });

  test.each([
    ['nowhere.jsonl', /cannot read the record .*, it does not exist: give the record\.jsonl/],
    ['words.jsonl', /line 1 is no record of a load test/],
    ['headless.jsonl', /it does not begin with what was run/],
  ])('refuses %s in one sentence with a remedy', async (name, sentence) => {
    const ran = await run('report', file(name));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(sentence);
  });

  test('refuses a folder that cannot be one', async () => {
    const ran = await run('report', file('record.jsonl'), '--out', join(file('record.jsonl'), 'below'));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/cannot write to .*: name another folder with --out\./);
  });
});

describe('loadtest compare', () => {
  const record = 'record.jsonl';

  test.each<[string, readonly string[], number, RegExp]>([
    [
      'of a run with itself decides nothing',
      [record, record],
      0,
      /^Which run carries more is not certain: 8 rooms of 10 against 8, 100 %/,
    ],
    [
      'with less, when told to compare unlike runs',
      [record, 'half.jsonl', '--force'],
      1,
      /^The second run carries less: .*\n[^]*unlike runs, compared because of --force/,
    ],
    ['with more', ['half.jsonl', record, '--force'], 0, /^The second run carries more/],
  ])('%s, and the exit code says whether it is worse', async (_, args, code, text) => {
    const ran = await run('compare', ...args.map((arg) => (arg.startsWith('-') ? arg : file(arg))));
    expect(ran).toMatchObject({ code, err: '' });
    expect(ran.out).toMatch(text);
  });

  test('refuses unlike runs: one sentence for people, the differences for programs', async () => {
    const told = await run('compare', file(record), file('half.jsonl'));
    expect(told).toMatchObject({ code: 1, out: '' });
    expect(told.err).toMatch(
      /^The runs cannot be compared, since they differ in cores of the server \(1, 0\.5\).*--force\.$/,
    );
    const json = await run('compare', file(record), file('half.jsonl'), '-o', 'json');
    expect(json).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'Refused', differences: [{ field: 'serverCores' }] });
  });

  test('refuses a run without a capacity', async () => {
    const ran = await run('compare', file('stopped.jsonl'), file(record), '--force');
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('The first run (lt-virtual) ended as Stopped');
  });

  test('needs two records', async () => {
    expect(await run('compare', file(record))).toMatchObject({ code: 2 });
  });
});
