/** A Media Node, a room and what the registry shows of them, in a simulated world. Times are its milliseconds. */
import type { RoomPlacement } from '../core/readings.ts';

/**
 * Launching: asked for; becomes Ready when it serves and is registered. Leaving: told to stop, gone when it is empty.
 * Gone: removed, or lost with what it carried.
 */
export type SimNodeState = 'Launching' | 'Ready' | 'Leaving' | 'Gone';

export interface SimNode {
  /** As the log and the registry call it: never used again. */
  readonly id: string;
  readonly serial: number;
  readonly state: SimNodeState;
  readonly launchedAtMs: number;
  /** When its Pod was made: for a node that was there before the beginning, before it. */
  readonly createdAtMs: number;
  /** When its server began to run. */
  readonly startedAtMs: number | undefined;
  /** When it entered the registry: the first of its heartbeats. */
  readonly registeredAtMs: number | undefined;
  readonly podReady: boolean;
  /** When it could first take rooms. */
  readonly readyAtMs: number | undefined;
  /** Its launch will never succeed. */
  readonly doomed: boolean;
  /** It vanished by a fault; its entry is still in the registry. */
  readonly lost: boolean;
  readonly goneAtMs: number | undefined;
  /** Whether somebody wants it to take no new rooms. */
  readonly wantClosed: boolean;
  /** Whether it takes none: what the registry says. */
  readonly closed: boolean;
  readonly participants: number;
  /** Only the world adds and deletes. */
  readonly rooms: Set<SimRoom>;
  /** As its last heartbeat told it. */
  readonly publishedParticipants: number;
  readonly publishedRooms: number;
  /** Part of a heartbeat's period by which it beats later than the others. */
  readonly phaseMs: number;
  /** How many people have joined its rooms since it began. */
  readonly joins: number;
  /** The registry hears nothing of it in this time, although it runs. */
  readonly stall: Stall | undefined;
  /** Its entry was deleted then; it writes it anew with its next heartbeat. */
  readonly unlistedAtMs: number;
  /** It was told to stop and never will. */
  readonly wedged: boolean;
  /** Grows with every change of its Pod. */
  readonly podVersion: number;
}

export interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A room lives on one node for life. */
export interface SimRoom {
  readonly name: string;
  readonly node: SimNode;
  readonly participants: number;
  /** As the registry shows it. */
  readonly record: RoomPlacement;
  /** The registry has lost its record, which no server writes again. */
  readonly forgotten: boolean;
}

/** What the world itself may write. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** LiveKit's heartbeat period. */
export const heartbeatMs = 2000;
/** LiveKit does not choose a node whose last heartbeat is older. */
export const chosenWithinMs = 5000;

/** The last heartbeat at or before this instant, for a node that has been registered. */
export function beatAtMs(node: SimNode, nowMs: number): number {
  const registeredAtMs = node.registeredAtMs ?? nowMs;
  return Math.max(registeredAtMs, nowMs - sinceBeatMs(node, nowMs));
}

/** The first heartbeat after this instant. */
export function nextBeatMs(node: SimNode, nowMs: number): number {
  return nowMs + heartbeatMs - sinceBeatMs(node, nowMs);
}

/** How many heartbeats a node that never failed to reach the registry has sent by now. */
export function beatsBy(node: SimNode, nowMs: number): number {
  return Math.floor((nowMs - node.phaseMs) / heartbeatMs);
}

function sinceBeatMs(node: SimNode, nowMs: number): number {
  const since = (nowMs - node.phaseMs) % heartbeatMs;
  return since < 0 ? since + heartbeatMs : since;
}
