/** What processes that have ended left in Redis: their own entries, which are removed, and rooms, which are told. */
import type { Action } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import { entriesById } from './entries-by-id.ts';
import { hasEnded } from './loss.ts';
import { type MediaNode, type RegisteredEntry, compareNames, heartbeatOverdueMs } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import type { PodObservation } from './observed.ts';
import type { RedisReading, RoomPlacement } from './readings.ts';
import type { Finding } from './reasons.ts';
import { roomsByNode } from './rooms-by-node.ts';
import { counted } from './words.ts';

/** Longer than a server is missing between its end and the removal of its entry, or a restart. */
const ghostAfterMs = 60_000;

/** Whether an entry is of a process that is known to run no more. */
type IsDead = (entry: RegisteredEntry) => boolean;

export interface GhostInput {
  readonly input: Pick<DecideInput, 'observed'>;
  readonly nodes: readonly MediaNode[];
  /** Of its nodes it holds those whose Pod is gone. */
  readonly memory: Memory;
}

/**
 * Entries of processes of ours that have ended: at once where that is certain, because such an id never comes back, and
 * else once the heartbeat is overdue. Others on the same Redis are none of our business.
 */
export function removeGhosts({ input, nodes, memory }: GhostInput): readonly Action[] {
  const { redis } = input.observed;
  if (redis.kind !== 'Read') return [];
  const suspects = suspectsOf(nodes, memory);
  if (suspects.size === 0) return [];
  return redis.nodes
    .flatMap((entry) =>
      entry.kind === 'Node' && suspects.get(entry.nodeId)?.(entry) === true ? [entry] : [],
    )
    .toSorted((a, b) => compareNames(a.nodeId, b.nodeId))
    .map(({ nodeId, load }): Action => {
      const rooms = redis.rooms.filter((room) => room.nodeId === nodeId).length;
      return { kind: 'RemoveGhost', nodeId, rooms, participants: load.participants };
    });
}

/** Ids that were ours and may be left over, each with the test of whether its process has ended. */
function suspectsOf(nodes: readonly MediaNode[], memory: Memory): ReadonlyMap<string, IsDead> {
  const suspects = new Map(ofGonePods(nodes, memory));
  for (const node of nodes) addEndedProcesses(node, suspects);
  if (suspects.size === 0) return suspects;
  for (const { entry, pod } of nodes) {
    if (entry !== undefined && !hasEnded(pod)) suspects.delete(entry.nodeId);
  }
  return suspects;
}

type Suspect = readonly [nodeId: string, isDead: IsDead];

function ofGonePods(nodes: readonly MediaNode[], memory: Memory): readonly Suspect[] {
  const uids = Object.keys(memory.nodes);
  if (uids.length === 0) return [];
  const present = new Set(nodes.map((node) => node.pod.uid));
  return uids.flatMap((uid) => {
    const gone = present.has(uid) ? undefined : memory.nodes[uid];
    return gone === undefined ? [] : idsOf(gone).map((id): Suspect => [id, isDeadOfGone(gone)]);
  });
}

function addEndedProcesses({ pod, memory }: MediaNode, suspects: Map<string, IsDead>): void {
  const ids = hasEnded(pod) ? idsOf(memory) : memory.formerIds;
  if (ids === undefined) return;
  for (const id of ids) suspects.set(id, (entry) => isBefore(entry, pod));
}

function idsOf({ nodeId, formerIds = [] }: NodeMemory): readonly string[] {
  return nodeId === undefined ? formerIds : [...formerIds, nodeId];
}

/** A Pod that was evicted, or whose server was seen to end, is gone with its process; of others only silence tells. */
function isDeadOfGone({ evicted, endedSinceMs }: NodeMemory): IsDead {
  if (evicted === true || endedSinceMs !== undefined) return () => true;
  return isOverdue;
}

const isOverdue: IsDead = ({ ageMs }) => ageMs > heartbeatOverdueMs;

/**
 * By the clock of one machine: a process that began before another ended, or before the present one began, is over. One that
 * began after it is another, however late its heartbeat is: the view of the Pod may be old.
 */
function isBefore(entry: RegisteredEntry, { ended, startedAtMs }: PodObservation): boolean {
  const overMs = ended?.atMs ?? startedAtMs;
  return overMs === undefined ? isOverdue(entry) : entry.startedAtSeconds * 1000 < overMs;
}

/** Since when nodes that rooms are mapped to are missing, in the order of their ids. */
export function noteMissing(redis: RedisReading, memory: Memory, nowMs: number): Memory['missing'] {
  if (redis.kind !== 'Read') return memory.missing;
  const registered = entriesById(redis.nodes);
  const ids: string[] = [];
  for (const id of roomsByNode(redis.rooms).keys()) if (!registered.has(id)) ids.push(id);
  if (ids.length === 0) return undefined;
  const missing: Record<string, number> = {};
  for (const id of ids.toSorted((a, b) => (a < b ? -1 : Number(a > b)))) {
    missing[id] = memory.missing?.[id] ?? nowMs;
  }
  return missing;
}

export interface GhostRoomsInput {
  readonly redis: RedisReading;
  readonly missing: Memory['missing'];
  readonly nodes: readonly Pick<MediaNode, 'forsaken'>[];
  readonly nowMs: number;
}

/** Told and left alone: the next join makes such a room anew, and nobody but the servers may touch their records. */
export function ghostRooms({ redis, missing = {}, nodes, nowMs }: GhostRoomsInput): readonly Finding[] {
  if (redis.kind !== 'Read') return [];
  const ofGone = Object.entries(missing).flatMap(([id, sinceMs]) =>
    nowMs - sinceMs > ghostAfterMs ? (roomsByNode(redis.rooms).get(id) ?? []) : [],
  );
  return [
    ...ghostFinding(ofGone, 'on Media Nodes that are gone'),
    ...ghostFinding(
      nodes.flatMap(({ forsaken = [] }) => forsaken),
      'that their Media Node does not have any more',
    ),
  ];
}

function ghostFinding(rooms: readonly RoomPlacement[], which: string): readonly Finding[] {
  const ghosts = rooms.filter(({ participants = 0 }) => participants > 0);
  if (ghosts.length === 0) return [];
  const people = ghosts.reduce((sum, { participants = 0 }) => sum + participants, 0);
  const what = `${counted(ghosts.length, 'room')} with ${counted(people, 'participant')}`;
  return [{ reason: 'GhostRooms', message: `Redis has records of ${what} ${which}.` }];
}
