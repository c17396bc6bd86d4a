/** RTP packets (RFC 3550) with one-byte header extensions (RFC 8285): as much as a load generator reads and writes. */

/** Where things are in a packet that was received. */
export interface RtpView {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadAt: number;
  /** Padding excluded. */
  readonly payloadEnd: number;
  readonly padded: boolean;
}

const fixedHeaderBytes = 12;

/** RTCP shares the transport; its packet types are where RTP would have marker and payload type (RFC 5761). */
export function isRtcp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}

/** Undefined for what is no whole RTP packet. */
export function parseRtp(packet: Buffer): RtpView | undefined {
  if (packet.length < fixedHeaderBytes) return undefined;
  const first = packet.readUInt8(0);
  const second = packet.readUInt8(1);
  if (first >> 6 !== 2) return undefined;
  let payloadAt = fixedHeaderBytes + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (packet.length < payloadAt + 4) return undefined;
    payloadAt += 4 + packet.readUInt16BE(payloadAt + 2) * 4;
  }
  const padded = (first & 0x20) !== 0;
  const payloadEnd = packet.length - (padded ? packet.readUInt8(packet.length - 1) : 0);
  if (payloadEnd < payloadAt) return undefined;
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payloadAt,
    payloadEnd,
    padded,
  };
}

export interface RtpHeader {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Writes header and extension block; answers where the payload begins. */
export function writeRtpHeader(into: Buffer, header: RtpHeader, extension: Buffer | undefined): number {
  into.writeUInt8(extension === undefined ? 0x80 : 0x90, 0);
  into.writeUInt8((header.marker ? 0x80 : 0) | header.payloadType, 1);
  into.writeUInt16BE(header.sequence, 2);
  into.writeUInt32BE(header.timestamp >>> 0, 4);
  into.writeUInt32BE(header.ssrc, 8);
  return fixedHeaderBytes + (extension?.copy(into, fixedHeaderBytes) ?? 0);
}

export interface ExtensionElement {
  readonly id: number;
  readonly value: Buffer;
}

/** A whole extension block, padded to words: profile, length, elements of 1 to 16 bytes. */
export function extensionBlock(elements: readonly ExtensionElement[]): Buffer {
  const body = Buffer.concat(
    elements.map(({ id, value }) => Buffer.concat([Buffer.of((id << 4) | (value.length - 1)), value])),
  );
  const words = Math.ceil(body.length / 4);
  const block = Buffer.alloc(4 + words * 4);
  block.writeUInt16BE(0xbede, 0);
  block.writeUInt16BE(words, 2);
  body.copy(block, 4);
  return block;
}

/** The nearest number to `near` whose lower 16 bits are these: sequence numbers that do not wrap. */
export function unwrapSequence(sequence: number, near: number): number {
  const distance = ((sequence - near + 0x8000) & 0xffff) - 0x8000;
  return near + distance;
}

/** A packet sent again on its own SSRC (RFC 4588): the first two bytes of the payload are the sequence number it had. */
export function originalSequence(packet: Buffer, view: RtpView): number | undefined {
  if (view.payloadEnd - view.payloadAt < 2) return undefined;
  return packet.readUInt16BE(view.payloadAt);
}
