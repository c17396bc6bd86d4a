/**
 * On which versions of the media server rooms may be steered. Closing a node rests on how a server picks a node for a
 * new room and on how it keeps to the node of a room that exists. Neither is a promise of the servers: a version that
 * moved rooms off closed nodes would split rooms that people are in. So it has to be tried or read, version by version.
 */
import type { Finding } from './reasons.ts';

/** The version on which test/world/livekit.test.ts shows that closing and opening nodes works. */
export const provenServerVersion = '1.13.5';

/**
 * From the first to the last version whose code for placing rooms was read and found to do the same as in the proven
 * one: pkg/routing, and SelectRoomNode in pkg/service/roomallocator.go, of each release.
 */
export const readServerVersions = { first: '1.12.0', last: '1.13.11' } as const;

type Version = readonly [major: number, minor: number, patch: number];

/** As in `1.13.5`, `v1.13` or `1.13.5-openvidu.2`: a suffix names a build, not what the server does. */
const versionForm = /^\s*v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d])/;

/** The numbers of a version; `undefined` where the text has none. */
export function parseServerVersion(text: string): Version | undefined {
  const found = versionForm.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

const readNumbers = {
  first: parseServerVersion(readServerVersions.first),
  last: parseServerVersion(readServerVersions.last),
};

/** Why rooms are not to be steered with servers of this version; `undefined` when they may be. */
export function versionRefusal(version: string | undefined): Finding | undefined {
  const remedy =
    'Rooms are placed by the media servers alone. Where you have tried it, set ' +
    'spec.autoscaling.placement.unverifiedServers to Allow.';
  if (version === undefined) {
    const message = `Redis does not tell which version the media servers run. ${remedy}`;
    return { reason: 'ServerUnverified', message };
  }
  if (isVerified(version)) return undefined;
  const { first, last } = readServerVersions;
  const message =
    `Redis tells of media servers of version ${shown(version)}; steering rooms is verified for ${first} to ${last}. ` +
    `${remedy} If none of that version runs any more, set the key livekit_version in Redis to the one that does.`;
  return { reason: 'ServerUnverified', message };
}

function isVerified(text: string): boolean {
  const version = parseServerVersion(text);
  const { first, last } = readNumbers;
  if (version === undefined || first === undefined || last === undefined) return false;
  return compare(version, first) >= 0 && compare(version, last) <= 0;
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whatever somebody wrote there, it is not to fill a page. */
function shown(version: string): string {
  return JSON.stringify(version.slice(0, 40));
}
