/** Scenarios in files. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readScenario, type ScenarioRead } from './read-scenario.ts';

/** Text of a scenario is refused from a megabyte on; this only keeps a mistaken name from being read at all. */
const mostScenarioBytes = 8_000_000;
/** What of a trace fits into a run at all; a larger one is something else. */
const mostTraceBytes = 200_000_000;

/**
 * Reads a scenario and the trace it names, whose path begins in the folder of the scenario.
 * @throws Error of the file system when the scenario itself cannot be read
 */
export function readScenarioFile(path: string): ScenarioRead {
  const folder = dirname(path);
  if (statSync(path).size > mostScenarioBytes) throw new Error('it is larger than 8 MB');
  return readScenario(readFileSync(path, 'utf8'), { readFile: (name) => readPlain(resolve(folder, name)) });
}

/** The text of a file, compressed with gzip or not: its first bytes tell. */
function readPlain(path: string): string {
  if (statSync(path).size > mostTraceBytes) throw new Error('it is larger than 200 MB');
  const bytes = readFileSync(path);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isCompressed ? gunzipSync(bytes, { maxOutputLength: mostTraceBytes }) : bytes).toString('utf8');
}
