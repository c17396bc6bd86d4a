/** What the generators share: they write their files or, with `--check`, only say which ones have drifted. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Brings the files up to date, or names the ones that are not when `--check` was given.
 * Returns the exit code: 1 when a check found drift. `command` is what a person runs to mend it.
 */
export function keepGenerated(texts: ReadonlyMap<string, string>, command: string): 0 | 1 {
  const stale = [...texts].filter(([path, text]) => current(path) !== text);
  if (!process.argv.includes('--check')) {
    for (const [path, text] of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      console.log(`wrote ${path}`);
    }
    return 0;
  }
  for (const [path] of stale) console.error(`${path} is out of date: run ${command} and commit it`);
  return stale.length > 0 ? 1 : 0;
}
