/** What commands see of the process: where to write, when to stop, what time it is. Tests give their own. */
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { type Clock, systemClock } from '../base/clock.ts';

export interface Sink {
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number;
  /** Resolves once the text is taken, so that a slow reader slows the writer. */
  write(text: string): Promise<void>;
}

export interface Io {
  readonly out: Sink;
  readonly err: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C or SIGTERM, or when nobody reads the answer any more; commands then end by themselves and leave nothing half done. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
  /** Resolves after `ms`, or at once when the command is to stop. */
  sleep(ms: number): Promise<void>;
  /** A file that must not stay if the process ends now, however it ends. The returned function takes that back. */
  partial(path: string): () => void;
}

/** The process's own, with its signals taken over. */
export interface ProcessIo extends Io {
  /** 130 after Ctrl-C, 143 after SIGTERM, 0 when nobody reads what it says; `undefined` when nobody stopped it. */
  stopCode(): number | undefined;
}

export function processIo(): ProcessIo {
  const stopping = new AbortController();
  const partials = new Set<string>();
  let code: number | undefined;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    // Who asks twice does not want to wait.
    if (code !== undefined) process.exit(code);
    code = 128 + constants.signals[signal];
    stopping.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('exit', () => {
    for (const path of partials) rmSync(path, { force: true });
  });
  let unread = false;
  onBrokenPipe(process.stdout, () => {
    unread = true;
    stopping.abort();
  });
  onBrokenPipe(process.stderr, () => undefined);
  return {
    out: sinkOf(process.stdout),
    err: sinkOf(process.stderr),
    env: process.env,
    stop: stopping.signal,
    clock: systemClock,
    sleep: (ms) => sleepUntil(ms, stopping.signal),
    partial: (path) => {
      partials.add(path);
      return () => void partials.delete(path);
    },
    stopCode: () => code ?? (unread ? 0 : undefined),
  };
}

/**
 * The reader, such as `head`, has seen enough: that is no failure, and there is nobody to tell. What was begun is ended in
 * order all the same, and who does not want to see the progress may still want the answer.
 */
function onBrokenPipe(stream: NodeJS.WriteStream, seen: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    seen();
  });
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    write: (text) =>
      new Promise((resolve) => {
        stream.write(text, () => resolve());
      }),
  };
}

function sleepUntil(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end, { once: true });
  });
}

const silentSink: Sink = { isTerminal: false, columns: 80, write: () => Promise.resolve() };

/** Writes nothing and never stops: to look at the commands without running one. */
export const silentIo: Io = {
  out: silentSink,
  err: silentSink,
  env: {},
  stop: new AbortController().signal,
  clock: systemClock,
  sleep: () => Promise.resolve(),
  partial: () => () => undefined,
};
