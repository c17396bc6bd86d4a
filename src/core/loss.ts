/** What was cut: servers that ended after they had served, and Pods that vanished before they were let go. */
import { type MediaNode, compareNames } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import type { PodObservation } from './observed.ts';

/** A server that ends sooner than this after its beginning is taken for one that crash-loops. */
const shortLifeMs = 60_000;

/** One loss, of the pass in which it is first seen. */
export interface Loss {
  readonly node: string;
  readonly nodeId: string | undefined;
  /** As they were last seen. */
  readonly rooms: number;
  readonly participants: number;
  /** Such as `its server ended (OOMKilled, exit code 137)`. */
  readonly why: string;
  /** Whether it had served for so short a time that the next one is likely to end as well. */
  readonly shortLived: boolean;
}

type PodLife = Pick<PodObservation, 'phase' | 'ended'>;

/** Whether the media server's process has ended and, as far as can be seen, no other runs in its place. */
export function hasEnded({ phase, ended }: PodLife): boolean {
  return ended !== undefined || phase === 'Failed' || phase === 'Succeeded';
}

function endedProcessesOf(pod: PodObservation): number {
  return pod.restarts + Number(hasEnded(pod));
}

/** Whether a process of the node that was seen before has ended since. A server that was told to stop may end. */
function hasNewlyEnded({ memory, pod }: MediaNode): boolean {
  if (memory.endedProcesses === undefined || pod.deleting) return false;
  return endedProcessesOf(pod) > memory.endedProcesses;
}

/** Losses of this pass. The nodes carry what earlier passes remembered of them, and nothing of this one yet. */
export function lossesOf(
  nodes: readonly MediaNode[],
  gone: readonly Gone[],
  wallMs: number,
): readonly Loss[] {
  const ended: Loss[] = [];
  for (const node of nodes) {
    const loss = lossOf(node, wallMs);
    if (loss !== undefined) ended.push(loss);
  }
  const vanished = gone.flatMap(([, memory]) => vanishedLoss(memory) ?? []);
  return [...ended, ...vanished.toSorted((a, b) => compareNames(a.node, b.node))];
}

export type Gone = readonly [uid: string, memory: NodeMemory];

/** What is remembered of Pods that are no longer there, in the order in which they are remembered. */
export function goneOf(nodes: readonly MediaNode[], memory: Memory): readonly Gone[] {
  const uids = uidsOf(memory.nodes);
  // Mostly the memory was written of the very nodes that are looked at, in their order.
  if (areOf(nodes, uids)) return [];
  const present = new Set(nodes.map(({ pod }) => pod.uid));
  return uids.flatMap((uid): readonly Gone[] => {
    const known = memory.nodes[uid];
    return known === undefined || present.has(uid) ? [] : [[uid, known]];
  });
}

/** Whether these are the uids of these nodes, in their order. */
export function areOf(nodes: readonly MediaNode[], uids: readonly string[]): boolean {
  return uids.length === nodes.length && nodes.every(({ pod }, at) => pod.uid === uids[at]);
}

const listed = new WeakMap<Memory['nodes'], readonly string[]>();

/** Of whom something is remembered. */
export function uidsOf(memories: Memory['nodes']): readonly string[] {
  const known = listed.get(memories);
  if (known !== undefined) return known;
  const uids = Object.keys(memories);
  listed.set(memories, uids);
  return uids;
}

/** For a moment, so that a second look at the same loss replaces it as the first one did. */
const lostForMs = 1000;

/** Nodes that were lost just now: no failure of launches delays their replacement, unless short lives repeat. */
export function lostLately(losses: readonly Loss[], memory: Memory, nowMs: number): Memory['lost'] {
  // The first short life is not yet a habit: its replacement waits for nothing, that of the next one does.
  const count = losses.filter(({ shortLived }) => !shortLived || memory.failures === undefined).length;
  if (count > 0) return { atMs: nowMs, count };
  return memory.lost !== undefined && nowMs - memory.lost.atMs < lostForMs ? memory.lost : undefined;
}

function lossOf(node: MediaNode, wallMs: number): Loss | undefined {
  const { memory } = node;
  if (!memory.served || isToldOf(memory) || !hasNewlyEnded(node) || endedInOrder(memory)) return undefined;
  return { ...lastSeen(node.name, memory), why: whyEnded(node.pod), shortLived: wasShort(node, wallMs) };
}

function vanishedLoss(memory: NodeMemory): Loss | undefined {
  const isTold = memory.goneSinceMs !== undefined || isToldOf(memory);
  const wasLetGo = memory.proofs.length >= 2 || memory.evicted === true || endedInOrder(memory);
  if (!memory.served || isTold || wasLetGo) return undefined;
  return { ...lastSeen(memory.name ?? '', memory), why: 'it vanished with its Pod', shortLived: false };
}

function lastSeen(node: string, { nodeId, rooms = 0, participants }: NodeMemory) {
  return { node, nodeId, rooms, participants };
}

/** Its present process is the one whose loss was told. */
function isToldOf({ nodeId, lostId }: NodeMemory): boolean {
  return lostId !== undefined && lostId === (nodeId ?? '');
}

function endedInOrder({ leaving, participants }: NodeMemory): boolean {
  return leaving === true && participants === 0;
}

function whyEnded({ ended, phase }: PodObservation): string {
  if (ended === undefined)
    return hasEnded({ ended, phase }) ? `its Pod ${phase.toLowerCase()}` : 'its server was restarted';
  const code = ended.exitCode === undefined ? '' : `, exit code ${ended.exitCode}`;
  const said = `${ended.reason}${code}`;
  return ended.reason === 'OOMKilled'
    ? `its server was killed for want of memory (${said})`
    : `its server ended (${said})`;
}

function wasShort({ memory, pod }: MediaNode, wallMs: number): boolean {
  if (memory.startedAtMs === undefined) return true;
  const untilMs = hasEnded(pod) ? (pod.ended?.atMs ?? wallMs) : (pod.startedAtMs ?? wallMs);
  return untilMs - memory.startedAtMs < shortLifeMs;
}

interface At {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly ownWritesSeen: boolean;
}

type ProcessKey =
  | 'name'
  | 'endedProcesses'
  | 'startedAtMs'
  | 'endedSinceMs'
  | 'lostId'
  | 'formerIds'
  | 'leaving'
  | 'evicted';

/** What is known of a node's processes now; `undefined` where there is nothing to note. */
type ProcessNote = { readonly [Key in ProcessKey]: NodeMemory[Key] | undefined };

/** Notes which process runs, which ones have ended, and which loss was told. */
export function noteProcess(node: MediaNode, at: At): NodeMemory {
  return isNoted(node, at) ? node.memory : withProcess(node.memory, processNote(node, at));
}

/** Field by field, because this runs for every node on every pass and hardly ever finds anything new. */
function isNoted(node: MediaNode, at: At): boolean {
  const { memory, pod } = node;
  const isSameProcess =
    memory.name === node.name &&
    memory.endedProcesses === endedProcessesOf(pod) &&
    memory.startedAtMs === startedAtOf(node);
  const isSameEnd =
    memory.endedSinceMs === endedSince(node, at) &&
    memory.lostId === lostIdOf(node) &&
    memory.formerIds === formerIdsOf(node);
  return (
    isSameProcess && isSameEnd && memory.leaving === leavingOf(node) && memory.evicted === evictedBy(node, at)
  );
}

function processNote(node: MediaNode, at: At): ProcessNote {
  return {
    name: node.name,
    endedProcesses: endedProcessesOf(node.pod),
    startedAtMs: startedAtOf(node),
    endedSinceMs: endedSince(node, at),
    lostId: lostIdOf(node),
    formerIds: formerIdsOf(node),
    leaving: leavingOf(node),
    evicted: evictedBy(node, at),
  };
}

function startedAtOf({ memory, pod }: MediaNode): number | undefined {
  return pod.startedAtMs ?? memory.startedAtMs;
}

function lostIdOf(node: MediaNode): string | undefined {
  const { memory } = node;
  return memory.served && hasNewlyEnded(node) ? (memory.nodeId ?? '') : memory.lostId;
}

function leavingOf({ phase }: MediaNode): true | undefined {
  return phase === 'Leaving' ? true : undefined;
}

/** An eviction that was refused did not happen. */
function evictedBy({ memory, pod }: MediaNode, { ownWritesSeen }: At): true | undefined {
  const hasBegun = memory.evicted === true && (pod.deleting || hasEnded(pod) || !ownWritesSeen);
  return hasBegun ? true : undefined;
}

function withProcess(memory: NodeMemory, note: ProcessNote): NodeMemory {
  const { endedSinceMs: _1, leaving: _2, formerIds: _3, evicted: _4, ...rest } = memory;
  const { name, endedProcesses, startedAtMs, lostId, formerIds } = note;
  return {
    ...rest,
    ...(name === undefined ? {} : { name }),
    ...(endedProcesses === undefined ? {} : { endedProcesses }),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(lostId === undefined ? {} : { lostId }),
    ...(formerIds === undefined ? {} : { formerIds }),
    ...passing(note),
  };
}

function passing({ endedSinceMs, leaving, evicted }: ProcessNote): Partial<NodeMemory> {
  return {
    ...(endedSinceMs === undefined ? {} : { endedSinceMs }),
    ...(leaving === undefined ? {} : { leaving }),
    ...(evicted === undefined ? {} : { evicted }),
  };
}

function endedSince({ memory, pod, phase }: MediaNode, { nowMs, wallMs }: At): number | undefined {
  if (hasEnded(pod)) return memory.endedSinceMs ?? nowMs;
  if (memory.endedSinceMs === undefined) return undefined;
  const runsMs = phase === 'Up' && pod.startedAtMs !== undefined ? wallMs - pod.startedAtMs : 0;
  return runsMs >= shortLifeMs ? undefined : memory.endedSinceMs;
}

/** A few, because they are removed within moments. */
const mostFormerIds = 8;

/** Only where the container was started again: before a server is known by its own word, its address may mislead. */
function formerIdsOf({ memory, entry, pod }: MediaNode): NodeMemory['formerIds'] {
  const { nodeId, formerIds, served } = memory;
  if (entry === undefined || nodeId === undefined || entry.nodeId === nodeId) return formerIds;
  if (!served || pod.restarts === 0) return formerIds;
  const others = (formerIds ?? []).filter((id) => id !== nodeId && id !== entry.nodeId);
  return [...others, nodeId].slice(-mostFormerIds);
}
