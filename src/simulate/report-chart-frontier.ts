/** Cost against harm: each policy a point, the better the further down and left. */
import {
  type ChartText,
  type Plot,
  type Scale,
  chart,
  horizontalAxis,
  label,
  line,
  linearScale,
  marker,
  niceTicks,
  px,
  tickText,
  verticalAxis,
} from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import type { Estimate } from './report-statistics.ts';

const WIDTH = 760;
const HEIGHT = 340;
const plot: Plot = { left: 60, right: WIDTH - 20, top: 14, bottom: HEIGHT - 44 };
const LINE_HEIGHT = 14;
const LETTER_WIDTH = 6.6;

export interface FrontierPoint {
  readonly name: string;
  readonly style: number;
  /** Node-hours over the bound. */
  readonly cost: Estimate;
  /** In percent. */
  readonly overload: Estimate;
}

export function frontierChart(text: ChartText, points: readonly FrontierPoint[]): Markup {
  const costs = points.flatMap(({ cost }) => rangeOf(cost));
  const low = Math.min(...costs);
  const high = Math.max(...costs);
  const margin = (high - low || 1) * 0.08;
  const top = Math.max(...points.flatMap(({ overload }) => rangeOf(overload)), 0.01) * 1.1;
  const x = linearScale([low - margin, high + margin], [plot.left, plot.right]);
  const y = linearScale([0, top], [plot.bottom, plot.top]);
  const ticks = niceTicks(low - margin, high + margin, 8).map((tick) => [tick, tickText(tick)] as const);
  return chart(
    text,
    [WIDTH, HEIGHT],
    verticalAxis(plot, y, niceTicks(0, top, 6), ' %'),
    ...points.map((point) => intervals(point, x, y)),
    ...points.map((point) => marker(point.style, x(point.cost.mean), y(point.overload.mean))),
    ...placedNames(points, x, y),
    horizontalAxis(plot, x, ticks),
    label((plot.left + plot.right) / 2, HEIGHT - 8, 'node-hours ÷ bound (cheaper to the left)', {
      'text-anchor': 'middle',
    }),
  );
}

function rangeOf({ mean, halfWidth = 0 }: Estimate): readonly [number, number] {
  return [mean - halfWidth, mean + halfWidth];
}

function intervals({ cost, overload }: FrontierPoint, x: Scale, y: Scale): Markup {
  const [left, right] = rangeOf(cost);
  const [low, high] = rangeOf(overload);
  return group(
    line([x(left), y(overload.mean)], [x(right), y(overload.mean)], 'interval'),
    line([x(cost.mean), y(Math.max(0, low))], [x(cost.mean), y(high)], 'interval'),
  );
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

/** Beside its point, on the side with more room, moved up or down until it covers no other name. */
function placedNames(points: readonly FrontierPoint[], x: Scale, y: Scale): readonly Markup[] {
  const placed: Box[] = [];
  return points.map(({ name, cost, overload }) => {
    const [atX, atY] = [x(cost.mean), y(overload.mean)];
    const width = name.length * LETTER_WIDTH;
    const isLeft = atX + 12 + width > plot.right;
    const left = isLeft ? atX - 12 - width : atX + 12;
    const boxAt = (textY: number): Box => ({ left, right: left + width, y: textY });
    const offsets = [0, -1, 1, -2, 2, -3, 3, -4, 4].map((lines) => atY + 4 + lines * LINE_HEIGHT);
    const box = offsets.map(boxAt).find((each) => isFree(each, placed)) ?? boxAt(atY + 4);
    placed.push(box);
    const leader =
      box.y === atY + 4
        ? undefined
        : el('path', {
            d: `M${px(atX)} ${px(atY)}L${px(isLeft ? box.right : box.left - 2)} ${px(box.y - 4)}`,
            class: 'interval',
          });
    return group(
      leader,
      label(isLeft ? box.right : box.left, box.y, name, { 'text-anchor': isLeft ? 'end' : 'start' }),
    );
  });
}

function isFree(box: Box, placed: readonly Box[]): boolean {
  const isInside = box.y > plot.top + 6 && box.y < plot.bottom - 2;
  return (
    isInside &&
    placed.every(
      (other) =>
        Math.abs(other.y - box.y) >= LINE_HEIGHT - 1 ||
        other.right < box.left - 4 ||
        other.left > box.right + 4,
    )
  );
}
