import { describe, expect, test } from '@jest/globals';
import type { PeerTrack } from '../../src/loadtest/bulk-line.ts';
import { Receiver } from '../../src/loadtest/receive.ts';
import { parseRtcp, type RtcpMessage, senderReport } from '../../src/loadtest/rtcp.ts';
import { writeRtpHeader } from '../../src/loadtest/rtp.ts';
import { writeStamp } from '../../src/loadtest/rtp-stamp.ts';
import type { MediaLine } from '../../src/loadtest/sdp.ts';

const video: MediaLine = {
  mid: '1',
  kind: 'video',
  ssrc: 22,
  rtxSsrc: 23,
  trackSid: 'TR_v',
  participantSid: 'PA_a',
};
const audio: MediaLine = {
  ...video,
  mid: '2',
  kind: 'audio',
  ssrc: 11,
  rtxSsrc: undefined,
  trackSid: 'TR_a',
};

interface Packet {
  readonly sequence: number;
  readonly ssrc?: number;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly payload?: Buffer;
  readonly stampMs?: number;
}

const media = Buffer.of(0x90, 0x80, 0x80, 1, 0x11, 1, 2, 3, 4, 5);

function rtp({
  sequence,
  ssrc = 22,
  timestamp = 0,
  marker = false,
  payload = media,
  stampMs,
}: Packet): Buffer {
  const into = Buffer.alloc(200);
  let at = writeRtpHeader(into, { marker, payloadType: 96, sequence, timestamp, ssrc }, undefined);
  at += payload.copy(into, at);
  if (stampMs !== undefined) at = writeStamp(into, at, stampMs);
  return into.subarray(0, at);
}

function stage(lines: readonly MediaLine[] = [video]) {
  let nowMs = 10_000;
  let dropNext = 0;
  const said: RtcpMessage[] = [];
  const raw: Buffer[] = [];
  const handlers = new Map<string, (packet: Buffer) => void>();
  const firsts: string[] = [];
  const stamps: number[] = [];
  const receiver = new Receiver({
    ssrc: 5,
    onFirstPacket: (sid) => firsts.push(sid),
    onStamp: (stamp) => stamps.push(stamp),
    isDropped: () => dropNext-- > 0,
    nowMs: () => nowMs,
  });
  const port = (mid: string): PeerTrack => ({
    mid,
    send: (packet) => {
      raw.push(Buffer.from(packet));
      said.push(...parseRtcp(packet));
      return true;
    },
    onPacket: (handle) => void handlers.set(mid, handle),
  });
  for (const { mid } of lines) receiver.attach(port(mid));
  receiver.lines(lines);
  const come = (packet: Packet, mid = '1'): void => handlers.get(mid)?.(rtp(packet));
  const sequences = (...all: readonly number[]): void => {
    for (const sequence of all) come({ sequence, timestamp: sequence * 3000 });
  };
  const pass = (ms: number, stepMs = 10): void => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      nowMs += stepMs;
      receiver.tick(nowMs);
    }
  };
  const counts = () => [...receiver.tracks()][0]?.counts();
  const drop = (count: number): void => void (dropNext = count);
  return { receiver, said, raw, firsts, stamps, come, sequences, pass, counts, drop, handlers, port };
}

describe('a receiver', () => {
  test('counts each packet once, in whatever order they come', () => {
    const { sequences, counts } = stage();
    sequences(65_534, 65_535, 1, 0, 0, 2);
    expect(counts()).toMatchObject({ received: 5, lost: 0 });
  });

  test('tells of the first packet of each track once', () => {
    const { sequences, firsts } = stage();
    sequences(1, 2, 3);
    expect(firsts).toEqual(['TR_v']);
  });

  test('asks for what is missing at once and again every tenth of a second, and counts the repair', () => {
    const { sequences, come, said, pass, counts } = stage();
    sequences(1, 2, 5);
    pass(120);
    const nacks = said.filter(({ kind }) => kind === 'Nack');
    expect(nacks).toEqual([
      { kind: 'Nack', mediaSsrc: 22, sequences: [3, 4] },
      { kind: 'Nack', mediaSsrc: 22, sequences: [3, 4] },
    ]);
    come({ sequence: 900, ssrc: 23, payload: Buffer.concat([Buffer.of(0, 3), media]) });
    come({ sequence: 901, ssrc: 23, payload: Buffer.concat([Buffer.of(0, 3), media]) });
    come({ sequence: 4 });
    pass(2000);
    expect(counts()).toMatchObject({ received: 5, lost: 0, nacks: 4, plis: 0 });
  });

  test('gives up after a second, counts the loss, and asks for a key frame', () => {
    const { sequences, said, pass, counts } = stage();
    sequences(1, 3);
    pass(900);
    expect(counts()).toMatchObject({ received: 2, lost: 0 });
    pass(200);
    expect(counts()).toMatchObject({ received: 2, lost: 1, plis: 1 });
    expect(said.filter(({ kind }) => kind === 'KeyFrameRequest')).toEqual([
      { kind: 'KeyFrameRequest', mediaSsrc: 22 },
    ]);
  });

  test('counts lost voice packets without asking for them: no server answers that', () => {
    const { handlers, said, pass, counts } = stage([audio]);
    for (const sequence of [1, 4]) handlers.get('2')?.(rtp({ sequence, ssrc: 11 }));
    pass(1200);
    expect(counts()).toMatchObject({ received: 2, lost: 2, nacks: 0, plis: 0 });
    expect(said.some(({ kind }) => kind === 'Nack')).toBe(false);
  });

  test('does not take padding and blank frames of the server for media', () => {
    const { come, handlers, counts, pass, firsts } = stage();
    const padding = rtp({ sequence: 1, payload: Buffer.of(0, 0, 0, 4) });
    padding[0] = (padding[0] ?? 0) | 0x20;
    handlers.get('1')?.(padding);
    const blank = Buffer.of(0x90, 0x80, 0x80, 1, 0x10, 2, 0, 0x9d, 1, 0x2a, 8, 0, 8, 0, 0, 0);
    come({ sequence: 2, payload: blank });
    expect(firsts).toEqual([]);
    come({ sequence: 3 });
    pass(1200);
    expect(counts()).toMatchObject({ received: 1, lost: 0 });
    const voices = stage([audio]);
    voices.come({ sequence: 1, ssrc: 11, payload: Buffer.of(0xf8, 0xff, 0xfe, 0, 0) }, '2');
    voices.come({ sequence: 2, ssrc: 11, payload: Buffer.of(0xf8, 0xff, 0xfe) }, '2');
    expect(voices.counts()).toMatchObject({ received: 1 });
  });

  test('follows a stream that begins anew without calling the jump a loss', () => {
    const { sequences, counts, pass } = stage();
    sequences(1, 2, 30_000, 30_001);
    pass(1200);
    expect(counts()).toMatchObject({ received: 4, lost: 0 });
  });

  test('tells how far the media has come by its own clock', () => {
    const { come, counts } = stage();
    come({ sequence: 1, timestamp: 0xffff_0000 });
    come({ sequence: 2, timestamp: (0xffff_0000 + 90_000) % 2 ** 32 });
    come({ sequence: 3, timestamp: (0xffff_0000 + 45_000) % 2 ** 32 });
    expect(counts()?.mediaMs).toBeCloseTo(1000, 5);
  });

  test('hands the stamp of each frame on, also of a repaired one', () => {
    const { come, stamps } = stage();
    come({ sequence: 1, stampMs: 50 });
    come({ sequence: 2, marker: true, stampMs: 60 });
    come({ sequence: 3, marker: true });
    come({ sequence: 5 });
    const repaired = Buffer.concat([Buffer.of(0, 4), media]);
    come({ sequence: 9, ssrc: 23, marker: true, payload: repaired, stampMs: 70 });
    expect(stamps).toEqual([6000, 7000]);
  });

  test('loses what a fault takes before it is counted or asked for', () => {
    const { sequences, drop, counts, pass } = stage();
    sequences(1);
    drop(1);
    sequences(2, 3);
    pass(100);
    expect(counts()).toMatchObject({ received: 2, nacks: 1 });
  });

  test('reports every second on all tracks at once, with losses since the report before', () => {
    const { sequences, handlers, said, pass } = stage([video, audio]);
    pass(20);
    sequences(1, 2, 4, 5);
    handlers.get('2')?.(rtp({ sequence: 8, ssrc: 11 }));
    handlers.get('1')?.(senderReport({ ssrc: 22, wallMs: 0x10_000, rtpTimestamp: 0, packets: 0, bytes: 0 }));
    pass(1000);
    const reports = said.flatMap((one) => (one.kind === 'ReceiverReport' ? [one.blocks] : []));
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject([
      { ssrc: 22, highestSequence: 5, cumulativeLost: 1, fractionLost: 51 / 256 },
      {
        ssrc: 11,
        highestSequence: 8,
        cumulativeLost: 0,
        fractionLost: 0,
        lastReport: 0,
        delaySinceReport: 0,
      },
    ]);
    expect(reports[0]?.[0]?.lastReport).not.toBe(0);
    const delayMs = ((reports[0]?.[0]?.delaySinceReport ?? 0) / 65_536) * 1000;
    expect(delayMs).toBeCloseTo(1000, -2);
    pass(1000);
    const later = said.flatMap((one) => (one.kind === 'ReceiverReport' ? [one.blocks] : []));
    expect(later[1]?.[0]).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
  });

  test('keeps the sums of tracks that are no more, and takes a line with another SSRC for another track', () => {
    const { receiver, sequences, come, firsts } = stage();
    sequences(1, 2);
    receiver.lines([{ ...video, ssrc: 44, trackSid: 'TR_other' }]);
    come({ sequence: 7, ssrc: 44 });
    come({ sequence: 3, ssrc: 22 });
    expect(firsts).toEqual(['TR_v', 'TR_other']);
    receiver.lines([]);
    expect([...receiver.tracks()]).toEqual([]);
    expect(receiver.sums()).toMatchObject({ received: 3, lost: 0 });
  });

  test('claims a bandwidth for the tracks that have media', () => {
    const { receiver, sequences, raw } = stage([video, audio]);
    receiver.claimBandwidth(900_000);
    expect(raw).toEqual([]);
    sequences(1);
    receiver.claimBandwidth(900_000);
    expect(raw[0]?.readUInt32BE(20)).toBe(22);
    expect(raw[0]).toHaveLength(24);
  });
});
