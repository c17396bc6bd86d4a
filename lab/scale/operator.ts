/** The operator as it is shipped, as a process of this machine that is measured. */
import { createWriteStream } from 'node:fs';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMetrics, type Sample } from '../../src/livekit/metrics-text.ts';
import { LabError } from '../exec.ts';
import { nodeFlags } from '../image-operator.ts';
import { freePorts } from '../local-process.ts';

export interface OperatorWish {
  /** Compiled. */
  readonly entry: string;
  readonly kubeconfig: string;
  readonly logFile: string;
  /** Folder for a processor profile, written when it ends. */
  readonly profileDir?: string;
}

export interface Startup {
  /** From the start of the process. */
  readonly leadingMs: number;
  /** Until each cluster has been decided upon once. */
  readonly decidedMs: number;
}

const startWithinMs = 120_000;
const prefix = 'openvidu_operator_';

export class BenchOperator {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #startedMs = performance.now();

  static async start(wish: OperatorWish): Promise<BenchOperator> {
    const [port = 0] = await freePorts(1);
    return new BenchOperator(wish, port);
  }

  private constructor({ entry, kubeconfig, logFile, profileDir }: OperatorWish, port: number) {
    const env = {
      ...process.env,
      // As the chart sets it.
      NODE_OPTIONS: '--enable-source-maps --max-old-space-size=384',
      MALLOC_ARENA_MAX: '1',
      KUBECONFIG: kubeconfig,
      OVM_PORT: String(port),
      POD_NAMESPACE: 'default',
    };
    const profile =
      profileDir === undefined
        ? []
        : ['--cpu-prof', '--cpu-prof-dir', profileDir, '--cpu-prof-interval', '500'];
    this.#port = port;
    this.#child = spawn(process.execPath, [...nodeFlags, ...profile, entry], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(logFile, { flags: 'a' });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.#child.once('exit', () => log.end());
    this.pid = this.#child.pid ?? 0;
    process.once('exit', this.#kill);
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All series that it shows. @throws Error when it does not answer */
  async samples(): Promise<readonly Sample[]> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/metrics`, {
      signal: AbortSignal.timeout(5000),
    });
    return [...parseMetrics(await answer.text())];
  }

  /** Sum of a metric, without its prefix; of the series with these labels only. */
  async total(metric: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return sumOf(await this.samples(), `${prefix}${metric}`, labels);
  }

  /** Sums of a metric by one of its labels. */
  async byLabel(metric: string, label: string): Promise<ReadonlyMap<string, number>> {
    const sums = new Map<string, number>();
    for (const { name, labels, value } of await this.samples()) {
      const key = labels.get(label);
      if (name === `${prefix}${metric}` && key !== undefined) sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
  }

  /** Waits until it leads and has decided on `clusters`. @throws LabError */
  async started(clusters: number): Promise<Startup> {
    let leadingMs: number | undefined;
    while (performance.now() - this.#startedMs < startWithinMs) {
      const samples = await this.samples().catch(() => []);
      const nowMs = performance.now() - this.#startedMs;
      if (sumOf(samples, `${prefix}leader`) > 0) leadingMs ??= nowMs;
      const decided = samples.filter(({ name }) => name === `${prefix}desired_nodes`).length;
      if (leadingMs !== undefined && decided >= clusters) return { leadingMs, decidedMs: nowMs };
      if (!this.running) throw new LabError('The operator ended at its start: see its log.');
      await sleep(20);
    }
    throw new LabError(`The operator has not decided on ${clusters} clusters: see its log.`);
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill);
    if (!this.running) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

function sumOf(
  samples: readonly Sample[],
  metric: string,
  wanted: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter(({ name }) => name === metric)
    .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels.get(key) === value))
    .reduce((sum, { value }) => sum + value, 0);
}
