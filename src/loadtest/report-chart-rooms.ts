/** Frame latency of each room in each window as a field of cells: a room that suffers alone stands out. */
import { type ChartText, chart, label, px, tickText } from '../report/chart.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { mergeRooms } from './figures.ts';
import type { WindowRecord } from './window.ts';

const WIDTH = 760;
const LEFT = 150;
const TOP = 20;
const ROW = 11;
const MOST_ROWS = 48;
const MOST_COLUMNS = 150;

/** Upper edges of the classes, as shares of the limit. The last class has none. */
export const heatEdges: readonly number[] = [0.25, 0.5, 0.75, 1, 2];

export interface RoomField {
  /** Worst first where not all can be shown, else in the order in which they were first seen. */
  readonly rooms: readonly RoomRow[];
  readonly left: number;
  readonly columns: number;
}

export interface RoomRow {
  readonly room: string;
  /** Milliseconds by window, undefined where the room was not there or had no frames. */
  readonly latencies: readonly (number | undefined)[];
  readonly worstMs: number;
  readonly lost: number;
  readonly expected: number;
}

export function roomField(windows: readonly WindowRecord[], prefix: string): RoomField {
  const shown = windows.slice(0, MOST_COLUMNS);
  const rows = new Map<string, { latencies: (number | undefined)[]; lost: number; expected: number }>();
  for (const [column, { workers }] of shown.entries()) {
    for (const each of mergeRooms(workers.flatMap(({ rooms }) => rooms))) {
      const row = rows.get(each.room) ?? { latencies: [], lost: 0, expected: 0 };
      rows.set(each.room, row);
      if (each.frames > 0) row.latencies[column] = each.frameLatencyP95Ms;
      row.lost += each.lost;
      row.expected += each.expected;
    }
  }
  const all = [...rows].map(([room, { latencies, lost, expected }]): RoomRow => {
    const filled = Array.from({ length: shown.length }, (_, column) => latencies[column]);
    const worstMs = Math.max(0, ...filled.flatMap((value) => value ?? []));
    return {
      room: room.startsWith(prefix) ? room.slice(prefix.length) : room,
      latencies: filled,
      worstMs,
      lost,
      expected,
    };
  });
  const worst = new Set(all.toSorted((one, other) => other.worstMs - one.worstMs).slice(0, MOST_ROWS));
  return {
    rooms: all.filter((row) => worst.has(row)),
    left: all.length - worst.size,
    columns: shown.length,
  };
}

/** The class of a latency, from 0. */
export function heatClass(latencyMs: number, limitMs: number): number {
  const at = heatEdges.findIndex((edge) => latencyMs <= edge * limitMs);
  return at === -1 ? heatEdges.length : at;
}

export function roomChart(text: ChartText, { rooms, columns }: RoomField, limitMs: number): Markup {
  const width = (WIDTH - LEFT - 10) / Math.max(1, columns);
  const height = TOP + rooms.length * ROW + 24;
  const classes = Array.from({ length: heatEdges.length + 1 }, (): string[] => []);
  const crosses: string[] = [];
  for (const [row, { latencies }] of rooms.entries()) {
    for (const [column, latency] of latencies.entries()) {
      if (latency === undefined) continue;
      const [x, y] = [LEFT + column * width, TOP + row * ROW];
      classes[heatClass(latency, limitMs)]?.push(
        `M${px(x)} ${px(y)}h${px(width - 0.8)}v${ROW - 1}h${px(0.8 - width)}Z`,
      );
      if (latency > limitMs) crosses.push(`M${px(x + width / 2 - 2)} ${px(y + 3)}l4 4m0-4l-4 4`);
    }
  }
  return chart(
    text,
    [WIDTH, height],
    label(LEFT, 13, 'windows, in the order in which they were measured', { class: 'small' }),
    ...rooms.map(({ room }, row) =>
      label(LEFT - 6, TOP + row * ROW + 9, shortName(room), { 'text-anchor': 'end', class: 'small' }),
    ),
    ...classes.map((cells, at) =>
      cells.length === 0 ? undefined : el('path', { d: cells.join(''), class: `h${at}` }),
    ),
    crosses.length === 0 ? undefined : el('path', { d: crosses.join(''), class: 'cross' }),
    group(label(LEFT, height - 8, `${columns} windows`, { class: 'small' })),
  );
}

function shortName(room: string): string {
  return room.length > 24 ? `…${room.slice(-23)}` : room;
}

/** What the classes mean, for a legend. */
export function heatWords(limitMs: number): readonly string[] {
  const edge = (share: number): string => tickText(Number((share * limitMs).toPrecision(3)));
  return [
    ...heatEdges.map((share, at) => (at === 0 ? `up to ${edge(share)} ms` : `to ${edge(share)} ms`)),
    `above ${edge(heatEdges.at(-1) ?? 1)} ms`,
  ];
}
