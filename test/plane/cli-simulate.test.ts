import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { runAll as runTasks } from '../../src/cli/backtest-pool.ts';
import { choosePolicy } from '../../src/cli/policy-choice.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { measure } from '../../src/simulate/measures.ts';
import { runCli } from '../cli/run-cli.ts';

jest.setTimeout(60_000);

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-simulate-'));
const at = (name: string): string => path.join(dir, name);
const trace = at('day.csv.gz');
const fleet = ['--capacity', '50', '--launch-seconds', '20'];

/** An hour and a half of rooms of two to fourteen people, enough for the fleet to grow and to shrink. */
const rows = Array.from({ length: 40 }, (_, index) => {
  const people = 2 + ((index * 5) % 13);
  return `${index * 90},${600 + ((index * 137) % 1500)},${people},${people}`;
});
beforeAll(() => {
  const text = ['start_s,duration_s,participants,publishers', ...rows, ''].join('\n');
  writeFileSync(trace, gzipSync(text));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const contract = [
  'policy seed trace rooms nodeHours boundNodeHours ratio overloadShare unavoidableOverloadShare roomsCut',
  'participantsCut launches directionChangesPerDay peakNodes drainMinutesP50 drainMinutesP95 wallMs',
]
  .join(' ')
  .split(' ');

describe('simulate', () => {
  test.each(['governor', 'openvidu-v2', 'hpa'])(
    'prints one JSON object under %s, and its event log gives the same figures',
    async (policy) => {
      const events = at(`${policy}.jsonl`);
      const args = ['simulate', '--trace', trace, '--policy', policy, ...fleet, '--events', events];

      const { code, stdout, stderr } = await runCli([...args, '--seed', '7', '-o', 'json']);

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const result = JSON.parse(stdout) as Record<string, unknown>;
      expect(Object.keys(result).toSorted()).toEqual(contract.toSorted());
      expect(result).toMatchObject({ policy, seed: 7, trace: 'day' });
      const log = readFileSync(events, 'utf8').trimEnd().split('\n');
      const figures = measure(
        log.map((line) => JSON.parse(line) as SimEvent),
        50,
      );
      expect(result).toMatchObject(figures);
    },
  );

  test('gives the same figures and the same log for the same seed', async () => {
    const args = (events: string) => [
      'simulate',
      '--trace',
      trace,
      '--policy',
      'governor',
      ...fleet,
      '--events',
      events,
    ];

    const one = await runCli([...args(at('one')), '-o', 'json']);
    const other = await runCli([...args(at('other')), '-o', 'json']);

    const withoutTime = (text: string) => ({ ...(JSON.parse(text) as object), wallMs: 0 });
    expect(withoutTime(one.stdout)).toEqual(withoutTime(other.stdout));
    expect(readFileSync(at('one'), 'utf8')).toBe(readFileSync(at('other'), 'utf8'));
  });

  test('prints a table with a sentence for each figure, and progress where it is wanted', async () => {
    const args = ['simulate', '--trace', trace, '--policy', 'static-2', ...fleet, '--progress'];

    const { code, stdout, stderr } = await runCli(args);

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^static-2 on day, seed 1, 40 rooms\n\nFIGURE +VALUE +WHAT IT SAYS\nnode-hours +\d/,
    );
    expect(stderr).toMatch(/^(simulated \d+ %\n)*simulated 100 %\n$/);
  });
});

describe('backtest', () => {
  test('compares policies over seeds, and writes a report', async () => {
    const report = at('report.html');
    const args = [
      'backtest',
      '--trace',
      trace,
      '--policy',
      'openvidu-v2,static-4',
      '--seeds',
      '1-2',
      ...fleet,
    ];

    const { code, stdout, stderr } = await runCli([
      ...args,
      '--report',
      report,
      '--price',
      '0.25EUR',
      '-o',
      'json',
    ]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const value = JSON.parse(stdout) as { readonly summary: unknown; readonly runs: readonly unknown[] };
    expect(value.summary).toMatchObject([
      {
        trace: 'day',
        policy: 'openvidu-v2',
        seeds: [1, 2],
        nodeHoursAgainstFirst: { mean: 1, halfWidth: 0 },
      },
      { trace: 'day', policy: 'static-4', seeds: [1, 2], nodeHours: { mean: expect.any(Number) } },
    ]);
    expect(value.runs).toHaveLength(4);
    const html = readFileSync(report, 'utf8');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain('--seeds 1,2 --capacity 50 --launch-seconds 20 --nodes-min 1 --nodes-max 100');
  });

  test('finds the same on several threads as on one', async () => {
    const size = { capacity: 50, nodesMin: 1, nodesMax: 10 };
    const tasks = ['openvidu-v2', 'hpa', 'governor'].map((policy) => ({
      job: { fleet: choosePolicy(policy, size), launchSeconds: 20, seed: 1 },
      tracePath: trace,
      traceLabel: 'day',
      withTimeline: false,
    }));
    const shares: number[] = [];
    const options = {
      signal: new AbortController().signal,
      onProgress: (share: number) => shares.push(share),
    };

    const alone = await runTasks(tasks, { ...options, workers: 1 });
    const together = await runTasks(tasks, { ...options, workers: 2 });

    const figures = (runs: typeof alone) => runs.map(({ result }) => ({ ...result, wallMs: 0 }));
    expect(figures(together)).toEqual(figures(alone));
    expect(figures(alone).map(({ policy }) => policy)).toEqual(['openvidu-v2', 'hpa', 'governor']);
    expect(shares.at(-1)).toBe(1);
  });

  test('tells of a trace that cannot be read in one sentence, also from a thread', async () => {
    const args = ['backtest', '--trace', at('no.csv'), '--policy', 'hpa', '--jobs', '2'];

    const { code, stderr } = await runCli(args);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^kubectl-openvidu: \S+no\.csv: found no such file, .*\.\n$/);
  });
});

describe('trace', () => {
  test('what is generated to the standard output is what is generated to a file', async () => {
    const args = ['trace', 'generate', '--profile', 'contact', '--days', '1', '--rooms-per-week', '700'];

    const { stdout } = await runCli(args);
    await runCli([...args, '--out', at('contact.csv')]);

    expect(stdout).toBe(readFileSync(at('contact.csv'), 'utf8'));
  });

  test('inspect gives its facts as one JSON document', async () => {
    const { code, stdout } = await runCli(['trace', 'inspect', trace, '-o', 'json']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rooms: 40 });
  });
});
