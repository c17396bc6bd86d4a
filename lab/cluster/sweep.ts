import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupFolders, killCgroup, processesIn, removeCgroup } from './cgroup.ts';
import { type SlotNames, slotNames } from './names.ts';
import { run } from '../exec.ts';

/**
 * Removes everything that a cluster in this slot left on the machine, whoever started it and however it ended. It
 * finds things by their names, not by memory, so it is right also after a crash. Logs stay unless `withLogs`.
 */
export async function sweepSlot(slot: number, withLogs: boolean): Promise<void> {
  const names = slotNames(slot);
  await killCgroup(names.cgroup);
  await removeNetwork(slot);
  await Promise.all([removeCgroup(names.cgroup), removeFiles(names, withLogs)]);
}

/** What of this slot is still on the machine; empty when it is clean. Logs do not count. */
export async function leftovers(slot: number): Promise<readonly string[]> {
  const names = slotNames(slot);
  return [
    ...(await processesIn(names.cgroup)).map((pid) => `process ${pid}`),
    ...(await cgroupFolders(names.cgroup)).map((dir) => `cgroup ${dir}`),
    ...(await networkNamespaces(slot)).map((name) => `network namespace ${name}`),
    ...(await links(slot)).map((name) => `link ${name}`),
    ...(await mounts(names)).map((path) => `mount ${path}`),
    ...(await folders(names)).map((name) => `file ${join(names.dir, name)}`),
  ];
}

async function removeNetwork(slot: number): Promise<void> {
  const namespaces = await networkNamespaces(slot);
  // A veth outlives its namespace until the last process there is reaped, so it is deleted by name and first.
  for (const link of await links(slot))
    await run('ip', ['link', 'del', link]).catch(ignoreGone(() => links(slot), link));
  for (const name of namespaces) await run('ip', ['netns', 'del', name]);
}

/** Deleting one end of a veth, or its namespace, deletes the other too: only what is still there is a failure. */
function ignoreGone(list: () => Promise<readonly string[]>, name: string): (error: unknown) => Promise<void> {
  return async (error) => {
    if ((await list()).includes(name)) throw error;
  };
}

async function networkNamespaces(slot: number): Promise<readonly string[]> {
  const names = await readdir('/run/netns').catch(() => []);
  return names.filter((name) => name.startsWith(`ovm${slot}-`));
}

async function links(slot: number): Promise<readonly string[]> {
  const names = await readdir('/sys/class/net');
  return names.filter((name) => name === `ovm${slot}` || name.startsWith(`ovm${slot}-`));
}

async function mounts(names: SlotNames): Promise<readonly string[]> {
  const text = await readFile('/proc/mounts', 'utf8');
  const paths = text.split('\n').map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${names.dir}/`));
}

async function removeFiles(names: SlotNames, withLogs: boolean): Promise<void> {
  for (const path of (await mounts(names)).toReversed()) await run('umount', ['-l', path]);
  if (withLogs) return rm(names.dir, { recursive: true, force: true });
  const remaining = await folders(names);
  await Promise.all(remaining.map((name) => rm(join(names.dir, name), { recursive: true, force: true })));
}

async function folders(names: SlotNames): Promise<readonly string[]> {
  const entries = await readdir(names.dir).catch(() => []);
  return entries.filter((name) => name !== 'log' && !name.startsWith('audit'));
}
