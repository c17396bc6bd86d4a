import { describe, expect, test } from '@jest/globals';
import { compareRuns, ratioOf } from '../../src/loadtest/compare.ts';
import type { RunRecord, SearchResult } from '../../src/loadtest/record.ts';
import { meanInterval } from '../../src/loadtest/statistics.ts';
import { normal, stream } from '../../src/workload/random.ts';
import { virtualRun } from './virtual-run.ts';

const plain = virtualRun();

/** A run that found these capacities. */
function found(repetitions: readonly number[], changes: Partial<SearchResult> = {}): readonly RunRecord[] {
  const interval = meanInterval(repetitions);
  const capacity = interval?.value ?? repetitions[0] ?? 0;
  return plain.map((record) =>
    record.kind === 'summary' && record.result !== undefined
      ? {
          ...record,
          result: {
            ...record.result,
            capacity,
            lower95: interval?.low ?? capacity,
            upper95: interval?.high ?? capacity,
            repetitions,
            ...changes,
          },
        }
      : record,
  );
}

const compare = (one: readonly RunRecord[], other: readonly RunRecord[], force = false) =>
  compareRuns(one, other, { force });

describe('runs that cannot be compared', () => {
  test.each<[string, readonly RunRecord[], RegExp]>([
    [
      'unlike in cores',
      virtualRun({ limitCores: 0.5 }),
      /^The runs cannot be compared, since they differ in cores of the server \(1, 0\.5\): .* --force\.$/,
    ],
    [
      'unlike in version and seed',
      virtualRun({ serverVersion: '1.14.0', seed: 7 }),
      /differ in version of the media server \(1\.13\.5, 1\.14\.0\) and seed \(42, 7\): /,
    ],
  ])('%s are refused, with each difference named', (_, other, sentence) => {
    const refused = compare(plain, other);
    expect(refused.kind).toBe('Refused');
    expect(refused.sentence).toMatch(sentence);
  });

  test('are compared all the same when told, and the differences stay with the answer', () => {
    const forced = compare(plain, virtualRun({ limitCores: 0.5 }), true);
    expect(forced).toMatchObject({
      kind: 'Compared',
      verdict: 'Worse',
      differences: [{ field: 'serverCores' }],
    });
  });

  test.each<[string, readonly RunRecord[], RegExp]>([
    [
      'stopped',
      virtualRun({ stopAfter: 5 }),
      /second run \(lt-virtual\) ended as Stopped, so it has no capacity/,
    ],
    ['cut off', plain.filter(({ kind }) => kind !== 'summary'), /second run .* was cut off/],
  ])('because one was %s are refused even when told', (_, other, sentence) => {
    const refused = compare(plain, other, true);
    expect(refused.kind).toBe('Refused');
    expect(refused.sentence).toMatch(sentence);
  });
});

describe('the ratio of capacities', () => {
  test.each<[string, readonly number[], readonly number[], string]>([
    ['the same', [20, 20, 20], [20, 20, 20], 'Undecided'],
    ['one step apart', [20, 20, 21], [21, 20, 21], 'Undecided'],
    ['half', [20, 21, 20], [10, 10, 11], 'Worse'],
    ['twice as much', [10, 10, 11], [20, 21, 20], 'Better'],
    ['less in one repetition each', [20], [10], 'Undecided'],
    ['compared with nothing', [0, 0, 0], [10, 10, 10], 'Undecided'],
  ])('of %s is judged by its interval', (_, one, other, verdict) => {
    expect(compare(found(one), found(other))).toMatchObject({ kind: 'Compared', verdict });
  });

  test('does not call a run worse that ended at its largest load, nor better than such a run', () => {
    const more = found([20, 20, 20], { bindingLimit: 'MaxReached' });
    const less = found([10, 10, 10], { bindingLimit: 'MaxReached' });
    expect(compare(found([20, 20, 20]), less)).toMatchObject({ verdict: 'Undecided' });
    expect(compare(less, found([20, 20, 20]))).toMatchObject({ verdict: 'Undecided' });
    expect(compare(found([10, 10, 10]), more)).toMatchObject({ verdict: 'Better' });
    expect(compare(found([10, 10, 10]), more).sentence).toContain('at least 20 rooms of 10 against 10');
  });

  test('is told in a sentence with its interval and what it rests on', () => {
    expect(compare(found([20, 20, 20]), found([10, 10, 10])).sentence).toMatch(
      /^The second run carries less: 10 rooms of 10 against 20, 50 % of the first \(95 %: 4\d–5\d %; 3 repetitions and 3\)\.$/,
    );
    expect(compare(found([20]), found([10])).sentence).toContain('a single repetition shows no spread');
  });

  test('is not exact where repetitions agree, since the search has steps', () => {
    const same = { found: [5, 5, 5], step: 1 };
    const { value, low, high } = ratioOf(same, same) ?? { value: 0, low: 0, high: 0 };
    expect(value).toBe(1);
    expect(low).toBeLessThan(0.95);
    expect(high).toBeGreaterThan(1.05);
  });

  test.each([
    [2, 60],
    [3, 60],
    [3, 200],
  ])(
    'of %d repetitions of one node with %d rooms is called another one five times of 100 at most',
    (count, capacity) => {
      const random = stream(1, `compare ${count} ${capacity}`);
      const step = Math.max(1, Math.round(0.05 * capacity));
      // What a repetition finds: the step below what the node carried that time.
      const found = () =>
        Array.from(
          { length: count },
          () => Math.floor((capacity * (1 + 0.05 * normal(random, 0, 1))) / step) * step,
        );
      let wrong = 0;
      const pairs = 2000;
      for (let pair = 0; pair < pairs; pair += 1) {
        const { low, high } = ratioOf({ found: found(), step }, { found: found(), step }) ?? {
          low: null,
          high: null,
        };
        if (low === null || high === null || low > 1 || high < 1) wrong += 1;
      }
      expect(wrong / pairs).toBeLessThan(0.06);
      // Nor never, which an interval without an end would do; two repetitions are very cautious.
      if (count > 2) expect(wrong / pairs).toBeGreaterThan(0.005);
    },
  );
});

describe('costs', () => {
  const withCondition = (conditionNumber: number) =>
    plain.map(
      (record): RunRecord =>
        record.kind === 'summary' && record.costs !== undefined
          ? { ...record, costs: { ...record.costs, conditionNumber } }
          : record,
    );

  test('are compared where both runs can tell their terms apart, and only there', () => {
    const clear = withCondition(12);
    expect(compare(clear, clear)).toMatchObject({
      costRatios: { coresPerPacketOut: 1, bytesPerParticipant: 1 },
    });
    expect(compare(clear, withCondition(40))).toMatchObject({ costRatios: null });
  });
});
