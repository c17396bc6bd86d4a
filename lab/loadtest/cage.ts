/** Holds processes to some processors, or to a share of them, as the limit of a container would. */
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupFolders, makeCgroup, removeCgroup } from '../cluster/cgroup.ts';
import { LabError } from '../exec.ts';

export interface Cage {
  /** Takes in the process, what it has started, and whatever it starts from now on. */
  readonly add: (pid: number) => Promise<void>;
  /** No limit any more. */
  readonly open: () => Promise<void>;
  /** Frees nobody: the processes must have ended. */
  readonly remove: () => Promise<void>;
}

/** Short, so that a process that has used its share up stands still for a moment and not for a blink. */
const periodUs = 20_000;
let cages = 0;

/** @throws LabError where this machine lets nobody limit processors */
export async function makeCage(what: string, cores: number): Promise<Cage> {
  cages += 1;
  const name = `ovlt-${what}-${process.pid}-${cages}`;
  await makeCgroup(name);
  try {
    // Into no other hierarchy: that of processor sets would let go of the processor that a process is pinned to.
    const folders = await limited(await cgroupFolders(name), Math.round(periodUs * cores));
    return {
      add: async (pid) => {
        for (const one of [pid, ...(await descendantsOf(pid))]) {
          await Promise.all(folders.map(async (folder) => await enter(folder, one)));
        }
      },
      open: async () => await Promise.all(folders.map(setFree)).then(() => undefined),
      remove: async () => await removeCgroup(name),
    };
  } catch (error) {
    await removeCgroup(name);
    throw error;
  }
}

async function limited(folders: readonly string[], quotaUs: number): Promise<readonly string[]> {
  const able: string[] = [];
  for (const folder of folders) if (await limit(folder, quotaUs)) able.push(folder);
  if (able.length > 0) return able;
  throw new LabError('No control group for processors can be written: run this in a privileged container.');
}

async function enter(folder: string, pid: number): Promise<void> {
  await writeFile(join(folder, 'cgroup.procs'), String(pid));
}

async function setFree(folder: string): Promise<void> {
  const isVersion2 = await exists(join(folder, 'cpu.max'));
  if (isVersion2) await writeFile(join(folder, 'cpu.max'), 'max');
  else await writeFile(join(folder, 'cpu.cfs_quota_us'), '-1');
}

async function descendantsOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map(
      async (thread) => await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
    ),
  );
  const children = lists
    .flatMap((list) => list.trim().split(' '))
    .filter((word) => word !== '')
    .map(Number);
  const theirs = await Promise.all(children.map(descendantsOf));
  return [...children, ...theirs.flat()];
}

/** The least that version 1 takes is a millisecond. Whether this folder has the controller of processors: of version 2 or of version 1. */
async function limit(folder: string, quotaUs: number): Promise<boolean> {
  if (await exists(join(folder, 'cpu.max'))) {
    await writeFile(join(folder, 'cpu.max'), `${quotaUs} ${periodUs}`);
    return true;
  }
  if (!(await exists(join(folder, 'cpu.cfs_quota_us')))) return false;
  await writeFile(join(folder, 'cpu.cfs_period_us'), String(periodUs));
  await writeFile(join(folder, 'cpu.cfs_quota_us'), String(quotaUs));
  return true;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
