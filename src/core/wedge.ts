/**
 * Servers that were told to stop and never will. A signal in the first moments of a server makes it drain before it
 * runs: it then waits for ever with nobody on it. A sound one ends within 10 s of the last participant.
 */
import type { Action } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import { type MetricsRead, jobsSaid } from './emptiness.ts';
import { hasEnded } from './loss.ts';
import { type MediaNode, heartbeatOverdueMs, isEmpty } from './media-nodes.ts';
import type { NodeMemory } from './memory.ts';
import { refOf } from './pod-ref.ts';
import type { Finding } from './reasons.ts';

const hangsAfterMs = 30_000;
/** Its own word is asked for a little before it is needed. */
const askAfterMs = 20_000;
/** An end that was asked for and did not come is asked for again. */
const askAgainMs = 30_000;

/** Notes since when a server that was told to stop has nobody left by Redis and still reports. */
export function noteHang(node: MediaNode, nowMs: number): NodeMemory {
  const { memory } = node;
  if (seemsToHang(node)) {
    return memory.hangsSinceMs === undefined ? { ...memory, hangsSinceMs: nowMs } : memory;
  }
  if (memory.hangsSinceMs === undefined && memory.endAskedMs === undefined) return memory;
  const { hangsSinceMs: _, endAskedMs: __, ...rest } = memory;
  return rest;
}

function seemsToHang(node: MediaNode): boolean {
  const { entry, pod } = node;
  if (entry?.state !== 'ShuttingDown' || pod.startedAtMs === undefined || hasEnded(pod)) return false;
  const reports = entry.ageMs <= heartbeatOverdueMs && entry.heartbeatsSeen > 0;
  return reports && entry.load.participants === 0 && isEmpty(node);
}

export interface HangPlan {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly evidenceWanted: readonly string[];
}

/** Ends those that hang, if their own word and all companions confirm that nobody is there. Protected ones are told. */
export function planEnds(
  { observed, nowMs }: Pick<DecideInput, 'observed' | 'nowMs'>,
  nodes: readonly MediaNode[],
): HangPlan {
  const actions: Action[] = [];
  const findings: Finding[] = [];
  const evidenceWanted: string[] = [];
  for (const node of nodes) {
    const hangsMs = nowMs - (node.memory.hangsSinceMs ?? nowMs);
    if (hangsMs > askAfterMs) evidenceWanted.push(node.name);
    if (hangsMs <= hangsAfterMs) continue;
    const refusal = refusalOf(node, nowMs);
    if (refusal !== undefined) findings.push({ ...refusal, node: node.name });
    else if (observed.ownWritesSeen && isDue(node.memory, nowMs)) actions.push(endOf(node));
  }
  return { actions, findings, evidenceWanted };
}

function isDue({ endAskedMs }: NodeMemory, nowMs: number): boolean {
  return endAskedMs === undefined || endAskedMs === nowMs || nowMs - endAskedMs >= askAgainMs;
}

function refusalOf(node: MediaNode, nowMs: number): Finding | undefined {
  const { name } = node;
  if (node.pod.protected) {
    const message = `${name} was told to stop and hangs with nobody on it; it is protected, so it is left alone.`;
    return { reason: 'Protected', message };
  }
  const told = ownWord(node, nowMs);
  if (told === undefined) {
    const message = `${name} was told to stop and does not end; it has not itself confirmed that it is empty.`;
    return { reason: 'EvidenceMissing', message };
  }
  if (told.participants + told.rooms + told.relayedSignals > 0) {
    const message = `${name} itself tells of ${told.participants} participants in ${told.rooms} rooms, Redis of none.`;
    return { reason: 'EvidenceContradicts', message };
  }
  const busy = told.companions.filter(({ active }) => active !== 0);
  if (busy.length === 0) return undefined;
  return { reason: 'CompanionBusy', message: `On ${name} ${jobsSaid(busy)}.` };
}

/** Of this process, from after the moment at which nobody was left, and of now. */
function ownWord({ metrics, entry, memory }: MediaNode, nowMs: number): MetricsRead | undefined {
  if (metrics?.kind !== 'Read' || metrics.nodeId !== entry?.nodeId) return undefined;
  const isOfNow = nowMs - metrics.atMs <= heartbeatOverdueMs && metrics.atMs > (memory.hangsSinceMs ?? nowMs);
  return isOfNow ? metrics : undefined;
}

function endOf(node: MediaNode): Action {
  const because = 'Redis, the server itself and its companions have shown nobody on it for more than 30 s.';
  return { kind: 'EndWedged', pod: refOf(node), nodeId: node.entry?.nodeId ?? '', because };
}
