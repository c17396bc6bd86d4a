import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError } from './exec.ts';

/** One file of an image: where it comes from and its absolute path inside. */
export interface ImageFile {
  readonly source: string;
  readonly path: string;
  readonly executable?: boolean;
}

export interface ImageSpec {
  readonly name: string;
  readonly files: readonly ImageFile[];
  readonly entrypoint: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly env?: readonly string[];
}

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly isDirectory: boolean;
}

const block = 512;

/**
 * Writes an image as a docker-archive, which `ctr images import` and `docker load` take, and answers with its id. The
 * same inputs give the same bytes: entries are sorted, times are zero, everything belongs to root, nothing is packed.
 */
export async function writeImage(out: string, spec: ImageSpec): Promise<string> {
  await mkdir(dirname(out), { recursive: true });
  const layerPath = `${out}.layer`;
  const partial = `${out}.partial`;
  try {
    const layerDigest = await writeLayer(layerPath, spec.files);
    const id = await writeArchive(partial, spec, { path: layerPath, digest: layerDigest });
    await rename(partial, out);
    return id;
  } finally {
    await rm(layerPath, { force: true });
    await rm(partial, { force: true });
  }
}

async function writeLayer(path: string, files: readonly ImageFile[]): Promise<string> {
  const sorted = files
    .map((file) => ({ ...file, path: file.path.replace(/^\/+/, '') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const tar = await TarFile.create(path);
  for (const name of directoriesOf(sorted.map((file) => file.path))) {
    const mode = name === 'tmp/' ? 0o1777 : 0o755;
    await tar.add({ name, mode, size: 0, isDirectory: true }, Buffer.alloc(0));
  }
  for (const file of sorted) {
    const data = await readFile(file.source);
    await tar.add(fileEntry(file.path, data.length, file.executable === true ? 0o755 : 0o644), data);
  }
  return tar.close();
}

interface Layer {
  readonly path: string;
  readonly digest: string;
}

async function writeArchive(path: string, spec: ImageSpec, layer: Layer): Promise<string> {
  const config = Buffer.from(JSON.stringify(imageConfig(spec, layer.digest)));
  const id = createHash('sha256').update(config).digest('hex');
  const configName = `${id}.json`;
  const manifest = Buffer.from(
    JSON.stringify([{ Config: configName, RepoTags: [spec.name], Layers: ['layer.tar'] }]),
  );
  const tar = await TarFile.create(path);
  await tar.add(fileEntry(configName, config.length, 0o644), config);
  const data = await readFile(layer.path);
  await tar.add(fileEntry('layer.tar', data.length, 0o644), data);
  await tar.add(fileEntry('manifest.json', manifest.length, 0o644), manifest);
  await tar.close();
  return `sha256:${id}`;
}

function imageConfig(spec: ImageSpec, layerDigest: string): object {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Entrypoint: spec.entrypoint,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...(spec.env ?? [])],
      WorkingDir: spec.workingDir ?? '/',
      ...(spec.user === undefined ? {} : { User: spec.user }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
  };
}

function directoriesOf(paths: readonly string[]): readonly string[] {
  const names = new Set(['tmp/']);
  for (const path of paths) {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
      names.add(path.slice(0, end + 1));
  }
  return [...names].sort();
}

function fileEntry(name: string, size: number, mode: number): Entry {
  return { name, mode, size, isDirectory: false };
}

/** Appends entries to a tar file and hashes what it writes. */
class TarFile {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<TarFile> {
    return new TarFile(await open(path, 'w'));
  }

  async add(entry: Entry, data: Buffer): Promise<void> {
    await this.#write(tarHeader(entry));
    await this.#write(data);
    await this.#write(Buffer.alloc((block - (data.length % block)) % block));
  }

  /** Ends the archive; returns the SHA-256 of the file in hex. */
  async close(): Promise<string> {
    await this.#write(Buffer.alloc(2 * block));
    await this.#file.close();
    return this.#hash.digest('hex');
  }

  async #write(data: Buffer): Promise<void> {
    if (data.length === 0) return;
    this.#hash.update(data);
    await this.#file.writeFile(data);
  }
}

/** A ustar header. @throws LabError when a path is too long for the format. */
export function tarHeader(entry: Entry): Buffer {
  const [prefix, name] = splitName(entry.name);
  const header = Buffer.alloc(block);
  header.write(name, 0, 100);
  header.write(octal(entry.mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(entry.size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write(entry.isDirectory ? '5' : '0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(prefix, 345, 155);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function splitName(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100 && name !== '')
      return [prefix, name];
  }
  throw new LabError(`The path ${path} is too long for an image: shorten it to fit 155 + 100 bytes.`);
}
