import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { textOf } from '../loadtest/scenarios.ts';
import { root } from './run-cli.ts';
import { type RanHere, runProgram } from './run-program.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-loadtest-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const where = path.join(dir, name);
  writeFileSync(where, text);
  return where;
}

const good = file('good.yaml', textOf({ load: 'mode: steps\n    steps: { levels: [1, 2] }' }));
const bad = file('bad.yaml', textOf({ load: 'mode: fixed\n    dwell: 60\n    settle: 5' }));
const loadtest = (...args: readonly string[]): Promise<RanHere> => runProgram('loadtest', ...args);
const sample = (name: string): string => path.join(root, 'docs/samples/loadtests', name);

describe('validate', () => {
  test('says of a right scenario what it asks for, and that the answer is yes', async () => {
    expect(await loadtest('validate', good)).toEqual({
      code: 0,
      out:
        `${good}: rooms of 4 publishers; VP8 in 360p, Opus with 2 speaking at a time; ` +
        'steps of 1 and 2 rooms, 3 windows each.\n',
      err: '',
    });
  });

  test('names everything that is wrong with the others, and that the answer is no', async () => {
    const { code, out, err } = await loadtest('validate', good, bad);
    expect([code, err]).toEqual([1, '']);
    expect(out.split('\n').slice(1)).toEqual([
      `${bad}, line 10, column 12: spec.load.dwell is 60: write a duration such as 60s, 5m or 1h30m.`,
      `${bad}, line 11, column 13: spec.load.settle is 5: write a duration such as 60s, 5m or 1h30m.`,
      '',
    ]);
  });

  test('gives the same as one JSON document', async () => {
    const { code, out } = await loadtest('validate', '-o', 'json', good, bad);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      scenarios: [
        { file: good, valid: true, problems: [] },
        { file: bad, valid: false, problems: [{ path: 'spec.load.dwell', value: '60', line: 10 }, {}] },
      ],
    });
  });

  test('cannot use a file that is not there', async () => {
    const { code, err } = await loadtest('validate', path.join(dir, 'no.yaml'));
    expect([code, err]).toEqual([
      2,
      `cannot read ${path.join(dir, 'no.yaml')}, it does not exist: name the file of a scenario.`,
    ]);
  });
});

describe('plan', () => {
  test('shows tracks, packets, bits and cores of each level', async () => {
    const { code, out } = await loadtest('plan', sample('rooms-of-10.yaml'));
    expect(code).toBe(0);
    const [, , , heads = '', first = ''] = out.split('\n');
    const cells = (line: string): readonly string[] => line.trim().split(/ {2,}/);
    expect(Object.fromEntries(cells(heads).map((head, at) => [head, cells(first)[at]]))).toMatchObject({
      ROOMS: '1',
      PEOPLE: '10',
      PUBLISHED: '20',
      SUBSCRIBED: '180',
      'PKT/S IN': '1120',
      'PKT/S OUT': '10080',
      'MBIT/S OUT': '49.9',
      'GENERATOR CORES': expect.stringMatching(/^0\.\d\d$/) as unknown,
    });
  });

  test('is the same for the same seed and lists the same joins', async () => {
    const args = ['plan', good, '-o', 'json', '--joins', '--seed', '7'];
    const [a, b, other] = await Promise.all([
      loadtest(...args),
      loadtest(...args),
      loadtest(...args.slice(0, -1), '8'),
    ]);
    expect(a.out).toBe(b.out);
    const plan = JSON.parse(a.out) as { readonly planDigest: string; readonly steps: readonly object[] };
    expect(plan.steps).toHaveLength(8);
    expect(plan.steps[0]).toMatchObject({ kind: 'Join', person: { identity: 'r1-0-p0', room: 'r1-0' } });
    expect(JSON.parse(other.out)).toMatchObject({ seed: 8 });
    expect((JSON.parse(other.out) as typeof plan).planDigest).not.toBe(plan.planDigest);
  });

  test('lists the joins for people too', async () => {
    const { out } = await loadtest('plan', good, '--level', '1', '--joins');
    expect(out).toMatch(/\n +AT S +STEP +PERSON +ROLE\n *0\.\d{3} +join +r1-0-p0 +publisher\n/);
    expect(out.match(/ join /g)).toHaveLength(4);
  });

  test('shows one level when asked', async () => {
    const { out } = await loadtest('plan', good, '-o', 'json', '--level', '9');
    expect(JSON.parse(out)).toMatchObject({ unit: 'rooms', levels: [{ level: 9, participants: 36 }] });
  });

  test('cannot use a wrong scenario, and says where all of it is told', async () => {
    const { code, out, err } = await loadtest('plan', bad);
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(
      `${bad}, line 10, column 12: spec.load.dwell is 60: write a duration such as 60s, 5m or 1h30m ` +
        `(and 1 more: see "kubectl-openvidu loadtest validate ${bad}").`,
    );
  });

  test.each([
    ['no file', [], "missing required argument 'file'"],
    ['a level of 0', [good, '--level', '0'], 'give a whole number from 1 to 100000'],
    ['a seed that is no number', [good, '--seed', 'x'], 'give a whole number from 0'],
    ['two files', [good, good], 'too many arguments'],
  ])('refuses %s', async (_, args, says) => {
    const { code, err } = await loadtest('plan', ...args);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });
});

test.each(['growing-room', 'live-stream', 'mixed-day', 'quick', 'soak', 'stage', 'teaching', 'trace'])(
  'every scenario that comes with the product can be planned: %s',
  async (name) => {
    const { code, out } = await loadtest('plan', sample(`${name}.yaml`), '-o', 'json');
    expect(code).toBe(0);
    const { levels } = JSON.parse(out) as { readonly levels: readonly { readonly participants: number }[] };
    expect(levels.every(({ participants }) => participants > 0)).toBe(true);
  },
);
