/** Instants that are reckoned anew on every pass and shown in the status, where each change is a write. */
import { isoFromMs, parseIsoMs } from '../base/iso-time.ts';

const leastMoveMs = 300_000;

/**
 * The instant as it was shown before, while the new one differs from it by less than a quarter of what is left or by
 * less than 5 min; else the new one, to the full minute. `undefined` where there is no new one. RFC 3339.
 */
export function steadyInstant(
  previousIso: string | undefined,
  nextMs: number | undefined,
  wallMs: number,
): string | undefined {
  if (nextMs === undefined) return undefined;
  const previousMs = previousIso === undefined ? undefined : parseIsoMs(previousIso);
  const moveMs = Math.max(leastMoveMs, (nextMs - wallMs) / 4);
  if (previousMs !== undefined && Math.abs(nextMs - previousMs) < moveMs) return previousIso;
  return `${isoFromMs(Math.ceil(nextMs / 60_000) * 60_000).slice(0, 19)}Z`;
}
