/**
 * Records of rooms that their own server does not have: left behind where Redis was away when the server meant to delete
 * them. Nobody else ever does, so they would hold their node, and count as its load, for ever.
 */
import type { NodeMemory } from './memory.ts';
import type { NodeEntry, RoomPlacement } from './readings.ts';
import { tallyOf } from './rooms-by-node.ts';

/** Thirty heartbeats: a room shows in the first one after its beginning. */
export const forsakenAfterMs = 60_000;

type Entry = Extract<NodeEntry, { kind: 'Node' }> | undefined;

/** Since when a node's heartbeats tell of no room and of nobody, while the same records, `mapped` to it, stand beside them. */
export function noteForsaken(
  entry: Entry,
  mapped: readonly RoomPlacement[],
  memory: NodeMemory,
  nowMs: number,
): NodeMemory['forsaken'] {
  if (entry === undefined || entry.load.rooms > 0 || entry.load.participants > 0) return undefined;
  const { live: rooms, recorded: participants } = tallyOf(mapped);
  if (rooms === 0) return undefined;
  const before = memory.forsaken;
  // Somebody who joins such a room makes it a living one again: whatever changes in the records begins the wait anew.
  const isSame = before?.rooms === rooms && before.participants === participants;
  return isSame ? before : { sinceMs: nowMs, rooms, participants };
}

/** Whether what is mapped to the node counts no more. What it says of itself is asked all the same before it leaves. */
export function isForsaken(
  entry: Entry,
  mapped: readonly RoomPlacement[],
  memory: NodeMemory,
  nowMs: number,
): boolean {
  if (memory.forsaken === undefined) return false;
  const forsaken = noteForsaken(entry, mapped, memory, nowMs);
  return forsaken !== undefined && nowMs - forsaken.sinceMs >= forsakenAfterMs;
}
