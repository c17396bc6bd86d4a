import { describe, expect, test } from '@jest/globals';
import {
  isUsableCandidate,
  receivingAnswer,
  sendingLines,
  simulcastOffer,
  withoutCandidates,
} from '../../src/loadtest/sdp.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');
const head = lines('v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=group:BUNDLE 0 1 2');
const data = lines(
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:0',
  'a=sendrecv',
  'a=sctp-port:5000',
);
const audio = lines(
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:1',
  'a=sendrecv',
  'a=msid:PA_a|TR_1 TR_1',
  'a=ssrc:11 cname:PA_a|TR_1',
  'a=ssrc:11 msid:PA_a|TR_1 TR_1',
);
const video = lines(
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
  'a=mid:2',
  'a=ssrc-group:FID 22 23',
  'a=ssrc:22 cname:x',
  'a=ssrc:23 cname:x',
  'a=msid:PA_a|TR_2 TR_2',
  'a=sendrecv',
  'a=rtpmap:96 VP8/90000',
);
const ended = lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:3', 'a=inactive', 'a=ssrc:33 cname:x');
const serverOffer = head + data + audio + video + ended;

describe('the offer of the server', () => {
  test('tells which track of whom comes on which line', () => {
    expect(sendingLines(serverOffer)).toEqual([
      { mid: '1', kind: 'audio', ssrc: 11, rtxSsrc: undefined, trackSid: 'TR_1', participantSid: 'PA_a' },
      { mid: '2', kind: 'video', ssrc: 22, rtxSsrc: 23, trackSid: 'TR_2', participantSid: 'PA_a' },
    ]);
  });

  test('has no media before anybody sends', () => {
    expect(sendingLines(head + data)).toEqual([]);
  });

  test('is answered as browsers do: receive only, nothing announced, data channels untouched', () => {
    const answer = receivingAnswer(serverOffer);
    expect(answer).not.toMatch(/^a=(ssrc|msid)/m);
    expect(answer).toContain(data);
    expect(answer.match(/^a=recvonly\r$/gm)).toHaveLength(2);
    expect(answer).toContain('a=inactive');
    expect(answer).toContain('a=rtpmap:96 VP8/90000');
  });
});

describe('our offer', () => {
  test('has no candidates, so that nobody can connect before the answer is stored', () => {
    const candidates = lines(
      'a=candidate:1 1 UDP 2114977791 127.0.0.1 52768 typ host',
      'a=end-of-candidates',
    );
    expect(withoutCandidates(head + candidates + video)).toBe(head + video);
  });

  test('names layers by their rid alone, with one msid, and leaves single streams their SSRC', () => {
    const layer = (ssrc: number): readonly string[] => [
      `a=ssrc:${ssrc} cname:bulk`,
      `a=ssrc:${ssrc} msid:stream camera`,
      'a=msid:stream camera',
    ];
    const layered = lines('m=video 9 X 96', ...layer(1), ...layer(2), 'a=rid:q send', 'a=simulcast:send q;h');
    const munged = simulcastOffer(head + audio + layered);
    expect(munged).toBe(
      head + audio + lines('m=video 9 X 96', 'a=msid:stream camera', 'a=rid:q send', 'a=simulcast:send q;h'),
    );
  });
});

test.each([
  ['candidate:1 1 udp 2130706431 127.0.0.1 20377 typ host', true],
  ['candidate:2 1 tcp 1671430143 127.0.0.1 21140 typ host tcptype passive', false],
  ['', false],
])('candidate %p can be used: %p', (candidate, expected) => {
  expect(isUsableCandidate(candidate)).toBe(expected);
});
