/** How far a long job is, on stderr: a line that changes for a terminal, a line every tenth for a log. */
import type { Io } from './io.ts';

export interface Progress {
  /** `share` from 0 to 1. Cheap enough to be called often. */
  at(share: number, detail?: string): void;
  /** Takes the changing line away. */
  end(): Promise<void>;
}

const redrawEveryMs = 200;
const eraseLine = '\r\u001b[K';

/** Says nothing where stderr is no terminal, unless `always`. */
export function progressOn(io: Io, what: string, always: boolean): Progress {
  if (io.err.isTerminal) return new Changing(io, what);
  return always ? new Tenths(io, what) : { at: () => undefined, end: () => Promise.resolve() };
}

class Changing implements Progress {
  readonly #io: Io;
  readonly #what: string;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(io: Io, what: string) {
    this.#io = io;
    this.#what = what;
  }

  at(share: number, detail = ''): void {
    const nowMs = this.#io.clock.elapsedMs();
    if (nowMs - this.#drawnMs < redrawEveryMs) return;
    this.#drawnMs = nowMs;
    const text = `${this.#what} ${Math.floor(share * 100)} %${detail === '' ? '' : `, ${detail}`}`;
    void this.#io.err.write(`${eraseLine}${text.slice(0, this.#io.err.columns - 1)}`);
  }

  async end(): Promise<void> {
    if (this.#drawnMs !== Number.NEGATIVE_INFINITY) await this.#io.err.write(eraseLine);
  }
}

class Tenths implements Progress {
  readonly #io: Io;
  readonly #what: string;
  #tenth = 0;

  constructor(io: Io, what: string) {
    this.#io = io;
    this.#what = what;
  }

  at(share: number): void {
    const tenth = Math.floor(share * 10 + 1e-9);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth;
    void this.#io.err.write(`${this.#what} ${tenth * 10} %\n`);
  }

  async end(): Promise<void> {
    await Promise.resolve();
  }
}
