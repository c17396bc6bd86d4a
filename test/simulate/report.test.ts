import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  EmptyReportError,
  type ReportOptions,
  type ReportRun,
  renderReport,
} from '../../src/simulate/report.ts';
import type { SimResult } from '../../src/simulate/result.ts';
import { all, parseStrictly, textOf } from '../report/well-formed.ts';

const options: ReportOptions = { capacity: 200, launchSeconds: 20 };

function aRun(
  policy: string,
  seed: number,
  changes: Partial<SimResult> = {},
  traceLabel = 'office',
): ReportRun {
  const result: SimResult = {
    policy,
    seed,
    trace: traceLabel,
    rooms: 15_700,
    nodeHours: 100,
    boundNodeHours: 50,
    ratio: 2,
    overloadShare: 0.05,
    unavoidableOverloadShare: 0.01,
    roomsCut: 0,
    participantsCut: 0,
    launches: 100,
    directionChangesPerDay: 5,
    peakNodes: 12,
    drainMinutesP50: 30,
    drainMinutesP95: 240,
    wallMs: 1000,
    ...changes,
  };
  const timeline = {
    stepS: 60,
    load: [10, 150, 90],
    serving: [1, 1, 0.5],
    closed: [0, 0, 0.5],
    launching: [0, 0.5, 0],
    overloadShare: [0, 0.25, 0],
    drainMinutes: [12, 48],
  };
  return { result, timeline, policyLabel: `Label of ${policy}`, traceLabel, seed };
}

const seeds = [1, 2, 3];
const three: readonly ReportRun[] = seeds.flatMap((seed) => [
  aRun('governor', seed, { nodeHours: 80 + seed, overloadShare: 0.04 + 0.001 * seed, launches: 300 + seed }),
  aRun('openvidu-v2', seed, { nodeHours: 100 + seed }),
  aRun('hpa', seed, { nodeHours: 160 + 2 * seed, roomsCut: 7, participantsCut: 31 }),
]);

const read = (runs: readonly ReportRun[], more: Partial<ReportOptions> = {}) =>
  parseStrictly(renderReport(runs, { ...options, ...more }));
const rowOf = (root: ReturnType<typeof read>, table: number, header: string) => {
  const rows = all(all(root, 'table')[table] ?? root, 'tr');
  const row = rows.find((each) => textOf(all(each, 'th')[0] ?? each) === header);
  return all(row ?? root, 'td').map(textOf);
};

describe('a report', () => {
  test('is well-formed, whatever is in it', () => {
    expect(read(three).name).toBe('html');
    expect(read([aRun('hpa', 1)]).name).toBe('html');
  });

  test('without any run is refused', () => {
    expect(() => renderReport([], options)).toThrow(EmptyReportError);
  });

  test('loads nothing from anywhere, and forbids it', () => {
    const text = renderReport(three, options);
    expect(text).not.toMatch(/https?:|\/\/[a-z]|@import|@font-face|\bdata:/i);
    expect(text).toContain('default-src &#39;none&#39;');
    const root = parseStrictly(text);
    for (const name of ['link', 'img', 'iframe', 'object', 'image', 'use', 'base', 'form']) {
      expect(all(root, name)).toEqual([]);
    }
    for (const element of all(root, 'a')) expect(element.attributes.get('href')).toMatch(/^#/);
    for (const element of all(root, 'script')) expect(element.attributes.has('src')).toBe(false);
  });

  test('answers first: cost against both references, cuts and overload', () => {
    const [heading] = all(read(three), 'p').filter(({ attributes }) => attributes.get('class') === 'answer');
    // (81/101 + 82/102 + 83/103) / 3 = 80.39 %; (81/162 + 82/164 + 83/166) / 3 = 50 %.
    expect(heading === undefined ? '' : textOf(heading)).toBe(
      'Label of governor needs 80.4\u00a0% of the node-hours of openvidu-v2 and 50.0\u00a0% of the node-hours of hpa, and cuts no room.',
    );
    const text = textOf(read(three));
    expect(text).toContain('Its overload, compared with that of openvidu-v2, is lower on 1 of 1 trace.');
    expect(text).toContain('Means over 1 trace and 3 seeds.');
  });

  test('has the means with their intervals, and ratios that are paired by seed', () => {
    // 81, 82, 83: mean 82, standard error 1/√3, t(2) 4.303, so ±2.5. Paired with hpa each ratio is 0.5 exactly.
    const cells = rowOf(read(three), 0, 'Label of governor');
    expect(cells.slice(0, 3)).toEqual(['82.0 ±2.5', '0.804 ±0.005', '0.500 ±0.000']);
    expect(rowOf(read(three), 0, 'Label of hpa')[2]).toBe('1 (itself)');
    expect(rowOf(read(three), 0, 'Label of hpa').slice(-2)).toEqual(['7 ±0', '31 ±0']);
  });

  test('says in words where the subject loses, at the top and in the table', () => {
    const root = read(three);
    const losses = all(root, 'section').find(({ attributes }) => attributes.get('id') === 'losses');
    // (301/100 + 302/100 + 303/100) / 3 = 3.02, so 202 % more launches.
    expect(losses === undefined ? '' : textOf(losses)).toContain(
      'office, launches, against Label of openvidu-v2: 202.0\u00a0% more (±2.5)',
    );
    const against = rowOf(root, 2, 'Label of hpa');
    expect(against).toEqual([
      'wins: 50.0\u00a0% less',
      'wins: 0.80\u00a0points less (±0.25)',
      'wins: 7.0\u00a0rooms less',
      'loses: 202.0\u00a0% more (±2.5)',
      'level: no difference',
    ]);
  });

  test('that is about another policy tells how that one does', () => {
    const text = textOf(read(three, { subject: 'hpa' }));
    expect(text).toContain('Where Label of hpa loses');
    expect(text).toContain('cuts 21 rooms');
  });

  test('of one seed shows no interval and says that it is one seed', () => {
    const root = read(three.filter(({ seed }) => seed === 1));
    expect(rowOf(root, 0, 'Label of governor')[0]).toBe('81.0');
    expect(rowOf(root, 2, 'Label of hpa')[0]).toBe('wins (one seed): 50.0\u00a0% less');
  });

  test('of several traces has a section for each, and the range in its answer', () => {
    const runs = [...three, aRun('governor', 1, { nodeHours: 90 }, 'school'), aRun('hpa', 1, {}, 'school')];
    const root = read(runs);
    expect(all(root, 'h2').map(textOf)).toEqual(expect.arrayContaining(['office', 'school']));
    expect(textOf(root)).toContain('of hpa (50.0\u00a0% to 90.0\u00a0% by trace)');
    const second = all(root, 'section').find(({ attributes }) => attributes.get('id') === 'trace-2') ?? root;
    expect(rowOf(second, 0, 'Label of governor').slice(1, 3)).toEqual(['not run', '0.900']);
  });

  test('has the cost where a price is given', () => {
    const root = read(three, { price: { amount: 0.5, currency: 'EUR' } });
    expect(textOf(all(root, 'thead')[0] ?? root)).toContain('Cost, EUR');
    expect(rowOf(root, 0, 'Label of governor')[1]).toBe('41.00 ±1.24');
  });

  test('holds every figure of every run, for people and for programs', () => {
    const root = read(three);
    const [data] = all(root, 'script').filter(({ attributes }) => attributes.get('id') === 'results');
    const parsed: unknown = JSON.parse(data === undefined ? '' : textOf(data));
    expect(parsed).toEqual(
      three.map(({ result, policyLabel, traceLabel, seed }) => ({ result, policyLabel, traceLabel, seed })),
    );
    const last = all(root, 'table').at(-1) ?? root;
    expect(all(last, 'tr')).toHaveLength(1 + three.length);
  });

  test('shows the commands that make it again as they are', () => {
    const commands = ['kubectl-openvidu backtest --trace "a & b.csv" --seeds 1,2,3'];
    expect(textOf(all(read(three, { commands }), 'pre')[0] ?? read(three))).toBe(commands[0]);
  });

  test('is the same text for the same runs', () => {
    expect(renderReport(three, options)).toBe(renderReport(structuredClone(three), options));
  });
});

describe('every picture', () => {
  const root = read(three);
  const pictures = all(root, 'svg').filter(({ attributes }) => attributes.get('role') === 'img');

  test('has a title and a description, of its own', () => {
    expect(pictures.length).toBeGreaterThanOrEqual(7);
    const ids = all(root, 'title')
      .concat(all(root, 'desc'))
      .flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const picture of pictures) {
      const named = picture.attributes.get('aria-labelledby')?.split(' ') ?? [];
      expect(named.every((id) => ids.includes(id))).toBe(true);
      expect(named).toHaveLength(2);
    }
  });

  test('holds only finite coordinates', () => {
    for (const element of pictures.flatMap((picture) =>
      ['path', 'line', 'rect', 'text'].flatMap((name) => all(picture, name)),
    )) {
      expect([...element.attributes.values()].join(' ')).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('tells policies apart by shape and dash as well as by colour', () => {
    const drains = pictures.find((picture) => textOf(picture).includes('Share of drains'));
    const lines = all(drains ?? root, 'path').filter(({ attributes }) =>
      attributes.get('class')?.startsWith('series'),
    );
    expect(new Set(lines.map(({ attributes }) => attributes.get('stroke-dasharray'))).size).toBe(
      lines.length,
    );
    const markers = all(drains ?? root, 'path').filter(({ attributes }) =>
      attributes.get('class')?.startsWith('marker'),
    );
    expect(new Set(markers.map(({ attributes }) => attributes.get('d'))).size).toBe(lines.length);
  });

  test('over time has its numbers as a table too', () => {
    const captions = all(root, 'caption').map(textOf);
    expect(captions.filter((caption) => caption.endsWith(': averages'))).toHaveLength(3);
  });
});

describe('names', () => {
  const hostile = `</script><script>alert(1)</script>'"&<b>\u0000\ud800\u2028`;

  test.each(['policyLabel', 'traceLabel'] as const)('in %s are shown, not obeyed', (key) => {
    const root = read([{ ...aRun('governor', 1), [key]: hostile }, aRun('hpa', 1)]);
    expect(all(root, 'b')).toEqual([]);
    expect(all(root, 'script')).toHaveLength(2);
    expect(textOf(root)).toContain(`'"&<b>\ufffd\ufffd`);
  });

  test('of any kind leave the document well-formed', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(name, name, name, (policy, label, trace) => {
        const run = { ...aRun(policy, 1, {}, trace), policyLabel: label };
        expect(read([run, aRun('hpa', 1, {}, trace)], { madeAt: label, commands: [trace] }).name).toBe(
          'html',
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('extreme runs', () => {
  const empty = {
    stepS: 1,
    load: [],
    serving: [],
    closed: [],
    launching: [],
    overloadShare: [],
    drainMinutes: [],
  };
  const nothing = {
    nodeHours: 0,
    boundNodeHours: 0,
    ratio: 0,
    overloadShare: 0,
    unavoidableOverloadShare: 0,
    launches: 0,
    rooms: 0,
  };

  test.each<[string, readonly ReportRun[]]>([
    ['of an empty trace', [{ ...aRun('governor', 1, nothing), timeline: empty }, aRun('hpa', 1, nothing)]],
    ['with seeds that are not shared', [aRun('governor', 1), aRun('hpa', 2)]],
    [
      'of more policies than there are colours',
      Array.from({ length: 12 }, (_, at) => aRun(`static-${at + 1}`, 1)),
    ],
    [
      'of huge figures',
      [aRun('governor', 1, { nodeHours: 1e9, overloadShare: 1 }), aRun('hpa', 1, { nodeHours: 1e-6 })],
    ],
  ])('%s are shown without a broken number', (_, runs) => {
    const text = textOf(read(runs));
    expect(text.replace(/\(function[^]*$/, '')).not.toMatch(/NaN|Infinity|undefined/);
  });
});
