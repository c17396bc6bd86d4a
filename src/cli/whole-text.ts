/** Files that people name, read as a whole: of bounded size, compressed with gzip or not. */
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { codeOf } from '../livekit/why.ts';

/** Larger ones would not fit into one text. */
const usualMost = 400_000_000;

/** The file, or what it unpacks to, is larger than can be read. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
  /** As the system gives its own errors one: for the middle of a sentence. */
  readonly code: string;

  constructor(mostBytes: number) {
    super(`larger than ${mostBytes} bytes`);
    this.code = `it is larger than ${Math.round(mostBytes / 1e6)} MB`;
  }
}

/** The text of a file; its first bytes tell whether it is compressed. @throws FileTooLargeError, Error of the file system */
export function readWholeText(path: string, mostBytes = usualMost): string {
  if (statSync(path).size > mostBytes) throw new FileTooLargeError(mostBytes);
  const bytes = readFileSync(path);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? unpacked(bytes, mostBytes) : bytes).toString('utf8');
}

/** A few kilobytes can stand for gigabytes. */
function unpacked(bytes: Buffer, mostBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new FileTooLargeError(mostBytes);
    throw error;
  }
}
