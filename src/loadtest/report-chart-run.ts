/** The run over time: the level, the verdict of each window, and what went wrong for people. */
import {
  type ChartText,
  type Plot,
  type Scale,
  chart,
  horizontalAxis,
  label,
  linearScale,
  niceTicks,
  px,
  tickText,
  verticalAxis,
} from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import type { JoinRecord } from './record.ts';
import type { WindowRecord } from './window.ts';

const WIDTH = 760;
const HEIGHT = 260;
const plot: Plot = { left: 72, right: WIDTH - 20, top: 40, bottom: HEIGHT - 78 };
const STRIP_TOP = HEIGHT - 70;
const STRIP_HEIGHT = 18;
const BINS = 180;
const letters = { Pass: 'P', Fail: 'F', Invalid: 'I' } as const;

export interface RunChart {
  readonly text: ChartText;
  readonly windows: readonly WindowRecord[];
  readonly events: readonly JoinRecord[];
  readonly axis: string;
}

export function runChart({ text, windows, events, axis }: RunChart): Markup {
  const endMs = Math.max(1, ...windows.map(({ toMs }) => toMs));
  const top = Math.max(1, ...windows.map(({ level }) => level)) * 1.12;
  const x = linearScale([0, endMs], [plot.left, plot.right]);
  const y = linearScale([0, top], [plot.bottom, plot.top]);
  const minutes = niceTicks(0, endMs / 60_000, 9).map((tick) => [tick * 60_000, tickText(tick)] as const);
  return chart(
    text,
    [WIDTH, HEIGHT],
    verticalAxis(plot, y, niceTicks(0, top, 4)),
    label(plot.left, 14, axis, { 'text-anchor': 'start' }),
    ...windows.map((window) => shade(window, x)),
    el('path', { d: levelPath(windows, x, y), class: 'load' }),
    repetitionMarks(windows, x),
    troubleMarks(events, x, endMs),
    ...windows.map((window) => verdictBox(window, x)),
    label(plot.left - 6, STRIP_TOP + 13, 'verdict', { 'text-anchor': 'end' }),
    horizontalAxis({ ...plot, bottom: STRIP_TOP + STRIP_HEIGHT + 4 }, x, minutes),
    label((plot.left + plot.right) / 2, HEIGHT - 8, 'minutes since the run began', {
      'text-anchor': 'middle',
    }),
  );
}

const boxClass = { Pass: 'v-pass', Fail: 'v-fail', Invalid: 'v-invalid' } as const;

function shade({ fromMs, toMs, verdict }: WindowRecord, x: Scale): Markup {
  return el('rect', {
    x: px(x(fromMs)),
    y: px(plot.top),
    width: px(Math.max(0.5, x(toMs) - x(fromMs))),
    height: px(plot.bottom - plot.top),
    class: `shade ${boxClass[verdict.kind]}`,
  });
}

function verdictBox({ fromMs, toMs, verdict }: WindowRecord, x: Scale): Markup {
  const width = Math.max(1, x(toMs) - x(fromMs));
  return group(
    el('rect', {
      x: px(x(fromMs)),
      y: STRIP_TOP,
      width: px(width),
      height: STRIP_HEIGHT,
      class: `box ${boxClass[verdict.kind]}`,
    }),
    width < 8
      ? undefined
      : label(x(fromMs) + width / 2, STRIP_TOP + 13, letters[verdict.kind], {
          'text-anchor': 'middle',
          class: 'small',
        }),
  );
}

/** Level while it is measured, joined by the way to the next one. */
function levelPath(windows: readonly WindowRecord[], x: Scale, y: Scale): string {
  let last: number | undefined;
  return windows
    .map(({ repetition, level, fromMs, toMs }) => {
      const start = repetition === last ? 'L' : 'M';
      last = repetition;
      return `${start}${px(x(fromMs))} ${px(y(level))}H${px(x(toMs))}`;
    })
    .join('');
}

function repetitionMarks(windows: readonly WindowRecord[], x: Scale): Markup | undefined {
  const firsts = windows.filter(
    ({ repetition }, at) => at === 0 || repetition !== windows[at - 1]?.repetition,
  );
  if (firsts.length < 2) return undefined;
  return group(
    ...firsts.map(({ repetition, fromMs }) =>
      group(
        el('path', { d: `M${px(x(fromMs))} ${plot.top - 14}V${plot.bottom}`, class: 'interval' }),
        label(x(fromMs) + 3, plot.top - 6, `repetition ${repetition + 1}`),
      ),
    ),
  );
}

/** Failed joins and lost connections: the taller, the more at that time. */
function troubleMarks(events: readonly JoinRecord[], x: Scale, endMs: number): Markup | undefined {
  const counts = new Map<number, number>();
  for (const { kind, atMs } of events) {
    if (kind !== 'failed' && kind !== 'disconnected') continue;
    const bin = Math.min(BINS - 1, Math.floor((atMs / endMs) * BINS));
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const most = Math.max(...counts.values());
  const width = Math.max(1, x(endMs / BINS) - x(0));
  const bars = [...counts].map(([bin, count]) => {
    const height = 3 + (22 * count) / most;
    return `M${px(x((bin * endMs) / BINS))} ${plot.bottom}v${px(-height)}h${px(width)}v${px(height)}Z`;
  });
  return el('path', { d: bars.join(''), class: 'overload' });
}
