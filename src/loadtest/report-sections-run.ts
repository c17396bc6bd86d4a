/** The run itself: over time, by room, joins, the generator, and every window. */
import { type CumulativeCurve, cumulativeChart } from '../report/chart-cumulative.ts';
import { figureOf, swatch } from '../report/chart.ts';
import { counted, figure } from '../report/figure.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { table } from '../report/table.ts';
import { mergeHistograms } from './figures.ts';
import { heatWords, roomChart, roomField } from './report-chart-rooms.ts';
import { runChart } from './report-chart-run.ts';
import { type Model, countsOf, limitOf } from './report-model.ts';
import { levelAxis, levelFigure, levelText, verdictText } from './report-words.ts';

export function timelineSection(model: Model): Markup {
  const { windows, events, scenario, notes } = model;
  const { pass, fail, invalid } = countsOf(windows);
  const title = 'Level over time, with the verdict of each window';
  const description = `${counted(windows.length, 'window')}: ${pass} passed, ${fail} failed, ${invalid} invalid.`;
  const axis = levelAxis(scenario);
  return el(
    'section',
    { id: 'time' },
    el('h2', {}, 'The run over time'),
    windows.length === 0
      ? el('p', {}, 'No window was measured.')
      : group(
          figureOf(title, runChart({ text: { id: 'run', title, description }, windows, events, axis })),
          el(
            'ul',
            { class: 'legend' },
            el('li', {}, key('v-pass'), 'P: passed'),
            el('li', {}, key('v-fail'), 'F: failed'),
            el('li', {}, key('v-invalid'), 'I: invalid'),
            el(
              'li',
              {},
              key('overload'),
              'joins that failed and people who were disconnected, the taller the more',
            ),
          ),
        ),
    notes.length === 0
      ? undefined
      : table({
          caption: 'Notes',
          columns: ['Minute', 'Note'],
          rows: notes.map(({ atMs, text }) => [figure(atMs / 60_000, 1), text]),
          isProse: true,
        }),
  );
}

function key(kind: string): Markup {
  return el(
    'svg',
    { viewBox: '0 0 22 14', class: 'key', 'aria-hidden': 'true' },
    el('rect', { width: 22, height: 14, class: kind }),
  );
}

/** As many curves as can be told apart. */
const MOST_CURVES = 8;

export function joinsSection(model: Model): Markup {
  const curves = joinCurves(model);
  const shown = curves.length <= MOST_CURVES ? curves : thinned(curves, MOST_CURVES);
  const failed = failedStages(model);
  const title = 'Share of joins that were done after so many milliseconds, by level';
  return el(
    'section',
    { id: 'joins' },
    el('h2', {}, 'Joining'),
    shown.length === 0
      ? el('p', {}, 'No join was measured.')
      : group(
          figureOf(
            `${title}. Markers at 25, 50, 75 and 95 %.`,
            cumulativeChart(
              { id: 'joins-chart', title, description: joinWords(shown) },
              shown,
              'milliseconds (shorter to the left)',
            ),
          ),
          el(
            'ul',
            { class: 'legend' },
            ...shown.map(({ style, level, count }) =>
              el('li', {}, swatch(style), `${levelText(model.scenario, level)} (${counted(count, 'join')})`),
            ),
          ),
        ),
    failed.length === 0
      ? undefined
      : table({
          caption: 'Joins that failed, by the stage that did',
          columns: ['Stage', 'Joins'],
          rows: failed.map(([stage, count]) => [stage, count]),
        }),
  );
}

interface JoinCurve extends CumulativeCurve {
  readonly level: number;
  readonly count: number;
}

function joinCurves({ levels }: Model): readonly JoinCurve[] {
  const found = levels.flatMap(({ level, windows }) => {
    const merged = mergeHistograms(windows.flatMap(({ workers }) => workers.map(({ joinMs }) => joinMs)));
    if (merged === undefined) return [];
    const values = Array.from({ length: 200 }, (_, at) => merged.getValueAtPercentile((at + 1) / 2));
    return [{ level, values, count: merged.totalCount }];
  });
  return found.map((curve, style) => ({ ...curve, style }));
}

function thinned(curves: readonly JoinCurve[], count: number): readonly JoinCurve[] {
  const picked = Array.from({ length: count }, (_, at) =>
    Math.round((at * (curves.length - 1)) / (count - 1)),
  );
  return picked.flatMap((at, style) => {
    const curve = curves[at];
    return curve === undefined ? [] : [{ ...curve, style }];
  });
}

function joinWords(curves: readonly JoinCurve[]): string {
  const words = curves.map(
    ({ level, values }) =>
      `at ${levelFigure(level)}: half within ${figure(values[99] ?? 0, 0)} ms, 95 % within ${figure(values[189] ?? 0, 0)} ms`,
  );
  return `${words.join('; ')}.`;
}

function failedStages({ windows }: Model): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { joins } of windows.flatMap(({ workers }) => workers)) {
    for (const [stage, count] of Object.entries(joins.failedAt)) {
      counts.set(stage, (counts.get(stage) ?? 0) + count);
    }
  }
  return [...counts].toSorted(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
}

export function roomsSection(model: Model): Markup {
  const { windows, meta, scenario } = model;
  const field = roomField(windows, `${meta.runId}-`);
  const slo = scenario.slos.find(({ metric }) => metric === 'frameLatencyMs.p95');
  const measured = Math.max(0, ...field.rooms.map(({ worstMs }) => worstMs));
  const limitMs = (slo === undefined ? undefined : limitOf(model, slo)) ?? measured;
  const title = 'Frame latency (95th percentile) of each room in each window';
  const description = `${counted(field.rooms.length, 'room')}, the worst value ${figure(measured, 0)} ms, the limit ${figure(limitMs, 0)} ms.`;
  return el(
    'section',
    { id: 'rooms' },
    el('h2', {}, 'Room by room'),
    field.rooms.length === 0 || limitMs <= 0
      ? el('p', {}, 'No room was measured.')
      : group(
          figureOf(
            `${title}; crossed where it is above the limit${field.left === 0 ? '' : `; ${counted(field.left, 'room')} with less are left out`}`,
            roomChart({ id: 'room-field', title, description }, field, limitMs),
            table({
              caption: 'The rooms',
              columns: ['Room', 'Windows', 'Worst 95th percentile, ms', 'Packets lost', 'Of expected'],
              rows: field.rooms.map(({ room, latencies, worstMs, lost, expected }) => [
                room,
                latencies.filter((value) => value !== undefined).length,
                figure(worstMs, 1),
                figure(lost, 0),
                figure(expected, 0),
              ]),
            }),
          ),
          el(
            'ul',
            { class: 'legend' },
            ...heatWords(limitMs).map((words, at) => el('li', {}, key(`h${at}`), words)),
          ),
        ),
  );
}

export function windowsSection(model: Model): Markup {
  const shown = (value: number | undefined, digits: number, factor = 1): string =>
    value === undefined ? '–' : figure(value * factor, digits);
  return el(
    'section',
    { id: 'windows' },
    el('h2', {}, 'Every window'),
    table({
      caption: 'In the order in which they were measured',
      columns: [
        'Window',
        'Repetition',
        'Level',
        'Purpose',
        'From, min',
        'Seconds',
        'Frame latency p95, ms',
        'CPU, cores',
        'Mbit/s out',
        'Verdict',
      ],
      rows: model.windows.map(({ index, repetition, level, purpose, fromMs, toMs, figures, verdict }) => [
        index,
        repetition + 1,
        levelFigure(level),
        purpose.toLowerCase(),
        figure(fromMs / 60_000, 1),
        figure((toMs - fromMs) / 1000, 0),
        shown(figures['frameLatencyMs.p95'], 1),
        shown(figures['node.cpuCores'], 3),
        shown(figures['node.mbpsOut'], 1),
        { content: verdictText(verdict), mark: verdict.kind === 'Fail' ? 'lose words' : 'words' },
      ]),
    }),
  );
}
