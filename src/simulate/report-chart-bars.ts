/** One bar for each policy, with the confidence interval of its mean over the seeds. */
import {
  type ChartText,
  type Plot,
  type Scale,
  chart,
  horizontalAxis,
  label,
  line,
  linearScale,
  niceTicks,
  px,
  STYLE_COUNT,
  tickText,
} from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { figure } from '../report/figure.ts';
import type { Estimate } from './report-statistics.ts';

const WIDTH = 760;
const ROW = 30;
const LEFT = 190;
const RIGHT_TEXT = 120;

export interface Bar {
  readonly name: string;
  readonly style: number;
  readonly value: Estimate;
  /** Part of the value, hatched: such as what no policy can avoid. */
  readonly part?: number;
}

export interface Bars {
  readonly text: ChartText;
  readonly bars: readonly Bar[];
  readonly unit: string;
  readonly digits: number;
  /** A line across all bars, such as the bound. */
  readonly reference?: { readonly value: number; readonly name: string };
}

export function barChart({ text, bars, unit, digits, reference }: Bars): Markup {
  const top = reference === undefined ? 8 : 22;
  const height = top + bars.length * ROW + 26;
  const plot: Plot = { left: LEFT, right: WIDTH - RIGHT_TEXT, top, bottom: height - 26 };
  const highest = Math.max(
    reference?.value ?? 0,
    ...bars.map(({ value }) => value.mean + (value.halfWidth ?? 0)),
  );
  const most = highest > 0 ? highest : 1;
  const x = linearScale([0, most], [plot.left, plot.right]);
  const ticks = niceTicks(0, most, 6).map((tick) => [tick, `${tickText(tick)}${unit}`] as const);
  return chart(
    text,
    [WIDTH, height],
    ...ticks.map(([tick]) => line([x(tick), plot.top], [x(tick), plot.bottom], 'grid')),
    ...bars.map((bar, at) =>
      barRow(bar, x, plot.top + at * ROW, (value) => `${figure(value, digits)}${unit}`),
    ),
    reference === undefined ? undefined : referenceLine(reference, x, plot),
    horizontalAxis(plot, x, ticks),
  );
}

function barRow(
  { name, style, value, part }: Bar,
  x: Scale,
  top: number,
  shown: (value: number) => string,
): Markup {
  const middle = top + ROW / 2;
  const { mean, halfWidth } = value;
  const interval = halfWidth === undefined ? '' : ` ±${shown(halfWidth)}`;
  const end = x(mean + (halfWidth ?? 0));
  return group(
    label(LEFT - 8, middle + 4, name, { 'text-anchor': 'end' }),
    bar([x(0), x(mean)], middle, `bar c${style % STYLE_COUNT}`),
    part === undefined ? undefined : bar([x(0), x(Math.min(part, mean))], middle, 'part'),
    halfWidth === undefined ? undefined : whisker([x(mean - halfWidth), end], middle),
    label(end + 8, middle + 4, `${shown(mean)}${interval}`),
  );
}

function bar([from, to]: readonly [number, number], middle: number, kind: string): Markup {
  const width = px(Math.max(0, to - from));
  return el('rect', { x: px(from), y: px(middle - 8), width, height: 16, class: kind });
}

function whisker([from, to]: readonly [number, number], middle: number): Markup {
  const [low, high] = [px(from), px(to)];
  return el('path', {
    d: `M${low} ${px(middle - 5)}v10M${low} ${px(middle)}H${high}M${high} ${px(middle - 5)}v10`,
    class: 'whisker',
  });
}

function referenceLine(
  reference: { readonly value: number; readonly name: string },
  x: Scale,
  plot: Plot,
): Markup {
  return group(
    line([x(reference.value), plot.top - 4], [x(reference.value), plot.bottom], 'reference'),
    label(x(reference.value), plot.top - 8, reference.name, { 'text-anchor': 'middle' }),
  );
}
