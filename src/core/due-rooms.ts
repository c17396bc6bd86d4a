/**
 * Large rooms that recur at a known time, such as the weekly all-hands: whoever waits until one has begun has already
 * put it beside others.
 */
import type { ExpectedRoom, Learned } from './learned.ts';
import type { MediaNode } from './media-nodes.ts';
import { roomKey } from './room-names.ts';

/** From this share of a node's capacity on, a room overloads the node that others fill. */
export const largeShare = 0.25;
/** So long before its usual time, and after it, a room may begin. */
export const earlyS = 120;
export const lateS = 240;
/** A room of the same name that began within this time is the one that was waited for. */
const begunWithinS = 1200;

interface Sighted {
  readonly node: MediaNode;
}

/** Participants of the largest room that is to begin about now and has not; 0 when none is. */
export function largestDue(learned: Learned, fleet: readonly Sighted[], wallMs: number): number {
  const nowS = wallMs / 1000;
  const due = (learned.calendar ?? []).filter(({ atS }) => atS - earlyS <= nowS && nowS <= atS + lateS);
  if (due.length === 0) return 0;
  const begun = begunLately(learned, fleet, nowS);
  return due.reduce(
    (most, room: ExpectedRoom) => (begun.has(room.key) ? most : Math.max(most, room.size)),
    0,
  );
}

function begunLately(
  { names, clockSkewS }: Learned,
  fleet: readonly Sighted[],
  nowS: number,
): ReadonlySet<string> {
  const sinceS = nowS - clockSkewS - begunWithinS;
  const keys = new Set<string>();
  for (const { node } of fleet) {
    for (const { room, createdAtSeconds } of node.rooms) {
      if (createdAtSeconds !== undefined && createdAtSeconds >= sinceS) keys.add(roomKey(room, names.salt));
    }
  }
  return keys;
}
