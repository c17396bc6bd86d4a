import { describe, expect, test } from '@jest/globals';
import { CordonRhythm } from '../../src/livekit/cordon-rhythm.ts';
import { ManualTime } from './fakes.ts';

function marksAt(...everyMs: readonly number[]) {
  const time = new ManualTime();
  const rhythm = new CordonRhythm(time);
  rhythm.marked(['a']);
  for (const ms of everyMs) {
    time.pass(ms);
    rhythm.marked(['a']);
  }
  return { time, rhythm };
}

describe('a closed node', () => {
  test('of which nothing is known is due at any time', () => {
    expect(new CordonRhythm(new ManualTime()).due(['a', 'b'])).toEqual(['a', 'b']);
  });

  test.each([
    ['after one mark', [], 0],
    ['that is marked every 2 s', [2000], 1600],
    ['that is marked every 200 ms', [200], 160],
    ['that was silent for a minute', [2000, 60_000], 1600],
    ['that is back at its rhythm after a silence', [2000, 60_000, 2000], 1600],
    ['that was marked before it was due', [2000, 300], 0],
    ['that was marked early and has been watched since', [2000, 300, 300], 240],
  ] as const)('%s is due again in time', (_what, everyMs, restMs) => {
    const { time, rhythm } = marksAt(...everyMs);
    if (restMs > 0) {
      time.pass(restMs - 1);
      expect(rhythm.due(['a'])).toEqual([]);
      time.pass(1);
    }
    expect(rhythm.due(['a'])).toEqual(['a']);
  });

  test('that was let go is learned anew', () => {
    const { rhythm } = marksAt(2000);
    rhythm.keep(new Set(['b']));
    expect(rhythm.due(['a'])).toEqual(['a']);
  });
});
