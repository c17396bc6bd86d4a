/** What flows through one room, in and out of the server. */
import { type StreamRate, silenceRate, speechRate, videoRates } from './estimate-costs.ts';
import { type LayerName, layerNames, type Media, type Receives, type RoleCount } from './scenario.ts';

/** Sums of a room; per second where they flow. */
export interface RoomFlow {
  readonly participants: number;
  readonly publishedTracks: number;
  /** Those with media: pictures beyond the tiles are switched off. */
  readonly subscribedTracks: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly kbpsIn: number;
  readonly kbpsOut: number;
}

export const noFlow: RoomFlow = {
  participants: 0,
  publishedTracks: 0,
  subscribedTracks: 0,
  packetsIn: 0,
  packetsOut: 0,
  kbpsIn: 0,
  kbpsOut: 0,
};

/** Adds `times` the second flow to the first. */
export function plus(a: RoomFlow, b: RoomFlow, times = 1): RoomFlow {
  return {
    participants: a.participants + times * b.participants,
    publishedTracks: a.publishedTracks + times * b.publishedTracks,
    subscribedTracks: a.subscribedTracks + times * b.subscribedTracks,
    packetsIn: a.packetsIn + times * b.packetsIn,
    packetsOut: a.packetsOut + times * b.packetsOut,
    kbpsIn: a.kbpsIn + times * b.kbpsIn,
    kbpsOut: a.kbpsOut + times * b.kbpsOut,
  };
}

/** The layer that somebody who asks for `wanted` gets of those that are sent: it, or the next lower, or the lowest. */
export function layerSent(layers: readonly LayerName[], wanted: LayerName): LayerName {
  const fit = layers.filter((layer) => layerNames.indexOf(layer) <= layerNames.indexOf(wanted));
  return fit.at(-1) ?? layers[0] ?? wanted;
}

/** What one person gets: so many pictures of a layer, and the sound of so many others. */
export interface Received {
  readonly pictures: number;
  readonly layer: LayerName;
  readonly sounds: number;
}

/** @param senders of the whole room, the person included if sending */
export function receivedBy(
  { receives, sendsVideo, sendsAudio }: RoleCount['role'],
  senders: { readonly video: number; readonly audio: number },
): Received {
  return {
    pictures: Math.max(0, Math.min(receives.tiles, senders.video - (sendsVideo ? 1 : 0))),
    layer: receives.layer,
    sounds: receives.audio ? Math.max(0, senders.audio - (sendsAudio ? 1 : 0)) : 0,
  };
}

/** How many of a room send what. */
export function sendersOf(roles: readonly RoleCount[]): { readonly video: number; readonly audio: number } {
  const count = (sends: (role: RoleCount['role']) => boolean): number =>
    roles.reduce((sum, { role, count: people }) => sum + (sends(role) ? people : 0), 0);
  return { video: count(({ sendsVideo }) => sendsVideo), audio: count(({ sendsAudio }) => sendsAudio) };
}

/** In the steady state: layers and pictures that nobody asks for are not sent. */
export function roomFlow(media: Media, roles: readonly RoleCount[]): RoomFlow {
  const senders = sendersOf(roles);
  const layers = media.video?.layers ?? [];
  const sound = soundRate(media, senders.audio);
  let flow: RoomFlow = {
    ...noFlow,
    participants: roles.reduce((sum, { count }) => sum + count, 0),
    publishedTracks: senders.video + senders.audio,
  };
  flow = plus(flow, uplink(sound), senders.audio);
  flow = plus(flow, uplink(pictureUp(layers, watching(roles))), watchedPictures(roles, senders.video));
  for (const { role, count } of roles) {
    const { pictures, layer, sounds } = receivedBy(role, senders);
    const picture = downlink(videoRates[layerSent(layers, layer)]);
    flow = plus(flow, picture, count * pictures);
    flow = plus(flow, downlink(sound), count * sounds);
  }
  return flow;
}

function uplink({ packetsPerSecond, kbps }: StreamRate): RoomFlow {
  return { ...noFlow, packetsIn: packetsPerSecond, kbpsIn: kbps };
}

function downlink({ packetsPerSecond, kbps }: StreamRate): RoomFlow {
  return { ...noFlow, subscribedTracks: 1, packetsOut: packetsPerSecond, kbpsOut: kbps };
}

/** The mean over those who speak and those who do not. */
function soundRate({ audio }: Media, senders: number): StreamRate {
  if (audio === undefined || senders === 0) return { packetsPerSecond: 0, kbps: 0 };
  const speaking = audio.activeSpeakers === 'All' ? 1 : Math.min(1, audio.activeSpeakers / senders);
  const mean = (a: number, b: number): number => speaking * a + (1 - speaking) * b;
  return {
    packetsPerSecond: mean(speechRate.packetsPerSecond, silenceRate.packetsPerSecond),
    kbps: mean(speechRate.kbps, silenceRate.kbps),
  };
}

function watching(roles: readonly RoleCount[]): readonly Receives[] {
  return roles
    .filter(({ count, role }) => count > 0 && role.receives.tiles > 0)
    .map(({ role }) => role.receives);
}

/** All layers up to the highest that is asked for: the server tells senders to stop those above. */
function pictureUp(layers: readonly LayerName[], receivers: readonly Receives[]): StreamRate {
  const asked = receivers.map(({ layer }) => layers.indexOf(layerSent(layers, layer)));
  const sent = layers.slice(0, Math.max(-1, ...asked) + 1).map((layer) => videoRates[layer]);
  return {
    packetsPerSecond: sent.reduce((sum, rate) => sum + rate.packetsPerSecond, 0),
    kbps: sent.reduce((sum, { kbps }) => sum + kbps, 0),
  };
}

/** Everybody shows the first who joined. One of these sees one more, because nobody sees oneself. */
function watchedPictures(roles: readonly RoleCount[], senders: number): number {
  const most = roles.map(({ role, count }) => {
    if (count === 0 || role.receives.tiles === 0) return 0;
    const alone = role.sendsVideo && senders === 1;
    return alone ? 0 : role.receives.tiles + (role.sendsVideo ? 1 : 0);
  });
  return Math.min(senders, Math.max(0, ...most));
}
