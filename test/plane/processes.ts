import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
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

/** Loopback ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
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
    this.#child = spawn(program, rest, { stdio: ['ignore', log, log] });
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

async function listen(): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
