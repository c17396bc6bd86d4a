/**
 * The promise of the journal at length: what a fleet decided for hours can be decided again, identically. It needs no
 * API server; it stands here because it takes half a minute, which is too long for every change.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const program = join(import.meta.dirname, 'replay-many.ts');

test('a hundred thousand decisions in a journal are decided again, identically', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const told = JSON.parse(stdout) as {
    readonly decisions: number;
    readonly fromPaper: number;
    readonly differing: readonly unknown[];
  };

  expect(told.differing).toEqual([]);
  expect(told.decisions).toBeGreaterThanOrEqual(100_000);
  expect(told.fromPaper).toBeGreaterThanOrEqual(10_000);
}, 240_000);
