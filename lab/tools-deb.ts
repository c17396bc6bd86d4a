import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, hasCommand, LabError, run, type Say } from './exec.ts';
import { buildDir, debDir } from './paths.ts';

const packages = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'etcd-server',
  'redis-server',
  'redis-tools',
];
const programs = [
  'usr/bin/containerd',
  'usr/bin/ctr',
  'usr/sbin/runc',
  'usr/bin/redis-server',
  'usr/bin/redis-cli',
];
const systemTools = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  openssl: 'openssl',
} as const;

/** Folders with the shared libraries that came along, for `LD_LIBRARY_PATH`. */
export const libraryPath = ['usr/lib', 'lib'].map((dir) => join(debDir, dir, triplet())).join(':');

function triplet(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
}

/** Unpacks Debian packages under `build/deb` without installing them. @throws LabError with the remedy. */
export async function ensureDebs(say: Say): Promise<void> {
  await ensureSystemTools(say);
  const stamp = packages.join(' ');
  if ((await readFile(join(debDir, '.stamp'), 'utf8').catch(() => '')) === stamp) return;
  if (!(await hasCommand('apt-get')) || !(await hasCommand('dpkg'))) {
    throw new LabError(
      'apt-get and dpkg are missing: run this on Debian or Ubuntu, or in a container of one of them.',
    );
  }
  const partial = join(buildDir, 'deb.partial');
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, '.dl'), { recursive: true });
  say(`unpacking Debian packages: ${stamp}`);
  await unpack(packages, partial, say);
  await addLibraries(partial, say);
  await writeFile(join(partial, '.stamp'), stamp);
  await rm(join(partial, '.dl'), { recursive: true });
  await rm(debDir, { recursive: true, force: true });
  await rename(partial, debDir);
}

async function ensureSystemTools(say: Say): Promise<void> {
  const missing = new Set<string>();
  for (const [tool, name] of Object.entries(systemTools)) if (!(await hasCommand(tool))) missing.add(name);
  if (missing.size === 0) return;
  const names = [...missing];
  say(`installing ${names.join(' ')}`);
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', ...names], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  await withUpdate(install, say).catch((error: unknown) => {
    throw new LabError(
      `Install these packages by hand and run this again: ${names.join(' ')} (${reason(error)}).`,
    );
  });
}

async function unpack(names: readonly string[], into: string, say: Say): Promise<void> {
  const dir = join(into, '.dl');
  const before = new Set(await readdir(dir));
  await withUpdate(() => run('apt-get', ['download', '-q', ...names], { cwd: dir }), say).catch(
    (error: unknown) => {
      throw new LabError(
        `Debian packages could not be fetched: check the network and apt's sources (${reason(error)}).`,
      );
    },
  );
  for (const file of await readdir(dir))
    if (!before.has(file)) await run('dpkg', ['-x', join(dir, file), into]);
}

/** Package lists go stale and are absent on slim machines, so they are fetched only when the first try fails. */
async function withUpdate(work: () => Promise<string>, say: Say): Promise<void> {
  try {
    await work();
  } catch (first) {
    if (!(first instanceof CommandError)) throw first;
    say('updating the lists of Debian packages');
    await run('apt-get', ['update', '-q']);
    await work();
  }
}

/** A slim machine lacks libraries that an installed package would bring: take those the packages ask for. */
async function addLibraries(dir: string, say: Say): Promise<void> {
  for (let round = 0; round < 3; round++) {
    if ((await missingLibraries(dir)).length === 0) return;
    const wanted = await dependencies(dir);
    if (wanted.length === 0) break;
    say(`adding libraries: ${wanted.join(' ')}`);
    await unpack(wanted, dir, say);
  }
  const missing = await missingLibraries(dir);
  if (missing.length > 0) {
    throw new LabError(`Shared libraries are missing: install the packages that hold ${missing.join(', ')}.`);
  }
}

async function missingLibraries(dir: string): Promise<readonly string[]> {
  const path = ['usr/lib', 'lib'].map((part) => join(dir, part, triplet())).join(':');
  const missing = new Set<string>();
  for (const program of programs) {
    const text = await run('ldd', [join(dir, program)], { env: { LD_LIBRARY_PATH: path } }).catch(() => '');
    for (const [, name] of text.matchAll(/^\s*(\S+) => not found/gm)) missing.add(name ?? '');
  }
  return [...missing];
}

async function dependencies(dir: string): Promise<readonly string[]> {
  const files = await readdir(join(dir, '.dl'));
  const have = new Set(files.map((file) => file.split('_')[0]));
  const wanted = new Set<string>();
  for (const file of files) {
    const fields = await run('dpkg-deb', ['-f', join(dir, '.dl', file), 'Pre-Depends', 'Depends']);
    for (const [, name = ''] of fields.matchAll(/(?:^[\w-]+:|,)\s*([a-z0-9][a-z0-9.+-]*)/gm)) {
      const isLibrary = /^(?:lib|lua)/.test(name) && !name.startsWith('libc6');
      if (isLibrary && !have.has(name)) wanted.add(name);
    }
  }
  return [...wanted];
}

function reason(error: unknown): string {
  return error instanceof CommandError ? error.output.slice(-300).replaceAll('\n', ' ') : String(error);
}
