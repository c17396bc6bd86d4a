import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCommand, LabError } from './exec.ts';
import { debDir } from './paths.ts';
import { libraryPath } from './tools-deb.ts';

const keptOutputChars = 20_000;
const running = new Set<ChildProcess>();

/** Nothing outlives an orderly end of this process; for a kill see `startProcess`. */
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface LocalProcess {
  readonly pid: number;
  /** The end of what it wrote. */
  output(): string;
  running(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended by itself or by a signal. */
  readonly ended: Promise<void>;
  /** Kills it and waits until it is gone. Harmless when it already is. */
  kill(): Promise<void>;
}

/**
 * `Ample` goes before others when the processor is scarce, as a Pod's request for it would let it: for whatever must
 * not be judged by how busy the machine of the tests is. Without the right to do so it is `Even`. Participants must not
 * have it: their media goes before the servers that are to carry it.
 */
export type ProcessorShare = 'Even' | 'Ample';

const amply = ['sh', '-c', 'echo -10 2>/dev/null >/proc/self/autogroup; exec "$@"', 'amply'];

/** Starts a program that stays, and that the kernel kills when this process dies. @throws LabError when it cannot be started. */
export async function startProcess(
  program: string,
  args: readonly string[],
  share: ProcessorShare = 'Even',
): Promise<LocalProcess> {
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
  const tied = (await hasCommand('setpriv')) ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
  const shared = share === 'Ample' ? amply : [];
  const [command = program, ...rest] = [...tied, ...shared, program, ...args];
  // In a session of its own, which is given its share of the processor: beside participants in the session of the tests
  // an operator or a Redis would wait for its turn until what is measured of it says nothing.
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-keptOutputChars);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => running.delete(child));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new LabError(`${program} does not start: ${error.message}`)));
  });
  running.add(child);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    running: () => running.has(child),
    signal: (name) => void child.kill(name),
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A program that the lab unpacked, else the one on the PATH. */
export async function redisProgram(name: 'redis-server' | 'redis-cli'): Promise<string> {
  const unpacked = join(debDir, 'usr/bin', name);
  return await access(unpacked).then(
    () => unpacked,
    () => name,
  );
}

/** Below the range from which the kernel takes ports for outgoing connections: one of those could come between. */
const firstPort = 20_000;
const portCount = 12_000;

/** Ports that nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Listening[] = [];
  for (let tries = 0; servers.length < count; tries += 1) {
    if (tries > count + 200) throw new LabError('no port on loopback is free');
    const server = await listen(firstPort + Math.floor(Math.random() * portCount));
    if (server !== undefined) servers.push(server);
  }
  await Promise.all(servers.map((server) => server.close()));
  return servers.map(({ port }) => port);
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** On every address, as some of the servers will; `undefined` when somebody else does. */
async function listen(port: number): Promise<Listening | undefined> {
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => resolve(true));
  });
  if (!isFree) return undefined;
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, close };
}

export interface Scratch {
  readonly dir: string;
  remove(): Promise<void>;
}

/** A temporary folder, to be removed by its owner. */
export async function scratch(name: string): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), `ov-${name}-`));
  return { dir, remove: async () => await rm(dir, { recursive: true, force: true }) };
}
