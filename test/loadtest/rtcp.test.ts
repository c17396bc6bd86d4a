import { describe, expect, test } from '@jest/globals';
import {
  nack,
  parseRtcp,
  pictureLoss,
  receiverBandwidth,
  receiverReport,
  senderReport,
} from '../../src/loadtest/rtcp.ts';

const block = {
  ssrc: 7,
  fractionLost: 0.25,
  cumulativeLost: 300,
  highestSequence: 70_000,
  jitter: 90,
  lastReport: 0xaabb_ccdd,
  delaySinceReport: 65_536,
};

describe('RTCP', () => {
  test('a sender report tells the NTP time from its middle', () => {
    // 1 s and a half after the epoch: 2208988801.5 since 1900.
    const report = senderReport({ ssrc: 9, wallMs: 1500, rtpTimestamp: 2 ** 32 + 5, packets: 3, bytes: 400 });
    expect(report).toHaveLength(28);
    expect(report.readUInt32BE(20)).toBe(3);
    expect(report.readUInt32BE(24)).toBe(400);
    const middleNtp = ((2_208_988_801 & 0xffff) * 0x1_0000 + 0x8000) >>> 0;
    expect(parseRtcp(report)).toEqual([{ kind: 'SenderReport', ssrc: 9, middleNtp, rtp: 5 }]);
  });

  test('a receiver report is read as it was written', () => {
    const report = receiverReport(1, [block, { ...block, ssrc: 8, cumulativeLost: -2 }]);
    expect(parseRtcp(report)).toEqual([
      { kind: 'ReceiverReport', blocks: [block, { ...block, ssrc: 8, cumulativeLost: -2 }] },
    ]);
  });

  test.each([
    ['one', [100], 16],
    ['neighbours in one entry', [100, 101, 116], 16],
    ['far ones in two', [100, 117], 20],
    ['over the wrap', [65_535, 65_536, 65_538], 16],
    ['twice the same once', [5, 5], 16],
    ['in any order', [101, 100], 16],
  ])('a NACK asks for %s', (_, sequences, bytes) => {
    const packet = nack(1, 2, sequences);
    expect(packet).toHaveLength(bytes);
    const asked = new Set(sequences.map((sequence) => sequence & 0xffff));
    const [message] = parseRtcp(packet);
    expect(message).toMatchObject({ kind: 'Nack', mediaSsrc: 2 });
    expect(message?.kind === 'Nack' && new Set(message.sequences)).toEqual(asked);
  });

  test('a key frame is asked for by PLI and by FIR alike', () => {
    const fir = Buffer.from('84ce0004000000010000000000000007010000000000000000000000'.slice(0, 40), 'hex');
    expect(parseRtcp(pictureLoss(1, 7))).toEqual([{ kind: 'KeyFrameRequest', mediaSsrc: 7 }]);
    expect(parseRtcp(fir)).toEqual([{ kind: 'KeyFrameRequest', mediaSsrc: 7 }]);
  });

  test('a compound packet is read to its end, and a cut one as far as it goes', () => {
    const both = Buffer.concat([receiverReport(1, [block]), pictureLoss(1, 7)]);
    expect(parseRtcp(both).map(({ kind }) => kind)).toEqual(['ReceiverReport', 'KeyFrameRequest']);
    expect(parseRtcp(both.subarray(0, both.length - 1)).map(({ kind }) => kind)).toEqual(['ReceiverReport']);
  });

  test('what is not known is skipped', () => {
    const extendedReport = Buffer.of(0x80, 207, 0, 1, 0, 0, 0, 1);
    expect(parseRtcp(Buffer.concat([extendedReport, pictureLoss(1, 7)]))).toHaveLength(1);
  });

  test.each([[900_000], [262_143], [262_144], [10_000_000]])(
    'a bandwidth of %i bit/s is claimed in 18 bits',
    (bits) => {
      const claim = receiverBandwidth(1, bits, [7, 8]);
      expect(claim.toString('ascii', 12, 16)).toBe('REMB');
      const word = claim.readUInt32BE(16);
      expect(word >>> 24).toBe(2);
      const claimed = (word & 0x3ffff) * 2 ** ((word >>> 18) & 0x3f);
      expect(claimed).toBeLessThanOrEqual(bits);
      expect(claimed).toBeGreaterThan(bits * 0.9999);
      expect([claim.readUInt32BE(20), claim.readUInt32BE(24)]).toEqual([7, 8]);
    },
  );
});
