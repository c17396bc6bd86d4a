/**
 * The rooms of each node, and what is worked out of them once. Readings come far more often than records change, so
 * lists that are the same are made to be the same object, by which others find again what they have worked out.
 */
import type { RoomPlacement } from './readings.ts';

export interface Tally {
  /** Rooms that have a record. */
  readonly live: number;
  /** Participants in these rooms as far as Redis shows them. */
  readonly recorded: number;
  /** Those among them who are in no record yet. */
  readonly newcomers: number;
}

const tallies = new WeakMap<readonly RoomPlacement[], Tally>();

export function tallyOf(rooms: readonly RoomPlacement[]): Tally {
  const known = tallies.get(rooms);
  if (known !== undefined) return known;
  let live = 0;
  let recorded = 0;
  let newcomers = 0;
  for (const { participants, newcomers: late = 0 } of rooms) {
    if (participants === undefined) continue;
    live += 1;
    recorded += participants;
    newcomers += late;
  }
  const tally = { live, recorded, newcomers };
  tallies.set(rooms, tally);
  return tally;
}

export type RoomsByNode = ReadonlyMap<string, readonly RoomPlacement[]>;

const grouped = new WeakMap<readonly RoomPlacement[], RoomsByNode>();
let latest: RoomsByNode = new Map();

/** The rooms of each node. A node's list is the same object as before as long as no record in it has changed. */
export function roomsByNode(placements: readonly RoomPlacement[]): RoomsByNode {
  const known = grouped.get(placements);
  if (known !== undefined) return known;
  const groups: Map<string, readonly RoomPlacement[]> = group(placements);
  for (const [nodeId, list] of groups) {
    const before = latest.get(nodeId);
    if (before !== undefined && isSame(list, before)) groups.set(nodeId, before);
  }
  latest = groups;
  grouped.set(placements, groups);
  return groups;
}

/** Whoever made the list of all rooms from such groups saves others the work: they hold the same rooms in the same order. */
export function noteGroups(placements: readonly RoomPlacement[], groups: RoomsByNode): void {
  grouped.set(placements, groups);
  latest = groups;
}

/** Rooms of one node that follow each other are taken together. */
function group(placements: readonly RoomPlacement[]): Map<string, RoomPlacement[]> {
  const groups = new Map<string, RoomPlacement[]>();
  let from = 0;
  while (from < placements.length) {
    const nodeId = placements[from]?.nodeId ?? '';
    const to = endOfStretch(placements, from, nodeId);
    const stretch = placements.slice(from, to);
    const list = groups.get(nodeId);
    if (list === undefined) groups.set(nodeId, stretch);
    else for (const placement of stretch) list.push(placement);
    from = to;
  }
  return groups;
}

function endOfStretch(placements: readonly RoomPlacement[], from: number, nodeId: string): number {
  let to = from + 1;
  while (to < placements.length && placements[to]?.nodeId === nodeId) to += 1;
  return to;
}

function isSame(a: readonly RoomPlacement[], b: readonly RoomPlacement[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
