import { describe, expect, test } from '@jest/globals';
import type { RunRecord, SearchResult } from '../../src/loadtest/record.ts';
import { profileOf, shapeResult } from '../../src/loadtest/run-profile.ts';
import type { Role, Workload } from '../../src/loadtest/scenario.ts';
import { aScenario, aSearch } from './virtual-node.ts';
import { virtualRun } from './virtual-run.ts';

const receives = { tiles: 1, layer: '360p', audio: true } as const;
const speaker: Role = { name: 'speaker', sendsVideo: true, sendsAudio: true, receives };
const viewer: Role = { name: 'viewer', sendsVideo: false, sendsAudio: false, receives };
const result: SearchResult = {
  unit: 'rooms',
  capacity: 5,
  lower95: 4,
  upper95: 6,
  repetitions: [5, 5],
  n50: 5.4,
  bindingSlo: undefined,
  bindingLimit: 'Cpu',
  windows: { pass: 9, fail: 4, invalid: 0 },
};

describe('the shape of a capacity', () => {
  test.each<[string, Workload, object | undefined]>([
    [
      'rooms of one kind',
      {
        kind: 'Rooms',
        shapes: [
          {
            share: 1,
            shape: {
              name: 'stage',
              roles: [
                { role: speaker, count: 3 },
                { role: viewer, count: 20 },
              ],
            },
          },
        ],
      },
      { shape: 'rooms-of-10', participantsPerRoom: 23, result },
    ],
    [
      'viewers of one room',
      {
        kind: 'OneRoom',
        name: 'live',
        fixed: [
          { role: speaker, count: 2 },
          { role: viewer, count: 1 },
        ],
        growing: viewer,
      },
      { shape: 'rooms-of-10', publishers: 2, result },
    ],
    [
      'rooms of several kinds have none',
      {
        kind: 'Rooms',
        shapes: [
          { share: 1, shape: { name: 'a', roles: [] } },
          { share: 1, shape: { name: 'b', roles: [] } },
        ],
      },
      undefined,
    ],
    ['neither has a trace', { kind: 'Trace', rooms: [], timeScale: 1, receives }, undefined],
  ])('%s', (_, workload, expected) => {
    expect(shapeResult({ ...aScenario(aSearch()), workload }, result)).toEqual(expected);
  });
});

describe('the profile of a run', () => {
  const about = { name: 'nightly', sha256: 'abc' };

  test('of a search that came to an end has its shape and its evidence', () => {
    expect(profileOf(virtualRun(), about)).toMatchObject({
      metadata: { name: 'nightly' },
      spec: {
        mode: 'Propose',
        shapes: [expect.anything()],
        evidence: [{ loadTest: 'nightly', sha256: 'abc' }],
      },
    });
  });

  test.each<[string, (records: readonly RunRecord[]) => readonly RunRecord[]]>([
    ['has no summary', (records) => records.filter(({ kind }) => kind !== 'summary')],
    ['does not say what was run', (records) => records.filter(({ kind }) => kind !== 'meta')],
    [
      'was stopped',
      (records) => records.map((each) => (each.kind === 'summary' ? { ...each, outcome: 'Stopped' } : each)),
    ],
  ])('is none when its record %s', (_, change) => {
    expect(profileOf(change(virtualRun()), about)).toBeUndefined();
  });
});
