/** A process of probes, as the worker sees it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Timers } from '../livekit/timers.ts';
import type { ProbeOrder, ProbeWord, ProcessReading } from './probe-message.ts';

/** The channel to a process of probes. */
export interface ProbeLink {
  /** Lost where the process has ended. */
  send(order: ProbeOrder): void;
  /** Asks it to end; what has not ended after five seconds is killed. */
  end(): Promise<void>;
}

export interface LinkEvents {
  readonly onWord: (word: ProbeWord) => void;
  /** Once, when the process has ended, whoever wished it. */
  readonly onEnded: (why: string) => void;
}

export type StartLink = (events: LinkEvents) => ProbeLink;

const endMs = 5000;
const keptChars = 500;
/** It needs to find programs and libraries, and nothing else: tokens come over the channel. */
const passedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'LD_LIBRARY_PATH'];

/** Starts a real one. */
export function startProbeProcess(timers: Timers): StartLink {
  return ({ onWord, onEnded }) => {
    // Beside this file, from source and compiled alike.
    const name = import.meta.url.endsWith('.ts') ? './probe-main.ts' : './probe-main.js';
    const passed = passedNames.flatMap((key) => {
      const value = process.env[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    const child = fork(fileURLToPath(new URL(name, import.meta.url)), [], {
      // The media library logs every callback otherwise.
      env: { ...Object.fromEntries(passed), NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptChars);
    });
    child.on('error', (error) => {
      said += error.message;
    });
    child.on('message', (word: ProbeWord) => onWord(word));
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    child.once('close', (code, signal) => {
      onEnded(`${code ?? signal ?? 'unknown'} ${said.trim()}`.trim());
      resolve();
    });
    // However this process ends, no child stays.
    const kill = (): void => void child.kill('SIGKILL');
    process.on('exit', kill);
    void gone.then(() => process.off('exit', kill));
    return {
      send: (order) => {
        if (child.connected) child.send(order);
      },
      end: async () => {
        child.kill('SIGTERM');
        const cancel = timers.after(endMs, kill);
        await gone;
        cancel();
      },
    };
  };
}

/** Somebody who sits in the process. */
export interface Sitter {
  /** The server ended it. */
  onLost(why: string): void;
  /** Its process has ended. */
  onProcessEnded(): void;
}

type Asked = Extract<ProbeOrder, { readonly id: number }>;
type Question = Asked extends infer O ? (O extends Asked ? Omit<O, 'id'> : never) : never;

/** To join may take the library long; a window must not wait for a process that hangs. */
const patienceMs: Readonly<Record<Asked['kind'], number>> = { join: 30_000, leave: 5000, read: 3000 };

/** Questions and answers with one process, and who sits in it. */
export class ProbeProcess {
  readonly #timers: Timers;
  readonly #link: ProbeLink;
  readonly #waiting = new Map<number, (word: ProbeWord | undefined) => void>();
  readonly #sitters = new Map<number, Sitter>();
  #asked = 0;
  #seats = 0;
  #isEnded = false;
  #reading: Promise<ProcessReading | undefined> | undefined;

  constructor(timers: Timers, start: StartLink, onEnded: (why: string) => void) {
    this.#timers = timers;
    this.#link = start({
      onWord: (word) => this.#hear(word),
      onEnded: (why) => {
        this.#ended();
        onEnded(why);
      },
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get sitters(): number {
    return this.#sitters.size;
  }

  /** Gives a seat to somebody. */
  seat(sitter: Sitter): number {
    this.#seats += 1;
    this.#sitters.set(this.#seats, sitter);
    return this.#seats;
  }

  /** The seat is free again; its sitter hears nothing more. */
  free(seat: number): void {
    this.#sitters.delete(seat);
  }

  tell(order: Extract<ProbeOrder, { readonly kind: 'speak' }>): void {
    this.#link.send(order);
  }

  /** Undefined where the process ended, or said nothing in good time. */
  async ask(question: Question): Promise<ProbeWord | undefined> {
    if (this.#isEnded) return undefined;
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve } = Promise.withResolvers<ProbeWord | undefined>();
    this.#waiting.set(id, resolve);
    const cancel = this.#timers.after(patienceMs[question.kind], () => resolve(undefined));
    this.#link.send({ ...question, id });
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  /** One look at all counters; those who ask at the same time share it. */
  async read(): Promise<ProcessReading | undefined> {
    this.#reading ??= this.ask({ kind: 'read' })
      .then((word) => (word?.kind === 'reading' ? word.reading : undefined))
      .finally(() => {
        this.#reading = undefined;
      });
    return await this.#reading;
  }

  async end(): Promise<void> {
    if (!this.#isEnded) await this.#link.end();
  }

  #hear(word: ProbeWord): void {
    if (word.kind === 'lost') this.#sitters.get(word.seat)?.onLost(word.why);
    else this.#waiting.get(word.id)?.(word);
  }

  #ended(): void {
    this.#isEnded = true;
    for (const answer of this.#waiting.values()) answer(undefined);
    const sitters = [...this.#sitters.values()];
    this.#sitters.clear();
    for (const sitter of sitters) sitter.onProcessEnded();
  }
}
