import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, type Say } from './exec.ts';
import { operatorImage, operatorInputs } from './image-operator.ts';
import { type ImageSpec, writeImage } from './image-tar.ts';
import { binDir, imgDir, previousDir, root } from './paths.ts';
import { elapsedSay, ensureTools, runCli, withBuildLock } from './tools.ts';

/** The images of the lab by name, and the reference under which Pods ask for them (`imagePullPolicy: Never`). */
export const images = {
  pause: 'localhost/pause:1',
  livekit: 'localhost/livekit:1',
  operator: 'localhost/operator:1',
  /** The operator of an earlier revision, where `lab/previous.ts` has put one. */
  previous: 'localhost/operator:previous',
} as const;

export type ImageName = keyof typeof images;
export const imageNames = ['pause', 'livekit', 'operator'] as const satisfies readonly ImageName[];

/** An image on the disk; the digest changes when and only when its inputs change. */
export interface BuiltImage {
  readonly name: ImageName;
  readonly path: string;
  readonly digest: string;
  /** What container engines know it by: the digest of its configuration, which names its one layer. */
  readonly id: string;
}

/** Makes the images that are missing or out of date under `build/img`. @throws LabError with the remedy. */
export async function ensureImages(names: readonly ImageName[], say: Say): Promise<readonly BuiltImage[]> {
  return withBuildLock(say, async () => {
    const built: BuiltImage[] = [];
    for (const name of names) built.push(await ensureImage(name, say));
    return built;
  });
}

async function ensureImage(name: ImageName, say: Say): Promise<BuiltImage> {
  const path = join(imgDir, `${name}.tar`);
  const digest = await inputsOf(name);
  const [known, id = ''] = (await readFile(`${path}.stamp`, 'utf8').catch(() => '')).split(' ');
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (known === digest && id !== '' && isThere) return { name, path, digest, id };
  say(`writing image ${images[name]}`);
  const written = await writeImage(path, await specOf(name, say));
  await writeFile(`${path}.stamp`, `${digest} ${written}`);
  return { name, path, digest, id: written };
}

async function inputsOf(name: ImageName): Promise<string> {
  // The writer is an input too: a change in it must reach the images that were written before.
  const hash = createHash('sha256').update(await readFile(join(import.meta.dirname, 'image-tar.ts')));
  switch (name) {
    case 'pause':
      return hash.update(await binaryStamp('pause')).digest('hex');
    case 'livekit':
      return hash.update(await binaryStamp('livekit-server')).digest('hex');
    case 'operator':
    case 'previous':
      return hash
        .update(await readFile(join(import.meta.dirname, 'image-operator.ts')))
        .update(await operatorInputs(name === 'operator' ? root : previousDir))
        .digest('hex');
  }
}

async function binaryStamp(name: string): Promise<string> {
  const { size, mtimeMs } = await stat(join(binDir, name)).catch(() => {
    throw new LabError(`build/bin/${name} is missing: run node lab/tools.ts and try again.`);
  });
  return `${name} ${size} ${mtimeMs}`;
}

async function specOf(name: ImageName, say: Say): Promise<ImageSpec> {
  switch (name) {
    case 'pause':
      return oneFile(images.pause, 'pause');
    case 'livekit':
      return oneFile(images.livekit, 'livekit-server');
    case 'operator':
      return operatorImage(images.operator, say);
    case 'previous':
      return operatorImage(images.previous, say, previousDir);
  }
}

function oneFile(name: string, binary: string): ImageSpec {
  const path = `/${binary}`;
  return { name, files: [{ source: join(binDir, binary), path, executable: true }], entrypoint: [path] };
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const names = imageNames.filter((name) => wanted.length === 0 || wanted.includes(name));
  if (wanted.some((name) => !imageNames.some((known) => known === name))) {
    throw new LabError(`Usage: node lab/image.ts [${imageNames.join('|')}]...`);
  }
  const say = elapsedSay();
  // The operator's own image has nothing in it that is built by the tools.
  if (names.some((name) => name !== 'operator')) await ensureTools('cluster', say);
  for (const { name, path, id } of await ensureImages(names, say)) {
    say(`${images[name]} is in ${path}, image id ${id}`);
  }
}

if (import.meta.main) await runCli(main);
