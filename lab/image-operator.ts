import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, LabError, run, type Say } from './exec.ts';
import type { ImageFile, ImageSpec } from './image-tar.ts';
import { buildDir, root } from './paths.ts';

const distDir = join(buildDir, 'operator', 'dist');
const nodeBinary = join(root, 'node_modules', 'node', 'bin', 'node');
const configFiles = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** What the shipped operator is run with: a small young generation costs nothing here and keeps the process small. */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=4'];

/** A digest of everything that goes into the operator's image. */
export async function operatorInputs(): Promise<string> {
  const hash = createHash('sha256');
  const sources = await filesUnder(join(root, 'src'), '');
  for (const path of [...configFiles, ...sources.map((file) => join('src', file))]) {
    hash.update(`${path}\0`).update(await readFile(join(root, path)));
  }
  const { size, mtimeMs } = await stat(nodeBinary).catch(() => {
    throw new LabError('The packages are not installed: run npm ci in the checkout and try again.');
  });
  return hash.update(`${size} ${mtimeMs}`).digest('hex');
}

/** The operator as it is shipped: compiled, with production packages only, for a read-only root and no rights. */
export async function operatorImage(name: string, say: Say): Promise<ImageSpec> {
  await compileOperator(say);
  const compiled = await filesUnder(distDir, '');
  if (!compiled.includes('operator/main.js')) {
    throw new LabError('src/operator/main.ts is missing: there is no operator to put into an image.');
  }
  const files: ImageFile[] = [
    { source: nodeBinary, path: '/usr/local/bin/node', executable: true },
    { source: join(root, 'package.json'), path: '/app/package.json' },
    ...compiled.map((file) => ({ source: join(distDir, file), path: `/app/dist/${file}` })),
    ...(await libraries()),
    ...(await productionModules()),
  ];
  return {
    name,
    files,
    entrypoint: ['/usr/local/bin/node', ...nodeFlags, '/app/dist/operator/main.js'],
    workingDir: '/app',
    user: '65532:65532',
    env: ['NODE_ENV=production'],
  };
}

/** Compiles the operator as it is shipped, and says where its entry is. */
export async function compileOperator(say: Say): Promise<string> {
  say('compiling the operator');
  await rm(distDir, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', distDir]).catch((error: unknown) => {
    const output = error instanceof CommandError ? error.output : String(error);
    throw new LabError(
      `The operator does not compile: mend this and run it again.\n${output.slice(0, 1500)}`,
    );
  });
  return join(distDir, 'operator', 'main.js');
}

/** The shared libraries of the node binary and the loader, at the paths where the loader looks for them. */
async function libraries(): Promise<readonly ImageFile[]> {
  const text = await run('ldd', [nodeBinary]);
  const paths = [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path ?? '');
  return Promise.all(paths.map(async (path) => ({ source: await realpath(path), path, executable: true })));
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/** Reads the lock file instead of installing a second time: it says which packages only development needs. */
async function productionModules(): Promise<readonly ImageFile[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const files: ImageFile[] = [];
  for (const [dir, { dev, devOptional }] of Object.entries(lock.packages)) {
    if (dir === '' || dev === true || devOptional === true) continue;
    // Optional packages for other platforms are in the lock file but not on the disk.
    const inside = await filesUnder(join(root, dir), '').catch(() => []);
    for (const file of inside) {
      if (isNeededAtRunTime(file)) files.push({ source: join(root, dir, file), path: `/app/${dir}/${file}` });
    }
  }
  return files;
}

function isNeededAtRunTime(file: string): boolean {
  return !/\.(?:d\.[cm]?ts|map|tsbuildinfo|md|markdown)$/i.test(file);
}

async function filesUnder(dir: string, prefix: string): Promise<readonly string[]> {
  const files: string[] = [];
  const entries = await readdir(join(dir, prefix), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(prefix, entry.name);
    if (entry.isFile()) files.push(path);
    if (entry.isDirectory() && entry.name !== 'node_modules') files.push(...(await filesUnder(dir, path)));
  }
  return files;
}
