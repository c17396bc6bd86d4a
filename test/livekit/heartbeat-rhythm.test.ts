import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HeartbeatRhythm } from '../../src/livekit/heartbeat-rhythm.ts';
import { ManualTime } from './fakes.ts';

function heardAt(...everyMs: readonly number[]) {
  const time = new ManualTime();
  const rhythm = new HeartbeatRhythm(time);
  rhythm.keep(['a']);
  rhythm.heard(['a']);
  for (const ms of everyMs) {
    time.pass(ms);
    rhythm.heard(['a']);
  }
  return { time, rhythm };
}

describe('a node', () => {
  test('of which nothing is known is due at any time', () => {
    const rhythm = new HeartbeatRhythm(new ManualTime());
    rhythm.keep(['a', 'b']);
    expect(rhythm.due()).toEqual(['a', 'b']);
  });

  test.each([
    ['after one heartbeat', [], 0],
    ['that is heard every 2 s', [2000], 1900],
    ['that is heard every 200 ms', [200], 190],
    ['that was silent for a minute', [2000, 60_000], 1900],
    ['that is back at its rhythm after a silence', [2000, 60_000, 2000], 1900],
    ['that was heard before it was due', [2000, 300], 0],
    ['that was heard early and has been watched since', [2000, 300, 300], 285],
  ] as const)('%s is due again in time', (_what, everyMs, restMs) => {
    const { time, rhythm } = heardAt(...everyMs);
    if (restMs > 0) {
      time.pass(restMs - 1);
      expect(rhythm.due()).toEqual([]);
      time.pass(1);
    }
    expect(rhythm.due()).toEqual(['a']);
  });

  test('that was let go is learned anew, and is not due while it is not kept', () => {
    const { rhythm, time } = heardAt(2000);
    rhythm.keep(['b']);
    time.pass(5000);
    rhythm.heard(['a']);
    expect(rhythm.due()).toEqual(['b']);
    rhythm.keep(['a', 'b']);
    expect(rhythm.due()).toEqual(['b', 'a']);
  });
});

test('of many nodes with rhythms of their own each is due from the end of its rest until it is heard', () => {
  const ids = Array.from({ length: 40 }, (_, at) => `n${at}`);
  fc.assert(
    fc.property(
      fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 900 }), at: fc.nat(39) }), { maxLength: 200 }),
      (beats) => {
        const time = new ManualTime();
        const rhythm = new HeartbeatRhythm(time);
        rhythm.keep(ids);
        const known = new Map<string, { readonly atMs: number; readonly restMs: number }>();
        for (const { waitMs, at } of beats) {
          time.pass(waitMs);
          const id = `n${at}`;
          const nowMs = time.elapsedMs();
          const before = known.get(id);
          const tookMs = nowMs - (before?.atMs ?? nowMs);
          const isEarly = before === undefined || tookMs < before.restMs;
          rhythm.heard([id]);
          known.set(id, { atMs: nowMs, restMs: isEarly ? 0 : Math.min(1900, 0.95 * tookMs) });
          const due = ids.filter((one) => {
            const heard = known.get(one);
            return heard === undefined || nowMs >= heard.atMs + heard.restMs;
          });
          expect([...rhythm.due()].toSorted()).toEqual(due.toSorted());
        }
      },
    ),
  );
});
