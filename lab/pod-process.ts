/** The processes of a Pod as the machine sees them, for what no client of the API server could do. */
import { readFile } from 'node:fs/promises';
import { kill, processesIn } from './cluster/cgroup.ts';
import { maxNodes, nodeNames } from './cluster/names.ts';
import type { Cluster } from './cluster/cluster.ts';
import { LabError } from './exec.ts';

/** Kills that program in the Pod by SIGKILL, as a crash would. @throws LabError when it does not run there. */
export async function killInPod(cluster: Cluster, podUid: string, program: string): Promise<void> {
  await signalInPod(cluster, { podUid, program, signal: 'SIGKILL' });
}

interface PodSignal {
  readonly podUid: string;
  /** The last part of the path it was started by. */
  readonly program: string;
  readonly signal: NodeJS.Signals;
}

/** Sends the signal to that program in the Pod. @throws LabError when it does not run there. */
export async function signalInPod(cluster: Cluster, { podUid, program, signal }: PodSignal): Promise<void> {
  const pids = (await new PodProcesses(cluster, podUid).list())
    .filter(({ command }) => command.endsWith(`/${program}`))
    .map(({ pid }) => pid);
  for (const pid of pids) kill(pid, signal);
  if (pids.length === 0) throw new LabError(`No process ${program} runs in the Pod ${podUid}.`);
}

interface PodProcess {
  readonly pid: number;
  /** Path of the program. */
  readonly command: string;
}

/** Looks into one Pod again and again, and quickly: each process of other Pods is looked at once. */
export class PodProcesses {
  readonly #cgroups: readonly string[];
  readonly #podUid: string;
  readonly #others = new Set<number>();

  constructor(cluster: Cluster, podUid: string) {
    this.#cgroups = Array.from({ length: maxNodes }, (_, at) => nodeNames(cluster.slot, at + 1).podCgroup);
    this.#podUid = podUid;
  }

  async list(): Promise<readonly PodProcess[]> {
    const pids = (await Promise.all(this.#cgroups.map(processesIn))).flat();
    const fresh = pids.filter((pid) => !this.#others.has(pid));
    const found = await Promise.all(fresh.map(async (pid) => ({ pid, ...(await this.#lookAt(pid)) })));
    for (const { pid, isInPod } of found) if (!isInPod) this.#others.add(pid);
    return found.filter(({ isInPod }) => isInPod);
  }

  async #lookAt(pid: number): Promise<{ readonly command: string; readonly isInPod: boolean }> {
    const [commandLine = '', cgroups = ''] = await Promise.all(
      ['cmdline', 'cgroup'].map(
        async (file) => await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
      ),
    );
    const [command = ''] = commandLine.split('\0');
    return { command, isInPod: cgroups.includes(`pod${this.#podUid}`) };
  }
}
