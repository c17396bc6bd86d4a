import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, until } from '../exec.ts';

interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

async function hierarchies(): Promise<readonly Hierarchy[]> {
  const found: Hierarchy[] = [];
  for (const line of (await readFile('/proc/mounts', 'utf8')).split('\n')) {
    const [, path = '', type = ''] = line.split(' ');
    if (type === 'cgroup') found.push({ path, version: 1 });
    if (type === 'cgroup2') found.push({ path, version: 2 });
  }
  if (found.length === 0)
    throw new LabError('No cgroups are mounted: run this on a machine or in a privileged container.');
  return found;
}

/** On a hybrid machine version 1 has the controllers, and the kubelet and runc use both. */
async function usedHierarchies(): Promise<readonly Hierarchy[]> {
  const all = await hierarchies();
  const first = all.filter((one) => one.version === 1);
  return first.length > 0 ? first : all;
}

/** The hierarchy by which processes are found again: a process cannot leave it by forking. */
async function trackingPath(): Promise<string> {
  const used = await usedHierarchies();
  return (used.find((one) => one.path.endsWith('/pids')) ?? used[0])?.path ?? '/sys/fs/cgroup';
}

/** The file that a process writes itself to in order to belong to the cgroup. */
export async function joinFile(cgroup: string): Promise<string> {
  return join(await trackingPath(), cgroup, 'cgroup.procs');
}

/** Makes the cgroup in every hierarchy, as a kubelet demands of its root. */
export async function makeCgroup(cgroup: string): Promise<void> {
  for (const { path, version } of await usedHierarchies()) {
    let dir = path;
    for (const part of cgroup.split('/')) {
      if (version === 2) await delegateControllers(dir);
      dir = join(dir, part);
      await mkdir(dir, { recursive: true });
      if (version === 1 && path.endsWith('/cpuset')) await inheritCpuset(dir);
    }
  }
}

/** Lets the cgroup count as so many processes when the CPU is shared out: otherwise it is one, whatever runs in it. */
export async function favourCgroup(cgroup: string, processes: number): Promise<void> {
  for (const { path, version } of await usedHierarchies()) {
    const file = version === 1 ? 'cpu.shares' : 'cpu.weight';
    const each = version === 1 ? 1024 : 100;
    // Only the hierarchy of the CPU has the file, and a machine may keep it from us.
    await writeFile(join(path, cgroup, file), String(Math.min(each * processes, 10_000))).catch(
      () => undefined,
    );
  }
}

/** A new cpuset is empty and refuses processes until it is told which CPUs it has. */
async function inheritCpuset(dir: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(dir, file), await readFile(join(dir, '..', file)));
  }
}

async function delegateControllers(dir: string): Promise<void> {
  const available = (await readFile(join(dir, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  for (const controller of available.filter((name) => name !== '')) {
    // Some controllers cannot be delegated on some machines; the kubelet says which one it misses.
    await writeFile(join(dir, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
  }
}

/** Process ids in the cgroup and everything below it. */
export async function processesIn(cgroup: string): Promise<readonly number[]> {
  const dir = join(await trackingPath(), cgroup);
  const texts = await Promise.all(
    (await tree(dir)).map((one) => readFile(join(one, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
}

/** Kills every process in the cgroup by SIGKILL and waits until the last one is gone. */
export async function killCgroup(cgroup: string): Promise<void> {
  await until(
    { what: `the end of all processes in cgroup ${cgroup}`, timeoutMs: 10_000, stepMs: 20 },
    async () => {
      const pids = await processesIn(cgroup);
      for (const pid of pids) kill(pid, 'SIGKILL');
      return pids.length === 0;
    },
  );
}

/** Removes the cgroup and everything below it from every hierarchy. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (const { path } of await hierarchies()) {
    const dir = join(path, cgroup);
    await until({ what: `the removal of ${dir}`, timeoutMs: 5000, stepMs: 20 }, async () => {
      // A cgroup stays busy for a moment after its last process; try again until it is free.
      for (const one of (await tree(dir)).toReversed()) await rmdir(one).catch(() => undefined);
      return (await tree(dir)).length === 0;
    });
  }
}

/** Folders of the cgroup that still exist. */
export async function cgroupFolders(cgroup: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { path } of await hierarchies()) found.push(...(await tree(join(path, cgroup))));
  return found;
}

async function tree(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const found = [dir];
  for (const entry of entries) if (entry.isDirectory()) found.push(...(await tree(join(dir, entry.name))));
  return found;
}

/** Sends a signal; a process that is gone already is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
