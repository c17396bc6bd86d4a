/** What the comparison of a real run with its simulation says, as text and as a picture. */
import type { SimEvent } from '../../src/simulate/events.ts';
import { bandOf, type Course, insideShare, likeness, median, type Run, runOf } from './compare.ts';
import { drawPicture } from './picture.ts';

export interface Facts {
  readonly capacity: number;
  readonly endS: number;
  readonly launchTimes: readonly number[];
  /** Launch time that the simulator was given, in seconds. */
  readonly launchSeconds: number;
  /** How the clients fared: one line each. */
  readonly clients: readonly string[];
}

export interface Outcome {
  readonly text: string;
  readonly svg: string;
}

type Column = keyof Course;

/** `dice`: logs of the same rooms with other draws of placement and heartbeats. */
export function reportOf(
  real: readonly SimEvent[],
  simulated: readonly SimEvent[],
  dice: readonly (readonly SimEvent[])[],
  facts: Facts,
): Outcome {
  const run = (events: readonly SimEvent[]) => runOf(events, facts.capacity, facts.endS);
  const [one, other] = [run(real), run(simulated)];
  const others = dice.map(run);
  const text = [
    ...figureTable(one, other, others),
    '',
    ...likenessTable(one, other, others),
    '',
    `launch to ready in reality: ${facts.launchTimes.map((each) => each.toFixed(1)).join(' ')} s; the simulator was given ${facts.launchSeconds} s`,
    ...facts.clients,
  ].join('\n');
  return { text: `${text}\n`, svg: pictureOf(one, other, others) };
}

const rows: readonly (readonly [title: string, value: (run: Run) => number, digits: number])[] = [
  ['rooms', ({ figures }) => figures.rooms, 0],
  ['most participants at once', ({ course }) => Math.max(...course.participants), 0],
  ['launches, the first nodes included', ({ figures }) => figures.launches, 0],
  ['most nodes at once', ({ figures }) => figures.peakNodes, 0],
  ['node-minutes', ({ nodeMinutes }) => nodeMinutes, 1],
  ['cordons', ({ cordons }) => cordons, 0],
  ['drain minutes, median', ({ figures }) => figures.drainMinutesP50, 2],
  ['drain minutes, 95th percentile', ({ figures }) => figures.drainMinutesP95, 2],
  ['rooms cut', ({ figures }) => figures.roomsCut, 0],
  ['overload share, %', ({ figures }) => 100 * figures.overloadShare, 2],
];

function figureTable(real: Run, simulated: Run, dice: readonly Run[]): readonly string[] {
  const head = tableRow('figure', ['real', 'simulated', `${dice.length} other dice: least, median, most`]);
  const lines = rows.map(([title, value, digits]) => {
    const others = dice.map(value);
    const spread = [Math.min(...others), median(others) ?? Number.NaN, Math.max(...others)];
    const cells = [value(real), value(simulated)].map((each) => each.toFixed(digits));
    return tableRow(title, [...cells, spread.map((each) => each.toFixed(digits)).join('  ')]);
  });
  return [head, ...lines];
}

function tableRow(title: string, cells: readonly string[]): string {
  return `${title.padEnd(36)}${cells.map((cell) => cell.padStart(11)).join(' ')}`;
}

const columns: readonly (readonly [title: string, column: Column])[] = [
  ['nodes', 'nodes'],
  ['serving nodes', 'serving'],
  ['participants', 'participants'],
];

function likenessTable(real: Run, simulated: Run, dice: readonly Run[]): readonly string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const head = tableRow('second by second', [
    'mean diff.',
    'equal',
    'within 1',
    'in the band',
    'dice: diff.',
  ]);
  const lines = columns.map(([title, column]) => {
    const like = likeness(real.course[column], simulated.course[column]);
    const band = bandOf([simulated, ...dice].map(({ course }) => course[column]));
    // What two simulations that differ by their dice alone differ by.
    const among = dice.map(({ course }) => likeness(simulated.course[column], course[column]).meanDifference);
    return tableRow(title, [
      like.meanDifference.toFixed(2),
      percent(like.equalShare),
      percent(like.withinOneShare),
      percent(insideShare(real.course[column], band)),
      (median(among) ?? Number.NaN).toFixed(2),
    ]);
  });
  return [head, ...lines];
}

function pictureOf(real: Run, simulated: Run, dice: readonly Run[]): string {
  const panel = (title: string, column: Column, height: number) => ({
    title,
    real: real.course[column],
    simulated: simulated.course[column],
    band:
      column === 'participants'
        ? undefined
        : bandOf([simulated, ...dice].map(({ course }) => course[column])),
    height,
  });
  const like = likeness(real.course.nodes, simulated.course.nodes);
  return drawPicture({
    title: 'The same rooms on a real cluster and in the simulator',
    description: `Participants, Media Nodes and serving Media Nodes over time. Up to ${real.figures.peakNodes} nodes in reality and ${simulated.figures.peakNodes} in the simulator; their numbers differ by ${like.meanDifference.toFixed(2)} on average.`,
    panels: [
      panel('Participants', 'participants', 110),
      panel('Media Nodes, from launch to removal', 'nodes', 150),
      panel('Media Nodes that take new rooms', 'serving', 130),
    ],
    bandText: `range of ${dice.length + 1} simulations with the same people and other dice`,
  });
}
