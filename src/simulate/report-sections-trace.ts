/** What the report shows of one trace: tables side by side, the policies against each other, pictures. */
import { barChart } from './report-chart-bars.ts';
import { cumulativeChart } from '../report/chart-cumulative.ts';
import { frontierChart } from './report-chart-frontier.ts';
import { commonAxes, timelineFigure } from './report-chart-timeline.ts';
import { figureOf, swatch } from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { counted, figure } from '../report/figure.ts';
import { measures } from './report-measures.ts';
import { type Model, type TraceGroup, meanOf } from './report-model.ts';
import { againstTable, behaviourTable, meanText, seedTable, summaryTable } from './report-sections-tables.ts';

export function traceSection(model: Model, trace: TraceGroup): Markup {
  return el(
    'section',
    { id: trace.anchor },
    el('h2', {}, trace.label),
    el('p', { class: 'soft' }, scopeOf(trace)),
    summaryTable(trace, model),
    behaviourTable(trace, model),
    againstTable(trace, model),
    el('h3', {}, 'Cost and overload'),
    frontierFigure(trace),
    costFigure(trace),
    overloadFigure(trace),
    el('h3', {}, 'Drains'),
    drainFigure(trace),
    el('h3', {}, 'Load and capacity over time'),
    timelines(trace, model.options.capacity),
    el('h3', {}, 'Each run'),
    seedTable(trace),
  );
}

function scopeOf(trace: TraceGroup): string {
  const rooms = trace.series[0]?.runs[0]?.result.rooms ?? 0;
  const seeds = `${counted(trace.seeds.length, 'seed')} (${trace.seeds.join(', ')})`;
  const interval =
    trace.seeds.length > 1 ? ' Figures are means; ± is half of a 95 % confidence interval.' : '';
  return `${figure(rooms, 0)} rooms, ${counted(trace.series.length, 'policy').replace('policys', 'policies')}, ${seeds}.${interval}`;
}

function frontierFigure(trace: TraceGroup): Markup {
  const points = trace.series.map((series) => ({
    name: series.label,
    style: series.style,
    cost: meanOf(series, measures.ratio),
    overload: meanOf(series, measures.overloadShare),
  }));
  const best = points.map(
    ({ name, cost, overload }) => `${name}: ${figure(cost.mean, 2)} at ${figure(overload.mean, 2)} %`,
  );
  const title = 'Overload against cost: the further down and left, the better';
  const description = `Node-hours as a multiple of the bound, and overload. ${best.join('; ')}.`;
  return figureOf(title, frontierChart({ id: `${trace.anchor}-frontier`, title, description }, points));
}

function costFigure(trace: TraceGroup): Markup {
  const bars = trace.series.map((series) => ({
    name: series.label,
    style: series.style,
    value: meanOf(series, measures.nodeHours),
  }));
  const [first] = trace.series;
  const bound = first === undefined ? 0 : meanOf(first, measures.boundNodeHours).mean;
  const title = 'Node-hours, with their bound as a dashed line';
  const description = bars.map(({ name, value }) => `${name}: ${figure(value.mean, 1)}`).join('; ');
  const text = { id: `${trace.anchor}-cost`, title, description: `${description}.` };
  const reference = { value: bound, name: `bound ${figure(bound, 1)}` };
  return figureOf(title, barChart({ text, bars, unit: '', digits: 1, reference }));
}

function overloadFigure(trace: TraceGroup): Markup {
  const bars = trace.series.map((series) => ({
    name: series.label,
    style: series.style,
    value: meanOf(series, measures.overloadShare),
    part: meanOf(series, measures.unavoidableOverloadShare).mean,
  }));
  const title = 'Overload: share of the participants’ time on nodes above 90 % of capacity';
  const description = bars
    .map(
      ({ name, value, part }) =>
        `${name}: ${figure(value.mean, 2)} %, of it unavoidable ${figure(part, 2)} %`,
    )
    .join('; ');
  const text = { id: `${trace.anchor}-overload`, title, description: `${description}.` };
  return figureOf(`${title}; hatched: unavoidable`, barChart({ text, bars, unit: ' %', digits: 2 }));
}

function drainFigure(trace: TraceGroup): Markup {
  const curves = trace.series
    .map((series) => ({
      series,
      style: series.style,
      values: series.runs
        .flatMap(({ timeline }) => timeline.drainMinutes)
        .toSorted((one, other) => one - other),
    }))
    .filter(({ values }) => values.length > 0);
  const without = trace.series.filter((series) => curves.every((curve) => curve.series !== series));
  const none = without.length === 0 ? '' : ` No drains: ${without.map(({ label }) => label).join(', ')}.`;
  if (curves.length === 0) return el('p', {}, `Nothing was drained.${none}`);
  const title = 'Share of drains that were over after so many minutes';
  const description = curves
    .map(
      ({ series, values }) =>
        `${series.label}: ${values.length} drains, median ${meanText(series, measures.drainMinutesP50)} minutes`,
    )
    .join('; ');
  return group(
    figureOf(
      `${title}, all seeds together. Markers at 25, 50, 75 and 95 %.${none}`,
      cumulativeChart(
        { id: `${trace.anchor}-drains`, title, description: `${description}.` },
        curves,
        'minutes (shorter to the left)',
      ),
    ),
    el(
      'ul',
      { class: 'legend' },
      ...curves.map(({ series, values }) =>
        el('li', {}, swatch(series.style), `${series.label} (${values.length})`),
      ),
    ),
  );
}

function timelines(trace: TraceGroup, capacity: number): Markup {
  const firsts = trace.series.flatMap((series) => {
    const [run] = series.runs;
    return run === undefined ? [] : [{ series, run }];
  });
  const axes = commonAxes(
    firsts.map(({ run }) => run.timeline),
    capacity,
  );
  return group(
    el(
      'ul',
      { class: 'legend' },
      el('li', {}, key('load'), 'participants'),
      el('li', {}, key('serving'), 'capacity that takes new rooms'),
      el('li', {}, key('closed'), 'standby, cordoned or draining'),
      el('li', {}, key('launching'), 'launching'),
      el('li', {}, key('overload'), 'some people on overloaded nodes, the taller the more'),
    ),
    ...firsts.map(({ series, run }) =>
      timelineFigure({
        id: `${trace.anchor}-timeline-${series.style + 1}`,
        title: `${series.label}, seed ${run.seed}: participants and capacity in participants`,
        timeline: run.timeline,
        capacity,
        axes,
      }),
    ),
  );
}

function key(kind: string): Markup {
  const shape =
    kind === 'load'
      ? el('path', { d: 'M0 7H22', class: kind })
      : el('rect', { width: 22, height: 14, class: kind });
  return el('svg', { viewBox: '0 0 22 14', class: 'key', 'aria-hidden': 'true' }, shape);
}
