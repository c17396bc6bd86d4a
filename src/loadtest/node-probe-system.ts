/** What the operating system says of a media server on this machine: processors, throttling and memory. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { type Groups, parseGroups, parsePeriods, type Periods } from './control-group.ts';

/** Counters of a process and its control group, at one moment. */
export interface ProcessReading {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Undefined where there is no quota to read. */
  readonly periods: Periods | undefined;
}

export interface ProcessLimits {
  readonly cores: number;
  readonly memoryBytes: number | undefined;
}

const ticksPerSecond = 100;
const pageBytes = 4096;

/** The process that listens on a port of this machine; undefined if it cannot be told. */
export async function pidListeningOn(port: number): Promise<number | undefined> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const inode of listenersIn(await textOf(table), port)) inodes.add(`socket:[${inode}]`);
  }
  if (inodes.size === 0) return undefined;
  const names = await readdir('/proc').catch(() => []);
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    if (await holdsOne(pid, inodes)) return Number(pid);
  }
  return undefined;
}

/** The inodes of sockets that listen on a port, from a table such as /proc/net/tcp. */
export function listenersIn(table: string, port: number): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === listening && local.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : [];
  });
}

async function holdsOne(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const file of files) {
    if (sockets.has(await readlink(`/proc/${pid}/fd/${file}`).catch(() => ''))) return true;
  }
  return false;
}

/** Undefined when the process is gone or may not be looked at. */
export async function readProcess(pid: number): Promise<ProcessReading | undefined> {
  const stat = parseStat(await textOf(`/proc/${pid}/stat`));
  if (stat === undefined) return undefined;
  const { cpu } = await groupsOf(pid);
  return { ...stat, periods: parsePeriods(await textOf(`${cpu}/cpu.stat`)) };
}

/** Of the machine where nothing narrower can be read. */
export async function readLimits(pid: number): Promise<ProcessLimits> {
  const allowed = coresAllowed(await textOf(`/proc/${pid}/status`)) ?? availableParallelism();
  const { cpu, memory } = await groupsOf(pid);
  const quota =
    coresOfQuota(await textOf(`${cpu}/cpu.max`)) ??
    coresOfQuota(
      `${(await textOf(`${cpu}/cpu.cfs_quota_us`)).trim()} ${await textOf(`${cpu}/cpu.cfs_period_us`)}`,
    );
  const bytes =
    bytesOf(await textOf(`${memory}/memory.max`)) ?? bytesOf(await textOf(`${memory}/memory.limit_in_bytes`));
  return {
    cores: Math.min(allowed, quota ?? allowed),
    memoryBytes: Math.min(bytes ?? totalmem(), totalmem()),
  };
}

/** Fields 14 and 15 are user and system ticks, 24 the pages in memory; the name before them may hold anything. */
export function parseStat(text: string): Omit<ProcessReading, 'periods'> | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number);
  if (user === undefined || system === undefined || pages === undefined) return undefined;
  const sum = user + system + pages;
  if (!Number.isFinite(sum)) return undefined;
  return { cpuSeconds: (user + system) / ticksPerSecond, memoryBytes: pages * pageBytes };
}

/** From a list such as `0-3,8`. */
export function coresAllowed(status: string): number | undefined {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) return undefined;
  return list.split(',').reduce((sum, part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return sum + to - from + 1;
  }, 0);
}

/** From `cpu.max`, such as `50000 100000`; undefined where it is `max`. */
export function coresOfQuota(text: string): number | undefined {
  const [quota, period] = text.trim().split(' ').map(Number);
  const isSet = quota !== undefined && period !== undefined && quota > 0 && period > 0;
  return isSet ? quota / period : undefined;
}

function bytesOf(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : undefined;
}

async function groupsOf(pid: number): Promise<Groups> {
  return parseGroups(await textOf(`/proc/${pid}/cgroup`));
}

async function textOf(path: string): Promise<string> {
  // What cannot be read is taken for empty: each reader then answers that it does not know.
  return await readFile(path, 'utf8').catch(() => '');
}
