import { describe, expect, test } from '@jest/globals';
import { ServerTime, heldBack } from '../../src/kube/server-time.ts';

const noon = Date.parse('2026-03-01T12:00:00Z');
const hour = 3_600_000;

describe('a clock beside that of the API server', () => {
  /** The answer came when the monotonic clock showed 1000; now it shows 61,000. */
  const minuteLater = (ownMs: number, header: string | undefined) => {
    const server = new ServerTime();
    server.note(header, 1000);
    return heldBack({ wallMs: () => ownMs, elapsedMs: () => 61_000 }, server).wallMs();
  };
  const told = 'Sun, 01 Mar 2026 12:00:00 GMT';

  test.each([
    ['that is ahead is held back', noon + hour, told, noon + 60_000],
    ['that is nearly right is believed', noon + 64_000, told, noon + 64_000],
    ['that is behind is believed', noon - hour, told, noon - hour],
    ['is believed before the first answer', noon + hour, undefined, noon + hour],
    ['is believed where the answer has no date', noon + hour, 'soon', noon + hour],
  ])('%s', (_, own, header, shown) => {
    expect(minuteLater(own, header)).toBe(shown);
  });

  test('goes by the last answer', () => {
    const server = new ServerTime();
    server.note(told, 0);
    server.note('Sun, 01 Mar 2026 13:00:00 GMT', 1000);
    expect(server.wallMs(2000)).toBe(noon + hour + 1000);
  });
});
