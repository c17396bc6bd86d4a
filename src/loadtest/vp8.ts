/** The VP8 payload of RTP (RFC 7741): as much as is needed to replay frames and to recognise them. */

export interface Vp8Descriptor {
  /** The packet begins a partition. */
  readonly start: boolean;
  readonly partition: number;
  readonly lengthBytes: number;
}

/** Bytes of the descriptor that `writeVp8Descriptor` writes. */
export const vp8DescriptorBytes = 4;

/** Undefined where the payload ends before its descriptor. */
export function parseVp8Descriptor(packet: Buffer, at: number, end: number): Vp8Descriptor | undefined {
  const first = packet[at];
  if (first === undefined || at >= end) return undefined;
  const lengthBytes = descriptorBytes(packet, at);
  if (at + lengthBytes > end) return undefined;
  return { start: (first & 0x10) !== 0, partition: first & 0x0f, lengthBytes };
}

function descriptorBytes(packet: Buffer, at: number): number {
  const first = packet[at] ?? 0;
  if ((first & 0x80) === 0) return 1;
  const extension = packet[at + 1] ?? 0;
  let length = 2;
  if ((extension & 0x80) !== 0) length += ((packet[at + 2] ?? 0) & 0x80) === 0 ? 1 : 2;
  if ((extension & 0x40) !== 0) length += 1;
  if ((extension & 0x30) !== 0) length += 1;
  return length;
}

/** Four bytes with a picture id of 15 bits that goes on over the end of a recording. */
export function writeVp8Descriptor(into: Buffer, at: number, start: boolean, pictureId: number): number {
  into[at] = start ? 0x90 : 0x80;
  into[at + 1] = 0x80;
  into[at + 2] = 0x80 | ((pictureId >> 8) & 0x7f);
  into[at + 3] = pictureId & 0xff;
  return at + vp8DescriptorBytes;
}

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** The size that a key frame states; undefined for all other frames. `at` is where its first packet's frame data begins. */
export function keyFrameSize(packet: Buffer, at: number, end: number): FrameSize | undefined {
  if (end - at < 10 || ((packet[at] ?? 1) & 1) !== 0) return undefined;
  const marked = packet[at + 3] === 0x9d && packet[at + 4] === 0x01 && packet[at + 5] === 0x2a;
  if (!marked) return undefined;
  return { width: packet.readUInt16LE(at + 6) & 0x3fff, height: packet.readUInt16LE(at + 8) & 0x3fff };
}
