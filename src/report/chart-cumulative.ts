/** How much of something was over after so long: one curve of shares for each style. */
import {
  type ChartText,
  type Plot,
  chart,
  horizontalAxis,
  label,
  linePath,
  linearScale,
  marker,
  niceTicks,
  styledLine,
  tickText,
  verticalAxis,
} from './chart.ts';
import { type Markup, group } from './markup.ts';

const WIDTH = 760;
const HEIGHT = 300;
const plot: Plot = { left: 60, right: WIDTH - 20, top: 12, bottom: HEIGHT - 42 };
const CURVE_POINTS = 120;

export interface CumulativeCurve {
  readonly style: number;
  /** In rising order. */
  readonly values: readonly number[];
}

/** Markers are at 25, 50, 75 and 95 %. `axis` says what the values are, with their unit. */
export function cumulativeChart(text: ChartText, curves: readonly CumulativeCurve[], axis: string): Markup {
  const longest = Math.max(1, ...curves.map(({ values }) => values.at(-1) ?? 0));
  const x = linearScale([0, longest * 1.02], [plot.left, plot.right]);
  const y = linearScale([0, 100], [plot.bottom, plot.top]);
  return chart(
    text,
    [WIDTH, HEIGHT],
    verticalAxis(plot, y, [0, 25, 50, 75, 100], ' %'),
    ...curves.map(({ style, values }) => {
      const at = (share: number) => [x(quantile(values, share)), y(share * 100)] as const;
      const steps = Array.from({ length: CURVE_POINTS + 1 }, (_, index) => at(index / CURVE_POINTS));
      return group(
        styledLine(style, linePath([[x(0), y(0)], ...steps])),
        ...[0.25, 0.5, 0.75, 0.95].map((share) => marker(style, ...at(share))),
      );
    }),
    horizontalAxis(
      plot,
      x,
      niceTicks(0, longest, 8).map((tick) => [tick, tickText(tick)] as const),
    ),
    label((plot.left + plot.right) / 2, HEIGHT - 8, axis, { 'text-anchor': 'middle' }),
  );
}

/** Nearest rank in a rising list; 0 of an empty one. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
