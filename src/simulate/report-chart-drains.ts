/** How long drains took: the share of them that was over after so many minutes. */
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
} from './report-chart.ts';
import { type Markup, group } from './report-markup.ts';

const WIDTH = 760;
const HEIGHT = 300;
const plot: Plot = { left: 60, right: WIDTH - 20, top: 12, bottom: HEIGHT - 42 };
const CURVE_POINTS = 120;

export interface DrainCurve {
  readonly style: number;
  /** In rising order. */
  readonly minutes: readonly number[];
}

export function drainChart(text: ChartText, curves: readonly DrainCurve[]): Markup {
  const longest = Math.max(1, ...curves.map(({ minutes }) => minutes.at(-1) ?? 0));
  const x = linearScale([0, longest * 1.02], [plot.left, plot.right]);
  const y = linearScale([0, 100], [plot.bottom, plot.top]);
  return chart(
    text,
    [WIDTH, HEIGHT],
    verticalAxis(plot, y, [0, 25, 50, 75, 100], ' %'),
    ...curves.map(({ style, minutes }) => {
      const at = (share: number) => [x(quantile(minutes, share)), y(share * 100)] as const;
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
    label((plot.left + plot.right) / 2, HEIGHT - 8, 'minutes (shorter to the left)', {
      'text-anchor': 'middle',
    }),
  );
}

/** Nearest rank in a rising list; 0 of an empty one. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
