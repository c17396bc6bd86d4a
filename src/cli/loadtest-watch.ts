/** A run on stderr: a line for each window, and at a terminal one that changes in between. */
import { sayDuration } from '../base/duration.ts';
import type { RunProgress } from '../loadtest/run-progress.ts';
import type { LevelUnit } from '../loadtest/scenario.ts';
import type { BrokenSlo, Verdict } from '../loadtest/window.ts';
import type { Io } from './io.ts';
import { percent } from './output.ts';

const eraseLine = '\r\u001b[K';
const redrawEveryMs = 250;

const steps: Readonly<Record<RunProgress['step'], string>> = {
  Waiting: 'waiting for workers',
  Changing: 'people join and leave',
  Settling: 'settling',
  Measuring: 'measuring',
  Leaving: 'everybody leaves',
};

export class RunWatch {
  readonly #io: Io;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #windows = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Cheap enough to be called for every message of a worker. */
  show(progress: RunProgress): void {
    const { pass, fail, invalid } = progress.windows;
    const count = pass + fail + invalid;
    if (count > this.#windows) {
      this.#windows = count;
      const left = sayDuration(progress.expectedEndMs - progress.atMs);
      this.#line(`${windowText(progress)} (${left} to go)`);
    }
    this.#redraw(progress);
  }

  /** Of several runs the next one. */
  begin(text: string): void {
    this.#windows = 0;
    this.#line(text);
  }

  note(text: string): void {
    this.#line(text);
  }

  /** Takes the changing line away. */
  async end(): Promise<void> {
    if (this.#io.err.isTerminal) await this.#io.err.write(eraseLine);
  }

  #line(text: string): void {
    const erase = this.#io.err.isTerminal ? eraseLine : '';
    void this.#io.err.write(`${erase}${text}\n`);
  }

  #redraw(progress: RunProgress): void {
    const { err, clock } = this.#io;
    const nowMs = clock.elapsedMs();
    if (!err.isTerminal || nowMs - this.#drawnMs < redrawEveryMs) return;
    this.#drawnMs = nowMs;
    void err.write(`${eraseLine}${liveText(progress).slice(0, err.columns - 1)}`);
  }
}

/** What is going on, in one line. */
export function liveText(progress: RunProgress): string {
  const { step, level, unit, people, packetsPerSecond, workers, repetition, repetitions, expectedEndMs } =
    progress;
  if (step === 'Waiting') return `${steps[step]}: ${workers.ready} of ${workers.wanted}`;
  const times = repetitions > 1 ? `repetition ${repetition} of ${repetitions}, ` : '';
  const rate = Math.round(packetsPerSecond).toLocaleString('en-US');
  const left = sayDuration(expectedEndMs - progress.atMs);
  return (
    `${times}${countOf(level, unit)}, ${steps[step]}: ${people.connected} of ${people.planned} people, ` +
    `${rate} packets/s; about ${left} to go`
  );
}

function windowText({ windows, last, unit, repetitions }: RunProgress): string {
  const { pass, fail, invalid } = windows;
  if (last === undefined) return '';
  const times = repetitions > 1 ? `repetition ${last.repetition + 1}, ` : '';
  const seen = last.verdict.kind === 'Pass' ? figuresText(last.figures) : '';
  return `${times}window ${pass + fail + invalid} at ${countOf(last.level, unit)}: ${verdictText(last.verdict)}${seen}`;
}

/** The two figures that move first. */
function figuresText(figures: Readonly<Record<string, number>>): string {
  const latency = figures['frameLatencyMs.p95'];
  const cpu = figures['node.cpuShare'];
  const said = [
    ...(latency === undefined ? [] : [`frames ${rounded(latency)} ms (p95)`]),
    ...(cpu === undefined ? [] : [`processor ${percent(cpu, 0)}`]),
  ];
  return said.length === 0 ? '' : `, ${said.join(', ')}`;
}

/** Such as `1 room` or `3 rooms`. */
export function countOf(level: number, unit: LevelUnit): string {
  if (unit === 'percent') return `${level} %`;
  return `${level} ${level === 1 ? unit.slice(0, -1) : unit}`;
}

/** The word on a window with its reasons. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'Pass':
      return 'PASS';
    case 'Fail':
      return `FAIL, ${verdict.broken.map(brokenText).join(', ')}`;
    case 'Invalid':
      return `INVALID, ${verdict.because.join(', ')}: ${verdict.detail}`;
  }
}

function brokenText({ metric, value, limit }: BrokenSlo): string {
  return `${metric} ${rounded(value)} against ${rounded(limit)}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
