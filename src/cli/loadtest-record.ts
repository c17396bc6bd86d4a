/** The record of a load test as it is named on the command line. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadRecord } from '../loadtest/record-file.ts';
import { inSentence, readTrouble, UsageError } from './cli-error.ts';
import { readWholeText } from './whole-text.ts';

/** A record and the folder that holds it. */
export interface NamedRecord extends ReadRecord {
  readonly path: string;
}

/** Reads a record, compressed with gzip or not, or the `record.jsonl` of a folder. @throws UsageError */
export async function readNamedRecord(name: string): Promise<NamedRecord> {
  const { parseRecords, RecordError } = await import('../loadtest/record-file.ts');
  try {
    const path = statSync(name).isDirectory() ? join(name, 'record.jsonl') : name;
    const read = parseRecords(readWholeText(path));
    if (!read.records.some(({ kind }) => kind === 'meta'))
      throw new RecordError('it does not begin with what was run');
    return { ...read, path };
  } catch (error) {
    const trouble = error instanceof RecordError ? inSentence(error.message) : readTrouble(error);
    throw new UsageError(
      `cannot read the record ${name}, ${trouble}: give the record.jsonl of a load test, or its folder.`,
      { cause: error },
    );
  }
}
