/** The counters of Linux that tell whether this process got what it needed. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseGroups, parsePeriods } from './control-group.ts';

/** What the operating system says at one moment; sums since it began. */
export interface SystemCounters {
  readonly cpuMs: number;
  readonly stealTicks: number;
  readonly allTicks: number;
  readonly throttledPeriods: number;
  readonly periods: number;
  readonly udpReceiveErrors: number;
  readonly rssBytes: number;
}

/** What is read of the operating system; undefined where it has no such file. */
export interface SystemFiles {
  read(path: string): string | undefined;
  /** Where the open files of this process lead, such as `socket:[4711]`. */
  openFiles(): readonly string[];
}

export const systemFiles: SystemFiles = {
  read: (path) => orNothing(() => readFileSync(path, 'utf8')),
  openFiles: () =>
    (orNothing(() => readdirSync('/proc/self/fd')) ?? []).flatMap(
      (name) => orNothing(() => readlinkSync(`/proc/self/fd/${name}`)) ?? [],
    ),
};

/** Other systems have no such files, and an open file may be closed before it is looked at: neither is an event. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Steal and total of the first line of `/proc/stat`, in ticks. */
export function stealOf(stat: string | undefined): Pick<SystemCounters, 'stealTicks' | 'allTicks'> {
  const fields =
    /^cpu +(.*)$/m
      .exec(stat ?? '')?.[1]
      ?.split(' ')
      .map(Number) ?? [];
  // Guest time is within user time already.
  const allTicks = fields.slice(0, 8).reduce((sum, field) => sum + field, 0);
  return { stealTicks: fields[7] ?? 0, allTicks };
}

/** From a `cpu.stat`; none where there is no quota. */
export function throttlingOf(
  cpuStat: string | undefined,
): Pick<SystemCounters, 'throttledPeriods' | 'periods'> {
  const { all = 0, throttled = 0 } = parsePeriods(cpuStat ?? '') ?? {};
  return { throttledPeriods: throttled, periods: all };
}

/**
 * Datagrams that the kernel threw away because these sockets were full, from tables in the form of `/proc/net/udp`. The
 * sum of the machine would not do: a media server beside the generator drops datagrams too.
 */
export function udpDropsOf(tables: readonly (string | undefined)[], openFiles: readonly string[]): number {
  const own = new Set(openFiles.flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? []));
  let drops = 0;
  for (const line of tables.flatMap((table) => (table ?? '').split('\n').slice(1))) {
    const fields = line.trim().split(/\s+/);
    if (own.has(fields[inodeColumn] ?? '')) drops += Number(fields[dropsColumn] ?? 0);
  }
  return drops;
}

const inodeColumn = 9;
const dropsColumn = 12;

/** Paths of `cpu.stat` to try for this process, as `/proc/self/cgroup` names its group; the last resort is a container's own root. */
export function cpuStatPaths(cgroup: string | undefined): readonly string[] {
  const own = parseGroups(cgroup ?? '').cpu;
  return [...new Set([own, '/sys/fs/cgroup', '/sys/fs/cgroup/cpu'].map((folder) => `${folder}/cpu.stat`))];
}

export function readSystem(files: SystemFiles): SystemCounters {
  const { user, system } = process.cpuUsage();
  let cpuStat: string | undefined;
  for (const path of cpuStatPaths(files.read('/proc/self/cgroup'))) cpuStat ??= files.read(path);
  return {
    cpuMs: (user + system) / 1000,
    ...stealOf(files.read('/proc/stat')),
    ...throttlingOf(cpuStat),
    udpReceiveErrors: udpDropsOf(
      ['/proc/self/net/udp', '/proc/self/net/udp6'].map((path) => files.read(path)),
      files.openFiles(),
    ),
    rssBytes: process.memoryUsage.rss(),
  };
}
