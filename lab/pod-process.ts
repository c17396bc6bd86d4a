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
  const all = Array.from({ length: maxNodes }, (_, at) => nodeNames(cluster.slot, at + 1).podCgroup);
  const pids = (await Promise.all(all.map(processesIn))).flat();
  let found = 0;
  for (const pid of pids) {
    if (!(await runsInPod(pid, podUid, program))) continue;
    kill(pid, signal);
    found += 1;
  }
  if (found === 0) throw new LabError(`No process ${program} runs in the Pod ${podUid}.`);
}

async function runsInPod(pid: number, podUid: string, program: string): Promise<boolean> {
  const [command, cgroups] = await Promise.all(
    ['cmdline', 'cgroup'].map(async (file) => await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  const [path = ''] = (command ?? '').split('\0');
  return path.endsWith(`/${program}`) && (cgroups ?? '').includes(`pod${podUid}`);
}
