/** Load and capacity over time: one picture for each policy, all of a trace on the same axes. */
import {
  type Plot,
  type Scale,
  chart,
  figureOf,
  horizontalAxis,
  label,
  linearScale,
  niceTicks,
  px,
  verticalAxis,
} from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { figure } from '../report/figure.ts';
import { table } from '../report/table.ts';
import type { Timeline } from './timeline.ts';

const WIDTH = 760;
const HEIGHT = 200;
const plot: Plot = { left: 64, right: WIDTH - 10, top: 26, bottom: HEIGHT - 26 };
/** As many steps as can be told apart in print. */
const PICTURE_STEPS = 360;
const TABLE_STEPS = 28;

export interface TimelineAxes {
  readonly endS: number;
  /** In participants. */
  readonly top: number;
}

/** One step of the picture. */
interface Step {
  readonly fromS: number;
  readonly toS: number;
  readonly load: number;
  readonly serving: number;
  readonly closed: number;
  readonly launching: number;
  /** The worst of its parts. */
  readonly overloadShare: number;
}

/** Axes on which all of these fit. */
export function commonAxes(timelines: readonly Timeline[], capacity: number): TimelineAxes {
  const steps = timelines.flatMap((timeline) => stepsOf(timeline, PICTURE_STEPS));
  const highest = steps.reduce((most, step) => Math.max(most, step.load, nodesOf(step) * capacity), 0);
  return { endS: steps.reduce((last, { toS }) => Math.max(last, toS), 1), top: Math.max(1, highest * 1.04) };
}

function nodesOf(step: Step): number {
  return step.serving + step.closed + step.launching;
}

function stepsOf(timeline: Timeline, count: number): readonly Step[] {
  const size = Math.max(1, Math.ceil(timeline.load.length / count));
  return Array.from({ length: Math.ceil(timeline.load.length / size) }, (_, at) => {
    const part = (column: readonly number[]) => column.slice(at * size, (at + 1) * size);
    return {
      fromS: at * size * timeline.stepS,
      toS: Math.min((at + 1) * size, timeline.load.length) * timeline.stepS,
      load: mean(part(timeline.load)),
      serving: mean(part(timeline.serving)),
      closed: mean(part(timeline.closed)),
      launching: mean(part(timeline.launching)),
      overloadShare: Math.max(...part(timeline.overloadShare)),
    };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

export interface TimelinePicture {
  readonly id: string;
  readonly title: string;
  readonly timeline: Timeline;
  readonly capacity: number;
  readonly axes: TimelineAxes;
}

export function timelineFigure(picture: TimelinePicture): Markup {
  const { id, title, timeline, capacity, axes } = picture;
  const steps = stepsOf(timeline, PICTURE_STEPS);
  const x = linearScale([0, axes.endS], [plot.left, plot.right]);
  const y = linearScale([0, axes.top], [plot.bottom, plot.top]);
  const layer = (kind: string, from: (step: Step) => number, to: (step: Step) => number) =>
    el('path', {
      d: bandPath(steps, x, [(step) => y(from(step) * capacity), (step) => y(to(step) * capacity)]),
      class: kind,
    });
  const svg = chart(
    { id, title, description: describe(steps, capacity) },
    [WIDTH, HEIGHT],
    verticalAxis(plot, y, niceTicks(0, axes.top, 4)),
    layer(
      'serving',
      () => 0,
      ({ serving }) => serving,
    ),
    layer(
      'closed',
      ({ serving }) => serving,
      ({ serving, closed }) => serving + closed,
    ),
    layer('launching', ({ serving, closed }) => serving + closed, nodesOf),
    el('path', { d: stepPath(steps, x, ({ load }) => y(load)), class: 'load' }),
    overloadMarks(steps, x),
    horizontalAxis(plot, x, timeTicks(axes.endS)),
  );
  return figureOf(title, svg, timelineTable(title, stepsOf(timeline, TABLE_STEPS), capacity));
}

function stepPath(steps: readonly Step[], x: Scale, y: (step: Step) => number): string {
  return steps
    .map((step, at) => `${at === 0 ? 'M' : 'L'}${px(x(step.fromS))} ${px(y(step))}H${px(x(step.toS))}`)
    .join('');
}

/** Along the lower edge and back along the upper one. */
function bandPath(
  steps: readonly Step[],
  x: Scale,
  [low, high]: readonly [(step: Step) => number, (step: Step) => number],
): string {
  const there = stepPath(steps, x, low);
  const back = steps
    .toReversed()
    .map((step) => `L${px(x(step.toS))} ${px(high(step))}H${px(x(step.fromS))}`)
    .join('');
  return steps.length === 0 ? '' : `${there}${back}Z`;
}

/** Above the plot, a mark where some people are on overloaded nodes: the taller, the larger their share. */
function overloadMarks(steps: readonly Step[], x: Scale): Markup {
  const marks = steps
    .filter(({ overloadShare }) => overloadShare > 0)
    .map(({ fromS, toS, overloadShare }) => {
      const height = 4 + 14 * overloadShare;
      const width = Math.max(1.5, x(toS) - x(fromS));
      return `M${px(x(fromS))} ${px(plot.top - 2)}v${px(-height)}h${px(width)}v${px(height)}Z`;
    })
    .join('');
  return group(
    label(plot.left - 6, 16, 'overload', { 'text-anchor': 'end' }),
    marks === '' ? undefined : el('path', { d: marks, class: 'overload' }),
  );
}

const tickLengthsS: readonly number[] = [
  60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
];

function timeTicks(endS: number): readonly (readonly [number, string])[] {
  const lengthS = tickLengthsS.find((each) => endS / each <= 10) ?? Math.ceil(endS / 864_000) * 86_400;
  return Array.from({ length: Math.floor(endS / lengthS) + 1 }, (_, at) => [
    at * lengthS,
    timeText(at * lengthS, lengthS),
  ]);
}

function timeText(atS: number, tickS: number): string {
  if (tickS >= 86_400) return `day ${atS / 86_400}`;
  const hours = Math.floor(atS / 3600);
  return tickS >= 3600 ? `${hours} h` : `${hours}:${String(Math.floor(atS / 60) % 60).padStart(2, '0')}`;
}

function describe(steps: readonly Step[], capacity: number): string {
  const most = steps.reduce((top, step) => Math.max(top, step.load), 0);
  const nodes = steps.reduce((top, step) => Math.max(top, nodesOf(step)), 0);
  const hurt = steps.filter(({ overloadShare }) => overloadShare > 0).length;
  return `Up to ${figure(most, 0)} participants on up to ${figure(nodes, 1)} nodes of ${capacity}. People were on overloaded nodes in ${hurt} of ${steps.length} steps.`;
}

function timelineTable(title: string, steps: readonly Step[], capacity: number): Markup {
  return table({
    caption: `${title}: averages`,
    columns: [
      'From',
      'Participants',
      'Capacity',
      'Serving nodes',
      'Closed nodes',
      'Launching nodes',
      'Worst overload',
    ],
    rows: steps.map((step) => [
      `${Math.floor(step.fromS / 86_400)} d ${timeText(step.fromS % 86_400, 60)}`,
      figure(step.load, 0),
      figure(nodesOf(step) * capacity, 0),
      figure(step.serving, 1),
      figure(step.closed, 1),
      figure(step.launching, 1),
      `${figure(step.overloadShare * 100, 1)} %`,
    ]),
  });
}
