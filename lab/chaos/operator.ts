/** The operator as it is shipped, as a process that the fault laboratory can start, freeze, kill and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Say } from '../exec.ts';
import { compileOperator, nodeFlags } from '../image-operator.ts';
import { kubeconfigText } from '../kubeconfig.ts';
import { freePorts } from '../local-process.ts';
import { buildDir, root } from '../paths.ts';
import { rssMiB } from '../processes.ts';

const chaosDir = join(buildDir, 'chaos');
const keptLogChars = 400_000;
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const compiled = join(chaosDir, String(process.pid));

/** Takes away what was compiled for this process. */
export function removeCompiled(): void {
  rmSync(compiled, { recursive: true, force: true });
}

/** Compiles the sources as they are now, for this process alone. @returns the entry. @throws LabError with the compiler's words */
export async function compileForChaos(say: Say): Promise<string> {
  process.on('exit', removeCompiled);
  return await compileOperator(say, root, join(compiled, 'dist'));
}

export interface ChaosOperatorWish {
  /** Compiled entry. */
  readonly entry: string;
  readonly name: string;
  /** Folder for its kubeconfig, which it makes. */
  readonly dir: string;
  /** Where it is told that the API server is. */
  readonly apiUrl: string;
  readonly token: string;
  readonly namespace: string;
  readonly leaseSeconds?: number;
  /** Of the authority, where the address is https. */
  readonly caFile?: string;
}

/** How one process of it starts. */
export interface OperatorStart {
  /** `Full`: standard output is a disk without room. */
  readonly stdout?: 'Kept' | 'Full';
  /** How far its wall clock is off. */
  readonly clockMs?: number;
}

/** One operator with the settings of a cell; at most one process at a time. */
export class ChaosOperator {
  readonly name: string;
  readonly #wish: ChaosOperatorWish;
  readonly #clockFile: string;
  #stdout: 'Kept' | 'Full' = 'Kept';
  #child: ChildProcess | undefined;
  #ended: Promise<number> = Promise.resolve(0);
  #port = 0;
  #log = '';
  #starts = 0;
  /** Where the log of the process begins that was started last. */
  #logFrom = 0;
  #readable = true;
  #starting: Promise<void> | undefined;

  constructor(wish: ChaosOperatorWish) {
    this.name = wish.name;
    this.#wish = wish;
    this.#clockFile = join(wish.dir, `${wish.name}.clock`);
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get starts(): number {
    return this.#starts;
  }

  /** The end of what all its processes have logged. */
  get log(): string {
    return this.#log;
  }

  /** What the process that was started last has logged; `undefined` where nobody could read that. */
  lastWords(): string | undefined {
    return this.#readable ? this.#log.slice(this.#logFrom) : undefined;
  }

  /** Resolves with the exit code of the process that runs now; -1 after a signal. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** Nothing happens when it runs, or is being started. */
  async start(wish: OperatorStart = {}): Promise<void> {
    this.#starting ??= this.#startOnce(wish).finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async #startOnce({ stdout = 'Kept', clockMs = 0 }: OperatorStart): Promise<void> {
    if (this.#child !== undefined) return;
    this.#stdout = stdout;
    await mkdir(this.#wish.dir, { recursive: true });
    writeFileSync(this.#clockFile, String(clockMs));
    const [port = 0] = await freePorts(1);
    this.#port = port;
    const child = this.#spawn();
    children.add(child);
    this.#child = child;
    this.#starts += 1;
    this.#logFrom = this.#log.length;
    this.#readable = this.#stdout === 'Kept';
    const keep = (chunk: Buffer): void => {
      const whole = this.#log + chunk.toString();
      this.#log = whole.slice(-keptLogChars);
      this.#logFrom = Math.max(0, this.#logFrom - (whole.length - this.#log.length));
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code) => {
        children.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve(code ?? -1);
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** SIGKILL, as a crash. */
  async kill(): Promise<void> {
    await this.#starting;
    this.signal('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM; SIGKILL where that does not end it. @returns the exit code */
  async stop(withinMs = 8000): Promise<number> {
    await this.#starting;
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), withinMs);
    const code = await this.#ended;
    clearTimeout(late);
    return code;
  }

  /** Makes its wall clock differ by this from now on. */
  shiftClock(ms: number): void {
    writeFileSync(this.#clockFile, String(ms));
    // One that has not loaded yet what listens for it would be ended by the signal.
    if (this.hasStarted) this.signal('SIGUSR2');
  }

  /** Whether the process that was started last has said so. */
  get hasStarted(): boolean {
    return this.lastWords()?.includes('"msg":"started"') === true;
  }

  /** Nobody reads what it logs any more: each line breaks on a closed pipe. */
  closeLog(): void {
    this.#readable = false;
    this.#child?.stdout?.destroy();
  }

  /** @throws Error while it does not answer */
  async metrics(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/metrics`, {
      signal: AbortSignal.timeout(2000),
    });
    return await answer.text();
  }

  /** Resident memory of the process; `undefined` when there is none. */
  async rssMiB(): Promise<number | undefined> {
    const pid = this.#child?.pid;
    if (pid === undefined) return undefined;
    return await rssMiB(pid).catch(() => undefined);
  }

  #spawn(): ChildProcess {
    const full = this.#stdout === 'Full' ? openSync('/dev/full', 'w') : undefined;
    const preload = join(root, 'lab', 'chaos', 'clock-preload.ts');
    const args = ['--import', preload, ...nodeFlags, this.#wish.entry];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...this.#settings() },
      stdio: ['ignore', full ?? 'pipe', 'pipe'],
    });
    if (full !== undefined) closeSync(full);
    return child;
  }

  #settings(): Readonly<Record<string, string>> {
    const { namespace, leaseSeconds = 3 } = this.#wish;
    return {
      KUBECONFIG: this.#kubeconfig(),
      NODE_COMPILE_CACHE: join(chaosDir, 'cache'),
      CHAOS_CLOCK_FILE: this.#clockFile,
      OVM_WATCH_NAMESPACE: namespace,
      POD_NAMESPACE: namespace,
      OVM_PORT: String(this.#port),
      OVM_LOAD_TESTS: 'false',
      OVM_LEASE_DURATION: `${leaseSeconds}s`,
      OVM_LEASE_RENEW_DEADLINE: `${leaseSeconds - 1}s`,
      OVM_LEASE_RETRY: '500ms',
      OVM_SHUTDOWN_GRACE: '3s',
    };
  }

  #kubeconfig(): string {
    const { apiUrl: server, token, caFile, dir, name, namespace } = this.#wish;
    const file = join(dir, `${name}.kubeconfig.json`);
    const ca = caFile === undefined ? undefined : { file: caFile };
    writeFileSync(file, kubeconfigText({ server, token, ca, namespace }), { mode: 0o600 });
    return file;
  }
}
