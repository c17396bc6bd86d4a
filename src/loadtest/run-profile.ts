/** What a run says about the capacity of a node, in the form of a profile. */
import {
  EmptyProfileError,
  profileManifest,
  type ProfileManifest,
  type ShapeResult,
} from './profile-manifest.ts';
import type { MetaRecord, RunRecord, SearchResult } from './record.ts';
import { sizeOf } from './scenario-levels.ts';
import type { Scenario } from './scenario.ts';

/** The answer of a search, with what a room of it is like; undefined where rooms are of several kinds. */
export function shapeResult(scenario: Scenario, result: SearchResult): ShapeResult | undefined {
  const { workload, name } = scenario;
  switch (workload.kind) {
    case 'Rooms': {
      const [only, ...others] = workload.shapes;
      if (only === undefined || others.length > 0) return undefined;
      return { shape: name, participantsPerRoom: sizeOf(only.shape.roles), result };
    }
    case 'OneRoom': {
      const publishers = workload.fixed
        .filter(({ role }) => role.sendsVideo || role.sendsAudio)
        .reduce((sum, { count }) => sum + count, 0);
      return { shape: name, publishers, result };
    }
    case 'Trace':
      return undefined;
  }
}

/** Of the record of a search that came to an end; undefined of any other. */
export function profileOf(
  records: readonly RunRecord[],
  about: { readonly name: string; readonly sha256?: string },
): ProfileManifest | undefined {
  const meta = records.find((record): record is MetaRecord => record.kind === 'meta');
  const summary = records.findLast((record) => record.kind === 'summary');
  const result = summary?.outcome === 'Complete' ? summary.result : undefined;
  if (meta === undefined || summary === undefined || result === undefined) return undefined;
  const shape = shapeResult(meta.scenario, result);
  const { sha256 } = about;
  try {
    return profileManifest({
      name: about.name,
      mode: 'Propose',
      fingerprint: meta.fingerprint,
      results: shape === undefined ? [] : [shape],
      costs: summary.costs,
      evidence: [
        { loadTest: about.name, ...(sha256 === undefined ? {} : { sha256 }), date: summary.endedAt },
      ],
    });
  } catch (error) {
    // A search that found nothing has nothing to propose.
    if (error instanceof EmptyProfileError) return undefined;
    throw error;
  }
}
