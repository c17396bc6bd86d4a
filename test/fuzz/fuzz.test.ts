/** A short pass of each fuzz target; `make fuzz` has the long ones. */
import { describe, expect, test } from '@jest/globals';
import { corpusOf, faultOf, threadClock, tryRun } from './fuzz.ts';
import { inputOf } from './mutate.ts';
import { type FuzzTarget, targets } from './targets.ts';

const runs = 150;
const seed = 1;

describe.each(targets.map((target) => [target.name, target] as const))('the decoder of %s', (_, target) => {
  const corpus = corpusOf(target.name);

  test('takes each of its samples', () => {
    expect(corpus.length).toBeGreaterThan(1);
    expect(corpus.map((sample) => faultOf(target, sample, threadClock))).toEqual(corpus.map(() => undefined));
  });

  test('takes whatever comes, in time, and complains only as it says', () => {
    for (let run = 0; run < runs; run += 1) {
      const failure = tryRun(target, corpus, { seed, run, clock: threadClock });
      expect(failure?.why).toBeUndefined();
    }
  });
});

describe('the fuzzer itself', () => {
  const sample = [Buffer.from('a sample of some length'), Buffer.from('another one')];
  const throwing = (error: Error, throwsOnly: FuzzTarget['throwsOnly']): FuzzTarget => ({
    name: 'thrower',
    feed: () => {
      throw error;
    },
    throwsOnly,
  });

  test('makes the same input of the same seed and number, and others of others', () => {
    const inputs = Array.from({ length: 50 }, (_, run) => inputOf(sample, 7, run).toString('hex'));
    expect(inputs).toEqual(Array.from({ length: 50 }, (_, run) => inputOf(sample, 7, run).toString('hex')));
    expect(new Set(inputs).size).toBeGreaterThan(40);
    expect(inputOf(sample, 8, 0).equals(inputOf(sample, 7, 0))).toBe(false);
  });

  test('tells an error that is not documented, and lets one pass that is', () => {
    const at = { seed, run: 0, clock: threadClock };
    expect(tryRun(throwing(new RangeError('deep'), [SyntaxError]), sample, at)?.why).toMatch(
      /RangeError: deep/,
    );
    expect(tryRun(throwing(new SyntaxError('no'), [SyntaxError]), sample, at)).toBeUndefined();
  });

  test('tells an input that takes too long each time, not one that did once', () => {
    let nowMs = 0;
    const clock = { wallMs: () => nowMs, elapsedMs: () => nowMs };
    const slow = (costs: readonly number[]): FuzzTarget => {
      let call = 0;
      const feed = (): void => void (nowMs += costs[call++] ?? 0);
      return { name: 'slow', feed, throwsOnly: [] };
    };
    expect(faultOf(slow([500, 1]), Buffer.from('x'), clock)).toBeUndefined();
    expect(faultOf(slow([500, 500, 500, 500]), Buffer.from('x'), clock)).toMatch(/500 ms for 1 bytes/);
  });
});
