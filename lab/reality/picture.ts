/** Both runs as one picture: participants, nodes and serving nodes over time, told apart without colour too. */
import { label, line, linePath, linearScale, niceTicks, px, type Scale } from '../../src/report/chart.ts';
import { el, group, type Markup, verbatim } from '../../src/report/markup.ts';

export type Band = readonly (readonly [number, number])[];

export interface Panel {
  readonly title: string;
  readonly real: readonly number[];
  readonly simulated: readonly number[];
  /** The least and the most of many simulated runs; `undefined` where all are the same. */
  readonly band: Band | undefined;
  readonly height: number;
}

export interface Picture {
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly bandText: string;
}

const width = 760;
const left = 44;
const right = width - 14;
const headHeight = 62;
const gap = 44;

/** Okabe and Ito's blue and vermilion; the dash tells them apart in grey. */
const style = `text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 15px; font-weight: 600 }
.paper { fill: #ffffff } .grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #57606a }
.real { fill: none; stroke: #0072B2; stroke-width: 2 } .sim { fill: none; stroke: #D55E00; stroke-width: 2; stroke-dasharray: 7 3 }
.band { fill: #E69F00; opacity: 0.25 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .paper { fill: #0d1117 } .grid { stroke: #30363d } .axis { stroke: #8b949e } .real { stroke: #56B4E9 } .sim { stroke: #E69F00 } }`;

/** A whole SVG document. */
export function drawPicture(picture: Picture): string {
  const tops: number[] = [];
  let top = headHeight;
  for (const panel of picture.panels) {
    tops.push(top);
    top += panel.height + gap;
  }
  const svg = el(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${top}`,
      width,
      height: top,
      role: 'img',
      'aria-labelledby': 'title desc',
    },
    el('title', { id: 'title' }, picture.title),
    el('desc', { id: 'desc' }, picture.description),
    el('style', {}, verbatim(style)),
    el('rect', { x: 0, y: 0, width, height: top, class: 'paper' }),
    label(14, 22, picture.title, { class: 'title' }),
    legend(picture.bandText),
    ...picture.panels.map((panel, at) => drawPanel(panel, tops[at] ?? 0)),
  );
  return `${svg.markup}\n`;
}

function legend(bandText: string): Markup {
  const y = 42;
  return group(
    el('path', { d: `M14 ${y}H46`, class: 'real' }),
    label(52, y + 4, 'real cluster'),
    el('path', { d: `M142 ${y}H174`, class: 'sim' }),
    label(180, y + 4, 'simulator'),
    el('rect', { x: 258, y: y - 6, width: 32, height: 12, class: 'band' }),
    label(296, y + 4, bandText),
  );
}

function drawPanel(panel: Panel, top: number): Markup {
  const { real, simulated, band, height } = panel;
  const bottom = top + height;
  const highest = Math.max(1, ...real, ...simulated, ...(band ?? []).map(([, high]) => high));
  const x = linearScale([0, real.length - 1], [left, right]);
  const y = linearScale([0, highest * 1.05], [bottom, top + 18]);
  const ticks = niceTicks(0, highest, 4).filter((tick) => Number.isInteger(tick));
  return group(
    label(left, top + 8, panel.title),
    ...ticks.map((tick) =>
      group(
        line([left, y(tick)], [right, y(tick)], 'grid'),
        label(left - 6, y(tick) + 4, String(tick), { 'text-anchor': 'end' }),
      ),
    ),
    band === undefined ? undefined : el('path', { d: bandPath(band, x, y), class: 'band' }),
    el('path', { d: stepPath(real, x, y), class: 'real' }),
    el('path', { d: stepPath(simulated, x, y), class: 'sim' }),
    minutes(real.length - 1, x, bottom),
  );
}

function minutes(endS: number, x: Scale, bottom: number): Markup {
  const stepMinutes = endS > 600 ? 2 : 1;
  const count = Math.floor(endS / 60 / stepMinutes) + 1;
  return group(
    line([left, bottom], [right, bottom], 'axis'),
    ...Array.from({ length: count }, (_, at) => {
      const minute = at * stepMinutes;
      const text = at === 0 ? '0 min' : String(minute);
      return label(x(minute * 60), bottom + 16, text, { 'text-anchor': 'middle' });
    }),
  );
}

/** Points only where the value changes. */
function stepPath(values: readonly number[], x: Scale, y: Scale): string {
  const points: (readonly [number, number])[] = [];
  values.forEach((value, at) => {
    const before = values[at - 1];
    const isLast = at === values.length - 1;
    if (before === value && !isLast) return;
    if (before !== undefined) points.push([x(at), y(before)]);
    points.push([x(at), y(value)]);
  });
  return linePath(points);
}

function bandPath(band: Band, x: Scale, y: Scale): string {
  const low = stepPath(
    band.map(([least]) => least),
    x,
    y,
  );
  const high = band.map(([, most], at) => [x(at), y(most)] as const);
  const back = high.toReversed().map(([atX, atY]) => `L${px(atX)} ${px(atY)}`);
  return band.length === 0 ? '' : `${low}${back.join('')}Z`;
}
