import { UpdateSubscription, UpdateTrackSettings, VideoQuality } from '@livekit/protocol';
import type { Roster } from './bulk-roster.ts';
import type { LayerName, Receives } from './scenario.ts';
import type { Request } from './signal.ts';

/** As long as the server is told nothing, a track is on, at its best layer. */
type Word = 'on' | 'off' | VideoQuality;

const qualities = [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH] as const;

/** What the server was told of which tracks are watched, and how large. */
export class Layout {
  readonly #told = new Map<string, Word>();

  /** What has to be said after somebody came or went. `offered`: the layers that others send, lowest first. */
  changes(roster: Roster, receives: Receives, offered: readonly LayerName[]): readonly Request[] {
    const wanted = new Set(roster.wanted(receives).map(({ sid }) => sid));
    const requests: Request[] = [];
    for (const { sid, kind } of roster.tracks()) {
      const layer = kind === 'audio' ? 'on' : layerWord(receives.layer, offered);
      const word = wanted.has(sid) ? layer : 'off';
      if ((this.#told.get(sid) ?? 'on') === word) continue;
      this.#told.set(sid, word);
      requests.push(kind === 'audio' ? subscription(sid, word !== 'off') : setting(sid, word));
    }
    return requests;
  }
}

function layerWord(asked: LayerName, offered: readonly LayerName[]): Word {
  if (offered.length < 2) return 'on';
  return qualities[offered.indexOf(asked)] ?? 'on';
}

/** A voice that nobody listens to is not subscribed at all. */
function subscription(sid: string, subscribe: boolean): Request {
  return { case: 'subscription', value: new UpdateSubscription({ trackSids: [sid], subscribe }) };
}

/** A picture out of sight stays subscribed and is switched off, as apps do when people scroll. */
function setting(sid: string, word: Word): Request {
  const quality = typeof word === 'number' ? word : VideoQuality.HIGH;
  const value = new UpdateTrackSettings({ trackSids: [sid], disabled: word === 'off', quality });
  return { case: 'trackSetting', value };
}
