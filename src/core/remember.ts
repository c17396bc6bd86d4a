/** What this pass hands to the next about each node. */
import type { Action } from './action.ts';
import type { DecideInput } from './decide.ts';
import { nextProofs } from './emptiness.ts';
import { ingestSince } from './ingest.ts';
import { noteProcess, uidsOfGone } from './loss.ts';
import { type MediaNode, isEmpty, recordSettlesMs, unexplainedClients } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
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
  const noted = noteLoad(node, present, nowMs);
  const told = since(noted, 'roomsUnseenSinceMs', roomsUnseenSince(node, nowMs));
  return since(told, 'outOfServiceSinceMs', outOfServiceSinceMs);
}

/** One copy at most, because something in it changes on every other pass. */
function noteLoad(node: MediaNode, present: NodeMemory, nowMs: number): NodeMemory {
  const { participants } = node;
  const served = present.served || node.phase === 'Up';
  const { nodeId, rooms } = namedOf(node, present);
  const unexplained = recentlyUnexplained(node, nowMs);
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
  key: 'roomsUnseenSinceMs' | 'outOfServiceSinceMs',
  value: number | undefined,
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

const nothingYet: NonNullable<NodeMemory['unexplained']> = [];

/** Of looks that counted alike the last one is enough: asked is for the least of the window. */
function recentlyUnexplained(
  { memory, entry, rooms }: MediaNode,
  nowMs: number,
): NonNullable<NodeMemory['unexplained']> {
  const past = memory.unexplained ?? nothingYet;
  if (entry === undefined) return past;
  const count = unexplainedClients(entry, rooms);
  const last = past.at(-1);
  if (last?.count === count && nowMs - last.atMs < 1000) return past;
  const now = { atMs: nowMs, count };
  if (last === undefined || (past.length === 1 && last.count === count)) return [now];
  const before = last.count === count ? past.slice(0, -1) : past;
  return [...before.filter((sample) => nowMs - sample.atMs <= recordSettlesMs), now];
}

/** Then what follows from the role: since when it is closed, and what proofs of emptiness there are. */
export function noteRole(node: MediaNode, role: Role | undefined, input: RoleAt): NodeMemory {
  const { memory } = node;
  if (role === undefined || role === 'Serving') return opened(memory, role);
  const since = closingOf(node, role, input);
  const { observed, nowMs, spec } = input;
  const { signallingGraceMs } = spec;
  const proofs = nextProofs(node, { serverApi: observed.serverApi, nowMs, signallingGraceMs });
  const sameProofs = memory.proofs === proofs || memory.proofs.length + proofs.length === 0;
  if (sameProofs && closingKeys.every((key) => memory[key] === since[key])) return memory;
  return { ...withoutClosing(memory), ...since, proofs };
}

export interface RoleAt extends DecideInput {
  /** Whether rooms are steered at all: where they are not, an empty node may leave though nothing closes it. */
  readonly steered: boolean;
}

type Closing = Pick<NodeMemory, (typeof closingKeys)[number]>;
const closingKeys = [
  'standbySinceMs',
  'fullSinceMs',
  'emptySinceMs',
  'closedSinceMs',
  'letOpen',
  'closing',
  'ingestSinceMs',
] as const;

/** Since when it is closed, and as what. Fields that do not hold are absent: whoever compares finds them undefined. */
function closingOf(
  node: MediaNode,
  role: Exclude<Role, 'Serving'>,
  at: Pick<RoleAt, 'nowMs' | 'wallMs' | 'steered'>,
): Closing {
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

/** A gap means that it may have been given a room since: it is closed anew. */
function shutOf(
  node: MediaNode,
  { nowMs, wallMs, steered }: Pick<RoleAt, 'nowMs' | 'wallMs' | 'steered'>,
): { -readonly [K in keyof Closing]: Closing[K] } {
  const { memory } = node;
  const isMarked = node.entry?.cordonMarked === true;
  const letOpen = !isMarked && !steered && isEmpty(node);
  if (!isMarked && !letOpen) return {};
  const before = letOpen === (memory.letOpen === true) ? memory.closedSinceMs : undefined;
  const closedSinceMs = before ?? nowMs;
  const closing = memory.closing ?? carriedAt(node, wallMs);
  return letOpen ? { closedSinceMs, closing, letOpen } : { closedSinceMs, closing };
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
  const isOpen = closingKeys.every((key) => memory[key] === undefined);
  if (isOpen && memory.proofs.length === 0) return memory;
  return { ...withoutClosing(memory), proofs: [] };
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
  const evicted = new Set(actions.flatMap((action) => (action.kind === 'EvictNode' ? [action.pod.uid] : [])));
  const ended = new Set(actions.flatMap((action) => (action.kind === 'EndWedged' ? [action.pod.uid] : [])));
  if (evicted.size + ended.size === 0) return nodes;
  return nodes.map((node): MediaNode => {
    const { uid } = node.pod;
    if (evicted.has(uid)) return { ...node, memory: { ...node.memory, evicted: true } };
    return ended.has(uid) ? { ...node, memory: { ...node.memory, endAskedMs: nowMs } } : node;
  });
}

/** Keeps what is known of vanished Pods for a while. `nodes` are those that are there. */
export function carryGone(memory: Memory, nodes: readonly MediaNode[], nowMs: number): Memory['nodes'] {
  const gone: Record<string, NodeMemory> = {};
  for (const uid of uidsOfGone(nodes, memory)) {
    const node = memory.nodes[uid];
    if (node === undefined) continue;
    const goneSinceMs = node.goneSinceMs ?? nowMs;
    if (nowMs - goneSinceMs < rememberGoneMs) gone[uid] = { ...node, goneSinceMs };
  }
  return gone;
}
