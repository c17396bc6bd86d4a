/** The capacity profile that a calibration writes, with the answers of searches on the same node. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CostModel } from '../loadtest/cost-model.ts';
import type { Fingerprint, MetaRecord, RunRecord, SearchResult } from '../loadtest/record.ts';
import { UsageError } from './cli-error.ts';
import { readNamedRecord } from './loadtest-record.ts';

/** A search that came to an end. */
export interface SearchRecord {
  readonly path: string;
  readonly meta: MetaRecord;
  readonly result: SearchResult;
}

/** @throws UsageError when it cannot be read, or is no search with an answer */
export async function searchOf(name: string): Promise<SearchRecord> {
  const { path, records } = await readNamedRecord(name);
  const [meta] = metaIn(records);
  const summary = records.findLast((record) => record.kind === 'summary');
  if (meta !== undefined && summary?.outcome === 'Complete' && summary.result !== undefined) {
    return { path, meta, result: summary.result };
  }
  throw new UsageError(`${path} is no search that came to an end: leave it out of --search.`);
}

/** The parts of a fingerprint that are about the node. */
export type NodeFacts = Pick<Fingerprint, 'serverVersion' | 'serverCores'> & {
  readonly serverCpu: string | undefined;
};

/** One profile is about one kind of node. @throws UsageError for a search that was made on another one */
export async function refuseOthers(searches: readonly SearchRecord[], node: NodeFacts): Promise<void> {
  const { tidyCpu } = await import('../loadtest/fingerprint.ts');
  const cpu = tidyCpu(node.serverCpu ?? '');
  for (const { path, meta } of searches) {
    const { serverVersion, serverCores, serverCpu } = meta.fingerprint;
    const other =
      differs('version', serverVersion, node.serverVersion) ??
      differs('cores', serverCores, node.serverCores) ??
      differs('processor', serverCpu, cpu);
    if (other === undefined) continue;
    throw new UsageError(`${path} was measured on another node (${other}): leave it out of --search.`);
  }
}

function differs(what: string, there: string | number, here: string | number): string | undefined {
  return there === here ? undefined : `${what} ${there}, here ${here}`;
}

export interface ProfileParts {
  readonly name: string;
  /** RFC 3339, of the calibration. */
  readonly date: string;
  /** Undefined where no cell was measured. */
  readonly fingerprint: Fingerprint | undefined;
  readonly searches: readonly SearchRecord[];
  readonly costs: CostModel | undefined;
}

/** The path of the profile in the folder; undefined when nothing was found that it could say. */
export async function writeProfile(folder: string, parts: ProfileParts): Promise<string | undefined> {
  const { EmptyProfileError, profileManifest } = await import('../loadtest/profile-manifest.ts');
  const { shapeResult } = await import('../loadtest/run-profile.ts');
  const { stringify } = await import('yaml');
  const { name, date, fingerprint, searches, costs } = parts;
  if (fingerprint === undefined) return undefined;
  try {
    const manifest = profileManifest({
      name,
      mode: 'Propose',
      fingerprint,
      results: searches.flatMap(({ meta, result }) => shapeResult(meta.scenario, result) ?? []),
      costs,
      evidence: [{ loadTest: `calibrate-${name}`, date }, ...searches.map(evidenceOf)],
    });
    const path = join(folder, 'profile.yaml');
    await writeFile(path, stringify(manifest));
    return path;
  } catch (error) {
    if (error instanceof EmptyProfileError) return undefined;
    throw error;
  }
}

function evidenceOf({ path, meta }: SearchRecord): {
  readonly loadTest: string;
  readonly sha256: string;
  readonly date: string;
} {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { loadTest: meta.runId, sha256, date: meta.startedAt };
}

/** What was run, from records. */
export function metaIn(records: readonly RunRecord[]): readonly MetaRecord[] {
  return records.filter((record) => record.kind === 'meta');
}
