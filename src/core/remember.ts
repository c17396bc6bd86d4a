/** What this pass hands to the next about each node. */
import { nextProofs } from './emptiness.ts';
import { type MediaNode, recordSettlesMs } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import type { Observed } from './observed.ts';
import type { Role } from './placement.ts';

/** How long a vanished Pod is remembered, so that its registry entry can still be recognised. */
const rememberGoneMs = 120_000;

/** Notes first: that a node reports, since when it is overdue, what it carried, which id it has. */
export function noteSight(node: MediaNode, nowMs: number): NodeMemory {
  const { staleSinceMs, goneSinceMs: _, ...rest } = node.memory;
  const isUp = node.phase === 'Up';
  const silent = node.phase === 'Suspect' ? { staleSinceMs: staleSinceMs ?? nowMs } : {};
  return {
    ...rest,
    ...silent,
    ...(node.entry === undefined ? {} : { nodeId: node.entry.nodeId }),
    served: rest.served || isUp,
    participants: node.participants,
    clients: recentClients(node, nowMs),
  };
}

/** One sample a change is enough, and the last one before the window tells where the window began. */
function recentClients({ memory, entry }: MediaNode, nowMs: number): NonNullable<NodeMemory['clients']> {
  const past = memory.clients ?? [];
  if (entry === undefined) return past;
  const count = entry.load.participants;
  const last = past.at(-1);
  const same = last !== undefined && last.count === count && nowMs - last.atMs < 1000;
  const all = same ? past : [...past, { atMs: nowMs, count }];
  return all.filter((sample) => nowMs - sample.atMs <= recordSettlesMs);
}

/** Then what follows from the role: since when it is closed, and what proofs of emptiness there are. */
export function noteRole(
  node: MediaNode,
  role: Role | undefined,
  observed: Pick<Observed, 'serverApi'>,
  nowMs: number,
): NodeMemory {
  const { standbySinceMs, closedSinceMs, ...rest } = node.memory;
  if (role === undefined) return { ...node.memory, proofs: [] };
  if (role === 'Serving') return { ...rest, proofs: [] };
  const marked = node.entry?.cordonMarked === true;
  // A gap means that it may have been given a room since: it is closed anew.
  const closedMs = marked ? (closedSinceMs ?? nowMs) : undefined;
  return {
    ...rest,
    ...(role === 'Standby' ? { standbySinceMs: standbySinceMs ?? nowMs } : {}),
    ...(closedMs === undefined ? {} : { closedSinceMs: closedMs }),
    proofs: nextProofs(node, observed.serverApi, nowMs),
  };
}

/** Keeps what is known of vanished Pods for a while. `present` holds the uids of the others. */
export function carryGone(memory: Memory, present: ReadonlySet<string>, nowMs: number): Memory['nodes'] {
  const gone = Object.entries(memory.nodes)
    .filter(([uid]) => !present.has(uid))
    .map(([uid, node]): readonly [string, NodeMemory] => [
      uid,
      { ...node, goneSinceMs: node.goneSinceMs ?? nowMs },
    ])
    .filter(([, node]) => nowMs - (node.goneSinceMs ?? nowMs) < rememberGoneMs);
  return Object.fromEntries(gone);
}
