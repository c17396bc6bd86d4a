const decimal = /^[1-9][0-9]*$/;

/**
 * Orders two resource versions of the same kind: both are decimal numbers of any length, never to be parsed into a
 * double. A version that is not such a number comes before every one that is.
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const aKnown = decimal.test(a);
  const bKnown = decimal.test(b);
  if (!aKnown || !bKnown) return sign(Number(aKnown) - Number(bKnown));
  if (a.length !== b.length) return sign(a.length - b.length);
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Write barrier: whether a reader at `version` has seen the write that returned `wanted`. Unknown is not yet. */
export function isAtLeast(version: string | undefined, wanted: string): boolean {
  if (version === undefined || !decimal.test(wanted)) return false;
  return compareVersions(version, wanted) >= 0;
}

/** The later of two versions, to keep the highest of one's own writes. */
export function highest(a: string | undefined, b: string): string {
  return a !== undefined && compareVersions(a, b) > 0 ? a : b;
}

function sign(difference: number): -1 | 0 | 1 {
  if (difference === 0) return 0;
  return difference < 0 ? -1 : 1;
}
