/** Traces in files, compressed with gzip or not. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { TraceParser, formatRows } from './trace-csv.ts';
import { TraceError } from './trace-error.ts';
import type { Trace } from './trace.ts';
import { type WholeTarget, wholeTarget } from './whole-target.ts';

export interface ReadProgress {
  readonly bytes: number;
  /** 0 when it is not known, as for a pipe. */
  readonly bytesTotal: number;
  readonly rooms: number;
}

export interface ReadOptions {
  /** Called after each piece of the file. */
  readonly onProgress?: (progress: ReadProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads a trace; gzip is told by the file's first bytes, not by its name. The trace is named after the file, without
 * folder, `.csv` and `.gz`.
 * @throws TraceError when the file cannot be read or is no trace, the signal's reason when it was aborted.
 */
export async function readTrace(path: string, options: ReadOptions = {}): Promise<Trace> {
  const parser = new TraceParser(path);
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    await parseFile(file, parser, options);
    return { name: traceName(path), rooms: parser.end() };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw asTraceError(error, path);
  } finally {
    await file?.close();
  }
}

async function parseFile(file: FileHandle, parser: TraceParser, options: ReadOptions): Promise<void> {
  const bytesTotal = (await file.stat()).size;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of file.createReadStream({ autoClose: false })) {
      options.signal?.throwIfAborted();
      bytes += piece.length;
      yield piece;
      options.onProgress?.({ bytes, bytesTotal, rooms: parser.roomsSoFar });
    }
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  await eachPlainPiece(counted(), async (pieces) => {
    for await (const piece of pieces) parser.push(decoder.decode(piece, { stream: true }));
    parser.push(decoder.decode());
  });
}

type Pieces = AsyncIterable<Buffer>;

async function eachPlainPiece(
  pieces: AsyncGenerator<Buffer>,
  take: (plain: Pieces) => Promise<void>,
): Promise<void> {
  const first = await pieces.next();
  if (first.done === true) return;
  async function* all(): AsyncGenerator<Buffer> {
    yield first.value;
    yield* pieces;
  }
  const compressed = first.value[0] === 0x1f && first.value[1] === 0x8b;
  // The pipeline sees to it that an error at either end stops the other one.
  if (compressed) await pipeline(all, createGunzip(), take);
  else await take(all());
}

/**
 * Writes a trace, compressed if the path ends in `.gz`. The file is there whole or not at all.
 * @throws TraceError when it cannot be written, the signal's reason when it was aborted.
 */
export async function writeTrace(path: string, trace: Trace, signal?: AbortSignal): Promise<void> {
  let target: WholeTarget | undefined;
  try {
    target = wholeTarget(path);
    await writeRows(target.partial, trace, { compressed: path.endsWith('.gz'), signal });
    if (!target.isInPlace) await rename(target.partial, target.path);
  } catch (error) {
    if (target?.isInPlace === false) await rm(target.partial, { force: true });
    signal?.throwIfAborted();
    throw asTraceError(error, path);
  }
}

async function writeRows(
  path: string,
  trace: Trace,
  { compressed, signal }: { readonly compressed: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const file = await open(path, 'w');
  const options = signal === undefined ? {} : { signal };
  const rows = Readable.from(pieces(trace), { objectMode: false });
  const target = file.createWriteStream();
  if (compressed) await pipeline(rows, createGzip(), target, options);
  else await pipeline(rows, target, options);
}

/** Rows in pieces of some size: a stream costs far more than a row. */
function* pieces(trace: Trace): Generator<string> {
  let piece = '';
  for (const row of formatRows(trace)) {
    piece += row;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** The name of the file without folder, `.csv` and `.gz`. */
export function traceName(path: string): string {
  return basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.csv$/i, '');
}

function asTraceError(error: unknown, path: string): Error {
  if (error instanceof TraceError) return error;
  const code = codeOf(error);
  const complaint = complaints[code];
  if (complaint !== undefined) return new TraceError(complaint, { file: path });
  // Zlib's codes all begin alike: a wrong byte, a wrong sum, a file that ends too early.
  if (code.startsWith('Z_')) return new TraceError(brokenGzip, { file: path });
  return error instanceof Error ? error : new Error(String(error));
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

const brokenGzip = 'found gzip data that is damaged or cut off, wanted a whole file';
const complaints: Readonly<Record<string, string>> = {
  ENOENT: 'found no such file, wanted the path of a trace in a folder that exists',
  ENOTDIR: 'found a file where the path has a folder, wanted the path of a trace',
  EISDIR: 'found a folder, wanted the path of a trace',
  EACCES: 'found a file that may not be opened, wanted the permission to do so',
  EPERM: 'found a file that may not be opened, wanted the permission to do so',
  ENOSPC: 'found no space left on the device, wanted room for the trace',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'found bytes that are no UTF-8, wanted a CSV file in UTF-8',
};
