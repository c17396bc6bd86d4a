/** What the machine that this runs on says of itself. */
import { readFile, readdir } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  readonly cpu: string | undefined;
  readonly cores: number;
  readonly kernel: string;
  /** Of the fastest interface that tells its speed, loopback apart; undefined where none does, as on many virtual machines. */
  readonly nicMbps: number | undefined;
}

/** Never throws: what cannot be read is undefined. `interfaces` is the folder of the kernel's network interfaces. */
export async function localMachine(interfaces = '/sys/class/net'): Promise<Machine> {
  const [first] = cpus();
  return {
    cpu: first?.model,
    cores: cpus().length,
    kernel: release(),
    nicMbps: await fastestMbps(interfaces),
  };
}

async function fastestMbps(folder: string): Promise<number | undefined> {
  const names = await readdir(folder).catch(() => []);
  const speeds = await Promise.all(
    names.filter((name) => name !== 'lo').map((name) => speedMbps(join(folder, name, 'speed'))),
  );
  const known = speeds.filter((speed) => speed > 0);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** 0 for an interface that is down or has no speed: the kernel then refuses to read it, or says -1. */
async function speedMbps(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const speed = Number(text.trim());
  return Number.isFinite(speed) ? speed : 0;
}
