import { describe, expect, test } from '@jest/globals';
import { progressIn, summaryIn } from '../../src/core/load-test-word.ts';

describe('what the coordinator wrote', () => {
  test.each([undefined, '', 'no JSON', '[]', '"text"', '{"outcome":"Great"}'])('%p is no result', (text) => {
    expect(summaryIn(text)).toBeUndefined();
  });

  test('is taken as far as it is well formed', () => {
    const said = {
      phase: 'Dancing',
      level: -1,
      connected: 12.4,
      windows: { pass: 1, fail: 'x' },
      lastReasons: ['a', 3],
    };
    expect(progressIn(JSON.stringify(said))).toEqual({
      phase: 'Measuring',
      shown: { connected: 12, windows: { pass: 1 }, lastReasons: ['a'] },
    });
  });

  test('is taken whole when it is', () => {
    const found = {
      unit: 'rooms',
      capacity: 3,
      lower95: 3,
      upper95: 4,
      repetitions: [3, 3, 4],
      bindingLimit: 'Cpu',
    };
    const text = JSON.stringify({ kind: 'summary', outcome: 'Complete', why: 'Found.', result: found });
    expect(summaryIn(text)).toEqual({
      outcome: 'Complete',
      why: 'Found.',
      result: { outcome: 'Complete', ...found },
    });
  });
});
