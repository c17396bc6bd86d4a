/** Small pieces that all charts share: scales, ticks, lines, markers, and the frame that makes them accessible. */
import { type Child, type Markup, el, group } from './markup.ts';

/** From values to pixels. */
export type Scale = (value: number) => number;

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain;
  const [from, to] = range;
  const width = high - low || 1;
  return (value) => from + ((value - low) / width) * (to - from);
}

/** Round values from `low` to `high`, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function niceTicks(low: number, high: number, count: number): readonly number[] {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** As few digits as tell the ticks apart. */
export function tickText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A line through the points. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
}

export interface ChartText {
  /** Unique in the document. */
  readonly id: string;
  readonly title: string;
  /** What a reader who cannot see the picture should know. */
  readonly description: string;
}

/** An image of `width` by `height` units that scales with the page and is read out by its title and description. */
export function chart(
  text: ChartText,
  size: readonly [number, number],
  ...children: readonly Child[]
): Markup {
  const [width, height] = size;
  const labelledBy = `${text.id}-title ${text.id}-desc`;
  return el(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': labelledBy, class: 'chart' },
    el('title', { id: `${text.id}-title` }, text.title),
    el('desc', { id: `${text.id}-desc` }, text.description),
    ...children,
  );
}

export function label(
  x: number,
  y: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Markup {
  return el('text', { x: px(x), y: px(y), ...more }, text);
}

export function line(from: readonly [number, number], to: readonly [number, number], kind: string): Markup {
  return el('line', { x1: px(from[0]), y1: px(from[1]), x2: px(to[0]), y2: px(to[1]), class: kind });
}

/** The space between a chart's edges and its axes. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Horizontal lines with figures at the left. */
export function verticalAxis(plot: Plot, y: Scale, ticks: readonly number[], unit = ''): Markup {
  return group(
    ...ticks.map((tick) =>
      group(
        line([plot.left, y(tick)], [plot.right, y(tick)], 'grid'),
        label(plot.left - 6, y(tick) + 4, `${tickText(tick)}${unit}`, { 'text-anchor': 'end' }),
      ),
    ),
  );
}

/** Ticks and their texts below the plot. */
export function horizontalAxis(plot: Plot, x: Scale, ticks: readonly (readonly [number, string])[]): Markup {
  return group(
    line([plot.left, plot.bottom], [plot.right, plot.bottom], 'axis'),
    ...ticks.map(([value, text]) =>
      group(
        line([x(value), plot.bottom], [x(value), plot.bottom + 4], 'axis'),
        label(x(value), plot.bottom + 16, text, { 'text-anchor': 'middle' }),
      ),
    ),
  );
}

/** Told apart without colour by their shape, and by their dash where they are lines. */
const shapes: readonly string[] = [
  'M0-5A5 5 0 1 0 .01-5Z',
  'M-4.5-4.5H4.5V4.5H-4.5Z',
  'M0-5.5L5.5 4.5H-5.5Z',
  'M0-6L6 0L0 6L-6 0Z',
  'M0 5.5L5.5-4.5H-5.5Z',
  'M-5-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z',
  'M0-6L1.6-1.9L6-1.9L2.5.9L3.8 5.3L0 2.7L-3.8 5.3L-2.5.9L-6-1.9L-1.6-1.9Z',
  'M-2.5-5.5H2.5L5.5 0L2.5 5.5H-2.5L-5.5 0Z',
];
const dashes: readonly string[] = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 2', '9 3 2 3 2 3', '1 2'];
export const STYLE_COUNT = 8;

function ofStyle(list: readonly string[], style: number): string {
  return list[style % STYLE_COUNT] ?? '';
}

export function marker(style: number, x: number, y: number): Markup {
  return el('path', {
    d: ofStyle(shapes, style),
    transform: `translate(${px(x)} ${px(y)})`,
    class: `marker c${style % STYLE_COUNT}`,
  });
}

export function styledLine(style: number, d: string): Markup {
  const dash = ofStyle(dashes, style);
  const attributes = { d, class: `series s${style % STYLE_COUNT}` };
  return el('path', dash === '' ? attributes : { ...attributes, 'stroke-dasharray': dash });
}

/** A sample of the line and the marker for a legend. */
export function swatch(style: number): Markup {
  return el(
    'svg',
    { viewBox: '0 0 44 14', class: 'swatch', 'aria-hidden': 'true' },
    styledLine(style, 'M2 7H42'),
    marker(style, 22, 7),
  );
}

/** A figure with a caption, whose numbers can be had as a table too. */
export function figureOf(caption: string, picture: Markup, table?: Markup): Markup {
  return el(
    'figure',
    {},
    el('figcaption', {}, caption),
    el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption }, picture),
    table === undefined ? undefined : el('details', {}, el('summary', {}, 'The same as a table'), table),
  );
}
