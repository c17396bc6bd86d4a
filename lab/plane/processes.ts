import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../paths.ts';
import { shortLived } from '../processes.ts';

const setpriv = '/usr/bin/setpriv';

/** Path of a built part. @throws Error with the remedy when it is not there. */
export function binary(name: string): string {
  const folders = [process.env['OVM_BIN_DIR'], `${root}/build/bin`, `${root}/build/deb/usr/bin`];
  for (const folder of folders) {
    if (folder !== undefined && existsSync(path.join(folder, name))) return path.join(folder, name);
  }
  throw new Error(
    `${name} is not built: run "node lab/tools.ts", or name a folder that has it in OVM_BIN_DIR`,
  );
}

/** A process of the plane: its output goes to a file, and it dies with this one, however that ends. */
export class PlaneProcess {
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #hasExited = false;

  constructor(name: string, args: readonly string[], logFile: string) {
    this.#logFile = logFile;
    const log = openSync(logFile, 'a');
    const command = [binary(name), ...args];
    // The kernel kills the child with its parent, also when the parent gets no chance to.
    if (existsSync(setpriv)) command.unshift(setpriv, '--pdeathsig', 'KILL');
    const [program = name, ...rest] = command;
    // A session of its own, for its share of the processor: see startProcess.
    const env = { ...process.env, ...shortLived };
    this.#child = spawn(program, rest, { stdio: ['ignore', log, log], detached: true, env });
    closeSync(log);
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.promise;
    const end = (): void => {
      this.#hasExited = true;
      process.removeListener('exit', kill);
      gone.resolve();
    };
    this.#child.once('exit', end);
    this.#child.once('error', end);
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (!this.#hasExited) this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** The end of its output, for the message of a failure. */
  logTail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-2000);
  }
}
