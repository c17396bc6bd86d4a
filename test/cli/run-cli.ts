import { spawn } from 'node:child_process';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');
export const bin = path.join(root, 'bin/kubectl-openvidu');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
  readonly cwd?: string;
  /** Called with what has been written to stderr so far. */
  readonly onErr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same for stdout. */
  readonly onOut?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** The real program as a process of its own, without a kubeconfig unless one is given. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, program = bin, cwd = root } = options;
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.stdout += text;
    options.onOut?.(texts.stdout, kill);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text;
    options.onErr?.(texts.stderr, kill);
  });
  options.onStart?.(kill);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

/** At most two at once: each is a process that loads a program. */
export async function runAll(commands: readonly (readonly string[])[]): Promise<readonly Ran[]> {
  const results: Ran[] = [];
  const queue = commands.entries();
  const work = async (): Promise<void> => {
    for (const [at, args] of queue) results[at] = await runCli(args);
  };
  await Promise.all([work(), work()]);
  return results;
}
