/** Pods that failed: launches that never became a Media Node, and servers that have ended. Their removal cuts nothing. */
import type { Action } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import { type Loss, hasEnded } from './loss.ts';
import { type MediaNode, heartbeatOverdueMs, isFromBefore } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import { refOf } from './pod-ref.ts';
import { beganAt } from './unhurried.ts';

/** A kubelet may start an ended container again; one that has not run for this long crash-loops. */
const restartTakesMs = 60_000;
/** Companions of which nobody knows whether they work hold a Pod without a server for this long. */
const companionsHoldMs = 600_000;
/** Failures are forgiven after this long without one. */
const calmAfterMs = 600_000;

export interface FailedInput {
  readonly input: DecideInput;
  readonly nodes: readonly MediaNode[];
  readonly memory: Memory;
  readonly losses: readonly Loss[];
}

export interface FailedPlan {
  readonly actions: readonly Action[];
  readonly failures: Memory['failures'];
  /** Their companions may be at work, and only they can tell. */
  readonly evidenceWanted: readonly string[];
}

/** Only failures that the next launch may repeat make it wait: launches that never served, and short lives. */
export function planFailed(plan: FailedInput): FailedPlan {
  const { input, nodes, losses } = plan;
  const failed = nodes.filter((node) => node.phase === 'Failed' && !node.pod.protected);
  const began = beganAt(input);
  const mayGo = input.observed.ownWritesSeen
    ? failed.filter((node) => mayBeRemoved(node, input.nowMs, began.wallMs))
    : [];
  const isFailure = losses.some(({ shortLived }) => shortLived) || mayGo.some(isNewFailure);
  return {
    actions: mayGo.map((node) => removalOf(node, began.wallMs)),
    failures: isFailure ? oneMore(plan) : forgiven(plan, failed.length > 0),
    evidenceWanted: nodes.filter(isToBeAsked).map(({ name }) => name),
  };
}

/** Until its Pod is seen to be gone it is removed anew in each pass, and a view of the past may show it for long. */
function isNewFailure({ memory }: MediaNode): boolean {
  return !memory.served && memory.failureCounted !== true;
}

function oneMore({ input, memory }: FailedInput): Memory['failures'] {
  return { count: (memory.failures?.count ?? 0) + 1, lastMs: input.nowMs };
}

function forgiven({ input, nodes, memory }: FailedInput, areThere: boolean): Memory['failures'] {
  const { failures } = memory;
  const serves = nodes.some((node) => node.phase === 'Up' && node.memory.staleSinceMs === undefined);
  const calm = failures !== undefined && serves && input.nowMs - failures.lastMs > calmAfterMs;
  return calm && !areThere ? undefined : failures;
}

/** Its server has ended, and its Pod lives on: for a restart, or because companions are still at work. */
function mayRestart({ pod }: MediaNode): boolean {
  return pod.phase === 'Running' && hasEnded(pod);
}

/** Also before it has failed: the companions of a server that does not start may have begun a recording meanwhile. */
function isToBeAsked(node: MediaNode): boolean {
  return (node.phase === 'Failed' || node.phase === 'Launching') && mayRestart(node);
}

/** Unknown where the Pod is older than this operator's memory. */
function neverServed({ memory, pod }: MediaNode, beganWallMs: number): boolean {
  return !memory.served && !isFromBefore(pod, beganWallMs);
}

function mayBeRemoved(node: MediaNode, nowMs: number, beganWallMs: number): boolean {
  if (hasBusyCompanion(node, nowMs)) return false;
  if (neverServed(node, beganWallMs) || !mayRestart(node)) return true;
  const endedMs = nowMs - (node.memory.endedSinceMs ?? nowMs);
  if (endedMs >= companionsHoldMs) return true;
  return endedMs >= restartTakesMs && companionsAreIdle(node);
}

/** Known to work just now, such as a recording of a room elsewhere. */
function hasBusyCompanion({ metrics, pod }: MediaNode, nowMs: number): boolean {
  if (pod.phase !== 'Running' || metrics?.companions === undefined) return false;
  const isOfNow = nowMs - metrics.atMs <= heartbeatOverdueMs;
  return isOfNow && metrics.companions.some(({ active }) => active !== undefined && active > 0);
}

/** By their own word from after the end of the server. */
function companionsAreIdle({ metrics, memory }: MediaNode): boolean {
  const { companions } = metrics ?? {};
  if (metrics === undefined || companions === undefined) return false;
  return metrics.atMs > (memory.endedSinceMs ?? Infinity) && companions.every(({ active }) => active === 0);
}

function removalOf(node: MediaNode, beganWallMs: number): Action {
  const { pod, memory } = node;
  const hadServer = memory.served || hasEnded(pod);
  const because = pod.trouble ?? (hadServer ? 'its server has ended' : 'it did not register in time');
  const mayHaveServed = isFromBefore(pod, beganWallMs) && (hasEnded(pod) || pod.startedAtMs !== undefined);
  return { kind: 'RemoveFailed', pod: refOf(node), lost: memory.served || mayHaveServed, because };
}
