/** Workers as child processes of this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cancel, Timers } from '../livekit/timers.ts';
import type { Keys } from './signal.ts';

export interface LocalWorkers {
  /** Ends all and waits for that; those that do not end by themselves in time are killed. */
  end(): Promise<void>;
}

export interface LocalWish {
  readonly count: number;
  readonly port: number;
  readonly keys: Keys;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timers: Timers;
  /** What a worker wrote to stderr before it ended on its own. */
  readonly onTrouble: (text: string) => void;
}

const restartAfterMs = 1000;
const mostRestarts = 5;
const endMs = 5000;
const keptChars = 2000;

/** A worker that ends before its time is started again, a few times. Keys go through the environment, which others cannot read. */
export function startLocalWorkers(wish: LocalWish): LocalWorkers {
  const workers = Array.from({ length: wish.count }, (_, index) => new LocalWorker(index, wish));
  // However this process ends, no worker stays.
  const killAll = (): void => {
    for (const worker of workers) worker.kill();
  };
  process.on('exit', killAll);
  return {
    end: async () => {
      await Promise.all(workers.map(async (worker) => await worker.end()));
      process.off('exit', killAll);
    },
  };
}

class LocalWorker {
  readonly #index: number;
  readonly #wish: LocalWish;
  #child: ChildProcess | undefined;
  #restarts = 0;
  #ending = false;
  #cancel: Cancel = () => undefined;

  constructor(index: number, wish: LocalWish) {
    this.#index = index;
    this.#wish = wish;
    this.#start();
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.#ending = true;
    this.#cancel();
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    const late = this.#wish.timers.after(endMs, () => this.kill());
    await gone;
    late();
  }

  #start(): void {
    const { port, keys, env } = this.#wish;
    // Beside this file, from source and compiled alike.
    const name = import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js';
    const program = fileURLToPath(new URL(name, import.meta.url));
    const args = [program, '--connect', `ws://127.0.0.1:${port}`, '--index', String(this.#index)];
    const child = spawn(process.execPath, args, {
      env: {
        ...passed(env),
        LIVEKIT_API_KEY: keys.apiKey,
        LIVEKIT_API_SECRET: keys.apiSecret,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C at a terminal goes to its whole group: workers are told by the coordinator instead.
      detached: true,
    });
    this.#child = child;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptChars);
    });
    child.on('error', (error) => {
      said += error.message;
    });
    child.once('close', (code, signal) => this.#ended(`${code ?? signal ?? 'unknown'}`, said));
  }

  #ended(how: string, said: string): void {
    this.#child = undefined;
    if (this.#ending || how === '0') return;
    this.#wish.onTrouble(`worker ${this.#index} ended (${how}) ${said.trim()}`.trim());
    this.#restarts += 1;
    if (this.#restarts <= mostRestarts) {
      this.#cancel = this.#wish.timers.after(restartAfterMs, () => this.#start());
    }
  }
}

const passedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'LD_LIBRARY_PATH'];

/** A worker needs little of the environment, and shall not see what is not for it. */
function passed(env: LocalWish['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    passedNames.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
