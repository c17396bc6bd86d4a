/** One media line of a connection: packets in both directions, RTP and RTCP. */
export interface PeerTrack {
  readonly mid: string;
  /** False where the line is not open. The bytes are copied. */
  send(packet: Buffer): boolean;
  onPacket(handle: (packet: Buffer) => void): void;
}

export const payloadTypes = { audio: 111, video: 96, repair: 97 } as const;

export interface SendingLine {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly ssrcs: readonly number[];
  readonly trackId: string;
  /** Whole lines, each with its `a=`: the library ignores others without a word. */
  readonly attributes: readonly string[];
}
