/** Session descriptions: what is changed in them on the way out, and what is read from those that come in. */

/** How a line of a description is told apart from the next. */
const sections = (sdp: string): readonly string[] => sdp.split(/(?=^m=)/m);

/**
 * An offer that cannot be connected to until our candidates follow. The transport library hands an answer to ICE before
 * it has stored it; a server that connects in between is taken for an impostor and the connection dies.
 */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '');
}

/** What a browser answers: receive only, nothing of ours announced. The library would mirror the offer instead. */
export function receivingAnswer(sdp: string): string {
  const munged = sections(sdp).map((section) =>
    /^m=(audio|video)/.test(section)
      ? section.replace(/^a=sendrecv/m, 'a=recvonly').replace(/^a=(msid:|ssrc-group:|ssrc:).*\r?\n/gm, '')
      : section,
  );
  return munged.join('');
}

/**
 * Where a picture is sent in layers, the layers are known by their names alone, as browsers do it. The library needs
 * the SSRCs to route feedback, so it is told of them, and the server is not.
 */
export function simulcastOffer(sdp: string): string {
  const munged = sections(sdp).map((section) => {
    if (!/^a=simulcast:/m.test(section)) return section;
    let seen = 0;
    return section
      .replace(/^a=ssrc:.*\r?\n/gm, '')
      .replace(/^a=msid:.*\r?\n/gm, (line) => (++seen === 1 ? line : ''));
  });
  return munged.join('');
}

/** One media line of the server: which track of whom comes on it. */
export interface MediaLine {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly ssrc: number;
  /** On which lost packets are sent again. */
  readonly rtxSsrc: number | undefined;
  readonly trackSid: string;
  readonly participantSid: string;
}

/** The media lines on which the server sends at present. */
export function sendingLines(sdp: string): readonly MediaLine[] {
  return sections(sdp).flatMap((section) => {
    const line = mediaLineOf(section);
    return line === undefined ? [] : [line];
  });
}

function mediaLineOf(section: string): MediaLine | undefined {
  const [kind] = groups(section, /^m=(audio|video) /);
  const [mid] = groups(section, /^a=mid:(\S+)/m);
  const [ssrc] = groups(section, /^a=ssrc:(\d+)/m);
  const isSending = /^a=(sendrecv|sendonly)/m.test(section);
  if ((kind !== 'audio' && kind !== 'video') || mid === undefined || ssrc === undefined || !isSending)
    return undefined;
  const [first = ssrc, repair] = groups(section, /^a=ssrc-group:FID (\d+) (\d+)/m);
  const [participantSid = '', trackSid = ''] = groups(section, /^a=msid:([^|\s]+)(?:\|\S*)? (\S+)/m);
  const rtxSsrc = repair === undefined ? undefined : Number(repair);
  return { mid, kind, ssrc: Number(first), rtxSsrc, trackSid, participantSid };
}

/** What the groups of the expression matched; nothing where it did not. */
function groups(text: string, expression: RegExp): readonly string[] {
  return expression.exec(text)?.slice(1) ?? [];
}

/** Candidates over TCP are of no use to the transport library, which complains about each. */
export function isUsableCandidate(candidate: string): boolean {
  return candidate !== '' && !candidate.includes('tcptype');
}
