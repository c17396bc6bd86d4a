/** Files that are there whole or not at all, whatever stands at their path. */
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventFile } from '../../src/cli/event-file.ts';
import { silentIo } from '../../src/cli/io.ts';
import { WholeFile } from '../../src/cli/whole-file.ts';
import { areSameFile } from '../../src/workload/whole-target.ts';
import { generateTrace } from '../../src/workload/generate.ts';
import { writeTrace } from '../../src/workload/trace-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'ovm-whole-'));
afterAll(() => rmSync(dir, { recursive: true }));

const trace = generateTrace({ profile: 'small', seed: 1, days: 1 });
const writers: readonly (readonly [what: string, write: (path: string) => Promise<void> | void])[] = [
  ['a page', (path) => new WholeFile(silentIo, path).write('whole')],
  ['a log', (path) => new EventFile(silentIo, path).finish()],
  ['a trace', async (path) => await writeTrace(path, trace)],
];

describe.each(writers)('%s', (what, write) => {
  const name = what.replace(' ', '-');

  test('is written where a link leads, and the link stays', async () => {
    const [target, link] = [join(dir, `${name}-target`), join(dir, `${name}-link`)];
    writeFileSync(target, 'what was there before');
    symlinkSync(target, link);
    await write(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).not.toBe('what was there before');
  });

  test('goes into a device, which stays one', async () => {
    await write('/dev/null');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('leaves nothing else behind', async () => {
    await write(join(dir, `${name}-alone`));
    expect(readdirSync(dir).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  test('cannot be written into a folder that is not there, in one sentence', async () => {
    const path = join(dir, 'nowhere', name);
    await expect(async () => await write(path)).rejects.toThrow(/folder (does not exist|that exists)/);
  });
});

test('a page is tried before the work for it is done, and leaves no trace where nothing comes of it', () => {
  expect(() => new WholeFile(silentIo, join(dir, 'nowhere', 'page.html'))).toThrow(/folder does not exist/);
  const page = new WholeFile(silentIo, join(dir, 'page.html'));
  page.discard();
  expect(readdirSync(dir).filter((file) => file.startsWith('page'))).toEqual([]);
});

test('two paths are one file where links lead to it, and never where it is a device', () => {
  const file = join(dir, 'one.csv');
  writeFileSync(file, 'trace');
  symlinkSync(file, join(dir, 'other.csv'));
  expect(areSameFile(file, join(dir, 'other.csv'))).toBe(true);
  expect(areSameFile(file, join(dir, 'absent.csv'))).toBe(false);
  expect(areSameFile('/dev/null', '/dev/null')).toBe(false);
});
