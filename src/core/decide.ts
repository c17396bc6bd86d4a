/**
 * One pass of the operator as a pure function: what was observed in, what to do and why out.
 * It reads no clock, no randomness and no environment; the same input gives the same decision.
 */
import type { Action, Steering } from './action.ts';
import { type Bounded, bounded, earliest } from './bounds.ts';
import { type Demand, demand } from './demand.ts';
import { heartbeatRefusal, noticeLoadDrop, redisRefusal } from './freshness.ts';
import { planLaunches } from './launches.ts';
import { planLeaving } from './leaving.ts';
import { type MediaNode, mediaNodes } from './media-nodes.ts';
import { type Memory, coldMemory } from './memory.ts';
import type { Observed } from './observed.ts';
import { type PlacementResult, keepOrder, place } from './placement.ts';
import type { Finding } from './reasons.ts';
import { carryGone, noteRole, noteSight } from './remember.ts';
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
  readonly memory: Memory;
  /** When time alone may change the decision. */
  readonly wakeAtMs: number | undefined;
}

/** A silent node still counts as capacity this long: heartbeats are missed and come back. */
const suspectCountsMs = 15_000;

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
  readonly memory: Memory;
  /** Nodes that count as capacity: up and not cordoned by a person, silent for a moment, or on order. */
  readonly capacity: number;
}

function look(input: DecideInput): Seen {
  const { observed, spec, nowMs, wallMs } = input;
  const limits = { startupDeadlineMs: spec.startupDeadlineMs, wallMs, nowMs };
  const joined = mediaNodes(observed, input.memory, limits);
  const nodes = joined.map((node) => ({ ...node, memory: noteSight(node, nowMs) }));
  const drop = noticeLoadDrop(nodes, input.memory, nowMs);
  const gone = carryGone(input.memory, new Set(nodes.map((node) => node.pod.uid)), nowMs);
  const present = Object.fromEntries(nodes.map((node) => [node.pod.uid, node.memory]));
  const capacity = nodes.filter((node) => countsAsCapacity(node, nowMs)).length;
  return { nodes, capacity, memory: { ...input.memory, ...drop, nodes: { ...gone, ...present } } };
}

function countsAsCapacity(node: MediaNode, nowMs: number): boolean {
  if (node.phase === 'Launching') return true;
  if (node.phase === 'Up') return node.pod.cordonWish === undefined;
  if (node.phase !== 'Suspect') return false;
  return nowMs - (node.memory.staleSinceMs ?? nowMs) < suspectCountsMs;
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
    // What cannot be seen is not watched: the watch that precedes any shrinking begins anew.
    memory: { ...seen.memory, sinceMs: input.nowMs },
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
  const wanted = demand(spec, seen.nodes, kept);
  const bounds = bounded({
    ...sizeWish(spec, wanted),
    spec,
    current: seen.capacity,
    memory: seen.memory,
    nowMs,
  });
  const placement = place(spec, seen.nodes, kept, bounds.desired);
  const nodes = seen.nodes.map((node) => ({
    ...node,
    memory: noteRole(node, placement.roles.get(node.name), input.observed, nowMs),
  }));
  const leaving = planLeaving({ input, nodes, roles: placement.roles, memory: seen.memory });
  const launches = planLaunches({
    clusterName: input.clusterName,
    spec,
    nodes,
    missing: bounds.desired - seen.capacity,
    because: wanted.because,
    failures: leaving.failures,
    refusal: input.observed.launchRefusal,
    nowMs,
  });
  return conclude(input, { seen, nodes, wanted, bounds, placement, launches, leaving });
}

function sizeWish(
  spec: ClusterSpec,
  wanted: Demand,
): { readonly wanted: number; readonly mayLower: boolean } {
  if (spec.mode === 'External') return { wanted: spec.replicas, mayLower: true };
  return { wanted: wanted.wanted, mayLower: wanted.mayLower };
}

interface Parts {
  readonly seen: Seen;
  readonly nodes: readonly MediaNode[];
  readonly wanted: Demand;
  readonly bounds: Bounded;
  readonly placement: PlacementResult;
  readonly launches: ReturnType<typeof planLaunches>;
  readonly leaving: ReturnType<typeof planLeaving>;
}

function conclude(input: DecideInput, parts: Parts): Decision {
  const { seen, nodes, wanted, bounds, placement, launches, leaving } = parts;
  const dry = input.spec.mode === 'DryRun';
  const dryFinding: Finding = { reason: 'DryRun', message: 'spec.autoscaling.mode is DryRun.' };
  const present = Object.fromEntries(nodes.map((node) => [node.pod.uid, node.memory]));
  const memory = {
    ...seen.memory,
    ...bounds.memory,
    nodes: { ...seen.memory.nodes, ...present },
    failures: leaving.failures,
  };
  return {
    desired: bounds.desired,
    because: whyThisSize(input.spec, wanted, bounds),
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
    memory,
    wakeAtMs: earliest(bounds.wakeAtMs, launches.wakeAtMs, leaving.wakeAtMs),
  };
}

function whyThisSize(spec: ClusterSpec, wanted: Demand, bounds: Bounded): Finding {
  if (spec.mode === 'External') {
    return { reason: 'ReplicasRequested', message: `spec.mediaNodes.replicas is ${spec.replicas}.` };
  }
  return bounds.limitedBy ?? wanted.because;
}

function steeringOf(nodes: readonly MediaNode[], placement: PlacementResult): Steering {
  const inRole = (open: boolean) =>
    nodes.filter(
      (node) => placement.roles.has(node.name) && (placement.roles.get(node.name) === 'Serving') === open,
    );
  return { open: idsOf(inRole(true)), closed: idsOf(inRole(false)) };
}

function idsOf(nodes: readonly MediaNode[]): readonly string[] {
  return nodes.flatMap((node) => (node.entry === undefined ? [] : [node.entry.nodeId]));
}

function stateOf(node: MediaNode, role: ReturnType<PlacementResult['roles']['get']>): NodeState {
  if (node.phase !== 'Up') return node.phase;
  if (role !== undefined) return role === 'Full' ? 'Standby' : role;
  if (node.pod.cordonWish !== undefined) return 'Cordoned';
  return node.memory.standbySinceMs === undefined ? 'Serving' : 'Standby';
}
