/** RTCP (RFC 3550, 4585, 5104): the reports and requests that a media server needs, and those that it sends. */

export interface ReportBlock {
  readonly ssrc: number;
  /** Since the report before, 0 to 1. */
  readonly fractionLost: number;
  readonly cumulativeLost: number;
  readonly highestSequence: number;
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0 where there was none. */
  readonly lastReport: number;
  /** Since then, in 1/65536 s. */
  readonly delaySinceReport: number;
}

/** At most this many fit into one report. */
export const mostReportBlocks = 31;

/** What of it matters here. Anything else that arrives is skipped. */
export type RtcpMessage =
  | { readonly kind: 'SenderReport'; readonly ssrc: number; readonly middleNtp: number; readonly rtp: number }
  | { readonly kind: 'ReceiverReport'; readonly blocks: readonly ReportBlock[] }
  | { readonly kind: 'Nack'; readonly mediaSsrc: number; readonly sequences: readonly number[] }
  | { readonly kind: 'KeyFrameRequest'; readonly mediaSsrc: number };

/** The messages of a compound packet, in order. A cut one ends the reading. */
export function parseRtcp(packet: Buffer): readonly RtcpMessage[] {
  const messages: RtcpMessage[] = [];
  let at = 0;
  while (at + 4 <= packet.length) {
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    if (end > packet.length) break;
    messages.push(...parseOne(packet.subarray(at, end)));
    at = end;
  }
  return messages;
}

function parseOne(one: Buffer): readonly RtcpMessage[] {
  const count = (one[0] ?? 0) & 0x1f;
  switch (one[1] ?? 0) {
    case 200:
      return senderReportOf(one);
    case 201:
      return [{ kind: 'ReceiverReport', blocks: blocksOf(one, 8, count) }];
    case 205:
      return count === 1 && one.length >= 16
        ? [{ kind: 'Nack', mediaSsrc: one.readUInt32BE(8), sequences: nackedSequences(one) }]
        : [];
    case 206:
      return keyFrameRequestsOf(one, count);
    default:
      return [];
  }
}

function senderReportOf(one: Buffer): readonly RtcpMessage[] {
  if (one.length < 28) return [];
  return [
    {
      kind: 'SenderReport',
      ssrc: one.readUInt32BE(4),
      middleNtp: one.readUInt32BE(10),
      rtp: one.readUInt32BE(16),
    },
  ];
}

function blocksOf(one: Buffer, from: number, count: number): readonly ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let at = from; at + 24 <= one.length && blocks.length < count; at += 24) {
    blocks.push({
      ssrc: one.readUInt32BE(at),
      fractionLost: one.readUInt8(at + 4) / 256,
      cumulativeLost: one.readIntBE(at + 5, 3),
      highestSequence: one.readUInt32BE(at + 8),
      jitter: one.readUInt32BE(at + 12),
      lastReport: one.readUInt32BE(at + 16),
      delaySinceReport: one.readUInt32BE(at + 20),
    });
  }
  return blocks;
}

function nackedSequences(one: Buffer): readonly number[] {
  const sequences: number[] = [];
  for (let at = 12; at + 4 <= one.length; at += 4) {
    const first = one.readUInt16BE(at);
    const mask = one.readUInt16BE(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit += 1) {
      if (((mask >> bit) & 1) === 1) sequences.push((first + bit + 1) & 0xffff);
    }
  }
  return sequences;
}

/** PLI names its SSRC in the header, FIR in entries of its own. */
function keyFrameRequestsOf(one: Buffer, format: number): readonly RtcpMessage[] {
  if (format === 1 && one.length >= 12) return [{ kind: 'KeyFrameRequest', mediaSsrc: one.readUInt32BE(8) }];
  if (format !== 4) return [];
  const requests: RtcpMessage[] = [];
  for (let at = 12; at + 8 <= one.length; at += 8) {
    requests.push({ kind: 'KeyFrameRequest', mediaSsrc: one.readUInt32BE(at) });
  }
  return requests;
}

function message(type: number, count: number, bytes: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet.writeUInt8(0x80 | count, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(bytes / 4 - 1, 2);
  return packet;
}

export interface SenderTotals {
  readonly ssrc: number;
  /** Milliseconds since the Unix epoch. */
  readonly wallMs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly bytes: number;
}

const ntpEpochSeconds = 2_208_988_800;
const twoTo32 = 0x1_0000_0000;

/** A sender report without blocks. */
export function senderReport({ ssrc, wallMs, rtpTimestamp, packets, bytes }: SenderTotals): Buffer {
  const packet = message(200, 0, 28);
  const seconds = wallMs / 1000;
  const whole = Math.floor(seconds);
  packet.writeUInt32BE(ssrc, 4);
  packet.writeUInt32BE((whole + ntpEpochSeconds) % twoTo32, 8);
  packet.writeUInt32BE(Math.floor((seconds - whole) * twoTo32), 12);
  packet.writeUInt32BE(rtpTimestamp >>> 0, 16);
  packet.writeUInt32BE(packets % twoTo32, 20);
  packet.writeUInt32BE(bytes % twoTo32, 24);
  return packet;
}

/** At most `mostReportBlocks` blocks. */
export function receiverReport(from: number, blocks: readonly ReportBlock[]): Buffer {
  const packet = message(201, blocks.length, 8 + blocks.length * 24);
  packet.writeUInt32BE(from, 4);
  blocks.forEach((block, index) => {
    const at = 8 + index * 24;
    packet.writeUInt32BE(block.ssrc, at);
    packet.writeUInt8(Math.min(255, Math.round(block.fractionLost * 256)), at + 4);
    packet.writeIntBE(Math.min(block.cumulativeLost, 0x7f_ffff), at + 5, 3);
    packet.writeUInt32BE(block.highestSequence % twoTo32, at + 8);
    packet.writeUInt32BE(Math.round(block.jitter) % twoTo32, at + 12);
    packet.writeUInt32BE(block.lastReport, at + 16);
    packet.writeUInt32BE(block.delaySinceReport, at + 20);
  });
  return packet;
}

/** Asks for these packets again. They are sorted here; numbers beyond 65535 are cut to 16 bits. */
export function nack(from: number, mediaSsrc: number, sequences: readonly number[]): Buffer {
  const entries: { first: number; mask: number }[] = [];
  for (const sequence of sequences.toSorted((a, b) => a - b)) {
    const last = entries.at(-1);
    const distance = last === undefined ? Number.POSITIVE_INFINITY : sequence - last.first;
    if (last !== undefined && distance >= 1 && distance <= 16) last.mask |= 1 << (distance - 1);
    else if (distance !== 0) entries.push({ first: sequence, mask: 0 });
  }
  const packet = message(205, 1, 12 + entries.length * 4);
  packet.writeUInt32BE(from, 4);
  packet.writeUInt32BE(mediaSsrc, 8);
  entries.forEach(({ first, mask }, index) => {
    packet.writeUInt16BE(first & 0xffff, 12 + index * 4);
    packet.writeUInt16BE(mask, 14 + index * 4);
  });
  return packet;
}

/** Asks for a key frame. */
export function pictureLoss(from: number, mediaSsrc: number): Buffer {
  const packet = message(206, 1, 12);
  packet.writeUInt32BE(from, 4);
  packet.writeUInt32BE(mediaSsrc, 8);
  return packet;
}

/** Says how much may be sent to here in all (draft-alvestrand-rmcat-remb). */
export function receiverBandwidth(from: number, bitsPerSecond: number, ssrcs: readonly number[]): Buffer {
  const packet = message(206, 15, 20 + ssrcs.length * 4);
  packet.writeUInt32BE(from, 4);
  packet.write('REMB', 12, 'ascii');
  let exponent = 0;
  while (bitsPerSecond / 2 ** exponent >= 0x4_0000) exponent += 1;
  const mantissa = Math.floor(bitsPerSecond / 2 ** exponent);
  packet.writeUInt32BE(((ssrcs.length << 24) | (exponent << 18) | mantissa) >>> 0, 16);
  ssrcs.forEach((ssrc, index) => packet.writeUInt32BE(ssrc, 20 + index * 4));
  return packet;
}
