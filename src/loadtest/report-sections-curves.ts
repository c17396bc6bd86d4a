/** What people got and what it cost the node, against the level. */
import { figureOf, marker } from '../report/chart.ts';
import { figure } from '../report/figure.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { table } from '../report/table.ts';
import { type LevelChart, type LevelPoint, levelChart, verdictStyles } from './report-chart-levels.ts';
import { type Model, limitOf, meanFigure } from './report-model.ts';
import { predictedCores } from './report-costs.ts';
import { passedTable } from './report-passed.ts';
import {
  levelAxis,
  levelFigure,
  metricLabel,
  metricText,
  metricUnit,
  shownValue,
  sloText,
} from './report-words.ts';
import type { Slo } from './scenario.ts';
import type { WindowRecord } from './window.ts';

/** Each SLO that was measured as a chart of its own. */
export function curvesSection(model: Model): Markup {
  const charts = model.scenario.slos.flatMap((slo, at) => sloFigure(model, slo, at) ?? []);
  return el(
    'section',
    { id: 'curve' },
    el('h2', {}, 'What people got, against the load'),
    verdictLegend(),
    charts.length === 0
      ? el('p', {}, 'Nothing of it was measured.')
      : el('div', { class: 'pair' }, ...charts),
    passedTable(model),
  );
}

/** What the marks of windows mean. */
export function verdictLegend(): Markup {
  const item = (kind: WindowRecord['verdict']['kind'], words: string): Markup =>
    el(
      'li',
      {},
      el(
        'svg',
        { viewBox: '0 0 14 14', class: 'key', 'aria-hidden': 'true' },
        marker(verdictStyles[kind], 7, 7),
      ),
      words,
    );
  return el(
    'ul',
    { class: 'legend' },
    item('Pass', 'window that passed'),
    item('Fail', 'window that failed (by this or by another limit)'),
    item('Invalid', 'invalid window, which says nothing of the node'),
    el('li', {}, 'Line: mean of the valid windows. Dashed: limit. Repetitions stand side by side.'),
  );
}

function pointsOf(model: Model, value: (window: WindowRecord) => number | undefined): readonly LevelPoint[] {
  return model.windows.flatMap((window) => {
    const found = value(window);
    if (found === undefined) return [];
    const { level, repetition, verdict } = window;
    return [{ level, value: found, verdict: verdict.kind, repetition }];
  });
}

function sloFigure(model: Model, slo: Slo, at: number): Markup | undefined {
  const { metric } = slo;
  const points = pointsOf(model, ({ figures }) => {
    const value = figures[metric];
    return value === undefined ? undefined : shownValue(metric, value);
  });
  if (points.length === 0) return undefined;
  const limit = limitOf(model, slo);
  const caption = `${metricLabel(metric)}: ${sloText(slo)}${slo.guard ? ' (a guard)' : ''}`;
  return levelFigureOf(model, caption, {
    id: `slo-${at}`,
    points,
    unit: metricUnit(metric),
    shown: (value) => metricText(metric, shownBack(metric, value)),
    limit:
      limit === undefined ? undefined : { value: shownValue(metric, limit), isLeast: slo.max === undefined },
  });
}

/** From what charts draw back to the figure. */
function shownBack(metric: string, value: number): number {
  return value / shownValue(metric, 1);
}

interface LevelPicture extends Pick<LevelChart, 'points' | 'unit' | 'limit' | 'fit' | 'isSigned'> {
  readonly id: string;
  readonly shown: (value: number) => string;
}

export function levelFigureOf(model: Model, caption: string, picture: LevelPicture): Markup {
  const { id, points, shown, ...rest } = picture;
  const result = model.outcome === 'Complete' ? model.summary?.result : undefined;
  const isInside = result !== undefined && result.capacity > 0;
  const means = meansOf(points);
  const description = means.map(({ level, mean }) => `at ${levelFigure(level)}: ${shown(mean)}`).join('; ');
  return figureOf(
    caption,
    levelChart({
      text: {
        id,
        title: caption,
        description: `Means of the valid windows: ${description === '' ? 'none' : description}.`,
      },
      points,
      axis: levelAxis(model.scenario),
      ...(isInside ? { band: [result.lower95, result.upper95] as const } : {}),
      ...rest,
    }),
    table({
      caption: `${caption}, means of the valid windows`,
      columns: [levelAxis(model.scenario), 'Mean', 'Least', 'Most', 'Windows'],
      rows: means.map(({ level, mean, least, most, count }) => [
        levelFigure(level),
        shown(mean),
        shown(least),
        shown(most),
        count,
      ]),
    }),
  );
}

function meansOf(points: readonly LevelPoint[]): readonly {
  readonly level: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}[] {
  const valid = points.filter(({ verdict }) => verdict !== 'Invalid');
  const levels = [...new Set(valid.map(({ level }) => level))].toSorted((one, other) => one - other);
  return levels.map((level) => {
    const values = valid.filter((point) => point.level === level).map(({ value }) => value);
    return {
      level,
      mean: values.reduce((total, value) => total + value, 0) / values.length,
      least: Math.min(...values),
      most: Math.max(...values),
      count: values.length,
    };
  });
}

interface NodePicture {
  readonly name: string;
  readonly caption: string;
  readonly unit: string;
  readonly digits: number;
  readonly factor: number;
}

const nodePictures: readonly NodePicture[] = [
  {
    name: 'node.packetsPerSecondOut',
    caption: 'Packets per second sent by the node, thousands',
    unit: '',
    digits: 1,
    factor: 1e-3,
  },
  {
    name: 'node.packetsPerSecondIn',
    caption: 'Packets per second received by the node, thousands',
    unit: '',
    digits: 2,
    factor: 1e-3,
  },
  { name: 'node.mbpsOut', caption: 'Mbit/s sent by the node', unit: '', digits: 1, factor: 1 },
  { name: 'node.mbpsIn', caption: 'Mbit/s received by the node', unit: '', digits: 1, factor: 1 },
  { name: 'node.memoryBytes', caption: 'Memory of the media server, MB', unit: '', digits: 0, factor: 1e-6 },
];

/** CPU with the fitted costs and what they leave over, and packets, bytes and memory. */
export function nodeSection(model: Model): Markup {
  const pictures = nodePictures.flatMap((picture, at) => nodeFigure(model, picture, at) ?? []);
  const cpu = cpuFigures(model);
  const isEmpty = pictures.length + cpu.length === 0;
  return el(
    'section',
    { id: 'node' },
    el('h2', {}, 'What it cost the node'),
    isEmpty ? el('p', {}, 'The node was not measured.') : el('div', { class: 'pair' }, ...cpu, ...pictures),
  );
}

function nodeFigure(
  model: Model,
  { name, caption, unit, digits, factor }: NodePicture,
  at: number,
): Markup | undefined {
  const points = pointsOf(model, ({ figures }) => {
    const value = figures[name];
    return value === undefined ? undefined : value * factor;
  });
  if (points.length === 0) return undefined;
  const shown = (value: number): string => `${figure(value, digits)}${unit}`;
  return levelFigureOf(model, caption, { id: `node-${at}`, points, unit, shown });
}

function cpuFigures(model: Model): readonly Markup[] {
  const points = pointsOf(model, ({ figures }) => figures['node.cpuCores']);
  if (points.length === 0) return [];
  const limitCores = model.windows.find(({ node }) => node !== undefined)?.node?.limitCores;
  const costs = model.summary?.costs;
  const predict = (window: WindowRecord): number | undefined =>
    costs === undefined || window.node === undefined ? undefined : predictedCores(costs, window.node);
  const fit = model.levels.flatMap(({ level, valid }) => {
    const values = valid.flatMap((window) => predict(window) ?? []);
    return values.length === 0 ? [] : [[level, values.reduce((a, b) => a + b, 0) / values.length] as const];
  });
  const shown = (value: number): string => `${figure(value, 3)} cores`;
  const residuals = pointsOf(model, (window) => {
    const [measured, predicted] = [window.figures['node.cpuCores'], predict(window)];
    return measured === undefined || predicted === undefined ? undefined : measured - predicted;
  });
  const caption = `CPU of the node, cores${costs === undefined ? '' : '; dash-dotted: what the fitted costs say'}`;
  return [
    levelFigureOf(model, caption, {
      id: 'node-cpu',
      points,
      unit: '',
      shown,
      limit: limitCores === undefined ? undefined : { value: limitCores, isLeast: false },
      fit: fit.length === 0 ? undefined : fit,
    }),
    ...(residuals.length === 0
      ? []
      : [
          levelFigureOf(model, 'Residuals: measured less fitted CPU, cores', {
            id: 'node-residuals',
            points: residuals,
            unit: '',
            shown,
            isSigned: true,
          }),
        ]),
  ];
}

/** Limits and what was measured at the ends and at the answer. */
export function sloTable(model: Model): Markup {
  const result = model.outcome === 'Complete' ? model.summary?.result : undefined;
  const at = (name: string, level: number | undefined): string => {
    const group_ = model.levels.find((each) => each.level === level);
    const value = group_ === undefined ? undefined : meanFigure(group_.valid, name);
    return value === undefined ? '–' : metricText(name, value);
  };
  const judged = model.levels.filter(({ valid }) => valid.length > 0).map(({ level }) => level);
  const best = result === undefined ? undefined : judged.findLast((level) => level <= result.capacity);
  const above = best === undefined ? judged.at(-1) : judged.find((level) => level > best);
  const columns = [judged[0], best, above].filter(
    (level, place, all): level is number => level !== undefined && all.indexOf(level) === place,
  );
  return table({
    caption: 'Every limit, and means of the valid windows',
    columns: [
      'Limit',
      'Is',
      'As applied',
      ...columns.map((level) => `at ${levelFigure(level)}`),
      'Windows it failed',
    ],
    rows: model.scenario.slos.map((slo) => {
      const limit = limitOf(model, slo);
      const failed = model.windows.filter(
        ({ verdict }) =>
          verdict.kind === 'Fail' && verdict.broken.some(({ metric }) => metric === slo.metric),
      ).length;
      return [
        group(metricLabel(slo.metric), slo.guard ? ' (guard)' : ''),
        sloText(slo),
        limit === undefined ? 'no baseline' : metricText(slo.metric, limit),
        ...columns.map((level) => at(slo.metric, level)),
        failed,
      ];
    }),
  });
}
