import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { firstFault } from '../../src/cli/crd-check.ts';
import { type Schema, schemaAt } from '../../src/cli/crd-schema.ts';
import type { CostModel } from '../../src/loadtest/cost-model.ts';
import {
  EmptyProfileError,
  type ProfileInput,
  profileManifest,
} from '../../src/loadtest/profile-manifest.ts';
import type { Fingerprint, SearchResult } from '../../src/loadtest/record.ts';

const fingerprint: Fingerprint = {
  serverVersion: '1.13.5',
  engine: 'pion',
  serverCpu: 'AMD EPYC',
  serverCores: 1,
  nicMbps: 6250,
  generatorCpu: 'AMD EPYC',
  kernel: '6.1',
  samePlace: true,
  scenarioDigest: 'abc',
  seed: 42,
};

function found(changes: Partial<SearchResult> = {}): SearchResult {
  return {
    unit: 'rooms',
    capacity: 3,
    lower95: 2.6,
    upper95: 3.4,
    repetitions: [3, 3, 3],
    n50: 3.6,
    bindingSlo: 'frameLatencyMs.p95',
    bindingLimit: 'Cpu',
    windows: { pass: 9, fail: 4, invalid: 0 },
    ...changes,
  };
}

const one = (value: number) => ({ value, low: value, high: value });
const costs: CostModel = {
  baseCores: one(0.1),
  coresPerPacketIn: one(1.23456e-5),
  coresPerPacketOut: one(2e-5),
  coresPerMegabyte: one(0),
  coresPerParticipant: one(0.002),
  baseBytes: one(1.3e9),
  bytesPerParticipant: one(6.5e6),
  residualCores: 0.01,
  conditionNumber: 12,
  windows: 40,
};

const input = (changes: Partial<ProfileInput> = {}): ProfileInput => ({
  name: 'here',
  mode: 'Propose',
  fingerprint,
  results: [
    { shape: 'conference-10', participantsPerRoom: 10, result: found() },
    { shape: 'live', publishers: 1, result: found({ unit: 'viewers', capacity: 120, lower95: 118 }) },
  ],
  costs,
  evidence: [{ loadTest: 'rooms-of-10', date: '2026-11-20T16:00:00Z' }],
  ...changes,
});

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

/** Without the rules in CEL, which only an API server reads. */
function schema(): Schema {
  const text = readFileSync(new URL('../../crds/openviducapacityprofile.yaml', import.meta.url), 'utf8');
  const [version] = (parse(text) as Definition).spec.versions;
  if (version === undefined) throw new Error('the definition has no version');
  return schemaAt(version.schema.openAPIV3Schema, ['spec']);
}

describe('the profile of a load test', () => {
  test('has what was found, and is one that the schema takes', () => {
    const { spec } = profileManifest(input());
    expect(spec).toMatchObject({
      mode: 'Propose',
      match: { engine: 'pion', livekitVersion: '1.13', cpus: 1, nicGbps: 6.25 },
      shapes: [
        { name: 'conference-10', participantsPerRoom: 10, rooms: 3, lower95: 2.6, bindingLimit: 'Cpu' },
        { name: 'live', publishers: 1, viewers: 120, lower95: 118 },
      ],
      costs: { cores: { base: 0.1, packetIn: 0.00001235 }, memory: { perParticipantMegabytes: 6.5 } },
      evidence: [{ loadTest: 'rooms-of-10' }],
    });
    expect(firstFault(spec, schema(), ['spec'])).toBeUndefined();
  });

  test.each([
    [
      'an engine that is not known',
      input({ fingerprint: { ...fingerprint, engine: 'unknown' } }),
      'match.engine',
    ],
    [
      'a capacity of nothing',
      input({
        results: [{ shape: 'a', participantsPerRoom: 2, result: found({ capacity: 0, lower95: 0 }) }],
      }),
      'shapes',
    ],
    [
      'percent of a trace',
      input({ results: [{ shape: 'a', result: found({ unit: 'percent' }) }] }),
      'shapes',
    ],
    ['costs that cannot be told apart', input({ costs: { ...costs, conditionNumber: 31 } }), 'costs'],
  ])('leaves out %s', (_, given, path) => {
    const { spec } = profileManifest(given);
    expect(spec).not.toHaveProperty(path);
    expect(firstFault(spec, schema(), ['spec'])).toBeUndefined();
  });

  test('is refused when nothing was found', () => {
    expect(() => profileManifest(input({ results: [], costs: undefined }))).toThrow(EmptyProfileError);
  });
});
