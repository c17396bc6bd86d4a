/** The record of a run on disk: one JSON document a line, each written at once, so that a crash costs one line at most. */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type MetaRecord, recordVersion, type RunRecord } from './record.ts';

/** A record that cannot be read. The message names the line. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** Where a run writes what happened. */
export interface RecordSink {
  append(record: RunRecord): void;
}

export interface ReadRecord {
  readonly records: readonly RunRecord[];
  /** The last line was begun and not finished: the writer was killed. It is left out. */
  readonly cut: boolean;
  /** Of the whole lines. */
  readonly bytes: number;
}

const kinds: ReadonlySet<string> = new Set<RunRecord['kind']>([
  'meta',
  'window',
  'join',
  'leave',
  'failed',
  'disconnected',
  'note',
  'summary',
]);

/** Without these nothing can be made of a record. */
const metaParts = ['scenario', 'fingerprint', 'target'] as const satisfies readonly (keyof MetaRecord)[];

/** Appends to a file. What must survive a loss of power is on the disk when `append` returns; joins may come later. */
export class RecordFile implements RecordSink {
  readonly #file: number;
  #isEmpty: boolean;

  private constructor(file: number, isEmpty: boolean) {
    this.#file = file;
    this.#isEmpty = isEmpty;
  }

  /** A new file. @throws if there is one of that name, or it cannot be made. */
  static create(path: string): RecordFile {
    return new RecordFile(openSync(path, 'wx', 0o644), true);
  }

  /** Goes on with a file of which the first `bytes` are whole lines. */
  static resume(path: string, bytes: number): RecordFile {
    const file = openSync(path, 'r+');
    ftruncateSync(file, bytes);
    closeSync(file);
    return new RecordFile(openSync(path, 'a'), bytes === 0);
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  append(record: RunRecord): void {
    this.#isEmpty = false;
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
    if (record.kind === 'meta' || record.kind === 'window' || record.kind === 'summary') {
      fdatasyncSync(this.#file);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads a file of records. @throws RecordError, or what reading the file failed with. */
export function readRecordFile(path: string): ReadRecord {
  return parseRecords(readFileSync(path, 'utf8'));
}

/** @throws RecordError naming the line that is no record. A last line without an end is tolerated if it cannot be read. */
export function parseRecords(text: string): ReadRecord {
  const records: RunRecord[] = [];
  let from = 0;
  for (let line = 1; from < text.length; line += 1) {
    const end = text.indexOf('\n', from);
    const body = text.slice(from, end === -1 ? text.length : end);
    const record = body.trim() === '' ? undefined : parseLine(body, line, end === -1);
    if (record === 'Cut') return { records, cut: true, bytes: Buffer.byteLength(text.slice(0, from)) };
    if (record !== undefined) records.push(record);
    from = end === -1 ? text.length : end + 1;
  }
  return { records, cut: false, bytes: Buffer.byteLength(text) };
}

function parseLine(body: string, line: number, isOpen: boolean): RunRecord | 'Cut' {
  const value = parsed(body);
  if (value === undefined && isOpen) return 'Cut';
  if (!isRecord(value)) {
    throw new RecordError(`line ${line} is no record of a load test: ${body.slice(0, 60)}`);
  }
  if (value.kind !== 'meta') return value;
  const version: number = value.version;
  if (version !== recordVersion) {
    throw new RecordError(`line ${line} is of version ${version}, and ${recordVersion} is expected`);
  }
  const lost = metaParts.find((part) => typeof value[part] !== 'object' || value[part] === null);
  if (lost !== undefined) throw new RecordError(`line ${line} does not tell the ${lost} of the run`);
  return value;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The caller knows whether that is a cut line or a faulty one.
    return undefined;
  }
}

/** By its kind alone: the file was written by this program. */
function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return typeof value.kind === 'string' && kinds.has(value.kind);
}
