/** What this pass hands to the next about each node. */
import { nextProofs } from './emptiness.ts';
import { type MediaNode, isEmpty, recordSettlesMs, unexplainedClients } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import type { Observed } from './observed.ts';
import type { Role } from './placement.ts';

/** How long a vanished Pod is remembered, so that its registry entry can still be recognised. */
const rememberGoneMs = 120_000;

/**
 * Notes first: that a node reports, since when it is overdue, what it carried, which id it has. The memory itself
 * comes back when nothing has changed, because this runs for every node on every pass. Where the registry could not
 * be read (`isRead`), the reading is missing and not the node: nobody falls silent by that.
 */
export function noteSight(node: MediaNode, nowMs: number, isRead: boolean): NodeMemory {
  const present = withoutAbsence(node, nowMs, isRead);
  const served = present.served || node.phase === 'Up';
  const nodeId = node.entry?.nodeId ?? present.nodeId;
  const unexplained = recentlyUnexplained(node, nowMs);
  const { participants } = node;
  const same =
    present.served === served &&
    present.nodeId === nodeId &&
    present.unexplained === unexplained &&
    present.participants === participants;
  if (same) return present;
  if (nodeId === undefined) return { ...present, served, participants, unexplained };
  return { ...present, nodeId, served, participants, unexplained };
}

function withoutAbsence({ memory, phase }: MediaNode, nowMs: number, isRead: boolean): NodeMemory {
  const isSilent = phase === 'Suspect' && (isRead || memory.staleSinceMs !== undefined);
  if (memory.goneSinceMs === undefined && isSilent === (memory.staleSinceMs !== undefined)) return memory;
  const { staleSinceMs, goneSinceMs: _, ...rest } = memory;
  return isSilent ? { ...rest, staleSinceMs: staleSinceMs ?? nowMs } : rest;
}

/** One sample a change is enough, and the last one before the window tells where the window began. */
function recentlyUnexplained(
  { memory, entry, rooms }: MediaNode,
  nowMs: number,
): NonNullable<NodeMemory['unexplained']> {
  const past = memory.unexplained ?? [];
  if (entry === undefined) return past;
  const count = unexplainedClients(entry, rooms);
  const last = past.at(-1);
  const same = last !== undefined && last.count === count && nowMs - last.atMs < 1000;
  const all = same ? past : [...past, { atMs: nowMs, count }];
  const oldest = all[0];
  if (oldest !== undefined && nowMs - oldest.atMs <= recordSettlesMs) return all;
  return all.filter((sample) => nowMs - sample.atMs <= recordSettlesMs);
}

/** Then what follows from the role: since when it is closed, and what proofs of emptiness there are. */
export function noteRole(
  node: MediaNode,
  role: Role | undefined,
  observed: Pick<Observed, 'serverApi'>,
  nowMs: number,
): NodeMemory {
  const { memory } = node;
  if (role === undefined || role === 'Serving') return opened(memory, role);
  const since = closingOf(node, role, nowMs);
  const proofs = nextProofs(node, observed.serverApi, nowMs);
  const sameProofs = memory.proofs === proofs || memory.proofs.length + proofs.length === 0;
  if (sameProofs && closingKeys.every((key) => memory[key] === since[key])) return memory;
  return { ...withoutClosing(memory), ...since, proofs };
}

type Closing = Pick<NodeMemory, (typeof closingKeys)[number]>;
const closingKeys = ['standbySinceMs', 'fullSinceMs', 'emptySinceMs', 'closedSinceMs'] as const;

/** Since when it is closed, and as what. */
function closingOf(node: MediaNode, role: Exclude<Role, 'Serving'>, nowMs: number): Closing {
  const { memory } = node;
  return {
    ...(role === 'Standby' ? { standbySinceMs: memory.standbySinceMs ?? nowMs } : {}),
    ...(role === 'Full' ? { fullSinceMs: memory.fullSinceMs ?? nowMs } : {}),
    ...(isEmpty(node) ? { emptySinceMs: memory.emptySinceMs ?? nowMs } : {}),
    // A gap means that it may have been given a room since: it is closed anew.
    ...(node.entry?.cordonMarked === true ? { closedSinceMs: memory.closedSinceMs ?? nowMs } : {}),
  };
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
  const { standbySinceMs, fullSinceMs, emptySinceMs, closedSinceMs } = memory;
  const isOpen = (standbySinceMs ?? fullSinceMs ?? emptySinceMs ?? closedSinceMs) === undefined;
  if (isOpen && memory.proofs.length === 0) return memory;
  return { ...withoutClosing(memory), proofs: [] };
}

function withoutClosing(memory: NodeMemory): NodeMemory {
  const { standbySinceMs: _, fullSinceMs: __, emptySinceMs: ___, closedSinceMs: ____, ...rest } = memory;
  return rest;
}

/** Keeps what is known of vanished Pods for a while. `present` holds the uids of the others. */
export function carryGone(memory: Memory, present: ReadonlySet<string>, nowMs: number): Memory['nodes'] {
  const gone: Record<string, NodeMemory> = {};
  for (const uid of Object.keys(memory.nodes)) {
    const node = present.has(uid) ? undefined : memory.nodes[uid];
    if (node === undefined) continue;
    const goneSinceMs = node.goneSinceMs ?? nowMs;
    if (nowMs - goneSinceMs < rememberGoneMs) gone[uid] = { ...node, goneSinceMs };
  }
  return gone;
}
