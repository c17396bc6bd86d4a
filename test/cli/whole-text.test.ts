import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileTooLargeError, readWholeText } from '../../src/cli/whole-text.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovm-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a file that somebody names', () => {
  test('is read as it is, or unpacked', () => {
    expect(readWholeText(file('plain', 'späti'))).toBe('späti');
    expect(readWholeText(file('packed', gzipSync('späti')))).toBe('späti');
  });

  test('is refused when it is too large, before it is read', () => {
    const path = file('large', '');
    truncateSync(path, 500_000_000);
    expect(() => readWholeText(path)).toThrow(FileTooLargeError);
  });

  test('is refused when a few kilobytes unpack to more than can be read', () => {
    const path = file('bomb', gzipSync(Buffer.alloc(1_000_000)));
    expect(() => readWholeText(path, 100_000)).toThrow(FileTooLargeError);
  });
});
