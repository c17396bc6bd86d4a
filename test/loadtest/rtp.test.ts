import { describe, expect, test } from '@jest/globals';
import {
  extensionBlock,
  isRtcp,
  originalSequence,
  parseRtp,
  unwrapSequence,
  writeRtpHeader,
} from '../../src/loadtest/rtp.ts';
import { readStamp, sinceStampMs, stampBytes, writeStamp } from '../../src/loadtest/rtp-stamp.ts';
import {
  keyFrameSize,
  parseVp8Descriptor,
  vp8DescriptorBytes,
  writeVp8Descriptor,
} from '../../src/loadtest/vp8.ts';

const header = { marker: true, payloadType: 96, sequence: 65_535, timestamp: 0xffff_fff0, ssrc: 0xdead_beef };

function packetOf(payload: Buffer, extension?: Buffer): Buffer {
  const into = Buffer.alloc(1500);
  const at = writeRtpHeader(into, header, extension);
  return into.subarray(0, at + payload.copy(into, at));
}

describe('an RTP packet', () => {
  test('is read as it was written', () => {
    const packet = packetOf(Buffer.from('abc'));
    expect(parseRtp(packet)).toEqual({ ...header, payloadAt: 12, payloadEnd: 15, padded: false });
  });

  test('has its payload behind the header extension', () => {
    const extension = extensionBlock([
      { id: 3, value: Buffer.of(1, 2) },
      { id: 4, value: Buffer.from('0') },
    ]);
    expect(extension).toEqual(Buffer.of(0xbe, 0xde, 0, 2, 0x31, 1, 2, 0x40, 0x30, 0, 0, 0));
    expect(parseRtp(packetOf(Buffer.from('abc'), extension))?.payloadAt).toBe(24);
  });

  test('ends before its padding', () => {
    const packet = packetOf(Buffer.of(1, 2, 0, 0, 3));
    packet[0] = (packet[0] ?? 0) | 0x20;
    expect(parseRtp(packet)).toMatchObject({ padded: true, payloadAt: 12, payloadEnd: 14 });
  });

  test.each([
    ['too short', Buffer.alloc(11, 0x80)],
    ['of another version', Buffer.alloc(20, 0x40)],
    [
      'cut within its extension',
      packetOf(Buffer.alloc(0), extensionBlock([{ id: 1, value: Buffer.of(1) }])).subarray(0, 14),
    ],
    ['longer in padding than it is', Buffer.concat([Buffer.of(0xa0), Buffer.alloc(12), Buffer.of(200)])],
  ])('is none when it is %s', (_, packet) => {
    expect(parseRtp(packet)).toBeUndefined();
  });

  test.each([
    [200, true],
    [206, true],
    [96, false],
    [0x80 | 111, false],
  ])('of second byte %i is RTCP: %s', (second, expected) => {
    expect(isRtcp(Buffer.of(0x80, second))).toBe(expected);
  });

  test('that comes again on another SSRC tells the number that it had', () => {
    const packet = packetOf(Buffer.of(0x12, 0x34, 9));
    const view = parseRtp(packet);
    expect(view && originalSequence(packet, view)).toBe(0x1234);
    const empty = packetOf(Buffer.of(1));
    const cut = parseRtp(empty);
    expect(cut && originalSequence(empty, cut)).toBeUndefined();
  });
});

describe('numbers that wrap', () => {
  test.each([
    [5, 3, 5],
    [2, 65_534, 65_538],
    [65_535, 65_538, 65_535],
    [0, 131_071, 131_072],
    [10, 131_072, 131_082],
  ])('sequence %i near %i is %i', (sequence, near, expected) => {
    expect(unwrapSequence(sequence, near)).toBe(expected);
  });
});

describe('a stamp', () => {
  const stamped = (sharedMs: number): Buffer => {
    const packet = Buffer.alloc(20, 7);
    writeStamp(packet, 12, sharedMs);
    return packet;
  };

  test('tells how long ago it was', () => {
    const stamp = readStamp(stamped(1000), 20) ?? 0;
    expect(sinceStampMs(stamp, 1012.34)).toBeCloseTo(12.34, 2);
    expect(sinceStampMs(stamp, 999)).toBeCloseTo(-1, 2);
  });

  test('stays right where its 32 bits run over, after half a day', () => {
    const stamp = readStamp(stamped(42_949_672.9), 20) ?? 0;
    expect(sinceStampMs(stamp, 42_949_722.9)).toBeCloseTo(50, 1);
  });

  test('is not seen in the picture of somebody who sends none', () => {
    expect(readStamp(Buffer.alloc(20, 7), 20)).toBeUndefined();
    expect(readStamp(stamped(1), stampBytes - 1)).toBeUndefined();
  });
});

describe('the VP8 descriptor', () => {
  test.each([
    ['one byte', Buffer.of(0x10, 0), { start: true, partition: 0, lengthBytes: 1 }],
    ['picture id of 7 bits', Buffer.of(0x80, 0x80, 0x11, 0), { start: false, partition: 0, lengthBytes: 3 }],
    [
      'picture id of 15 bits',
      Buffer.of(0x90, 0x80, 0x91, 0x22, 0),
      { start: true, partition: 0, lengthBytes: 4 },
    ],
    ['all fields', Buffer.of(0x93, 0xf0, 0x81, 1, 2, 3, 0), { start: true, partition: 3, lengthBytes: 6 }],
  ])('with %s is measured', (_, payload, expected) => {
    expect(parseVp8Descriptor(payload, 0, payload.length)).toEqual(expected);
  });

  test('that is cut is none', () => {
    expect(parseVp8Descriptor(Buffer.of(0x90, 0x80), 0, 2)).toBeUndefined();
    expect(parseVp8Descriptor(Buffer.alloc(0), 0, 0)).toBeUndefined();
  });

  test('is read as it was written', () => {
    const into = Buffer.alloc(10);
    expect(writeVp8Descriptor(into, 2, true, 0x7fff)).toBe(2 + vp8DescriptorBytes);
    expect(into.subarray(2, 6)).toEqual(Buffer.of(0x90, 0x80, 0xff, 0xff));
    expect(parseVp8Descriptor(into, 2, 10)).toEqual({ start: true, partition: 0, lengthBytes: 4 });
  });

  test('precedes the size, in key frames only', () => {
    const keyFrame = Buffer.of(0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 0x02, 0x68, 0x41);
    expect(keyFrameSize(keyFrame, 0, 10)).toEqual({ width: 640, height: 360 });
    const delta = Buffer.from(keyFrame);
    delta[0] = 0x11;
    expect(keyFrameSize(delta, 0, 10)).toBeUndefined();
    expect(keyFrameSize(keyFrame, 0, 9)).toBeUndefined();
  });
});
