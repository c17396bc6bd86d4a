import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { joinFile, kill } from './cgroup.ts';
import { LabError } from '../exec.ts';
import { shortLived } from '../processes.ts';

export interface DaemonSpec {
  /** Also the name of the log file. */
  readonly name: string;
  readonly cgroup: string;
  readonly logDir: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

// The process joins its cgroup before it becomes the program: there is no moment in which a clean-up could miss it.
const launcher = 'echo $$ >"$1" || exit 125; shift; exec "$@"';

/** A process of the cluster. It belongs to a cgroup, by which it is found even when its starter is gone. */
export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(spec: DaemonSpec, child: ChildProcess, pid: number) {
    this.name = spec.name;
    this.pid = pid;
    this.#child = child;
    this.#logFile = logFileOf(spec);
  }

  static async start(spec: DaemonSpec): Promise<Daemon> {
    const log = openSync(logFileOf(spec), 'a');
    const args = ['-c', launcher, 'sh', await joinFile(spec.cgroup), ...spec.command];
    const env = { ...process.env, ...shortLived, ...spec.env };
    const child = spawn('/bin/sh', args, { stdio: ['ignore', log, log], env, cwd: '/' });
    closeSync(log);
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new LabError(`${spec.name} could not be started: is /bin/sh there?`);
    return new Daemon(spec, child, child.pid);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) kill(this.pid, signal);
  }

  /** Resolves when the process has ended. */
  async ended(): Promise<void> {
    if (this.hasEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child.once('exit', () => resolve());
    await promise;
  }

  /** @throws LabError with the end of the log when the process is no longer there. */
  async assertAlive(): Promise<void> {
    if (!this.hasEnded) return;
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    throw new LabError(`${this.name} ended unexpectedly; read ${this.#logFile}: ${log.trim().slice(-600)}`);
  }
}

function logFileOf(spec: DaemonSpec): string {
  return join(spec.logDir, `${spec.name}.log`);
}

export type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

/** Whether something accepts connections there. */
export function answers(endpoint: Endpoint): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ timeout: 1000, ...endpoint });
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  socket.on('timeout', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
