import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { CommandError, LabError, run, type Say } from './exec.ts';
import type { ImageFile, ImageSpec } from './image-tar.ts';
import { root } from './paths.ts';

const nodeBinary = join(root, 'node_modules', 'node', 'bin', 'node');
/** Read by load tests: what scenarios are held against, and what generators send. */
const assetFolders = ['schemas', 'fixtures'];
const configFiles = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * What the shipped operator is run with. What a pass makes is garbage after the next one, but of much of it V8 learns at the
 * start that it lives long, makes it in the old generation from then on, and keeps all that it refers to until a full
 * collection: passes take twice as long at worst. A small young generation keeps the process small.
 */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=4', '--no-allocation-site-pretenuring'];

/** A digest of everything that goes into the operator's image; of another checkout where one is named. */
export async function operatorInputs(checkout = root): Promise<string> {
  const hash = createHash('sha256');
  const sources = await filesUnder(join(checkout, 'src'), '');
  const assetFiles = (await assets(checkout)).map(({ source }) => relative(checkout, source));
  for (const path of [...configFiles, ...assetFiles, ...sources.map((file) => join('src', file))]) {
    hash.update(`${path}\0`).update(await readFile(join(checkout, path)));
  }
  const { size, mtimeMs } = await stat(nodeBinary).catch(() => {
    throw new LabError('The packages are not installed: run npm ci in the checkout and try again.');
  });
  return hash.update(`${size} ${mtimeMs}`).digest('hex');
}

/** The operator as it is shipped: compiled, with production packages only, for a read-only root and no rights. */
export async function operatorImage(name: string, say: Say, checkout = root): Promise<ImageSpec> {
  const distDir = distOf(checkout);
  await compileOperator(say, checkout, distDir);
  const compiled = await filesUnder(distDir, '');
  if (!compiled.includes('operator/main.js')) {
    throw new LabError('src/operator/main.ts is missing: there is no operator to put into an image.');
  }
  const files: ImageFile[] = [
    { source: nodeBinary, path: '/usr/local/bin/node', executable: true },
    { source: join(checkout, 'package.json'), path: '/app/package.json' },
    ...compiled.map((file) => ({ source: join(distDir, file), path: `/app/dist/${file}` })),
    ...(await assets(checkout)),
    ...(await libraries()),
    ...(await productionModules(checkout)),
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

/** Compiles the operator as it is shipped, and says where its entry is. Another folder leaves what runs from this one alone. */
export async function compileOperator(say: Say, checkout = root, outDir = distOf(checkout)): Promise<string> {
  // It is emptied first: a wrong folder here would be gone.
  if (basename(outDir) !== 'dist')
    throw new LabError(`${outDir} is no folder for compiled code: name it dist.`);
  say('compiling the operator');
  await rm(outDir, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', join(checkout, 'tsconfig.build.json'), '--outDir', outDir]).catch(
    (error: unknown) => {
      const output = error instanceof CommandError ? error.output : String(error);
      throw new LabError(
        `The operator does not compile: mend this and run it again.\n${output.slice(0, 1500)}`,
      );
    },
  );
  return join(outDir, 'operator', 'main.js');
}

function distOf(checkout: string): string {
  return join(checkout, 'build', 'operator', 'dist');
}

/** Files that are read at run time, at the same place in the sources and in the image. */
async function assets(checkout: string): Promise<readonly ImageFile[]> {
  const files: ImageFile[] = [];
  // An earlier revision may not have had them all.
  const folders = checkout === root ? assetFolders : await readdir(checkout);
  for (const folder of assetFolders.filter((one) => folders.includes(one))) {
    const inside = await filesUnder(join(checkout, folder), '');
    files.push(
      ...inside.map((file) => ({ source: join(checkout, folder, file), path: `/app/${folder}/${file}` })),
    );
  }
  return files;
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
async function productionModules(checkout: string): Promise<readonly ImageFile[]> {
  const lock = JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')) as Lock;
  const files: ImageFile[] = [];
  for (const [dir, { dev, devOptional }] of Object.entries(lock.packages)) {
    if (dir === '' || dev === true || devOptional === true) continue;
    // Optional packages for other platforms are in the lock file but not on the disk.
    const inside = await filesUnder(join(checkout, dir), '').catch(() => []);
    for (const file of inside) {
      if (isNeededAtRunTime(file))
        files.push({ source: join(checkout, dir, file), path: `/app/${dir}/${file}` });
    }
  }
  return files;
}

function isNeededAtRunTime(file: string): boolean {
  return !/\.(?:d\.[cm]?ts|map|tsbuildinfo|md|markdown|sh)$/i.test(file);
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
