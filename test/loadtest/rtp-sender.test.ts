import { describe, expect, test } from '@jest/globals';
import type { Fixture, FixtureFrame } from '../../src/loadtest/fixture.ts';
import { parseRtcp } from '../../src/loadtest/rtcp.ts';
import { extensionBlock, parseRtp, type RtpView } from '../../src/loadtest/rtp.ts';
import { RtpSender, type SenderWish } from '../../src/loadtest/rtp-sender.ts';
import { readStamp, sinceStampMs } from '../../src/loadtest/rtp-stamp.ts';

const frame = (...words: readonly string[]): FixtureFrame =>
  words.map((word, index) => ({ start: index === 0, bytes: Buffer.from(word) }));

/** Ten frames a second: a key frame of two packets, then two of one. */
const film: Fixture = {
  width: 320,
  height: 180,
  framesPerSecond: 10,
  bitsPerSecond: 1,
  frames: [frame('K1', 'K2'), frame('d1'), frame('d2')],
};
const voice: Fixture = { ...film, framesPerSecond: 50, frames: [frame('a'), frame('b')] };

interface Sent extends RtpView {
  readonly text: string;
  readonly packet: Buffer;
}

function stage(wish: Partial<SenderWish> = {}) {
  const sent: Sent[] = [];
  let isOpen = true;
  const sender = new RtpSender({
    fixture: film,
    codec: 'vp8',
    ssrc: 7,
    payloadType: 96,
    startMs: 1000,
    salt: 65_534,
    send: (packet) => {
      if (!isOpen) return false;
      const view = parseRtp(packet);
      if (view === undefined) throw new Error('not RTP');
      const skipped = wish.codec === 'opus' ? 0 : 4;
      const copy = Buffer.from(packet);
      const length = wish.codec === 'opus' ? 1 : 2;
      const textAt = view.payloadAt + skipped;
      sent.push({ ...view, packet: copy, text: copy.toString('ascii', textAt, textAt + length) });
      return true;
    },
    ...wish,
  });
  const texts = (): readonly string[] => sent.map(({ text }) => text);
  return { sender, sent, texts, close: () => (isOpen = false) };
}

describe('a sender of pictures', () => {
  test('sends each frame when it is due, all that is due at once, and begins again at the end', () => {
    const { sender, texts } = stage();
    sender.tick(999, 999);
    expect(texts()).toEqual([]);
    sender.tick(1000, 1000);
    expect(texts()).toEqual(['K1', 'K2']);
    sender.tick(1099, 1099);
    expect(texts()).toHaveLength(2);
    sender.tick(1300, 1300);
    expect(texts()).toEqual(['K1', 'K2', 'd1', 'd2', 'K1', 'K2']);
    expect(sender.counts()).toMatchObject({ packets: 6, intended: 6 });
  });

  test('counts sequence numbers on over their end, and timestamps by the frame, not by the moment of sending', () => {
    const { sender, sent } = stage({ salt: 0x7fff_ffff });
    sender.tick(1250, 1250);
    expect(sent.map(({ sequence }) => sequence)).toEqual([32_767, 32_768, 32_769, 32_770]);
    const stamps = sent.map(({ timestamp }) => timestamp - (sent[0]?.timestamp ?? 0));
    expect(stamps).toEqual([0, 0, 9000, 18_000]);
    expect(sent.map(({ marker }) => marker)).toEqual([false, true, true, true]);
  });

  test('stamps the last packet of each frame with the moment of sending', () => {
    const { sender, sent } = stage();
    sender.tick(1000, 5000);
    expect(sent.map(({ packet }) => readStamp(packet, packet.length))).toEqual([
      undefined,
      expect.any(Number),
    ]);
    const last = sent[1];
    const stamp = last && readStamp(last.packet, last.packet.length);
    expect(sinceStampMs(stamp ?? 0, 5010)).toBeCloseTo(10, 2);
  });

  test('jumps to the key frame when asked, but not for every one of many requests', () => {
    const { sender, texts } = stage();
    sender.tick(1100, 1100);
    sender.requestKeyFrame(1150);
    sender.requestKeyFrame(1160);
    sender.tick(1200, 1200);
    sender.requestKeyFrame(1250);
    sender.tick(1300, 1300);
    expect(texts()).toEqual(['K1', 'K2', 'd1', 'K1', 'K2', 'd1']);
  });

  test('sends a packet again as it was, as long as it is remembered', () => {
    const { sender, sent, texts } = stage();
    sender.tick(1100, 1100);
    const first = sent[0];
    sender.resend([first?.sequence ?? 0, 4711]);
    expect(texts()).toEqual(['K1', 'K2', 'd1', 'K1']);
    expect(sent[3]?.packet).toEqual(first?.packet);
    expect(sender.counts().packets).toBe(3);
    for (let nowMs = 1200; nowMs < 25_000; nowMs += 100) sender.tick(nowMs, nowMs);
    const before = sent.length;
    sender.resend([first?.sequence ?? 0]);
    expect(sent.slice(before).every(({ timestamp }) => timestamp !== first?.timestamp)).toBe(true);
  });

  test('sends nothing of a layer that nobody wants, and begins again with a key frame at the right time', () => {
    const { sender, sent, texts } = stage();
    sender.tick(1100, 1100);
    sender.want(false);
    sender.tick(1400, 1400);
    expect(sender.counts()).toMatchObject({ packets: 3, intended: 3 });
    sender.want(true);
    sender.tick(1500, 1500);
    expect(texts().slice(3)).toEqual(['K1', 'K2']);
    expect((sent[3]?.sequence ?? 0) - (sent[2]?.sequence ?? 0)).toBe(1);
    expect((sent[3]?.timestamp ?? 0) - (sent[2]?.timestamp ?? 0)).toBe(4 * 9000);
  });

  test('drops frames that are half a second late, and says that they were intended', () => {
    const { sender, sent } = stage();
    sender.tick(2000, 2000);
    const { intended, packets } = sender.counts();
    expect(intended - packets).toBeGreaterThanOrEqual(6);
    expect(packets).toBe(sent.length);
  });

  test('counts what could not be sent as intended only', () => {
    const { sender, close } = stage();
    close();
    sender.tick(1000, 1000);
    expect(sender.counts()).toEqual({ packets: 0, bytes: 0, intended: 2 });
  });

  test('numbers the packets of its connection in the extension', () => {
    let next = 65_535;
    const extension = extensionBlock([{ id: 3, value: Buffer.alloc(2) }]);
    const { sender, sent } = stage({ extension, transport: { at: 5, next: () => next++ } });
    sender.tick(1000, 1000);
    expect(sent.map(({ packet }) => packet.readUInt16BE(17))).toEqual([65_535, 0]);
  });

  test('reports its totals with the timestamp of the moment', () => {
    const { sender } = stage({ salt: 0 });
    sender.tick(1100, 1100);
    const report = sender.report(1150, 1_700_000_000_000);
    expect(parseRtcp(report)).toMatchObject([{ kind: 'SenderReport', ssrc: 7, rtp: 13_500 }]);
    expect([report.readUInt32BE(20), report.readUInt32BE(24)]).toEqual([3, 6]);
  });
});

describe('a sender of a voice', () => {
  test('sends one packet in 400 ms while it is silent, and marks where it begins to speak', () => {
    const { sender, sent } = stage({ fixture: voice, codec: 'opus' });
    sender.speak(false);
    for (let nowMs = 1000; nowMs < 2000; nowMs += 10) sender.tick(nowMs, nowMs);
    expect(sent.map(({ timestamp }) => timestamp - (sent[0]?.timestamp ?? 0))).toEqual([0, 19_200, 38_400]);
    const silent = sent.length;
    sender.speak(true);
    sender.tick(2039, 2039);
    expect(sent.slice(silent).map(({ marker, text }) => [marker, text])).toEqual([
      [true, 'a'],
      [false, 'b'],
    ]);
    expect(sender.counts().intended).toBe(5);
  });

  test('is not stamped', () => {
    const { sender, sent } = stage({ fixture: voice, codec: 'opus' });
    sender.tick(1000, 1000);
    expect(sent[0]?.payloadEnd).toBe(13);
  });
});
