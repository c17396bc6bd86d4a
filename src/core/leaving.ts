/**
 * Who leaves: surplus nodes that are proven empty, Pods that failed, and registry entries of Pods that are gone.
 * Every "not yet" is a finding; nothing here can remove a node that carries anything.
 */
import type { Action } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import { machineOf } from './departures.ts';
import { drainAt, drainFinding, evictionOf } from './drains.ts';
import { emptyRefusal, evidenceOf, redisRefusal, roomRefusal } from './emptiness.ts';
import { planFailed } from './failed.ts';
import { isSilentLately } from './freshness.ts';
import { removeGhosts } from './ghosts.ts';
import { hasIngress, nameIngest } from './ingest.ts';
import type { Loss } from './loss.ts';
import { type MediaNode, heartbeatOverdueMs, isEmpty, startTakesMs } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './observed.ts';
import type { Role } from './placement.ts';
import { refOf } from './pod-ref.ts';
import type { Finding } from './reasons.ts';
import { planEnds } from './wedge.ts';
import { minuteSaid } from './words.ts';

/** How often the second proof is looked for: the heartbeat's period. */
const proofEveryMs = 2000;

export interface LeavingPlan {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly nodeFindings: ReadonlyMap<string, Finding>;
  readonly evidenceWanted: readonly string[];
  readonly failures: Memory['failures'];
  readonly wakeAtMs: number | undefined;
}

export interface LeavingInput {
  readonly input: DecideInput;
  readonly nodes: readonly MediaNode[];
  readonly roles: ReadonlyMap<string, Role>;
  /** Names of the closed nodes that are more than the desired number. */
  readonly surplus: ReadonlySet<string>;
  readonly memory: Memory;
  /** Of this pass. */
  readonly losses: readonly Loss[];
}

export function planLeaving(plan: LeavingInput): LeavingPlan {
  const candidates = plan.nodes.filter((node) => isCandidate(node, plan));
  const frozen = freezeRefusal(plan);
  const nodeFindings = new Map<string, Finding>();
  const actions: Action[] = [];
  const { spec } = plan.input;
  let places = spec.maxConcurrentLeaving - plan.nodes.filter((node) => takesPlace(node, plan.input)).length;
  let spares = sparesOf(plan);
  for (const node of candidates) {
    const step = nextStep(node, plan, { frozen, places, spares });
    if (step.finding !== undefined) nodeFindings.set(node.name, step.finding);
    if (step.action === undefined) continue;
    actions.push(step.action);
    if (step.action.kind === 'SetInService') continue;
    places -= 1;
    if (isSpare(node, plan)) spares -= 1;
  }
  const failed = planFailed(plan);
  const hanging = planEnds(plan.input, plan.nodes);
  for (const finding of hanging.findings) nodeFindings.set(finding.node ?? '', finding);
  const back = plan.nodes.filter((node) => isBackInService(node, plan.roles.get(node.name)));
  return {
    actions: [
      ...actions,
      ...back.map(backInService),
      ...failed.actions,
      ...hanging.actions,
      ...removeGhosts(plan),
    ],
    findings: [...nodeFindings.values()],
    nodeFindings,
    evidenceWanted: [
      ...[...candidates.filter(isToBeAsked), ...unexplained(plan.nodes)].map((node) => node.name),
      ...hanging.evidenceWanted,
      ...failed.evidenceWanted,
    ],
    failures: failed.failures,
    // A node with rooms is looked at again when one of them ends, which is a change that wakes the loop.
    wakeAtMs: candidates.some(hasNoRoom) ? plan.input.nowMs + proofEveryMs : undefined,
  };
}

/**
 * One that somebody else deleted under its people goes when they do, which may be tomorrow, and one on a dead machine when
 * somebody deletes the machine: they hold up nobody.
 */
function takesPlace(node: MediaNode, { spec: { onDrainDeadline }, observed }: DecideInput): boolean {
  if (node.phase !== 'Leaving' || isOnDeadMachine(node, observed.kubeNodes)) return false;
  const mayBeEvicted = onDrainDeadline === 'Evict' && node.pod.cordonWish?.leaveWhenEmpty === true;
  return isEmpty(node) || node.memory.evicted === true || mayBeEvicted;
}

/** By the kubelet, which tells nothing any more, and by the server, which does not either. */
function isOnDeadMachine(node: MediaNode, kubeNodes: Observed['kubeNodes']): boolean {
  if (kubeNodes === undefined || (node.entry?.ageMs ?? Infinity) <= heartbeatOverdueMs) return false;
  return machineOf(node, kubeNodes)?.ready !== true;
}

function hasNoRoom(node: MediaNode): boolean {
  return node.rooms.every((room) => room.participants === undefined);
}

/** Running servers that never registered: what they say of themselves decides whether they have failed. */
function unexplained(nodes: readonly MediaNode[]): readonly MediaNode[] {
  return nodes.filter((node) => node.phase === 'Suspect' && !node.memory.served);
}

/** Of those that are idle, and of those that an ingest may hold, the own word decides. */
function isToBeAsked(node: MediaNode): boolean {
  if (redisRefusal(node) === undefined) return true;
  const isFront = node.memory.outOfServiceSinceMs !== undefined && roomRefusal(node) === undefined;
  return isFront || hasIngress(node);
}

function isCandidate(node: MediaNode, { roles, surplus }: LeavingInput): boolean {
  if (surplus.has(node.name)) return true;
  return roles.get(node.name) === 'Cordoned' && node.pod.cordonWish?.leaveWhenEmpty === true;
}

/** Why nothing at all may be removed in this pass. */
function freezeRefusal({ input, nodes, memory }: LeavingInput): Finding | undefined {
  if (!input.observed.ownWritesSeen) {
    return { reason: 'CacheBehind', message: 'The last own write to a Pod is not seen yet.' };
  }
  // What it carries now is unknown: it may be so full that a node which looks needless is needed.
  const silent = nodes.find((node) => isSilentLately(node, input.nowMs));
  if (silent !== undefined) {
    const message = `${silent.name} has just fallen silent; none is removed for a moment.`;
    return { reason: 'HeartbeatStale', message };
  }
  // Into a fleet that is being deleted nobody comes back.
  if (memory.frozenUntilMs === undefined || input.spec.deleting) return undefined;
  const untilMs = input.wallMs + memory.frozenUntilMs - input.nowMs;
  const message = `Many Media Nodes lost their load at once; none is removed before ${minuteSaid(untilMs)}.`;
  return { reason: 'LoadDropped', message };
}

interface Step {
  readonly action?: Action;
  readonly finding?: Finding;
}

interface Limits {
  readonly frozen: Finding | undefined;
  readonly places: number;
  /** Ready nodes that nobody needs, less those that stand in for one that is not ready. */
  readonly spares: number;
}

/** Heartbeats say that a node works, its readiness that people reach it: one that stays must have both to be counted on. */
function sparesOf(plan: LeavingInput): number {
  const spare = plan.nodes.filter((node) => isSpare(node, plan)).length;
  const staying = plan.nodes.filter(
    ({ name, phase, pod }) => phase === 'Up' && pod.cordonWish === undefined && !plan.surplus.has(name),
  );
  return spare - staying.filter(({ pod }) => !pod.ready).length;
}

function isSpare({ name, pod }: MediaNode, { surplus }: LeavingInput): boolean {
  return pod.ready && surplus.has(name);
}

/** By itself if it can, and by a written deadline where there is one and it is over. */
function nextStep(node: MediaNode, plan: LeavingInput, limits: Limits): Step {
  const step = orderlyStep(node, plan, limits);
  if (step.finding === undefined) return step;
  const at = drainAt(plan.input);
  const eviction = evictionOf(node, at);
  if (eviction !== undefined && guardRefusal(node, plan, limits) === undefined) return { action: eviction };
  return { finding: drainFinding(node, nameIngest(node, step.finding, at.nowMs), at) };
}

/**
 * Out of the Service as soon as no room lives on it, so that nobody new signals through it; out of the fleet once
 * it is proven empty.
 */
function orderlyStep(node: MediaNode, plan: LeavingInput, limits: Limits): Step {
  const { spec, observed, nowMs } = plan.input;
  const { signallingGraceMs } = spec;
  const busy = roomRefusal(node);
  if (busy !== undefined) return { finding: busy };
  const forbidden = guardRefusal(node, plan, limits);
  if (forbidden !== undefined) return { finding: { ...forbidden, node: node.name } };
  if (node.pod.inService) {
    return { action: { kind: 'SetInService', pod: refOf(node), inService: false } };
  }
  const notEmpty = emptyRefusal(node, { serverApi: observed.serverApi, nowMs, signallingGraceMs });
  if (notEmpty !== undefined) return { finding: notEmpty };
  const evidence = evidenceOf(node, plan.input);
  if (evidence === undefined) {
    return {
      finding: {
        reason: 'ProvenOnce',
        message: `${node.name} is empty on one observation.`,
        node: node.name,
      },
    };
  }
  const because = node.pod.cordonWish?.why ?? 'It is not needed, and two observations show it empty.';
  return { action: { kind: 'RemoveNode', pod: refOf(node), evidence, because } };
}

function guardRefusal(node: MediaNode, plan: LeavingInput, limits: Limits): Finding | undefined {
  const { input } = plan;
  if (limits.frozen !== undefined) return limits.frozen;
  if (node.pod.protected) return { reason: 'Protected', message: `${node.name} is protected.` };
  const startedAtMs = node.pod.startedAtMs;
  if (startedAtMs === undefined || input.wallMs - startedAtMs < startTakesMs) {
    return { reason: 'TooYoung', message: `The server of ${node.name} started less than 10 s ago.` };
  }
  if (limits.spares <= 0 && isSpare(node, plan)) {
    const message = `${node.name} stands in for a Media Node that is to stay and is not ready.`;
    return { reason: 'OthersNotReady', message };
  }
  if (limits.places > 0) return undefined;
  const message = `${input.spec.maxConcurrentLeaving} Media Nodes are leaving already.`;
  return { reason: 'LeavingLimit', message };
}

function isBackInService(node: MediaNode, role: Role | undefined): boolean {
  return role === 'Serving' && !node.pod.inService;
}

function backInService(node: MediaNode): Action {
  return { kind: 'SetInService', pod: refOf(node), inService: true };
}
