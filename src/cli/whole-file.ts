import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { writeTrouble, UsageError } from './cli-error.ts';
import type { Io } from './io.ts';

/** Writes a file that is there whole or not at all. @throws UsageError when it cannot be written */
export function writeWhole(io: Io, path: string, text: string): void {
  const partial = `${path}.part`;
  const forget = io.partial(partial);
  try {
    writeFileSync(partial, text);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new UsageError(`cannot write ${path}, ${writeTrouble(error)}: name another file.`, {
      cause: error,
    });
  } finally {
    forget();
  }
}
