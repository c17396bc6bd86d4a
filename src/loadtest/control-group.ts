/** What Linux writes of control groups, in both of their versions. */

/** Periods of a quota of processor time, and those of them in which it ran out. */
export interface Periods {
  readonly all: number;
  readonly throttled: number;
}

/** From a `cpu.stat`, which both versions write alike; undefined where it tells of no quota. */
export function parsePeriods(text: string): Periods | undefined {
  const all = /^nr_periods (\d+)$/m.exec(text)?.[1];
  const throttled = /^nr_throttled (\d+)$/m.exec(text)?.[1];
  return all === undefined || throttled === undefined
    ? undefined
    : { all: Number(all), throttled: Number(throttled) };
}

/** Folders of the controllers. */
export interface Groups {
  readonly cpu: string;
  readonly memory: string;
}

/** The folders of the control groups from /proc/PID/cgroup: in version 1 one for each controller, in version 2 one for all. */
export function parseGroups(text: string): Groups {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    for (const name of controllers?.split(',') ?? []) paths.set(name, path ?? '/');
  }
  const folder = (controller: string): string => {
    const own = paths.get(controller);
    return own === undefined ? `/sys/fs/cgroup${paths.get('') ?? ''}` : `/sys/fs/cgroup/${controller}${own}`;
  };
  return { cpu: folder('cpu'), memory: folder('memory') };
}
