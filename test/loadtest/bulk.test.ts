import {
  JoinRequest,
  ParticipantInfo,
  ParticipantInfo_State,
  SubscribedCodec,
  SubscribedQuality,
  SubscribedQualityUpdate,
  TrackInfo,
  TrackType,
  VideoQuality,
  WrappedJoinRequest,
} from '@livekit/protocol';
import { describe, expect, test } from '@jest/globals';
import { Layout } from '../../src/loadtest/bulk-layout.ts';
import type { SendingLine } from '../../src/loadtest/bulk-line.ts';
import { Publisher } from '../../src/loadtest/bulk-publisher.ts';
import { Roster } from '../../src/loadtest/bulk-roster.ts';
import type { Fixture } from '../../src/loadtest/fixture.ts';
import { nack, parseRtcp, pictureLoss } from '../../src/loadtest/rtcp.ts';
import { isRtcp, parseRtp } from '../../src/loadtest/rtp.ts';
import type { LayerName } from '../../src/loadtest/scenario.ts';
import { signalAddress } from '../../src/loadtest/signal.ts';

const info = (
  identity: string,
  joinedAtMs: number,
  tracks: readonly string[] = ['a', 'v'],
): ParticipantInfo =>
  new ParticipantInfo({
    sid: `PA_${identity}`,
    identity,
    joinedAtMs: BigInt(joinedAtMs),
    state: ParticipantInfo_State.ACTIVE,
    tracks: tracks.map(
      (kind) =>
        new TrackInfo({
          sid: `TR_${identity}_${kind}`,
          type: kind === 'a' ? TrackType.AUDIO : TrackType.VIDEO,
        }),
    ),
  });
const gone = (identity: string): ParticipantInfo =>
  new ParticipantInfo({ sid: `PA_${identity}`, identity, state: ParticipantInfo_State.DISCONNECTED });

describe('a roster', () => {
  const all = { tiles: 9, layer: '360p', audio: true } as const;

  test('knows the tracks of the others, and when it heard of each', () => {
    const roster = new Roster('me');
    roster.update([info('me', 1), info('b', 2, ['a'])], 100);
    roster.update([info('b', 2)], 200);
    expect(roster.tracks()).toEqual([
      { sid: 'TR_b_a', kind: 'audio', identity: 'b', announcedMs: 100 },
      { sid: 'TR_b_v', kind: 'video', identity: 'b', announcedMs: 200 },
    ]);
    roster.update([gone('b'), gone('nobody')], 300);
    expect(roster.tracks()).toEqual([]);
  });

  test('wants the pictures of those who came first, and all voices or none', () => {
    const roster = new Roster('me');
    roster.update([info('late', 30), info('first', 10), info('second', 20), info('viewer', 5, [])], 1);
    const wanted = (tiles: number, audio: boolean): readonly string[] =>
      roster.wanted({ ...all, tiles, audio }).map(({ sid }) => sid);
    expect(wanted(2, false)).toEqual(['TR_first_v', 'TR_second_v']);
    expect(wanted(0, true)).toEqual(['TR_first_a', 'TR_second_a', 'TR_late_a']);
    expect(roster.wanted(all)).toHaveLength(6);
  });
});

describe('a layout', () => {
  const offered: readonly LayerName[] = ['180p', '360p', '720p'];

  test('says only what has changed: who moves into view is switched on', () => {
    const roster = new Roster('me');
    const layout = new Layout();
    const says = (): readonly unknown[] =>
      layout
        .changes(roster, { tiles: 1, layer: '180p', audio: false }, offered)
        .map(({ case: name, value }) => [name, JSON.parse(JSON.stringify(value))]);
    roster.update([info('a', 1), info('b', 2)], 1);
    expect(says()).toMatchObject([
      ['subscription', { trackSids: ['TR_a_a'], subscribe: false }],
      ['trackSetting', { trackSids: ['TR_a_v'], disabled: false, quality: 'LOW' }],
      ['subscription', { trackSids: ['TR_b_a'], subscribe: false }],
      ['trackSetting', { trackSids: ['TR_b_v'], disabled: true }],
    ]);
    expect(says()).toEqual([]);
    roster.update([gone('a')], 2);
    expect(says()).toMatchObject([
      ['trackSetting', { trackSids: ['TR_b_v'], disabled: false, quality: 'LOW' }],
    ]);
  });

  test('says nothing where everything is wanted and there is no choice of layers', () => {
    const roster = new Roster('me');
    roster.update([info('a', 1)], 1);
    expect(new Layout().changes(roster, { tiles: 9, layer: '360p', audio: true }, ['360p'])).toEqual([]);
  });
});

describe('a publisher', () => {
  const film: Fixture = {
    width: 320,
    height: 180,
    framesPerSecond: 10,
    bitsPerSecond: 5000,
    frames: [[{ start: true, bytes: Buffer.from('key') }], [{ start: true, bytes: Buffer.from('delta') }]],
  };
  const fixtures = {
    video: { '180p': film, '360p': film, '720p': film },
    audio: { ...film, framesPerSecond: 50 },
  };

  function stage(layers: readonly LayerName[]) {
    const lines: SendingLine[] = [];
    const sent: { readonly mid: string; readonly packet: Buffer }[] = [];
    const handlers = new Map<string, (packet: Buffer) => void>();
    let next = 0;
    const publisher = new Publisher(
      { fixtures, layers, sendsAudio: true, random: () => (next += 0.01) % 1, nowMs: () => 1000 },
      {
        addSending: (line) => {
          lines.push(line);
          return {
            mid: line.mid,
            send: (packet) => sent.push({ mid: line.mid, packet: Buffer.from(packet) }) > 0,
            onPacket: (handle) => void handlers.set(line.mid, handle),
          };
        },
      },
    );
    for (const { cid } of publisher.requests()) publisher.published(cid, `TR_${cid}`);
    const ssrcs = (): ReadonlySet<number> =>
      new Set(
        sent.flatMap(({ mid, packet }) =>
          mid === '1' && !isRtcp(packet) ? (parseRtp(packet)?.ssrc ?? []) : [],
        ),
      );
    const run = (fromMs: number, toMs: number): void => {
      for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) publisher.tick(nowMs, nowMs, nowMs);
    };
    return { publisher, lines, sent, handlers, ssrcs, run };
  }

  const update = (...enabled: readonly VideoQuality[]): SubscribedQualityUpdate =>
    new SubscribedQualityUpdate({
      trackSid: 'TR_camera',
      subscribedCodecs: [
        new SubscribedCodec({
          qualities: [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH].map(
            (quality) => new SubscribedQuality({ quality, enabled: enabled.includes(quality) }),
          ),
        }),
      ],
    });

  test('asks for its tracks by the ids that its lines have, with what each layer is', () => {
    const { publisher, lines } = stage(['180p', '360p']);
    const [audio, video] = publisher.requests();
    expect([audio?.cid, video?.cid]).toEqual(lines.map(({ trackId }) => trackId));
    expect(audio).toMatchObject({ disableRed: true, layers: [] });
    expect(video?.layers.map(({ quality, bitrate, ssrc }) => [quality, bitrate, ssrc])).toEqual([
      [VideoQuality.LOW, 5000, 0],
      [VideoQuality.MEDIUM, 5000, 0],
    ]);
    expect(publisher.sids()).toEqual(['TR_microphone', 'TR_camera']);
  });

  test('names a single picture by its SSRC', () => {
    const { publisher, lines } = stage(['360p']);
    const video = publisher.requests()[1];
    expect(video?.layers).toMatchObject([{ quality: VideoQuality.HIGH, ssrc: lines[1]?.ssrcs[0] }]);
    expect(lines[1]?.attributes.some((line) => line.startsWith('a=rid'))).toBe(false);
  });

  test('declares each layer, each line with its a=', () => {
    const { lines } = stage(['180p', '360p', '720p']);
    expect(lines[1]?.ssrcs).toHaveLength(3);
    expect(lines[1]?.attributes).toEqual(
      expect.arrayContaining(['a=rid:q send', 'a=rid:h send', 'a=rid:f send', 'a=simulcast:send q;h;f']),
    );
    expect(lines[1]?.attributes.every((line) => line.startsWith('a='))).toBe(true);
  });

  test('sends the layers that somebody watches, and no others', () => {
    const { publisher, lines, sent, ssrcs, run } = stage(['180p', '360p', '720p']);
    run(1000, 1300);
    expect(ssrcs()).toEqual(new Set(lines[1]?.ssrcs));
    publisher.subscribed(update(VideoQuality.LOW));
    sent.length = 0;
    run(1300, 1600);
    expect(ssrcs()).toEqual(new Set(lines[1]?.ssrcs.slice(0, 1)));
    publisher.subscribed(update());
    sent.length = 0;
    run(1600, 1900);
    expect(ssrcs()).toEqual(new Set());
    expect(sent.some(({ mid }) => mid === '0')).toBe(true);
  });

  test('sends its only layer when any is watched, and heeds no word on another track', () => {
    const { publisher, sent, ssrcs, run } = stage(['360p']);
    publisher.subscribed(update(VideoQuality.MEDIUM));
    publisher.subscribed(new SubscribedQualityUpdate({ trackSid: 'TR_other' }));
    run(1000, 1300);
    expect(ssrcs().size).toBe(1);
    sent.length = 0;
    publisher.subscribed(update());
    run(1300, 1600);
    expect(ssrcs().size).toBe(0);
  });

  test('answers requests for packets and key frames on the layer that they name', () => {
    const { lines, sent, handlers, run } = stage(['180p', '360p']);
    run(1000, 1500);
    const [, second = 0] = lines[1]?.ssrcs ?? [];
    const first = sent.find(({ packet }) => !isRtcp(packet) && parseRtp(packet)?.ssrc === second)?.packet;
    const before = sent.length;
    handlers.get('1')?.(nack(1, second, [first ? (parseRtp(first)?.sequence ?? 0) : 0]));
    expect(sent.slice(before).map(({ packet }) => packet.readUInt16BE(2))).toEqual([first?.readUInt16BE(2)]);
    handlers.get('1')?.(pictureLoss(1, second));
    expect(sent).toHaveLength(before + 1);
  });

  test('reports once a second on each stream that it sends', () => {
    const { publisher, lines, sent, run } = stage(['180p', '360p']);
    publisher.subscribed(update(VideoQuality.MEDIUM));
    run(1000, 2990);
    const reports = sent.flatMap(({ packet }) => (isRtcp(packet) ? parseRtcp(packet) : []));
    const expected = [lines[0]?.ssrcs[0], lines[1]?.ssrcs[1]];
    expect(reports.map((report) => report.kind === 'SenderReport' && report.ssrc)).toEqual([
      ...expected,
      ...expected,
    ]);
  });
});

describe('the address of the signalling', () => {
  test('is /rtc with the settings of an SDK', () => {
    const url = new URL(signalAddress({ url: 'http://host:7880/', token: 'a.b', isSingle: false }));
    expect(url.href).toMatch(/^ws:\/\/host:7880\/rtc\?/);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ access_token: 'a.b', auto_subscribe: '1' });
  });

  test('is /rtc/v1 with the request that newer servers read', () => {
    const url = new URL(signalAddress({ url: 'wss://host', token: 'a.b', isSingle: true }));
    expect(url.origin + url.pathname).toBe('wss://host/rtc/v1');
    const words = url.searchParams.get('join_request') ?? '';
    expect(words.length % 4).toBe(0);
    const wrapped = WrappedJoinRequest.fromBinary(Buffer.from(words, 'base64url'));
    expect(JoinRequest.fromBinary(wrapped.joinRequest).connectionSettings?.autoSubscribe).toBe(true);
  });
});
