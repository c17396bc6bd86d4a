import { type ExecFileOptions, execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A step of the lab failed for a reason that a person can act on; the message is one sentence with the remedy. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

/** A command ended with a failure. `output` is the end of what it wrote. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly output: string;
  constructor(command: string, reason: string, output: string) {
    super(`${command} failed (${reason})${output === '' ? '' : `: ${output}`}`);
    this.output = output;
  }
}

/** Prints one line of progress. */
export type Say = (line: string) => void;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Runs a command to its end and returns its standard output. @throws CommandError with the end of its output. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const settings: ExecFileOptions = {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    maxBuffer: 256 * 1024 * 1024,
    timeout: options.timeoutMs ?? 0,
    killSignal: 'SIGKILL',
  };
  const child = execFile(command, [...args], settings, (error, stdout, stderr) => {
    if (error === null) return resolve(String(stdout));
    const reason = error.killed === true ? `killed after ${options.timeoutMs} ms` : `code ${error.code}`;
    reject(
      new CommandError(
        `${command} ${args[0] ?? ''}`.trim(),
        reason,
        `${String(stderr)}${String(stdout)}`.trim().slice(-2000),
      ),
    );
  });
  // A command that ends without reading its input is judged by its exit code, not by the broken pipe.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return promise;
}

/** Whether a command can be found on the PATH. */
export async function hasCommand(name: string): Promise<boolean> {
  return run('sh', ['-c', `command -v "${name}"`]).then(
    () => true,
    () => false,
  );
}

export interface Wait {
  readonly what: string;
  readonly timeoutMs: number;
  readonly stepMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks until the answer is true. @throws LabError when the time is over or the signal fires. */
export async function until(wait: Wait, holds: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = performance.now() + wait.timeoutMs;
  for (;;) {
    if (wait.signal?.aborted === true) throw new LabError(`gave up waiting for ${wait.what}`);
    if (await holds()) return;
    if (performance.now() > endMs)
      throw new LabError(`${wait.what} did not happen within ${wait.timeoutMs / 1000} s`);
    await sleep(wait.stepMs ?? 50);
  }
}

/** Like `Promise.all`, but waits for every part also when one fails, so that nothing goes on behind a clean-up. */
export async function allDone(parts: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(parts)) if (result.status === 'rejected') throw result.reason;
}
