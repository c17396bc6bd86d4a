import { type ParticipantInfo, ParticipantInfo_State, TrackType } from '@livekit/protocol';
import type { Receives } from './scenario.ts';

/** A track that somebody else publishes in the room. */
export interface RemoteTrack {
  readonly sid: string;
  readonly kind: 'audio' | 'video';
  readonly identity: string;
  /** When this participant heard of it, on its own clock. */
  readonly announcedMs: number;
}

interface Other {
  readonly identity: string;
  readonly joinedAtMs: number;
  readonly tracks: readonly RemoteTrack[];
}

/** Who else is in the room and what they publish, by the word of the server. */
export class Roster {
  readonly #own: string;
  readonly #others = new Map<string, Other>();

  constructor(ownIdentity: string) {
    this.#own = ownIdentity;
  }

  /** Takes in what the server says of some participants. */
  update(participants: readonly ParticipantInfo[], nowMs: number): void {
    for (const info of participants) {
      if (info.identity === this.#own) continue;
      // Those who send nothing matter to nobody here, and a live stream has a thousand of them.
      const isSending = info.state !== ParticipantInfo_State.DISCONNECTED && info.tracks.length > 0;
      if (isSending) this.#others.set(info.sid, this.#otherOf(info, nowMs));
      else this.#others.delete(info.sid);
    }
  }

  /** In the order in which people joined. */
  tracks(): readonly RemoteTrack[] {
    return [...this.#others.values()]
      .toSorted((a, b) => a.joinedAtMs - b.joinedAtMs || (a.identity < b.identity ? -1 : 1))
      .flatMap(({ tracks }) => tracks);
  }

  /** The tracks that this role receives: the first so many pictures, and the voices if it listens. */
  wanted(receives: Receives): readonly RemoteTrack[] {
    let pictures = 0;
    return this.tracks().filter(({ kind }) =>
      kind === 'audio' ? receives.audio : ++pictures <= receives.tiles,
    );
  }

  #otherOf(info: ParticipantInfo, nowMs: number): Other {
    const known = this.#others.get(info.sid)?.tracks ?? [];
    const tracks = info.tracks.flatMap(({ sid, type }) => {
      const kind = type === TrackType.AUDIO ? 'audio' : 'video';
      if (type !== TrackType.AUDIO && type !== TrackType.VIDEO) return [];
      const announced = known.find((track) => track.sid === sid);
      return [announced ?? ({ sid, kind, identity: info.identity, announcedMs: nowMs } as const)];
    });
    const joinedAtMs = Number(info.joinedAtMs) || Number(info.joinedAt) * 1000;
    return { identity: info.identity, joinedAtMs, tracks };
  }
}
