import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  NoMetaError,
  renderLoadTestReport,
  type ReportResult,
  resultOf,
  writeReport,
} from '../../src/loadtest/report.ts';
import type { RunRecord, SearchResult, SummaryRecord } from '../../src/loadtest/record.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';
import { all, type Element, parseStrictly, textOf } from '../report/well-formed.ts';
import { virtualRun } from './virtual-run.ts';

const whole = virtualRun({ lateWindows: [6], withProbes: true });
const page = renderLoadTestReport(whole);
const root = parseStrictly(page);

const withClass = (element: Element, name: string, kind: string): readonly Element[] =>
  all(element, name).filter(({ attributes }) => attributes.get('class')?.split(' ').includes(kind));
const section = (id: string, of = root): Element => {
  const found = all(of, 'section').find(({ attributes }) => attributes.get('id') === id);
  if (found === undefined) throw new Error(`no section ${id}`);
  return found;
};
const picture = (id: string, of = root): Element => {
  const found = all(of, 'svg').find(({ attributes }) =>
    attributes.get('aria-labelledby')?.startsWith(`${id}-title`),
  );
  if (found === undefined) throw new Error(`no picture ${id}`);
  return found;
};
const isSummary = (record: RunRecord): record is SummaryRecord => record.kind === 'summary';
const windowsOf = (records: readonly RunRecord[]) => records.filter(({ kind }) => kind === 'window');

/** The same run with another end. */
function ended(records: readonly RunRecord[], changes: Partial<SummaryRecord>): readonly RunRecord[] {
  return records.map((record) => (isSummary(record) ? { ...record, ...changes } : record));
}

function withResult(changes: Partial<SearchResult>): readonly RunRecord[] {
  return whole.map((record) =>
    isSummary(record) && record.result !== undefined
      ? { ...record, result: { ...record.result, ...changes } }
      : record,
  );
}

describe('the answer', () => {
  test.each<[string, Partial<SearchResult>, string]>([
    [
      'gives capacity, interval, what bound it and on what',
      { capacity: 3.3333, lower95: 2.6, upper95: 4, repetitions: [3, 3, 4] },
      '3.3 rooms of 10 (95\u00a0%: 2.6–4), bound by frame latency (95th percentile) while the node’s processor was used up, on 1 core of Imaginary 9000 with livekit-server 1.13.5.',
    ],
    [
      'says so where no repetition differs',
      {},
      '8 rooms of 10 (the same in 3 repetitions), bound by frame latency (95th percentile) while the node’s processor was used up, on 1 core of Imaginary 9000 with livekit-server 1.13.5.',
    ],
    [
      'says so where there is one repetition only',
      { capacity: 8, lower95: 7, upper95: 9, repetitions: [8], bindingLimit: 'Unknown' },
      '8 rooms of 10 (one repetition, which shows no spread), bound by frame latency (95th percentile) while no measured resource of the node had run out, on 1 core of Imaginary 9000 with livekit-server 1.13.5.',
    ],
    [
      'is a lower bound where the largest load passed',
      { bindingLimit: 'MaxReached', bindingSlo: undefined },
      'At least 8 rooms of 10: the largest load of the scenario passed, so the limit was not found, on 1 core of Imaginary 9000 with livekit-server 1.13.5.',
    ],
    [
      'is no zero where the lowest level failed',
      { capacity: 0, lower95: 0, upper95: 0, repetitions: [0, 0, 0], bindingLimit: 'Memory' },
      'Fewer than 1 room of 10: the lowest level failed already, bound by frame latency (95th percentile) while the node’s memory was used up, on 1 core of Imaginary 9000 with livekit-server 1.13.5.',
    ],
  ])('%s', (_, changes, sentence) => {
    expect(resultOf(withResult(changes)).headline).toBe(sentence);
  });

  const cases: readonly (readonly [string, readonly RunRecord[], RegExp])[] = [
    [
      'stopped',
      virtualRun({ stopAfter: 7 }),
      /^Stopped before there was an answer: so far the highest level that passed is \d+ rooms of 10, and none failed \(7 of 7 judged windows passed\)\.$/,
    ],
    [
      'inconclusive',
      ended(whole, { outcome: 'Inconclusive', why: '5 windows in a row said nothing.' }),
      /^No answer: 5 windows in a row said nothing\. So far the highest level/,
    ],
    [
      'cut off',
      whole.filter(({ kind }) => kind !== 'summary'),
      /^The record ends before the run did, so there is no answer: so far/,
    ],
    [
      'cut off before the first window',
      whole.slice(0, 3),
      /so there is no answer: no window was measured\.$/,
    ],
  ];

  test.each(cases)(
    'of a run that was %s names no capacity, and the page says the same',
    (_, records, sentence) => {
      const { result, headline, meaning } = resultOf(records);
      expect(headline).toMatch(sentence);
      expect(result).toBeNull();
      expect(meaning.join(' ')).toContain('They are no capacity');
      const text = renderLoadTestReport(records);
      expect(textOf(withClass(parseStrictly(text), 'p', 'answer')[0] ?? root)).toBe(headline);
      expect(
        all(parseStrictly(text), 'rect').some(({ attributes }) => attributes.get('class') === 'capacity'),
      ).toBe(false);
    },
  );

  test.each<[string, Scenario['load']['mode'], RegExp]>([
    [
      'fixed load',
      { kind: 'Fixed', level: 4, windows: 3 },
      /^4 rooms of 10 passed: 3 of 3 judged windows passed, on/,
    ],
    [
      'fixed load that is too much',
      { kind: 'Fixed', level: 20, windows: 3 },
      /^20 rooms of 10 failed: 0 of 3 judged windows passed, on/,
    ],
    [
      'steps',
      { kind: 'Steps', levels: [2, 6, 12], windows: 2 },
      /^The highest level that passed is 6 rooms of 10, and the lowest that failed is 12: \d+ of \d+ judged windows passed, on/,
    ],
  ])('of a %s counts windows', (_, mode, sentence) => {
    const records = virtualRun({ scenario: (plain) => ({ ...plain, load: { ...plain.load, mode } }) });
    expect(resultOf(records).headline).toMatch(sentence);
    expect(parseStrictly(renderLoadTestReport(records)).name).toBe('html');
  });

  test('of a record that does not say what was run is refused', () => {
    expect(() => resultOf(whole.slice(1))).toThrow(NoMetaError);
  });
});

describe('the page', () => {
  test('is the same text for the same records, also when they have been through a file', () => {
    const again = whole.map((record): RunRecord => JSON.parse(JSON.stringify(record)));
    expect(renderLoadTestReport(virtualRun({ lateWindows: [6], withProbes: true }))).toBe(page);
    expect(renderLoadTestReport(again)).toBe(page);
  });

  test('loads nothing, runs no script, and forbids both', () => {
    expect(page).not.toMatch(/https?:|@import|@font-face|\bdata:|script-src/i);
    expect(page).toContain('default-src &#39;none&#39;');
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use', 'base', 'form']) {
      expect(all(root, name)).toEqual([]);
    }
  });

  test('links to each of its sections', () => {
    const links = all(root, 'a').map(({ attributes }) => attributes.get('href')?.slice(1));
    expect(links).toEqual(all(root, 'section').map(({ attributes }) => attributes.get('id')));
  });

  test('has a title and a description for each picture, and only finite coordinates', () => {
    const pictures = all(root, 'svg').filter(({ attributes }) => attributes.get('role') === 'img');
    expect(pictures.length).toBeGreaterThanOrEqual(20);
    const ids = [...all(root, 'title'), ...all(root, 'desc')].flatMap(
      ({ attributes }) => attributes.get('id') ?? [],
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const each of pictures) {
      const named = each.attributes.get('aria-labelledby')?.split(' ') ?? [];
      expect(named.filter((id) => ids.includes(id))).toHaveLength(2);
    }
    expect(page.replace(/<style>[^]*?<\/style>/, '')).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  test('keeps all marks inside their picture', () => {
    for (const svg of all(root, 'svg').filter(({ attributes }) => attributes.get('role') === 'img')) {
      const [, , width = 0, height = 0] = (svg.attributes.get('viewBox') ?? '').split(' ').map(Number);
      for (const mark of withClass(svg, 'path', 'marker')) {
        const [x = -1, y = -1] = (
          /\(([\d.-]+) ([\d.-]+)\)/.exec(mark.attributes.get('transform') ?? '') ?? []
        )
          .slice(1)
          .map(Number);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(height);
      }
    }
  });

  test('draws each window of each limit, marked by its verdict', () => {
    const counts = resultOf(whole).result?.windows;
    const marks = (style: number) => withClass(picture('slo-0'), 'path', `c${style}`).length;
    expect([marks(0), marks(1), marks(6)]).toEqual([counts?.pass, counts?.fail, counts?.invalid]);
    expect(textOf(picture('slo-0'))).toMatch(/limit 1\d\d(\.\d+)? ms/);
    expect(textOf(picture('slo-0'))).toContain('at the edge, off the scale');
  });

  test('gives the share of windows that passed at each level with its interval', () => {
    const last = all(section('curve'), 'table').at(-1) ?? root;
    const rows = all(last, 'tr').slice(1).map(textOf);
    const { levels } = resultOf(whole);
    expect(rows).toHaveLength(levels.length);
    for (const [at, { level, windows, passed }] of levels.entries()) {
      const judged = windows.pass + windows.fail;
      expect(passed?.value).toBe(windows.pass / judged);
      expect(passed?.low).toBeLessThanOrEqual(windows.pass / judged);
      expect(rows[at]).toContain(`${level}${windows.pass} of ${judged}`);
    }
    // 3 of 3 by Wilson: from 3 / (3 + 1.96²).
    expect(rows.find((row) => row.includes('3 of 3'))).toContain('100\u00a0%44\u2013100\u00a0%');
  });

  test('shows the verdict of each window in words', () => {
    const rows = all(section('windows'), 'tr').slice(1);
    expect(rows).toHaveLength(windowsOf(whole).length);
    const verdicts = rows.map((row) => textOf(all(row, 'td').at(-1) ?? row));
    expect(verdicts.filter((text) => text === 'pass')).toHaveLength(
      resultOf(whole).result?.windows.pass ?? 0,
    );
    expect(verdicts[6]).toMatch(/^invalid \(GeneratorLimited\): worker 0 sent 55 ms late/);
    expect(verdicts.find((text) => text.startsWith('fail'))).toMatch(
      /^fail: .*CPU use of the node 9\d\.\d\u00a0% \(limit 95\.0\u00a0%\)$/,
    );
  });

  test('has a row for every limit with what it means for this run', () => {
    const [table] = all(section('meaning'), 'table');
    const rows = all(table ?? root, 'tr')
      .slice(1)
      .map(textOf);
    expect(rows).toHaveLength(10);
    expect(rows[0]).toContain('at most 100.0\u00a0ms over the baseline');
    expect(rows[7]).toContain('CPU use of the node (guard)');
  });

  test('shows the fitted line and what it leaves over, and warns where single costs mean nothing', () => {
    expect(withClass(picture('node-cpu'), 'path', 'fit')).toHaveLength(1);
    expect(withClass(picture('node-residuals'), 'path', 'marker').length).toBe(windowsOf(whole).length);
    expect(textOf(section('costs'))).toContain('the single costs cannot be told apart and mean nothing');
  });

  test('gives packets per second and core for bulk clients and for probes', () => {
    const rows = all(section('generator'), 'tr').map(textOf);
    expect(rows.some((row) => row.startsWith('Bulk'))).toBe(true);
    expect(rows.some((row) => row.startsWith('Probes, which decode'))).toBe(true);
    // 855 packets/s at 0.35 cores.
    expect(resultOf(whole).generator.probes?.packetsPerSecondReceivedPerCore).toBeCloseTo(855 / 0.35, 6);
  });

  test('holds fingerprint, scenario, seed and how to repeat the run', () => {
    expect(textOf(section('fingerprint'))).toContain('Imaginary 9000');
    const text = textOf(section('scenario'));
    expect(text).toContain('loadtest replay record.jsonl');
    expect(text).toContain('seed: 42');
    expect(text).toContain('joinsPerSecond: 5');
  });

  test('shows one row for each room, without the prefix of the run', () => {
    const names = all(section('rooms'), 'tr')
      .slice(1)
      .map((row) => textOf(all(row, 'th')[0] ?? row));
    expect(names).toContain('0-conference-0');
    expect(new Set(names).size).toBe(names.length);
  });

  test('shows names, not obeys them', () => {
    const hostile = `</pre><script>alert(1)</script>'"&<b>\u0000`;
    const records = virtualRun({
      stopAfter: 2,
      scenario: (plain) => ({ ...plain, name: hostile, description: hostile }),
    });
    const read = parseStrictly(renderLoadTestReport(records));
    expect([...all(read, 'script'), ...all(read, 'b')]).toEqual([]);
    expect(textOf(all(read, 'h1')[0] ?? read)).toContain('<script>');
  });

  test('of a run whose node and clients were never seen is whole and says so', () => {
    const blind = virtualRun({ stopAfter: 3 }).map(
      (record): RunRecord =>
        record.kind === 'window'
          ? {
              ...record,
              workers: [],
              node: undefined,
              figures: {},
              verdict: { kind: 'Invalid', because: ['WorkerLost'], detail: '0 of 1 workers answered' },
            }
          : record,
    );
    const read = parseStrictly(renderLoadTestReport(blind));
    expect(textOf(section('node', read))).toContain('The node was not measured.');
    expect(textOf(section('rooms', read))).toContain('No room was measured.');
    expect(textOf(section('joins', read))).toContain('No join was measured.');
    expect(resultOf(blind).generator.bulk).toBeNull();
  });

  test('of a trace does not print thousands of rooms', () => {
    const rooms = Array.from({ length: 3000 }, (_, at) => ({
      startSeconds: at,
      durationSeconds: 60,
      participants: 3,
      publishers: 2,
    }));
    const records = virtualRun({ stopAfter: 2 }).map((record): RunRecord => {
      if (record.kind !== 'meta') return record;
      const receives = { tiles: 9, layer: '360p', audio: true } as const;
      return {
        ...record,
        scenario: { ...record.scenario, workload: { kind: 'Trace', rooms, timeScale: 10, receives } },
      };
    });
    const text = renderLoadTestReport(records);
    expect(text).toContain('3000 rooms, see the record');
    expect(text.length).toBeLessThan(300_000);
  });
});

describe('a written report', () => {
  test('is two whole files, made with their folder, and the JSON is the result', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'report-'));
    try {
      const dir = join(folder, 'new', 'deep');
      const written = await writeReport(whole, dir);
      expect(readdirSync(dir).toSorted()).toEqual(['report.html', 'result.json']);
      expect(readFileSync(written.html, 'utf8')).toBe(page);
      const read: ReportResult = JSON.parse(readFileSync(written.json, 'utf8'));
      expect(read).toEqual(JSON.parse(JSON.stringify(resultOf(whole))));
      expect(read).toMatchObject({
        version: 1,
        outcome: 'Complete',
        seed: 42,
        unit: 'rooms',
        result: { capacity: 8, bindingSlo: 'frameLatencyMs.p95', bindingLimit: 'Cpu' },
      });
      expect(read.levels.map(({ level }) => level)).toEqual([1, 2, 4, 6, 7, 8, 9]);
      expect(read.slos.find(({ metric }) => metric === 'frameLatencyMs.p95')?.broken).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
