/** What this pass hands to the next about each node. */
import type { Action } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import { nextProofs } from './emptiness.ts';
import { noteForsaken } from './forsaken.ts';
import { hasLookedAway } from './freshness.ts';
import { ingestSince } from './ingest.ts';
import { type Gone, noteProcess } from './loss.ts';
import { type MediaNode, isEmpty, recordSettlesMs, unexplainedClients, withMemory } from './media-nodes.ts';
import type { Memory, NodeMemory, Unexplained } from './memory.ts';
import type { Role } from './placement.ts';
import { tallyOf } from './rooms-by-node.ts';

/** How long a vanished Pod is remembered, so that its registry entry can still be recognised. */
const rememberGoneMs = 120_000;

/**
 * Notes first: that a node reports, since when it is overdue, what it carried, which id it has. The memory itself
 * comes back when nothing has changed, because this runs for every node on every pass. Where the registry could not
 * be read (`isRead`), the reading is missing and not the node: nobody falls silent by that.
 */
export function noteSight(node: MediaNode, at: SightAt): NodeMemory {
  const { nowMs, isRead } = at;
  const known = noteProcess(node, at);
  const present = withoutAbsence(known === node.memory ? node : { ...node, memory: known }, nowMs, isRead);
  const outOfServiceSinceMs = node.pod.inService ? undefined : (present.outOfServiceSinceMs ?? nowMs);
  const noted = noteLoad(node, present, at);
  const told = since(noted, 'roomsUnseenSinceMs', roomsUnseenSince(node, nowMs));
  const seen = since(told, 'outOfServiceSinceMs', outOfServiceSinceMs);
  return since(seen, 'forsaken', noteForsaken(node.entry, node.forsaken ?? node.rooms, node.memory, nowMs));
}

/** One copy at most, because something in it changes on every other pass. */
function noteLoad(node: MediaNode, present: NodeMemory, at: SightAt): NodeMemory {
  const { participants } = node;
  const served = present.served || node.phase === 'Up';
  const { nodeId, rooms } = namedOf(node, present);
  const unexplained = recentlyUnexplained(node, at);
  const isSameNode = present.served === served && present.nodeId === nodeId;
  const isSameLoad = present.rooms === rooms && present.participants === participants;
  if (isSameNode && isSameLoad && present.unexplained === unexplained) return present;
  if (nodeId === undefined || rooms === undefined) return { ...present, served, participants, unexplained };
  return { ...present, served, participants, unexplained, nodeId, rooms };
}

/** Which server it is and how many rooms it has, or was and had when it was last seen. */
function namedOf({ entry, rooms }: MediaNode, present: NodeMemory): Pick<NodeMemory, 'nodeId' | 'rooms'> {
  return entry === undefined ? present : { nodeId: entry.nodeId, rooms: tallyOf(rooms).live };
}

/** A field is taken out only where it is there: that costs ten times as much as a copy. */
function since(
  memory: NodeMemory,
  key: 'roomsUnseenSinceMs' | 'outOfServiceSinceMs' | 'forsaken',
  value: number | NodeMemory['forsaken'],
): NodeMemory {
  if (memory[key] === value) return memory;
  if (value !== undefined) return { ...memory, [key]: value };
  const { [key]: _, ...rest } = memory;
  return rest;
}

export interface SightAt {
  readonly nowMs: number;
  readonly wallMs: number;
  /** Whether the registry could be read. */
  readonly isRead: boolean;
  /** The last look at it before this one. */
  readonly readMs: number | undefined;
  /** Whether the Pods are shown as they were last written. */
  readonly ownWritesSeen: boolean;
}

function roomsUnseenSince({ entry, rooms, memory }: MediaNode, nowMs: number): number | undefined {
  if (entry === undefined) return memory.roomsUnseenSinceMs;
  if (tallyOf(rooms).live >= entry.load.rooms) return undefined;
  // One that is met for the first time is believed from the first moment on, also at a second look.
  return memory.roomsUnseenSinceMs ?? (memory.served ? nowMs : nowMs - recordSettlesMs - 1);
}

function withoutAbsence({ memory, phase }: MediaNode, nowMs: number, isRead: boolean): NodeMemory {
  const isSilent = phase === 'Suspect' && (isRead || memory.staleSinceMs !== undefined);
  if (memory.goneSinceMs === undefined && isSilent === (memory.staleSinceMs !== undefined)) return memory;
  const { staleSinceMs, goneSinceMs: _, ...rest } = memory;
  return isSilent ? { ...rest, staleSinceMs: staleSinceMs ?? nowMs } : rest;
}

const nothingYet: readonly Unexplained[] = [];

/** As it was, as long as the same is counted: asked is for the least of a window that ends now. */
function recentlyUnexplained(
  { memory, entry, rooms }: MediaNode,
  { nowMs, readMs }: SightAt,
): readonly Unexplained[] {
  const past = memory.unexplained ?? nothingYet;
  if (entry === undefined) return ended(past, readMs);
  const count = unexplainedClients(entry, rooms);
  const last = past.at(-1);
  if (last?.count === count && last.untilMs === undefined) return recent(past, nowMs);
  return [...recent(ended(past, readMs), nowMs), { count, atMs: nowMs }];
}

/** Nobody looks at the last one any more; it was so when somebody last did. */
function ended(past: readonly Unexplained[], readMs: number | undefined): readonly Unexplained[] {
  const last = past.at(-1);
  if (last === undefined || last.untilMs !== undefined) return past;
  return past.with(-1, { ...last, untilMs: readMs ?? last.atMs });
}

/** The same list as long as nothing in it is too old: they are in the order in which they ended. */
function recent(past: readonly Unexplained[], nowMs: number): readonly Unexplained[] {
  let old = 0;
  while (isOld(past[old], nowMs)) old += 1;
  return old === 0 ? past : past.slice(old);
}

function isOld(one: Unexplained | undefined, nowMs: number): boolean {
  return one?.untilMs !== undefined && nowMs - one.untilMs > recordSettlesMs;
}

/** Then what follows from the role: since when it is closed, and what proofs of emptiness there are. */
export function noteRole(node: MediaNode, role: Role | undefined, input: RoleAt): NodeMemory {
  const { memory } = node;
  if (role === undefined || role === 'Serving') return opened(memory, role);
  const { observed, nowMs, wallMs, spec, steered } = input;
  const { signallingGraceMs } = spec;
  const isGap = hasLookedAway(input.memory, nowMs);
  const asked = { serverApi: observed.serverApi, nowMs, signallingGraceMs };
  const known = isBeingShut(node, steered) ? memory.proofs : nextProofs(node, asked);
  const proofs = isGap ? [] : known;
  const sameProofs = memory.proofs === proofs || memory.proofs.length + proofs.length === 0;
  if (!isGap && sameProofs && staysClosed(node, role, input)) return memory;
  return { ...withoutClosing(memory), ...closingOf(node, role, { nowMs, wallMs, steered, isGap }), proofs };
}

export interface RoleAt extends DecideInput {
  /** Whether rooms are steered at all: where they are not, an empty node may leave though nothing closes it. */
  readonly steered: boolean;
}

type Closing = Pick<
  NodeMemory,
  | 'standbySinceMs'
  | 'fullSinceMs'
  | 'emptySinceMs'
  | 'closedSinceMs'
  | 'letOpen'
  | 'closing'
  | 'ingestSinceMs'
>;

/** Whether nothing of `closingOf` would be new: asked first, because on most passes that is so for most nodes. */
function staysClosed(
  node: MediaNode,
  role: Exclude<Role, 'Serving'>,
  { nowMs, steered }: Pick<RoleAt, 'nowMs' | 'steered'>,
): boolean {
  const { memory } = node;
  const isSameRole =
    (role === 'Standby') === (memory.standbySinceMs !== undefined) &&
    (role === 'Full') === (memory.fullSinceMs !== undefined);
  if (!isSameRole || isEmpty(node) !== (memory.emptySinceMs !== undefined)) return false;
  const letOpen = isLetOpen(node, steered);
  const isShut = isMarked(node, steered) || letOpen;
  const isSameShut =
    letOpen === (memory.letOpen === true) &&
    isShut === (memory.closedSinceMs !== undefined) &&
    isShut === (memory.closing !== undefined);
  return isSameShut && ingestSince(node, nowMs) === memory.ingestSinceMs;
}

interface ClosingAt extends Pick<RoleAt, 'nowMs' | 'wallMs' | 'steered'> {
  /** Nobody has read the registry for a while. */
  readonly isGap: boolean;
}

/** Since when it is closed, and as what. Fields that do not hold are absent: whoever compares finds them undefined. */
function closingOf(node: MediaNode, role: Exclude<Role, 'Serving'>, at: ClosingAt): Closing {
  const { memory } = node;
  const { nowMs } = at;
  const shut = shutOf(node, at);
  const ingestSinceMs = ingestSince(node, nowMs);
  if (role === 'Standby') shut.standbySinceMs = memory.standbySinceMs ?? nowMs;
  if (role === 'Full') shut.fullSinceMs = memory.fullSinceMs ?? nowMs;
  if (isEmpty(node)) shut.emptySinceMs = memory.emptySinceMs ?? nowMs;
  if (ingestSinceMs !== undefined) shut.ingestSinceMs = ingestSinceMs;
  return shut;
}

/** A gap, in its closing or in what is known of it, means that it may have been given a room since: it is closed anew. */
function shutOf(
  node: MediaNode,
  { nowMs, wallMs, steered, isGap }: ClosingAt,
): { -readonly [K in keyof Closing]: Closing[K] } {
  const { memory } = node;
  const letOpen = isLetOpen(node, steered);
  if (!isMarked(node, steered) && !letOpen) return {};
  const goesOn = !isGap && letOpen === (memory.letOpen === true);
  const before = goesOn ? memory.closedSinceMs : undefined;
  const closedSinceMs = before ?? nowMs;
  const closing = memory.closing ?? carriedAt(node, wallMs);
  return letOpen ? { closedSinceMs, closing, letOpen } : { closedSinceMs, closing };
}

/** Each heartbeat opens a closed node until its entry is marked again, in a millisecond or on a busy machine in many. */
const markingTakesMs = 1000;

/** Caught in between: nothing new is known by that, for or against it. */
function isBeingShut({ entry, memory }: MediaNode, steered: boolean): boolean {
  if (!steered || entry === undefined || entry.cordonMarked || entry.ageMs > markingTakesMs) return false;
  return memory.closedSinceMs !== undefined && memory.letOpen !== true;
}

function isMarked(node: MediaNode, steered: boolean): boolean {
  return node.entry?.cordonMarked === true || isBeingShut(node, steered);
}

function isLetOpen(node: MediaNode, steered: boolean): boolean {
  return node.entry?.cordonMarked !== true && !steered && isEmpty(node);
}

function carriedAt({ rooms, participants }: MediaNode, wallMs: number): NonNullable<NodeMemory['closing']> {
  return { atMs: wallMs, rooms: tallyOf(rooms).live, participants };
}

/**
 * Last, what the world is told of a closing: that the node is more than are needed, or that it is full. Which node the
 * governor prefers at the moment is nobody's business and changes nothing here.
 */
export function noteTold(memory: NodeMemory, role: Role | undefined, isSurplus: boolean): NodeMemory {
  if (role === undefined) return memory;
  if (role === 'Standby' || role === 'Full') {
    const toldAs = closedAs(role, isSurplus) ?? memory.toldAs;
    return toldAs === undefined || toldAs === memory.toldAs ? memory : { ...memory, toldAs };
  }
  if (memory.toldAs === undefined) return memory;
  const { toldAs: _, ...rest } = memory;
  return rest;
}

function closedAs(role: 'Standby' | 'Full', isSurplus: boolean): NodeMemory['toldAs'] {
  if (isSurplus) return 'Surplus';
  return role === 'Full' ? 'Full' : undefined;
}

function opened(memory: NodeMemory, role: 'Serving' | undefined): NodeMemory {
  if (role === undefined) return memory.proofs.length === 0 ? memory : { ...memory, proofs: [] };
  if (wasOpen(memory) && memory.proofs.length === 0) return memory;
  return { ...withoutClosing(memory), proofs: [] };
}

function wasOpen(memory: NodeMemory): boolean {
  const { standbySinceMs, fullSinceMs, emptySinceMs, closedSinceMs, closing, ingestSinceMs } = memory;
  const isIdle = (standbySinceMs ?? fullSinceMs ?? emptySinceMs ?? ingestSinceMs) === undefined;
  return isIdle && (closedSinceMs ?? closing ?? memory.letOpen) === undefined;
}

function withoutClosing(memory: NodeMemory): NodeMemory {
  const { standbySinceMs: _1, fullSinceMs: _2, emptySinceMs: _3, ...others } = memory;
  const { closedSinceMs: _4, closing: _5, ingestSinceMs: _6, letOpen: _7, ...rest } = others;
  return rest;
}

/** What was asked for in this pass, so that it is not asked for anew, and is known for what it is when it has come. */
export function noteDeeds(
  nodes: readonly MediaNode[],
  actions: readonly Action[],
  nowMs: number,
): readonly MediaNode[] {
  const deeds = new Map(
    actions.flatMap((action) => ('pod' in action ? [[action.pod.uid, action.kind]] : [])),
  );
  if (deeds.size === 0) return nodes;
  return nodes.map((node) => {
    const deed = deeds.get(node.pod.uid);
    return deed === undefined ? node : withMemory(node, deedNoted(node.memory, deed, nowMs));
  });
}

function deedNoted(memory: NodeMemory, deed: Action['kind'], nowMs: number): NodeMemory {
  if (deed === 'EvictNode') return { ...memory, evicted: true };
  if (deed === 'EndWedged') return { ...memory, endAskedMs: nowMs };
  if (deed === 'RemoveFailed' && memory.failureCounted === undefined)
    return { ...memory, failureCounted: true };
  return memory;
}

/** Keeps what is known of vanished Pods for a while. */
export function carryGone(gone: readonly Gone[], nowMs: number): Memory['nodes'] {
  const kept: Record<string, NodeMemory> = {};
  for (const [uid, node] of gone) {
    const goneSinceMs = node.goneSinceMs ?? nowMs;
    if (nowMs - goneSinceMs < rememberGoneMs) kept[uid] = { ...node, goneSinceMs };
  }
  return kept;
}
