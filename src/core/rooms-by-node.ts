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
let lastRooms: readonly RoomPlacement[] = [];
let lastTally: Tally = counted(lastRooms);

export function tallyOf(rooms: readonly RoomPlacement[]): Tally {
  if (lastRooms === rooms) return lastTally;
  lastTally = tallies.get(rooms) ?? counted(rooms);
  lastRooms = rooms;
  return lastTally;
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

const none: readonly RoomPlacement[] = [];

interface Grouped {
  readonly placements: readonly RoomPlacement[];
  readonly groups: RoomsByNode;
}

/**
 * The last ones of each fleet, by the node of the first room: one operator looks after many fleets in turn, and no two
 * fleets have a node in common. Only these: the journal holds on to lists of the past, and what was made of each of them
 * would be held with them.
 */
const byFirst = new Map<string, Grouped>();
const mostFirst = 200;
let latest: Grouped = { placements: [], groups: new Map() };

function before(placements: readonly RoomPlacement[]): Grouped {
  return byFirst.get(placements[0]?.nodeId ?? '') ?? latest;
}

/** The rooms of each node. A node's list is the same object as before as long as no record in it has changed. */
export function roomsByNode(placements: readonly RoomPlacement[]): RoomsByNode {
  const past = before(placements);
  if (past.placements === placements) return past.groups;
  const groups = renewed(placements, past) ?? regrouped(placements, past);
  noteGroups(placements, groups);
  return groups;
}

/** Whoever made the list of all rooms from such groups saves others the work: they hold the same rooms in the same order. */
export function noteGroups(placements: readonly RoomPlacement[], groups: RoomsByNode): void {
  const first = placements[0]?.nodeId ?? '';
  latest = { placements, groups };
  for (const [node, past] of byFirst) if (groups.has(node) || past.groups.has(first)) byFirst.delete(node);
  if (byFirst.size >= mostFirst) byFirst.clear();
  byFirst.set(first, latest);
}

/** With more records than this that differ it is as quick to group all. */
const mostRenewed = 200;

/**
 * Mostly a few records have changed where they stand: then only the lists of their nodes are made anew. `undefined`
 * where rooms have come, gone or moved.
 */
function renewed(
  placements: readonly RoomPlacement[],
  { placements: before, groups }: Grouped,
): RoomsByNode | undefined {
  if (before.length !== placements.length) return undefined;
  const anew = new Map<string, RoomPlacement[]>();
  let count = 0;
  for (let at = 0; at < placements.length; at += 1) {
    const was = before[at];
    const is = placements[at];
    if (was === is || was === undefined || is === undefined) continue;
    count += 1;
    if (count > mostRenewed || !putInPlace(was, is, groups, anew)) return undefined;
  }
  const all = new Map<string, readonly RoomPlacement[]>();
  for (const [nodeId, list] of groups) all.set(nodeId, anew.get(nodeId) ?? list);
  return all;
}

/**
 * Only the record of the same room: where rooms move up to take the place of others, the order would be that of what has
 * happened before, and the same reading decided twice would not be the same.
 * @returns whether the one stands where the other stood
 */
function putInPlace(
  was: RoomPlacement,
  is: RoomPlacement,
  groups: RoomsByNode,
  anew: Map<string, RoomPlacement[]>,
): boolean {
  const { nodeId } = is;
  const list = anew.get(nodeId) ?? [...(groups.get(nodeId) ?? none)];
  const place = was.nodeId === nodeId && was.room === is.room ? list.indexOf(was) : -1;
  if (place < 0) return false;
  list[place] = is;
  anew.set(nodeId, list);
  return true;
}

function regrouped(placements: readonly RoomPlacement[], past: Grouped): RoomsByNode {
  const groups = new Map<string, readonly RoomPlacement[]>();
  for (const [nodeId, group] of grouping(placements, past.groups)) groups.set(nodeId, listOf(group));
  return groups;
}

/** A node's rooms as far as they have been met: the first `same` of those before, or, once one differs, a list anew. */
interface Group {
  readonly before: readonly RoomPlacement[];
  same: number;
  anew: RoomPlacement[] | undefined;
}

/** Rooms of one node often follow each other, so their group is looked for once. */
function grouping(placements: readonly RoomPlacement[], past: RoomsByNode): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  let nodeId: string | undefined;
  let group: Group | undefined;
  for (const placement of placements) {
    if (group === undefined || placement.nodeId !== nodeId) {
      nodeId = placement.nodeId;
      group = groupOf(groups, nodeId, past);
    }
    if (group.anew === undefined && group.before[group.same] === placement) group.same += 1;
    else add(group, placement);
  }
  return groups;
}

function groupOf(groups: Map<string, Group>, nodeId: string, past: RoomsByNode): Group {
  const known = groups.get(nodeId);
  if (known !== undefined) return known;
  const group: Group = { before: past.get(nodeId) ?? none, same: 0, anew: undefined };
  groups.set(nodeId, group);
  return group;
}

function add(group: Group, placement: RoomPlacement): void {
  group.anew ??= group.before.slice(0, group.same);
  group.anew.push(placement);
}

function listOf({ before, same, anew }: Group): readonly RoomPlacement[] {
  if (anew !== undefined) return anew;
  return same === before.length ? before : before.slice(0, same);
}
