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
  /** When the youngest of these rooms began, by its server's clock; 0 where there is none. */
  readonly newestS: number;
}

const tallies = new WeakMap<readonly RoomPlacement[], Tally>();

/** The one that was asked for last: of one node it is asked several times in a row. */
let last: { readonly rooms: readonly RoomPlacement[]; readonly tally: Tally } | undefined;

export function tallyOf(rooms: readonly RoomPlacement[]): Tally {
  if (last?.rooms === rooms) return last.tally;
  const tally = tallies.get(rooms) ?? counted(rooms);
  last = { rooms, tally };
  return tally;
}

function counted(rooms: readonly RoomPlacement[]): Tally {
  let live = 0;
  let recorded = 0;
  let newcomers = 0;
  let newestS = 0;
  for (const { participants, newcomers: late = 0, createdAtSeconds = 0 } of rooms) {
    if (participants === undefined) continue;
    live += 1;
    recorded += participants;
    newcomers += late;
    newestS = Math.max(newestS, createdAtSeconds);
  }
  const tally = { live, recorded, newcomers, newestS };
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

/** Rooms of one node often follow each other, so their list is looked for once. */
function group(placements: readonly RoomPlacement[]): Map<string, RoomPlacement[]> {
  const groups = new Map<string, RoomPlacement[]>();
  let nodeId: string | undefined;
  let list: RoomPlacement[] = [];
  for (const placement of placements) {
    if (placement.nodeId !== nodeId) {
      nodeId = placement.nodeId;
      list = listOf(groups, nodeId);
    }
    list.push(placement);
  }
  return groups;
}

function listOf(groups: Map<string, RoomPlacement[]>, nodeId: string): RoomPlacement[] {
  const known = groups.get(nodeId);
  if (known !== undefined) return known;
  const list: RoomPlacement[] = [];
  groups.set(nodeId, list);
  return list;
}

function isSame(a: readonly RoomPlacement[], b: readonly RoomPlacement[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
