import { describe, expect, test } from '@jest/globals';
import {
  type ProbeReading,
  probeWindow,
  type StreamCounts,
  streamOf,
} from '../../src/loadtest/probe-counts.ts';

const pace = (height: number): number => (height === 360 ? 20 : 15);

function picture(trackSid: string, counts: Partial<StreamCounts> = {}): StreamCounts {
  const none = { packets: 0, framesDecoded: 0, height: 180, freezes: 0, squaredDelays: 0 };
  return { trackSid, kind: 'video', ...none, concealedSamples: 0, totalSamples: 0, ...counts };
}

function reading(atMs: number, streams: readonly StreamCounts[], wanted?: readonly string[]): ProbeReading {
  const pictures = streams.filter(({ kind }) => kind === 'video').map(({ trackSid }) => trackSid);
  return { atMs, streams, wanted: wanted ?? pictures };
}

/** Ten seconds at the pace of the picture, without a freeze. */
const steady = { framesDecoded: 150, squaredDelays: 150 / 15 ** 2 };

describe('what a probe saw between two looks', () => {
  test('is every picture at its pace when nothing went wrong', () => {
    const before = reading(1000, [picture('a'), picture('b', { height: 360, framesDecoded: 40 })]);
    const after = reading(11_000, [picture('a', steady), picture('b', { height: 360, framesDecoded: 240 })]);
    expect(probeWindow('p', [before, after], pace)).toEqual({
      identity: 'p',
      seconds: 10,
      framesDecoded: 350,
      framesExpected: 350,
      freezes: 0,
      freezeSeconds: 0,
      concealedSamples: 0,
      totalSamples: 0,
    });
  });

  test('takes the length of a freeze from the squares of the delays', () => {
    const frozen = { framesDecoded: 120, freezes: 1, squaredDelays: 119 / 15 ** 2 + 2 ** 2 };
    const after = reading(10_000, [picture('a', frozen)]);
    const { freezes, freezeSeconds } = probeWindow('p', [reading(0, [picture('a')]), after], pace);
    expect(freezes).toBe(1);
    expect(freezeSeconds).toBeCloseTo(2, 6);
  });

  test('counts a picture that never came as one that stood still, and shares its time among all pictures', () => {
    const before = reading(0, [picture('a')], ['a', 'never']);
    const after = reading(10_000, [picture('a', steady)], ['a', 'never']);
    const seen = probeWindow('p', [before, after], pace);
    expect(seen).toMatchObject({ framesDecoded: 150, framesExpected: 300, freezes: 1, freezeSeconds: 5 });
  });

  test.each([
    ['came', ['a'], ['a', 'b']],
    ['went', ['a', 'b'], ['a']],
  ])('leaves out a picture that %s meanwhile', (_, wantedBefore, wantedAfter) => {
    const before = reading(0, [picture('a')], wantedBefore);
    const after = reading(10_000, [picture('a', steady), picture('b', { framesDecoded: 3 })], wantedAfter);
    expect(probeWindow('p', [before, after], pace)).toMatchObject({
      framesDecoded: 150,
      framesExpected: 150,
    });
  });

  test('adds up what was concealed of voices that were there from the beginning', () => {
    const voice = (trackSid: string, concealedSamples: number, totalSamples: number): StreamCounts =>
      picture(trackSid, { kind: 'audio', concealedSamples, totalSamples });
    const before = reading(0, [voice('x', 100, 1000)]);
    const after = reading(10_000, [voice('x', 340, 481_000), voice('late', 9, 9)]);
    const heard = probeWindow('p', [before, after], pace);
    expect(heard).toMatchObject({ concealedSamples: 240, totalSamples: 480_000, framesExpected: 0 });
  });
});

describe('the counters of the media library', () => {
  test('are read by their track, and silence that was concealed is no loss', () => {
    const stream = streamOf({
      stream: { kind: 'audio' },
      received: { packetsReceived: 50n },
      inbound: {
        trackIdentifier: 'TR_1',
        concealedSamples: 500n,
        silentConcealedSamples: 480n,
        totalSamplesReceived: 48_000n,
      },
    });
    expect(stream).toMatchObject({
      trackSid: 'TR_1',
      kind: 'audio',
      packets: 50,
      concealedSamples: 20,
      totalSamples: 48_000,
    });
  });

  test('are nothing where it says nothing', () => {
    expect(streamOf({ stream: { kind: 'video' } })).toMatchObject({
      kind: 'video',
      framesDecoded: 0,
      height: 0,
    });
  });
});
