/**
 * One pass of the operator as a pure function: what was observed in, what to do and why out.
 * It reads no clock, no randomness and no environment; the same input gives the same decision.
 */
import type { Action, Steering } from './action.ts';
import { type Bounded, bounded, earliest } from './bounds.ts';
import { type Demand, demand } from './demand.ts';
import { heartbeatRefusal, isSilentLately, noticeLoadDrop, redisRefusal } from './freshness.ts';
import {
  type Governed,
  type GovernorView,
  type SizeWish,
  becauseOfLaunch,
  govern,
  sizeWish,
} from './govern.ts';
import { planLaunches } from './launches.ts';
import type { Learned } from './learned.ts';
import { planLeaving } from './leaving.ts';
import { type MediaNode, mediaNodes } from './media-nodes.ts';
import { type Memory, type NodeMemory, coldMemory } from './memory.ts';
import type { Observed } from './observed.ts';
import { type PlacementResult, keepOrder, place } from './placement.ts';
import type { Finding } from './reasons.ts';
import { carryGone, noteRole, noteSight, noteTold } from './remember.ts';
import type { ClusterSpec } from './spec.ts';

export interface DecideInput {
  readonly clusterName: string;
  readonly spec: ClusterSpec;
  readonly observed: Observed;
  readonly memory: Memory;
  /** The operator's monotonic clock. */
  readonly nowMs: number;
  /** Wall clock, for comparison with what the API server says of Pods. */
  readonly wallMs: number;
  /** What was learned of the rooms; `undefined`: nothing yet. */
  readonly learned: Learned | undefined;
  /** How long a launch takes by measurement; `undefined` before the first one. */
  readonly launchMs: number | undefined;
}

export type NodeState = 'Launching' | 'Serving' | 'Standby' | 'Cordoned' | 'Leaving' | 'Failed' | 'Suspect';

/** A node with what the decision made of it. */
export interface NodeView {
  readonly node: MediaNode;
  readonly state: NodeState;
  /** Why it is in this state, or why it may not leave yet. */
  readonly finding: Finding | undefined;
}

export interface Decision {
  readonly desired: number;
  /** Why this number. */
  readonly because: Finding;
  /** Which bound held the number back, if one did. */
  readonly limitedBy: Finding | undefined;
  /** Why nothing, or not everything, is carried out; empty when all is. */
  readonly refusals: readonly Finding[];
  readonly actions: readonly Action[];
  /** `undefined`: leave the registry as it is. */
  readonly steering: Steering | undefined;
  /** Pods whose own word is wanted before the next pass. */
  readonly evidenceWanted: readonly string[];
  readonly nodes: readonly NodeView[];
  readonly demand: Demand | undefined;
  readonly governor: GovernorView | undefined;
  readonly memory: Memory;
  /** When time alone may change the decision. */
  readonly wakeAtMs: number | undefined;
}

/** The governor looks this often although nothing is told to have changed. */
const lookAgainMs = 5000;

export function decide(input: DecideInput): Decision {
  const seen = look(input);
  const noRedis = redisRefusal(input.observed.redis, input.nowMs);
  if (noRedis !== undefined) return hold(input, seen, noRedis, { open: [], closed: [] });
  const silence = heartbeatRefusal(seen.nodes, input.nowMs);
  if (silence !== undefined) return hold(input, seen, silence, undefined);
  if (input.spec.mode === 'Paused') {
    return hold(
      input,
      seen,
      { reason: 'Paused', message: 'spec.autoscaling.mode is Paused.' },
      wishedSteering(seen),
    );
  }
  return act(input, seen);
}

interface Seen {
  readonly nodes: readonly MediaNode[];
  /** Of its nodes it holds those whose Pod is gone; the others carry what is remembered of them. */
  readonly memory: Memory;
  /** Nodes that count as capacity: up and not cordoned by a person, silent for a moment, or on order. */
  readonly capacity: number;
}

function look(input: DecideInput): Seen {
  const { observed, spec, nowMs, wallMs } = input;
  const limits = { startupDeadlineMs: spec.startupDeadlineMs, wallMs, nowMs };
  const isRead = observed.redis.kind === 'Read';
  const joined = mediaNodes(observed, input.memory, limits);
  const nodes = joined.map((node) => withMemory(node, noteSight(node, nowMs, isRead)));
  const drop = noticeLoadDrop(nodes, input.memory, nowMs);
  const gone = carryGone(input.memory, new Set(nodes.map((node) => node.pod.uid)), nowMs);
  const capacity = nodes.filter((node) => countsAsCapacity(node, nowMs)).length;
  return { nodes, capacity, memory: { ...input.memory, ...drop, nodes: gone } };
}

function withMemory(node: MediaNode, memory: NodeMemory): MediaNode {
  return memory === node.memory ? node : { ...node, memory };
}

function countsAsCapacity(node: MediaNode, nowMs: number): boolean {
  if (node.phase === 'Launching') return true;
  if (node.phase === 'Up') return node.pod.cordonWish === undefined;
  return isSilentLately(node, nowMs);
}

/** Fail static: nothing is launched, removed or steered on data that cannot be trusted. */
function hold(input: DecideInput, seen: Seen, why: Finding, steering: Steering | undefined): Decision {
  const { minNodes, maxNodes } = input.spec;
  const desired = Math.max(minNodes, Math.min(maxNodes, seen.memory.desired ?? seen.capacity));
  return {
    desired,
    because: why,
    limitedBy: undefined,
    refusals: [why],
    actions: [],
    steering,
    evidenceWanted: [],
    nodes: seen.nodes.map((node) => ({ node, state: stateOf(node, undefined), finding: undefined })),
    demand: undefined,
    governor: undefined,
    // What cannot be seen is not watched: the watch that precedes any shrinking begins anew.
    memory: {
      ...seen.memory,
      nodes: memories(seen.memory, seen.nodes),
      sinceMs: input.nowMs,
      dueMs: input.nowMs + 1000,
    },
    wakeAtMs: input.nowMs + 1000,
  };
}

/** What stands in for a decision while the fleet cannot even be looked at. */
export function undecided(desired: number, why: Finding, nowMs: number): Decision {
  return {
    desired,
    because: why,
    limitedBy: undefined,
    refusals: [why],
    actions: [],
    steering: undefined,
    evidenceWanted: [],
    nodes: [],
    demand: undefined,
    governor: undefined,
    memory: coldMemory(nowMs),
    wakeAtMs: undefined,
  };
}

function wishedSteering({ nodes }: Seen): Steering | undefined {
  const up = nodes.filter((node) => node.phase === 'Up');
  const wished = up.filter((node) => node.pod.cordonWish !== undefined);
  if (wished.length === up.length) return undefined;
  const free = up.filter((node) => node.pod.cordonWish === undefined);
  return { closed: idsOf(wished), open: idsOf(free) };
}

function act(input: DecideInput, seen: Seen): Decision {
  const { spec, nowMs } = input;
  const kept = keepOrder(seen.nodes);
  const governed = govern(input, seen, kept);
  const wanted = demand(spec, seen.nodes, kept);
  const wish = sizeWish(spec, wanted, governed);
  const bounds = bounded({
    ...wish,
    spec,
    current: seen.capacity,
    memory: seen.memory,
    nowMs,
    wallMs: input.wallMs,
    launchMs: input.launchMs,
  });
  const { outlooks } = governed.view;
  const placement = place({ steer: governed.steer, nodes: seen.nodes, outlooks, desired: bounds.desired });
  const { roles, surplus } = placement;
  const nodes = seen.nodes.map((node) => {
    const role = roles.get(node.name);
    const memory = noteRole(node, role, input.observed, nowMs);
    return withMemory(node, noteTold(memory, role, surplus.has(node.name)));
  });
  const leaving = planLeaving({ input, nodes, roles, surplus, memory: seen.memory });
  const launches = planLaunches({
    clusterName: input.clusterName,
    spec,
    nodes,
    missing: bounds.desired - seen.capacity,
    because: becauseOfLaunch(wish, bounds),
    failures: leaving.failures,
    refusal: input.observed.launchRefusal,
    nowMs,
  });
  return conclude(input, { seen, nodes, wanted, wish, governed, bounds, placement, launches, leaving });
}

interface Parts {
  readonly seen: Seen;
  readonly nodes: readonly MediaNode[];
  readonly wanted: Demand;
  readonly wish: SizeWish;
  readonly governed: Governed;
  readonly bounds: Bounded;
  readonly placement: PlacementResult;
  readonly launches: ReturnType<typeof planLaunches>;
  readonly leaving: ReturnType<typeof planLeaving>;
}

function conclude(input: DecideInput, parts: Parts): Decision {
  const { nodes, wanted, wish, governed, bounds, placement, launches, leaving } = parts;
  const dry = input.spec.mode === 'DryRun';
  const dryFinding: Finding = { reason: 'DryRun', message: 'spec.autoscaling.mode is DryRun.' };
  const wakeAtMs = earliest(
    bounds.wakeAtMs,
    launches.wakeAtMs,
    leaving.wakeAtMs,
    governed.view.reserve?.wakeAtMs,
    nodes.length === 0 ? undefined : input.nowMs + lookAgainMs,
  );
  return {
    desired: bounds.desired,
    because: input.spec.mode === 'External' ? wish.because : (bounds.limitedBy ?? wish.because),
    limitedBy: bounds.limitedBy ?? launches.findings.find((finding) => finding.reason === 'AtMaximum'),
    refusals: [
      ...(dry ? [dryFinding] : []),
      ...placement.findings,
      ...launches.findings,
      ...leaving.findings,
    ],
    actions: dry ? [] : [...launches.actions, ...leaving.actions],
    // A trial lets go of every node: nobody would open what was closed before the mode changed.
    steering: dry ? { open: [], closed: [] } : steeringOf(nodes, placement),
    evidenceWanted: leaving.evidenceWanted,
    nodes: nodes.map((node) => ({
      node,
      state: stateOf(node, placement.roles.get(node.name)),
      finding: leaving.nodeFindings.get(node.name),
    })),
    demand: wanted,
    governor: governed.view,
    memory: remembered(parts, wakeAtMs),
    wakeAtMs,
  };
}

function remembered({ seen, nodes, governed, bounds, leaving }: Parts, wakeAtMs: number | undefined): Memory {
  const { dueMs: _, blindUntilMs: __, ...kept } = seen.memory;
  const { blindUntilMs } = governed;
  return {
    ...kept,
    ...bounds.memory,
    nodes: memories(seen.memory, nodes),
    failures: leaving.failures,
    ...(wakeAtMs === undefined ? {} : { dueMs: wakeAtMs }),
    ...(blindUntilMs === undefined ? {} : { blindUntilMs }),
  };
}

function memories(gone: Memory, nodes: readonly MediaNode[]): Memory['nodes'] {
  const all: Record<string, NodeMemory> = { ...gone.nodes };
  for (const node of nodes) all[node.pod.uid] = node.memory;
  return all;
}

function steeringOf(nodes: readonly MediaNode[], placement: PlacementResult): Steering {
  const open: string[] = [];
  const closed: string[] = [];
  for (const { name, entry } of nodes) {
    const role = placement.roles.get(name);
    if (role === undefined || entry === undefined) continue;
    (role === 'Serving' ? open : closed).push(entry.nodeId);
  }
  return { open, closed };
}

function idsOf(nodes: readonly MediaNode[]): readonly string[] {
  return nodes.flatMap((node) => (node.entry === undefined ? [] : [node.entry.nodeId]));
}

function stateOf(node: MediaNode, role: ReturnType<PlacementResult['roles']['get']>): NodeState {
  if (node.phase !== 'Up' && !isOutOfSight(node)) return node.phase;
  if (role !== undefined) return role === 'Full' ? 'Standby' : role;
  if (node.pod.cordonWish !== undefined) return 'Cordoned';
  if (!node.memory.served && !node.pod.ready) return 'Launching';
  const { standbySinceMs, fullSinceMs } = node.memory;
  return (standbySinceMs ?? fullSinceMs) === undefined ? 'Serving' : 'Standby';
}

/** The registry could not be read: the node is shown as it was last seen. */
function isOutOfSight({ phase, memory }: MediaNode): boolean {
  return phase === 'Suspect' && memory.staleSinceMs === undefined;
}
