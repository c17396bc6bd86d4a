/** Whole lives of fleets: any seed that fails here is lived again by the command that the failure prints. */
import { describe, expect, test } from '@jest/globals';
import type { Action } from '../../src/core/action.ts';
import { planLife } from '../../src/simulate/life-plan.ts';
import { live } from '../../src/simulate/life.ts';
import { lifeText } from '../../src/simulate/life-report.ts';

/** Generous: the machine may be at work on other things. */
const patientMs = 300_000;
const lives = 1000;
const chunk = 100;
const from = 1_000_000;

const done = new Map<Action['kind'], number>();

async function violationsOf(first: number, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const report = await live(planLife(seed, 'Brief'));
    for (const [kind, times] of Object.entries(report.actions) as [Action['kind'], number][]) {
      done.set(kind, (done.get(kind) ?? 0) + times);
    }
    if (report.violation !== undefined) found.push(lifeText(report));
  }
  return found;
}

describe('a thousand lives of fleets with faults, changes and persons', () => {
  const chunks = Array.from({ length: lives / chunk }, (_, at) => from + at * chunk);

  test.each(chunks)(
    'from seed %i on, a hundred of them keep every claim',
    async (first) => {
      expect(await violationsOf(first, chunk)).toEqual([]);
    },
    patientMs,
  );

  test('had occasion for every kind of action', () => {
    const kinds: readonly Action['kind'][] = [
      'CreatePod',
      'RemoveNode',
      'RemoveFailed',
      'RemoveGhost',
      'SetInService',
      'SetWish',
      'JudgeRevision',
      'EvictNode',
      'EndWedged',
    ];
    expect(kinds.filter((kind) => (done.get(kind) ?? 0) < 10)).toEqual([]);
  });
});

test(
  'three long lives of hours and of up to two hundred rooms keep every claim',
  async () => {
    for (const seed of [1, 2, 3]) {
      const report = await live(planLife(seed, 'Long'));
      expect(report.violation === undefined ? '' : lifeText(report)).toBe('');
    }
  },
  patientMs,
);

test('equal seeds give equal lives, other seeds others', async () => {
  const digests = [];
  for (const seed of [77, 77, 78]) digests.push((await live(planLife(seed, 'Brief'))).digest);
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
});
