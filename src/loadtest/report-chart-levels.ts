/** A figure against the level: each window a mark by its verdict, a line through the means, the limit. */
import {
  type ChartText,
  type Plot,
  type Scale,
  chart,
  horizontalAxis,
  label,
  line,
  linePath,
  linearScale,
  marker,
  niceTicks,
  px,
  tickText,
  verticalAxis,
} from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import type { WindowRecord } from './window.ts';

const WIDTH = 760;
const HEIGHT = 260;
const plot: Plot = { left: 72, right: WIDTH - 20, top: 36, bottom: HEIGHT - 42 };
/** Values further beyond the limit than this many times its height are drawn at the edge. */
const CLIP_TIMES = 3;
const REPETITION_OFFSET = 6;
const MOST_BESIDE = 5;

/** Shape and colour of each verdict, in all charts. */
export const verdictStyles: Readonly<Record<WindowRecord['verdict']['kind'], number>> = {
  Pass: 0,
  Fail: 1,
  Invalid: 6,
};

export interface LevelPoint {
  readonly level: number;
  readonly value: number;
  readonly verdict: WindowRecord['verdict']['kind'];
  readonly repetition: number;
}

export interface LevelChart {
  readonly text: ChartText;
  readonly points: readonly LevelPoint[];
  /** What the axis of levels is called. */
  readonly axis: string;
  readonly unit: string;
  readonly limit?: { readonly value: number; readonly isLeast: boolean } | undefined;
  /** Through these a line is drawn instead of one through the means. */
  readonly fit?: readonly (readonly [level: number, value: number])[] | undefined;
  /** Levels that lie in the interval of the capacity. */
  readonly band?: readonly [number, number] | undefined;
  /** Both sides of 0, such as for residuals. */
  readonly isSigned?: boolean;
}

export function levelChart(data: LevelChart): Markup {
  const { text, points, axis, unit, limit } = data;
  const levels = points.map(({ level }) => level);
  const [low, high] = [Math.min(...levels, Infinity), Math.max(...levels, -Infinity)];
  const pad = Math.max(0.5, (high - low) * 0.04);
  const x = linearScale(points.length === 0 ? [0, 1] : [low - pad, high + pad], [plot.left, plot.right]);
  const repetitions = Math.min(MOST_BESIDE, 1 + Math.max(0, ...points.map(({ repetition }) => repetition)));
  const beside = (level: number, repetition: number): number =>
    x(level) + ((repetition % repetitions) - (repetitions - 1) / 2) * REPETITION_OFFSET;
  const [bottom, top] = domainOf(data);
  const y = linearScale([bottom, top], [plot.bottom, plot.top]);
  const off = points.filter(({ value }) => value < bottom || value > top);
  return chart(
    text,
    [WIDTH, HEIGHT],
    bandOf(data, x),
    verticalAxis(plot, y, niceTicks(bottom, top, 5), unit === '' ? '' : ` ${unit}`),
    limit === undefined ? undefined : limitLine(limit, y, unit),
    el('path', {
      d: linePath(lineOf(data).map(([level, value]) => [x(level), y(within(value, bottom, top))])),
      class: data.fit === undefined ? 'means' : 'fit',
    }),
    ...points.map((point) => mark(point, beside, y(within(point.value, bottom, top)))),
    offScale(off, unit),
    horizontalAxis(plot, x, levelTicks(low, high)),
    label((plot.left + plot.right) / 2, HEIGHT - 8, axis, { 'text-anchor': 'middle' }),
  );
}

function levelTicks(low: number, high: number): readonly (readonly [number, string])[] {
  if (low > high) return [];
  const ticks = niceTicks(low, high, 10).filter((tick) => high - low < 1 || Number.isInteger(tick));
  return (ticks.length === 0 ? [low] : ticks).map((tick) => [tick, tickText(tick)] as const);
}

/** So that the limit and what is near it can be read, however far the worst window is off. */
function domainOf({ points, limit, isSigned = false }: LevelChart): readonly [number, number] {
  const values = points.map(({ value }) => value);
  if (isSigned) {
    const most = Math.max(1e-6, ...values.map(Math.abs)) * 1.15;
    return [-most, most];
  }
  const [least, most] = [Math.min(...values, Infinity), Math.max(...values, 0)];
  if (limit === undefined) return [0, (most || 1) * 1.1];
  if (!limit.isLeast) return [0, Math.max(limit.value, Math.min(most, CLIP_TIMES * limit.value)) * 1.15 || 1];
  const room = Math.max(most - limit.value, limit.value * 0.005);
  const bottom = Math.max(least, limit.value - CLIP_TIMES * room);
  return [Math.min(bottom, limit.value) - room * 0.3, Math.max(most, limit.value) + room * 0.1];
}

function within(value: number, bottom: number, top: number): number {
  return Math.min(top, Math.max(bottom, value));
}

/** Means over the valid windows of each level. */
function lineOf({ fit, points, isSigned }: LevelChart): readonly (readonly [number, number])[] {
  if (fit !== undefined) return fit;
  if (isSigned === true) return [];
  const valid = points.filter(({ verdict }) => verdict !== 'Invalid');
  const levels = [...new Set(valid.map(({ level }) => level))].toSorted((one, other) => one - other);
  return levels.map((level) => {
    const own = valid.filter((point) => point.level === level);
    return [level, own.reduce((sum, { value }) => sum + value, 0) / own.length] as const;
  });
}

/** Repetitions stand side by side, in the middle of their level. */
function mark(
  { level, repetition, verdict }: LevelPoint,
  x: (level: number, repetition: number) => number,
  y: number,
): Markup {
  return marker(verdictStyles[verdict], x(level, repetition), y);
}

function limitLine(
  limit: { readonly value: number; readonly isLeast: boolean },
  y: Scale,
  unit: string,
): Markup {
  const at = y(limit.value);
  const text = `${limit.isLeast ? 'least' : 'limit'} ${tickText(Number(limit.value.toPrecision(4)))}${unit === '' ? '' : ` ${unit}`}`;
  return group(
    line([plot.left, at], [plot.right, at], 'limit'),
    label(plot.left + 4, limit.isLeast ? at + 14 : at - 5, text),
  );
}

function bandOf({ band }: LevelChart, x: Scale): Markup | undefined {
  if (band === undefined) return undefined;
  const from = Math.max(plot.left, x(band[0]) - 6);
  const to = Math.min(plot.right, x(band[1]) + 6);
  return group(
    el('rect', {
      x: px(from),
      y: px(plot.top),
      width: px(Math.max(0, to - from)),
      height: px(plot.bottom - plot.top),
      class: 'capacity',
    }),
    label((from + to) / 2, plot.top - 6, 'capacity', { 'text-anchor': 'middle' }),
  );
}

function offScale(points: readonly LevelPoint[], unit: string): Markup | undefined {
  if (points.length === 0) return undefined;
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
    tickText(Number(value.toPrecision(3))),
  );
  const range = least === most ? `${most}` : `${least} to ${most}`;
  return label(plot.right, 12, `at the edge, off the scale: ${range}${unit === '' ? '' : ` ${unit}`}`, {
    'text-anchor': 'end',
  });
}
