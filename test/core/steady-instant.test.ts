import { expect, test } from '@jest/globals';
import { parseIsoMs } from '../../src/base/iso-time.ts';
import { steadyInstant } from '../../src/core/steady-instant.ts';

const wallMs = Date.UTC(2026, 2, 1, 12);
const inMinutes = (minutes: number) => wallMs + minutes * 60_000;
const shown = '2026-03-01T13:00:00Z';

test.each<
  readonly [claim: string, previous: string | undefined, nextMs: number | undefined, told: string | undefined]
>([
  ['nothing is told where nothing is known', shown, undefined, undefined],
  ['the first one is told to the full minute', undefined, inMinutes(59.5), shown],
  ['it stands while it moves by less than a quarter of what is left', shown, inMinutes(79), shown],
  ['it moves when that is passed', shown, inMinutes(81), '2026-03-01T13:21:00Z'],
  ['it comes nearer when that is passed', shown, inMinutes(47), '2026-03-01T12:47:00Z'],
  ['near the end five minutes are the least', '2026-03-01T12:02:00Z', inMinutes(6.9), '2026-03-01T12:02:00Z'],
  ['and then it moves', '2026-03-01T12:02:00Z', inMinutes(7), '2026-03-01T12:07:00Z'],
  ['one that cannot be read is replaced', 'soon', inMinutes(60), shown],
])('%s', (_, previous, nextMs, told) => {
  expect(steadyInstant(previous, nextMs, wallMs)).toBe(told);
});

test('an end that keeps an hour away is written four times an hour at most', () => {
  let instant: string | undefined;
  const writes = new Set<string>();
  for (let minute = 0; minute < 60; minute += 1) {
    const nowMs = inMinutes(minute);
    instant = steadyInstant(instant, nowMs + 3_600_000, nowMs);
    writes.add(instant ?? '');
  }
  expect(writes.size).toBeLessThanOrEqual(5);
  expect(parseIsoMs(instant ?? '')).toBeGreaterThan(inMinutes(60));
});
