/** What a person sees of the demo: events as they come, and on a terminal a table of the nodes below them. */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { ClusterStatus } from '../src/api/v1alpha1.gen.ts';

export type LineKind = 'story' | 'event' | 'nodes' | 'table' | 'check' | 'result' | 'step';

export interface ScreenParts {
  /** Every line goes here too. */
  readonly logFile: string;
  status(): ClusterStatus | undefined;
}

const colours: Readonly<Record<LineKind, string>> = {
  story: '\u001B[1;36m',
  event: '\u001B[33m',
  nodes: '\u001B[2m',
  table: '',
  check: '\u001B[32m',
  result: '\u001B[1m',
  step: '\u001B[2m',
};

export class Screen {
  readonly #parts: ScreenParts;
  readonly #log: WriteStream;
  readonly #live = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  readonly #coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  readonly #startMs = performance.now();
  #drawn = 0;
  #lastNodes = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ScreenParts) {
    this.#parts = parts;
    mkdirSync(dirname(parts.logFile), { recursive: true });
    this.#log = createWriteStream(parts.logFile);
  }

  /** One line that stays. */
  say(kind: LineKind, text: string): void {
    this.#erase();
    for (const line of text.split('\n')) this.#write(kind, line);
    this.#draw();
  }

  /** Shows the nodes from now on: redrawn each second on a terminal, else a line at each change. */
  follow(): void {
    this.#timer ??= setInterval(() => this.changed(), 1000);
    this.#timer.unref();
  }

  /** Call when the status may have changed. */
  changed(): void {
    if (this.#timer === undefined) return;
    if (this.#live) {
      this.#erase();
      this.#draw();
      return;
    }
    const nodes = summary(this.#parts.status());
    if (nodes === this.#lastNodes) return;
    this.#lastNodes = nodes;
    this.#write('nodes', nodes);
  }

  /** The table as lines that stay, under a title. */
  snapshot(title: string): void {
    this.#erase();
    this.#write('table', title);
    for (const line of table(this.#parts.status())) this.#write('table', line);
    this.#draw();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
    await new Promise<void>((resolve) => this.#log.end(() => resolve()));
  }

  #write(kind: LineKind, text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1).padStart(6);
    const plain = `${seconds}  ${kind.padEnd(6)} ${text}`.trimEnd();
    this.#log.write(`${plain}\n`);
    const colour = this.#coloured ? colours[kind] : '';
    process.stdout.write(colour === '' ? `${plain}\n` : `${colour}${plain}\u001B[0m\n`);
  }

  #erase(): void {
    if (this.#drawn > 0) process.stdout.write(`\u001B[${this.#drawn}A\u001B[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (!this.#live || this.#timer === undefined) return;
    const width = Math.max(20, (process.stdout.columns ?? 80) - 1);
    const lines = ['', ...table(this.#parts.status())].map((line) => line.slice(0, width));
    process.stdout.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

const columns = [
  ['NODE', 18],
  ['STATE', 10],
  ['ROOMS', 6],
  ['PARTICIPANTS', 13],
  ['WHY NOT GONE', 0],
] as const;

/** The nodes as rows below a line of sums. */
export function table(status: ClusterStatus | undefined): readonly string[] {
  const head = columns.map(([title, width]) => title.padEnd(width)).join(' ');
  const rows = (status?.nodes ?? []).map(({ name, state, rooms, participants, reason }) =>
    [name, state, String(rooms), String(participants), reason ?? '']
      .map((cell, at) => cell.padEnd(columns[at]?.[1] ?? 0))
      .join(' ')
      .trimEnd(),
  );
  const sums = `desired ${status?.desiredNodes ?? '-'} · ready ${status?.readyNodes ?? '-'} · serving ${status?.servingNodes ?? '-'} · rooms ${status?.rooms ?? '-'} · participants ${status?.participants ?? '-'} · ${status?.utilizationPercent ?? '-'} % used`;
  return [sums, head.trimEnd(), ...rows];
}

function summary(status: ClusterStatus | undefined): string {
  const nodes = (status?.nodes ?? []).map(
    ({ name, state, rooms, participants }) => `${name} ${state} ${rooms} rooms ${participants} p`,
  );
  return nodes.length === 0 ? 'no Media Node' : nodes.join(' | ');
}
