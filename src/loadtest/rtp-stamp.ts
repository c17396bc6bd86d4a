/**
 * The moment of sending, at the end of the last packet of each picture, so that its way can be timed by whoever receives
 * it. Decoders pass over bytes behind a frame. Others who send in the same room have no stamps, so a stamp says that it
 * is one.
 */
export const stampBytes = 8;

const mark = 0x4f564c54;
const unitsPerMs = 100;

/** Writes the time of the shared clock; answers where the next byte goes. */
export function writeStamp(into: Buffer, at: number, sharedMs: number): number {
  const after = into.writeUInt32BE(mark, at);
  return into.writeUInt32BE(Math.round(sharedMs * unitsPerMs) >>> 0, after);
}

/** The stamp that ends there; undefined where none does. */
export function readStamp(packet: Buffer, end: number): number | undefined {
  const at = end - stampBytes;
  return at >= 0 && packet.readUInt32BE(at) === mark ? packet.readUInt32BE(at + 4) : undefined;
}

/** How long ago it was, to a hundredth of a millisecond. Right for ways of less than six hours. */
export function sinceStampMs(stamp: number, sharedMs: number): number {
  return ((Math.round(sharedMs * unitsPerMs) - stamp) | 0) / unitsPerMs;
}
