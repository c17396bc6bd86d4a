/**
 * Joins Pods, registry entries and the nodes' own words into Media Nodes.
 * It never guesses: a node whose entry is missing, stale or unreadable is a suspect, not an empty node.
 */
import { entriesById } from './entries-by-id.ts';
import { isForsaken } from './forsaken.ts';
import type { Memory, NodeMemory } from './memory.ts';
import type { Observed, PodObservation } from './observed.ts';
import type { NodeEntry, NodeMetricsReading, RoomPlacement } from './readings.ts';
import { type Tally, roomsByNode, tallyOf } from './rooms-by-node.ts';
import { beganAt } from './unhurried.ts';

export type RegisteredEntry = Extract<NodeEntry, { kind: 'Node' }>;

/**
 * Launching: not yet ready and registered. Up: reports. Suspect: its Pod runs but it does not report.
 * Leaving: told to stop. Failed: will never serve.
 */
export type Phase = 'Launching' | 'Up' | 'Suspect' | 'Leaving' | 'Failed';

export interface MediaNode {
  readonly name: string;
  readonly pod: PodObservation;
  readonly phase: Phase;
  readonly entry: RegisteredEntry | undefined;
  /** Rooms mapped to it, dead mappings included; without those that its server does not have any more. */
  readonly rooms: readonly RoomPlacement[];
  /** The latter. */
  readonly forsaken?: readonly RoomPlacement[];
  readonly metrics: NodeMetricsReading | undefined;
  readonly memory: NodeMemory;
  /** What it carries by its rooms' records and its own heartbeat, or by the last ones seen. */
  readonly participants: number;
}

/** The same node where nothing about it is remembered anew. */
export function withMemory(node: MediaNode, memory: NodeMemory): MediaNode {
  return memory === node.memory ? node : { ...node, memory };
}

/** Three heartbeats. LiveKit itself stops choosing a node after 5 s (two and a half). */
export const heartbeatOverdueMs = 6000;

const none: readonly RoomPlacement[] = [];
const freshMemory: NodeMemory = { proofs: [], served: false, participants: 0 };

interface Limits {
  readonly startupDeadlineMs: number;
  readonly wallMs: number;
  readonly nowMs: number;
}

/** Media Nodes in the order of their names. */
export function mediaNodes(observed: Observed, memory: Memory, limits: Limits): readonly MediaNode[] {
  const entries = indexed(observed.redis.kind === 'Read' ? observed.redis.nodes : []);
  const placements = observed.redis.kind === 'Read' ? observed.redis.rooms : [];
  const roomsOf = roomsByNode(placements);
  const sights = inOrder(observed.pods).map((pod): Relayed => {
    const metrics = observed.metrics[pod.name];
    const entry = entryOf(pod, metrics, entries);
    const mapped = entry === undefined ? none : (roomsOf.get(entry.nodeId) ?? none);
    const remembered = memory.nodes[pod.uid] ?? freshMemory;
    const forsaken = isForsaken(entry, mapped, remembered, limits.nowMs) ? mapped : undefined;
    const rooms = forsaken === undefined ? mapped : none;
    const tally = tallyOf(rooms);
    const relayed = relayedBy(
      { entry, tally, memory: remembered },
      { nowMs: limits.nowMs, readMs: memory.readMs },
    );
    return { pod, metrics, entry, rooms, forsaken, memory: remembered, tally, relayed };
  });
  const share = hostedShare(sights);
  const watch = watchOf(memory, limits);
  return sights.map((sight): MediaNode => {
    const { pod, metrics, entry, rooms, forsaken, tally, relayed, memory: remembered } = sight;
    const { participants } = remembered;
    const phase = phaseOf(sight, watch);
    // Its people have gone, whatever is still written of them.
    if (phase === 'Failed') {
      return { name: pod.name, pod, metrics, entry, rooms: none, memory: remembered, phase, participants: 0 };
    }
    return {
      name: pod.name,
      pod,
      metrics,
      entry,
      rooms,
      ...(forsaken === undefined ? {} : { forsaken }),
      memory: remembered,
      phase,
      participants:
        entry === undefined
          ? participants
          : carried(entry, tally, {
              relayed,
              share,
              roomsUnseenLong: unseenLong(remembered, limits.nowMs),
            }),
    };
  });
}

interface Relayed extends Pick<MediaNode, 'pod' | 'metrics' | 'entry' | 'rooms' | 'memory'> {
  readonly forsaken: readonly RoomPlacement[] | undefined;
  readonly tally: Tally;
  /** Clients whose rooms live elsewhere. */
  readonly relayed: number;
}

const ordered = new WeakMap<readonly PodObservation[], readonly PodObservation[]>();

/** By name. The list of Pods is the same one until something about a Pod has changed. */
function inOrder(pods: readonly PodObservation[]): readonly PodObservation[] {
  const known = ordered.get(pods);
  if (known !== undefined) return known;
  const sorted = pods.toSorted((a, b) => compareNames(a.name, b.name));
  ordered.set(pods, sorted);
  return sorted;
}

/** A total order of names in which `m-2` comes before `m-10`. */
export function compareNames(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/** Rooms that have a record. A mapping without one is left over from a join that failed. */
export function liveRooms(node: Pick<MediaNode, 'rooms'>): readonly RoomPlacement[] {
  return node.rooms.filter((placement) => placement.participants !== undefined);
}

/** How many those are. */
export function liveRoomCount({ rooms }: Pick<MediaNode, 'rooms'>): number {
  return tallyOf(rooms).live;
}

/** Lent to a load test: what it carries is not the fleet's. */
export function isLent({ pod }: Pick<MediaNode, 'pod'>): boolean {
  return pod.underTest !== undefined;
}

/** Nobody on it, and no room, not even an empty one. */
export function isEmpty(node: Pick<MediaNode, 'rooms' | 'participants'>): boolean {
  return node.participants === 0 && !node.rooms.some(({ participants }) => participants !== undefined);
}

/** A room's record settles within 5 s of a change (three heartbeats with their own delay). */
export const recordSettlesMs = 6000;

/** What `num_clients` counts beyond the people in the node's rooms by their records. */
export function unexplainedClients(entry: RegisteredEntry, rooms: readonly RoomPlacement[]): number {
  return unexplainedBy(entry, tallyOf(rooms));
}

/** Like with like: newcomers are seen before the heartbeat that counts them. */
function unexplainedBy(entry: RegisteredEntry, { recorded, newcomers }: Tally): number {
  return Math.max(0, entry.load.participants - (recorded - newcomers));
}

/**
 * Those who signal through a node while their room lives on another are counted by its `num_clients` for as long as
 * they stay, and by no record: what no record has explained for as long as records take.
 */
function relayedBy(
  { entry, tally, memory }: Sighted,
  { nowMs, readMs = -Infinity }: { readonly nowMs: number; readonly readMs: number | undefined },
): number {
  let least = entry === undefined ? 0 : unexplainedBy(entry, tally);
  if (least === 0) return 0;
  for (const { atMs, untilMs = Math.max(atMs, readMs), count } of memory.unexplained ?? []) {
    if (nowMs - untilMs <= recordSettlesMs && count < least) least = count;
  }
  return least;
}

type Sighted = Pick<Relayed, 'entry' | 'tally' | 'memory'>;

/** People who are taken to make one client each, so that a handful does not say how it is with all. */
const withoutRelay = 10;

/** Behind a Service most people make two clients, one where their room lives and one where they signal. */
function hostedShare(sights: readonly Pick<Relayed, 'tally' | 'relayed'>[]): number {
  let recorded = 0;
  let relayed = 0;
  for (const sight of sights) {
    recorded += sight.tally.recorded;
    relayed += sight.relayed;
  }
  const people = recorded + withoutRelay;
  return Math.max(0.5, people / (people + relayed));
}

/** A node that is met for the first time is believed: nobody knows for how long it has been so. */
function unseenLong(memory: NodeMemory, nowMs: number): boolean {
  return !memory.served || nowMs - (memory.roomsUnseenSinceMs ?? nowMs) > recordSettlesMs;
}

interface Reckoning {
  readonly relayed: number;
  readonly share: number;
  /** It has told of rooms without a record for longer than records take. */
  readonly roomsUnseenLong: boolean;
}

/**
 * `num_clients` also counts people whose signalling runs through this node while their room lives on another, so
 * behind a Service it counts most people twice. The rooms' records do not, but they are up to 5 s late. So: the
 * records, plus the share that is likely hosted here of the clients who are new and in no record yet.
 */
function carried(
  entry: RegisteredEntry,
  tally: Tally,
  { relayed, share, roomsUnseenLong }: Reckoning,
): number {
  const clients = entry.load.participants;
  const { live, recorded, newcomers } = tally;
  // A node with more rooms than there are records of (Redis lost them) is counted by its own word; for a moment that
  // is so after each room that ends, because the record goes at once and the heartbeat is late.
  if (live < entry.load.rooms && roomsUnseenLong) return clients;
  const fresh = unexplainedBy(entry, tally) - relayed;
  const settled = recorded - newcomers;
  const byHeartbeat = Math.min(clients, settled + Math.ceil(fresh * share));
  return Math.max(byHeartbeat, Math.min(clients, settled) + newcomers);
}

interface Entries {
  readonly byId: ReadonlyMap<string, NodeEntry>;
  /** Worked out when it is first asked: most nodes have said who they are. */
  byAddress(ip: string): RegisteredEntry | undefined;
}

function indexed(entries: readonly NodeEntry[]): Entries {
  const byId = entriesById(entries);
  let youngest: ReadonlyMap<string, RegisteredEntry> | undefined;
  return {
    byId,
    byAddress: (ip) => {
      youngest ??= youngestByAddress(byId.values());
      return youngest.get(ip);
    },
  };
}

/** Of several entries with one address the youngest process counts: the others are what earlier containers left. */
function youngestByAddress(entries: Iterable<NodeEntry>): ReadonlyMap<string, RegisteredEntry> {
  const youngest = new Map<string, RegisteredEntry>();
  for (const entry of entries) {
    if (entry.kind !== 'Node') continue;
    const other = youngest.get(entry.ip);
    if (other === undefined || isYounger(entry, other)) youngest.set(entry.ip, entry);
  }
  return youngest;
}

function isYounger(entry: RegisteredEntry, other: RegisteredEntry): boolean {
  const laterBy = entry.startedAtSeconds - other.startedAtSeconds;
  return laterBy > 0 || (laterBy === 0 && compareNames(entry.nodeId, other.nodeId) < 0);
}

/** The node's own word decides; its address is the fall-back. */
function entryOf(
  pod: PodObservation,
  metrics: NodeMetricsReading | undefined,
  entries: Entries,
): RegisteredEntry | undefined {
  if (metrics?.kind === 'Read') {
    const told = entries.byId.get(metrics.nodeId);
    if (told !== undefined) return told.kind === 'Node' ? told : undefined;
  }
  return pod.ip === undefined ? undefined : entries.byAddress(pod.ip);
}

/** Since when the registry has been read without a gap, the look of now included. */
export function readSinceMs({ readMs, readSinceMs: sinceMs = readMs }: Memory, nowMs: number): number {
  const isGap = readMs === undefined || nowMs - readMs > heartbeatOverdueMs;
  return isGap ? nowMs : (sinceMs ?? nowMs);
}

/** Older than all that this operator remembers: that nothing is remembered of it says nothing of it. */
export function isFromBefore(
  { createdAtMs }: Pick<PodObservation, 'createdAtMs'>,
  beganWallMs: number,
): boolean {
  return createdAtMs < beganWallMs;
}

/** What time says of all of them. */
interface Watch extends Limits {
  /** When this operator began to look, wall clock. */
  readonly beganMs: number;
  /** For how long the registry has been read without a gap. */
  readonly watchedMs: number;
}

function watchOf(memory: Memory, limits: Limits): Watch {
  const { nowMs, wallMs } = limits;
  const { wallMs: beganMs } = beganAt({ memory, nowMs, wallMs });
  return { ...limits, beganMs, watchedMs: nowMs - readSinceMs(memory, nowMs) };
}

type Sight = Pick<MediaNode, 'pod' | 'entry' | 'metrics' | 'memory'>;

function phaseOf(sight: Sight, watch: Watch): Phase {
  const { pod, entry, memory } = sight;
  if (pod.deleting) return 'Leaving';
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return 'Failed';
  // Lost, whatever its last heartbeat says. One that never registered is given its time to start.
  if (pod.ended !== undefined && (memory.served || entry !== undefined)) return 'Failed';
  const isFresh = entry !== undefined && entry.ageMs <= heartbeatOverdueMs;
  return (isFresh ? reportedPhase(sight, entry, watch) : undefined) ?? silentPhase(sight, watch);
}

/** Ready once means that it may carry rooms, also when this process has not seen it report. */
function silentPhase(sight: Sight, watch: Watch): Phase {
  const { memory, pod, entry } = sight;
  if (memory.served || pod.ready || (entry?.load.participants ?? 0) > 0) return 'Suspect';
  if (!isOverdue(pod, watch)) return 'Launching';
  return isFromBefore(pod, watch.beganMs) && entry !== undefined ? 'Suspect' : overduePhase(sight, watch);
}

/**
 * After a restart of the operator a node that reports and is not Ready just now, as none is while Redis is away, may have
 * served for days: its time to start is over, so it has started.
 */
function reportedPhase({ pod, memory }: Sight, entry: RegisteredEntry, watch: Watch): Phase | undefined {
  if (entry.state === 'ShuttingDown') return 'Leaving';
  const hasStarted = isFromBefore(pod, watch.beganMs) && isOverdue(pod, watch);
  return pod.ready || memory.served || hasStarted ? 'Up' : undefined;
}

function isOverdue({ createdAtMs }: PodObservation, { wallMs, startupDeadlineMs }: Watch): boolean {
  return wallMs - createdAtMs > startupDeadlineMs;
}

/**
 * A server that is told to stop in its first moments hangs, and one that has just begun may register yet: it heeds signals
 * a few seconds after it has begun.
 */
export const startTakesMs = 10_000;

/** A server that runs but never registered has failed only if it says itself, now, that it carries nothing. */
function overduePhase({ pod, metrics }: Sight, { nowMs, wallMs, watchedMs }: Watch): Phase {
  if (pod.startedAtMs === undefined) return 'Failed';
  // While Redis is away none can register, and with its next heartbeat it does.
  if (wallMs - pod.startedAtMs < startTakesMs || watchedMs < heartbeatOverdueMs) return 'Launching';
  const isOfNow = metrics?.kind === 'Read' && nowMs - metrics.atMs <= heartbeatOverdueMs;
  const carriesNothing = isOfNow && metrics.participants === 0 && metrics.rooms === 0;
  return carriesNothing ? 'Failed' : 'Suspect';
}
