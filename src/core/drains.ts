/**
 * Nodes that are to leave once they are empty: by when that is to be expected, what is told when it takes longer, and
 * what a written deadline allows.
 */
import type { Action, Eviction } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import type { DrainEnd } from './decision.ts';
import { closingOf, tookMs } from './emptiness.ts';
import { type MediaNode, type RegisteredEntry, heartbeatOverdueMs, liveRoomCount } from './media-nodes.ts';
import type { DrainNote, NodeMemory } from './memory.ts';
import type { Role } from './placement.ts';
import { refOf } from './pod-ref.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';
import { unhurriedWallMs } from './unhurried.ts';
import { furthestS } from './survival.ts';
import { isoFromMs } from '../base/iso-time.ts';
import { peopleInRooms } from './words.ts';

/** Nobody is cut who was not announced for this long, also after a restart and where the deadline came by surprise. */
const leastNoticeMs = 60_000;
const earlyNoticeMs = 600_000;
const proofsTakeMs = 60_000;

/** What drains are judged at. */
export function drainAt(input: Pick<DecideInput, 'spec' | 'memory' | 'nowMs' | 'wallMs'>): At {
  return { spec: input.spec, nowMs: input.nowMs, wallMs: unhurriedWallMs(input) };
}

interface At {
  readonly spec: ClusterSpec;
  readonly nowMs: number;
  readonly wallMs: number;
}

/** Wall clock; `undefined`: it may wait for ever, because no deadline is set or the wish does not say since when it is. */
export function deadlineOf({ pod }: MediaNode, { drainDeadlineMs }: ClusterSpec): number | undefined {
  const sinceMs = pod.cordonWish?.leaveWhenEmpty === true ? pod.cordonWish.sinceMs : undefined;
  return sinceMs === undefined || drainDeadlineMs === undefined ? undefined : sinceMs + drainDeadlineMs;
}

function isDraining({ pod, phase }: MediaNode, role: Role | undefined): boolean {
  // One that fell silent for a moment drains on.
  return pod.cordonWish?.leaveWhenEmpty === true && (role === 'Cordoned' || phase === 'Suspect');
}

/** Notes what was to be expected when the drain began, whether it is late, and which announcements were due. */
export function noteDrain(
  node: MediaNode,
  role: Role | undefined,
  at: At & { readonly end: DrainEnd | undefined },
): NodeMemory {
  const { memory } = node;
  if (!isDraining(node, role)) {
    if (memory.drain === undefined) return memory;
    const { drain: _, ...rest } = memory;
    return rest;
  }
  const drain = noteOf(node, at);
  return isSameNote(memory.drain, drain) ? memory : { ...memory, drain };
}

function noteOf(node: MediaNode, at: At & { readonly end: DrainEnd | undefined }): DrainNote {
  const { drain } = node.memory;
  const { latestInS } = at.end ?? {};
  const dueMs = drain?.dueMs ?? dueBy(latestInS ?? furthestS, at);
  const notice = noticeOf(node, at);
  const late = drain?.late === true || isLate(node, dueMs, at);
  return { dueMs, ...(late ? { late } : {}), ...notice };
}

/** After the last room those who only signal through the node have their time, and the proofs take theirs. */
function dueBy(latestInS: number, { spec, wallMs }: At): number {
  return Math.round(wallMs + latestInS * 1000 + spec.signallingGraceMs + proofsTakeMs);
}

function isLate(node: MediaNode, dueMs: number, { spec, wallMs }: At): boolean {
  const deadlineMs = spec.onDrainDeadline === 'Wait' ? deadlineOf(node, spec) : undefined;
  return wallMs >= Math.min(dueMs, deadlineMs ?? Infinity);
}

/** At sight when less than ten minutes are left, and again when the last one begins. */
function noticeOf(node: MediaNode, { spec, nowMs, wallMs }: At): Pick<DrainNote, 'warned' | 'warnedMs'> {
  const deadlineMs = spec.onDrainDeadline === 'Evict' ? deadlineOf(node, spec) : undefined;
  if (deadlineMs === undefined || node.pod.protected || deadlineMs - wallMs > earlyNoticeMs) return {};
  const { warnedMs = nowMs } = node.memory.drain ?? {};
  const isLast = evictionMs(deadlineMs, warnedMs, { nowMs, wallMs }) - wallMs <= leastNoticeMs;
  return { warnedMs, warned: isLast ? 'OneMinute' : 'AtSight' };
}

/** At the deadline, and never before the least notice is over. */
function evictionMs(deadlineMs: number, warnedMs: number, { nowMs, wallMs }: Omit<At, 'spec'>): number {
  return Math.max(deadlineMs, wallMs + warnedMs + leastNoticeMs - nowMs);
}

function isSameNote(a: DrainNote | undefined, b: DrainNote): boolean {
  if (a === undefined) return false;
  return a.dueMs === b.dueMs && a.late === b.late && a.warned === b.warned && a.warnedMs === b.warnedMs;
}

/** What is to be said of a drain that is held up by `refusal`. */
export function drainFinding(node: MediaNode, refusal: Finding, at: At): Finding {
  const { drain } = node.memory;
  if (drain === undefined) return refusal;
  if (drain.warned !== undefined) return { ...noticeSaid(node, at), node: node.name };
  if (drain.late === true && refusal.reason !== 'IngestContinues') {
    return { reason: 'DrainLate', message: lateSaid(node, at.spec, refusal), node: node.name };
  }
  if (at.spec.drainDeadlineMs === undefined || deadlineOf(node, at.spec) !== undefined) return refusal;
  const message = `${refusal.message} Its drain has no deadline, because its Pod does not say since when it drains.`;
  return { ...refusal, message };
}

function lateSaid(node: MediaNode, spec: ClusterSpec, refusal: Finding): string {
  const deadlineMs = deadlineOf(node, spec);
  const dueMs = node.memory.drain?.dueMs ?? Infinity;
  const limit =
    deadlineMs !== undefined && spec.onDrainDeadline === 'Wait' && deadlineMs <= dueMs
      ? `than spec.drain.deadline allows; it goes on waiting, because onDeadline is Wait`
      : 'than was to be expected when it began';
  return `The drain of ${node.name} takes longer ${limit}. ${refusal.message}`;
}

/** What will be cut, and when. */
export function noticeSaid(node: MediaNode, { spec, nowMs, wallMs }: At): Finding {
  const deadlineMs = deadlineOf(node, spec) ?? wallMs;
  const atMs = evictionMs(deadlineMs, node.memory.drain?.warnedMs ?? nowMs, { nowMs, wallMs });
  // To the full second: the two clocks that the instant is made from may differ a little from pass to pass.
  const when = `${isoFromMs(Math.ceil(atMs / 1000) * 1000).slice(0, 19)}Z`;
  const what = peopleInRooms(node.participants, liveRoomCount(node));
  const message = `${node.name} will be removed at ${when} with what is then on it, now ${what}, because spec.drain.deadline is over then.`;
  return { reason: 'EvictionNear', message };
}

/**
 * The removal of a node whose written deadline is over and which was announced for long enough; `undefined` while
 * either is not so, or while the node does not report: what is not known is not cut.
 */
export function evictionOf(node: MediaNode, at: At): Action | undefined {
  const deadlineMs = overdueSince(node, at);
  const { pod, entry, participants } = node;
  if (deadlineMs === undefined || entry === undefined || !reports(entry)) return undefined;
  const because = `spec.drain.deadline is over and onDeadline is Evict. ${pod.cordonWish?.why ?? ''}`.trim();
  return {
    kind: 'EvictNode',
    pod: refOf(node),
    nodeId: entry.nodeId,
    rooms: liveRoomCount(node),
    participants,
    eviction: recordOf(node, deadlineMs, at.wallMs),
    because,
  };
}

/** The deadline that allows an eviction now. */
function overdueSince(node: MediaNode, { spec, nowMs, wallMs }: At): number | undefined {
  const deadlineMs = spec.onDrainDeadline === 'Evict' ? deadlineOf(node, spec) : undefined;
  const warnedMs = node.memory.drain?.warnedMs ?? nowMs;
  if (deadlineMs === undefined || wallMs < deadlineMs || nowMs - warnedMs < leastNoticeMs) return undefined;
  return deadlineMs;
}

function reports({ ageMs, heartbeatsSeen }: RegisteredEntry): boolean {
  return ageMs <= heartbeatOverdueMs && heartbeatsSeen > 0;
}

function recordOf(node: MediaNode, deadlineMs: number, wallMs: number): Eviction {
  const closing = closingOf(node);
  const sinceMs = node.pod.cordonWish?.sinceMs ?? deadlineMs;
  return {
    closing,
    deadlineMs,
    tookMs: closing === undefined ? Math.round(wallMs - sinceMs) : tookMs(closing, wallMs),
    companions: node.metrics?.companions ?? [],
  };
}
