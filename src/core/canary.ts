/**
 * A changed revision on trial: what its nodes have shown so far, whether that is enough to trust it or to stop it, and
 * what share of the new rooms they get. All but the count of failed starts is read off the world, so that a restart of
 * the operator does not begin the trial anew.
 */
import { hasServedEnough, sumQuality, whyWorse } from './canary-gate.ts';
import type { Evacuation } from './evacuation.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory, TrialMemory } from './memory.ts';
import type { Observed, RevisionVerdict } from './observed.ts';
import type { TrialPart } from './placement.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';
import type { Change } from './updates.ts';
import { isoFromMs } from '../base/iso-time.ts';

/** How long a node must have served before its revision is trusted where there is no canary. */
const settledMs = 10_000;
/** Heartbeats that an operator that has only just started must have seen of it. */
const settledHeartbeats = 5;
/** Failed starts that stop a change. */
const mostFailures = 3;
/** How many of the other nodes are asked how they serve. */
const othersAsked = 5;
/** A page of metrics is large, and a trial takes minutes. */
const askEveryMs = 10_000;

export interface TrialInput {
  readonly spec: ClusterSpec;
  readonly observed: Pick<Observed, 'redis'>;
  readonly nodes: readonly MediaNode[];
  readonly evacuation: Evacuation;
  readonly memory: Memory;
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface Trial {
  readonly verdict: RevisionVerdict | undefined;
  readonly finding: Finding | undefined;
  /** What share of the new rooms its nodes have; `undefined` where no share is asked for. */
  readonly part: TrialPart | undefined;
  /** Names of nodes that are to tell how they serve. */
  readonly evidenceWanted: readonly string[];
  readonly memory: TrialMemory | undefined;
}

const noTrial: Trial = {
  verdict: undefined,
  finding: undefined,
  part: undefined,
  evidenceWanted: [],
  memory: undefined,
};

export function trialOf(input: TrialInput): Trial {
  const { change } = input.evacuation;
  if (change.isOnTrial) return onTrial(input, servingOf(input));
  // The first revision of a fleet: there is nothing to fall back on, so it is only seen to serve at all.
  const mayBeProven = change.isTrusted && change.isUnjudged;
  if (!mayBeProven || !servingOf(input).some((node) => hasSettled(node, input.wallMs))) return noTrial;
  return {
    ...noTrial,
    verdict: { kind: 'Proven', why: `A Media Node of revision ${change.target} serves.` },
  };
}

function servingOf({ nodes, evacuation }: TrialInput): readonly MediaNode[] {
  const { updated } = evacuation.change;
  return nodes.filter(({ name, phase, pod }) => phase === 'Up' && pod.ready && updated.has(name));
}

function hasSettled({ entry }: MediaNode, wallMs: number): boolean {
  if (entry === undefined || entry.heartbeatsSeen < settledHeartbeats) return false;
  return wallMs - entry.startedAtSeconds * 1000 >= settledMs;
}

function onTrial(input: TrialInput, serving: readonly MediaNode[]): Trial {
  const { evacuation, spec } = input;
  const memory = failuresNow(input);
  const beganMs = beganAtMs(serving);
  const others = othersOf(input);
  const failed = whyFailed(evacuation.change, memory, compare(serving, others));
  const judged = failed ?? whyProven(input, serving, { beganMs, others });
  return {
    verdict: judged,
    finding: judged === undefined ? waitingFor(input, beganMs) : undefined,
    part: spec.updates.canary === undefined ? undefined : partOf(input, beganMs),
    evidenceWanted: [...serving, ...others]
      .filter(({ metrics }) => metrics === undefined || input.nowMs - metrics.atMs >= askEveryMs)
      .map(({ name }) => name),
    memory,
  };
}

/** Nodes to compare with: those with the most people on them, because they have the most to tell. */
function othersOf({ nodes, evacuation, spec }: TrialInput): readonly MediaNode[] {
  if (spec.updates.canary === undefined) return [];
  const { updated, failed } = evacuation.change;
  return nodes
    .filter(({ name, phase }) => phase === 'Up' && !updated.has(name) && !failed.has(name))
    .toSorted((a, b) => b.participants - a.participants)
    .slice(0, othersAsked);
}

/** Since when a node of it serves, by the wall; `undefined` while none does. */
function beganAtMs(serving: readonly MediaNode[]): number | undefined {
  const starts = serving.flatMap(({ entry }) => (entry === undefined ? [] : [entry.startedAtSeconds * 1000]));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

function compare(trial: readonly MediaNode[], others: readonly MediaNode[]): string | undefined {
  return whyWorse(qualityOf(trial), qualityOf(others));
}

function qualityOf(nodes: readonly MediaNode[]): ReturnType<typeof sumQuality> {
  return sumQuality(
    nodes.flatMap(({ metrics }) =>
      metrics?.kind === 'Read' && metrics.quality !== undefined ? [metrics.quality] : [],
    ),
  );
}

function whyFailed(
  { target }: Change,
  { failures }: TrialMemory,
  worse: string | undefined,
): RevisionVerdict | undefined {
  const count = Object.values(failures).reduce((sum, times) => sum + times, 0);
  if (count >= mostFailures) {
    const why = `Revision ${target} is stopped: its Media Nodes failed to start or ended while they served.`;
    return { kind: 'Failed', why };
  }
  if (worse === undefined) return undefined;
  return { kind: 'Failed', why: `Revision ${target} is stopped: ${worse}.` };
}

function whyProven(
  { spec, evacuation, wallMs }: TrialInput,
  serving: readonly MediaNode[],
  { beganMs, others }: { readonly beganMs: number | undefined; readonly others: readonly MediaNode[] },
): RevisionVerdict | undefined {
  const { canary } = spec.updates;
  const { target } = evacuation.change;
  if (beganMs === undefined || !serving.some((node) => hasSettled(node, wallMs))) return undefined;
  if (canary === undefined) return { kind: 'Proven', why: `A Media Node of revision ${target} serves.` };
  const quality = qualityOf(serving);
  if (wallMs - beganMs < canary.durationMs || !hasServedEnough(quality, qualityOf(others))) return undefined;
  const why = `Revision ${target} has passed its trial: ${quality.joinsFailed} of ${quality.joinsStarted} joins failed.`;
  return { kind: 'Proven', why };
}

function waitingFor({ spec, evacuation, wallMs }: TrialInput, beganMs: number | undefined): Finding {
  const { target } = evacuation.change;
  const { canary } = spec.updates;
  const say = (what: string): Finding => ({
    reason: 'CanaryObserved',
    message: `Revision ${target} is on trial: ${what}.`,
  });
  if (beganMs === undefined) return say('its first Media Node does not serve yet');
  if (canary === undefined) return say('its first Media Node has only just begun to serve');
  const endsMs = beganMs + canary.durationMs;
  if (wallMs < endsMs)
    return say(`it is watched until ${isoFromMs(endsMs).slice(0, 16).replace('T', ' ')} UTC`);
  return say('its time is over, but fewer than 10 participants were seen to join there');
}

/** Of the live rooms that began since the trial did, which part is on its nodes? */
function partOf(
  { spec, observed, evacuation, nodes }: TrialInput,
  beganMs: number | undefined,
): TrialPart | undefined {
  const { trial: names } = evacuation;
  const { canary } = spec.updates;
  if (canary === undefined || names.size === 0) return undefined;
  if (beganMs === undefined || observed.redis.kind !== 'Read') return { names, isShort: false };
  const ids = new Set(
    nodes.flatMap(({ name, entry }) => (entry !== undefined && names.has(name) ? [entry.nodeId] : [])),
  );
  let all = 0;
  let there = 0;
  for (const { nodeId, participants, createdAtSeconds } of observed.redis.rooms) {
    if (participants === undefined || createdAtSeconds === undefined) continue;
    if (createdAtSeconds * 1000 < beganMs) continue;
    all += 1;
    if (ids.has(nodeId)) there += 1;
  }
  return { names, isShort: there < canary.share * (all + 1) };
}

/**
 * Starts that failed, by the uids of Pods that may be gone by now. A server that ends while it serves has cut rooms: that
 * alone stops a trial.
 */
function failuresNow({ nodes, evacuation, memory }: TrialInput): TrialMemory {
  const { change, departing } = evacuation;
  const before = memory.change?.trial;
  const failures: Record<string, number> = before?.revision === change.target ? { ...before.failures } : {};
  const excused = new Set(departing.map(({ node }) => node.name));
  for (const node of nodes) {
    if (node.pod.revision !== change.target || excused.has(node.name)) continue;
    const count = failuresOf(node);
    if (count > 0) failures[node.pod.uid] = Math.max(count, failures[node.pod.uid] ?? 0);
  }
  return { revision: change.target, failures };
}

/** A Pod that was never given a machine says nothing of its revision, nor does one that was told to stop. */
function failuresOf({ pod, phase, memory }: MediaNode): number {
  if (pod.kubeNode === undefined || pod.deleting || phase === 'Leaving') return 0;
  const { ended, restarts } = pod;
  if (ended !== undefined && memory.served && !endedInOrder(ended.exitCode)) return mostFailures;
  return restarts + Number(ended !== undefined || phase === 'Failed');
}

/** A server that was told to stop ends with 0, or with 143 where it could not handle the signal. */
function endedInOrder(exitCode: number | undefined): boolean {
  return exitCode === undefined || exitCode === 0 || exitCode === 143;
}
