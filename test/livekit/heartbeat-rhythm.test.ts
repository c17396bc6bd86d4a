import { describe, expect, test } from '@jest/globals';
import { HeartbeatRhythm } from '../../src/livekit/heartbeat-rhythm.ts';
import { ManualTime } from './fakes.ts';

function heardAt(...everyMs: readonly number[]) {
  const time = new ManualTime();
  const rhythm = new HeartbeatRhythm(time);
  rhythm.heard(['a']);
  for (const ms of everyMs) {
    time.pass(ms);
    rhythm.heard(['a']);
  }
  return { time, rhythm };
}

describe('a node', () => {
  test('of which nothing is known is due at any time', () => {
    expect(new HeartbeatRhythm(new ManualTime()).due(['a', 'b'])).toEqual(['a', 'b']);
  });

  test.each([
    ['after one heartbeat', [], 0],
    ['that is heard every 2 s', [2000], 1800],
    ['that is heard every 200 ms', [200], 180],
    ['that was silent for a minute', [2000, 60_000], 1800],
    ['that is back at its rhythm after a silence', [2000, 60_000, 2000], 1800],
    ['that was heard before it was due', [2000, 300], 0],
    ['that was heard early and has been watched since', [2000, 300, 300], 270],
  ] as const)('%s is due again in time', (_what, everyMs, restMs) => {
    const { time, rhythm } = heardAt(...everyMs);
    if (restMs > 0) {
      time.pass(restMs - 1);
      expect(rhythm.due(['a'])).toEqual([]);
      time.pass(1);
    }
    expect(rhythm.due(['a'])).toEqual(['a']);
  });

  test('that was let go is learned anew', () => {
    const { rhythm } = heardAt(2000);
    rhythm.keep(new Set(['b']));
    expect(rhythm.due(['a'])).toEqual(['a']);
  });
});
