/** What processes cost, by the kernel's own count, and how to make them cost less. */
import { readdir, readFile } from 'node:fs/promises';

/**
 * For programs in Go that live for minutes only: more memory for less work on it. An API server takes a quarter less of the
 * processor to start.
 */
export const shortLived: Readonly<Record<string, string>> = { GOGC: '400' };

const ticksPerSecond = 100;

/** Seconds on a processor since the start of this process. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Open files and sockets. */
export async function handlesOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Seconds on a processor of all children of this process, by the name of their program. */
export async function childrenCpu(): Promise<ReadonlyMap<string, number>> {
  const used = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const fields = await statFields(pid);
      if (Number(fields[1]) !== process.pid) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
      used.set(name, (used.get(name) ?? 0) + (await cpuSeconds(pid)));
    } catch {
      // It has ended while it was looked at, and is nobody's cost any more.
    }
  }
  return used;
}

/** From the state on: the name before it may hold anything. */
async function statFields(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
