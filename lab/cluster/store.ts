import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers } from './daemon.ts';
import { LabError, run, type Say, until } from '../exec.ts';
import { type BuiltImage, ensureImages, type ImageName } from '../image.ts';
import { debDir, imgDir } from '../paths.ts';
import { ensureTools, withBuildLock } from '../tools.ts';
import { libraryPath } from '../tools-deb.ts';

const kept = 4;

/**
 * A containerd store that has the images imported and unpacked already, shared by all Kubernetes Nodes of the same
 * images. Unpacking once instead of once per Kubernetes Node saves most of a cluster's start.
 */
export async function ensureImageStore(names: readonly ImageName[], say: Say): Promise<string> {
  await ensureTools('cluster', say);
  const images = await ensureImages(names, say);
  const key = createHash('sha256').update(JSON.stringify(images.map(({ digest }) => digest)));
  const store = join(imgDir, `store-${key.digest('hex').slice(0, 16)}`);
  return withBuildLock(say, async () => {
    const isThere = await stat(store).then(
      () => true,
      () => false,
    );
    if (!isThere) await makeStore(store, images, say);
    return store;
  });
}

async function makeStore(store: string, images: readonly BuiltImage[], say: Say): Promise<void> {
  say(`unpacking images: ${images.map(({ name }) => name).join(' ')}`);
  const partial = `${store}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await importAll(partial, images);
  await rename(partial, store);
  await forgetOldStores();
}

/** Runs containerd in a mount namespace of its own, where its sockets and mounts concern nobody and vanish with it. */
async function importAll(root: string, images: readonly BuiltImage[]): Promise<void> {
  const config = `${root}.toml`;
  await writeFile(config, storeConfig(root));
  const script = 'mount -t tmpfs tmpfs /run && exec "$@"';
  const containerd = join(debDir, 'usr/bin/containerd');
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', containerd, '-c', config];
  const child = spawn('unshare', args, { stdio: 'ignore', env: containerdEnv() });
  try {
    const socket = `/proc/${child.pid}/root/run/containerd/containerd.sock`;
    await until({ what: 'the start of containerd', timeoutMs: 20_000 }, () => answers({ path: socket }));
    for (const { path } of images) {
      const ctr = [join(debDir, 'usr/bin/ctr'), '-n', 'k8s.io', 'images', 'import', path];
      await run('nsenter', [`--mount=/proc/${child.pid}/ns/mnt`, ...ctr], { timeoutMs: 60_000 });
    }
  } catch (error) {
    throw new LabError(
      `The images could not be unpacked: remove build/img and try again (${String(error)}).`,
    );
  } finally {
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    // The gentle signal lets containerd write its database to the end.
    child.kill('SIGTERM');
    await promise;
    await rm(config, { force: true });
  }
}

function storeConfig(root: string): string {
  return `version = 2\nroot = "${root}"\nstate = "/run/containerd"\n${disabledPlugins}\n`;
}

/** Snapshotters that this machine may lack, and the parts that only the kubelet's containerd needs. */
export const disabledPlugins = 'disabled_plugins = ["aufs", "btrfs", "zfs", "devmapper"]'.replaceAll(
  /"(\w+)"/g,
  '"io.containerd.snapshotter.v1.$1"',
);

export function containerdEnv(): Record<string, string> {
  const path = `${join(debDir, 'usr/bin')}:${join(debDir, 'usr/sbin')}:${process.env['PATH'] ?? ''}`;
  return { PATH: path, LD_LIBRARY_PATH: libraryPath };
}

async function forgetOldStores(): Promise<void> {
  const stores: { path: string; mtimeMs: number }[] = [];
  for (const name of await readdir(imgDir)) {
    if (!/^store-[0-9a-f]+$/.test(name)) continue;
    const path = join(imgDir, name);
    stores.push({ path, mtimeMs: (await stat(path)).mtimeMs });
  }
  stores.sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { path } of stores.slice(kept)) await rm(path, { recursive: true, force: true });
}
