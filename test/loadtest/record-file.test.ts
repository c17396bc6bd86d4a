import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseRecords, readRecordFile, RecordError, RecordFile } from '../../src/loadtest/record-file.ts';
import type { NoteRecord } from '../../src/loadtest/record.ts';

const note = (text: string): NoteRecord => ({ kind: 'note', atMs: 1, text });

describe('a record on disk', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ov-record-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (): string => join(folder, 'record.jsonl');

  test('has each line as soon as it is appended', () => {
    const file = RecordFile.create(path());
    expect(file.isEmpty).toBe(true);
    file.append(note('one'));
    expect(readFileSync(path(), 'utf8')).toBe('{"kind":"note","atMs":1,"text":"one"}\n');
    file.append(note('two'));
    file.close();
    expect(readRecordFile(path())).toMatchObject({ records: [note('one'), note('two')], cut: false });
  });

  test('never overwrites another one', () => {
    RecordFile.create(path()).close();
    expect(() => RecordFile.create(path())).toThrow('EEXIST');
  });

  test('goes on where its writer was killed in the middle of a line', () => {
    const file = RecordFile.create(path());
    file.append(note('einsä')); // More bytes than characters.
    file.close();
    appendFileSync(path(), '{"kind":"no');
    const read = readRecordFile(path());
    expect(read).toMatchObject({ records: [note('einsä')], cut: true });
    const again = RecordFile.resume(path(), read.bytes);
    expect(again.isEmpty).toBe(false);
    again.append(note('two'));
    again.close();
    expect(readRecordFile(path())).toMatchObject({ records: [note('einsä'), note('two')], cut: false });
  });
});

describe('reading a record', () => {
  const line = JSON.stringify(note('one'));

  test.each([
    ['a cut last line is left out', `${line}\n{"kind":"note`, { records: [note('one')], cut: true }],
    [
      'a last line without its end counts when it is whole',
      `${line}\n${line}`,
      { records: [note('one'), note('one')], cut: false },
    ],
    ['empty lines are passed over', `\n${line}\n\n`, { records: [note('one')], cut: false }],
    ['nothing is an empty record', '', { records: [], cut: false }],
  ])('%s', (_, text, expected) => {
    expect(parseRecords(text)).toMatchObject(expected);
  });

  test.each([
    ['a line that is cut in the middle of the file', `{"kind":"note\n${line}\n`, 'line 1 is no record'],
    [
      'a line of another kind',
      `${line}\n{"kind":"other"}\n`,
      'line 2 is no record of a load test: {"kind":"other"}',
    ],
    ['a line that is no object', `${line}\n\n7\n`, 'line 3 is no record'],
    ['another version', '{"kind":"meta","version":9}\n', 'line 1 is of version 9, and 1 is expected'],
  ])('refuses %s, and names the line', (_, text, message) => {
    expect(() => parseRecords(text)).toThrow(RecordError);
    expect(() => parseRecords(text)).toThrow(message);
  });
});
