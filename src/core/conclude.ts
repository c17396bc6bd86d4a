/** The parts of a pass put together: a decision, and what it hands to the next pass. */
import type { Steering } from './action.ts';
import { type Bounded, earliest } from './bounds.ts';
import type { Trial } from './canary.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision, DrainEnd, NodeView } from './decision.ts';
import type { Demand } from './demand.ts';
import { type EvacuationOutcome, evacuationOutcome } from './evacuation-outcome.ts';
import type { EvacuationPlan } from './evacuation-plan.ts';
import { ghostRooms } from './ghosts.ts';
import type { Governed, SizeWish } from './govern.ts';
import type { LaunchPlan } from './launches.ts';
import type { LeavingPlan } from './leaving.ts';
import { type Seen, memories } from './look.ts';
import type { MediaNode } from './media-nodes.ts';
import type { CordonWatch, Memory } from './memory.ts';
import { stateOf } from './node-state.ts';
import type { NodeOutlook } from './outlook.ts';
import type { PlacementResult } from './placement.ts';
import type { Finding } from './reasons.ts';
import { noteDeeds } from './remember.ts';
import { letGo, roleShown } from './steering.ts';

/** The governor looks this often although nothing is told to have changed. */
const lookAgainMs = 5000;

/** What each part of the pass came to. */
export interface Parts {
  readonly seen: Seen;
  readonly nodes: readonly MediaNode[];
  readonly wanted: Demand;
  readonly wish: SizeWish;
  readonly governed: Governed;
  readonly bounds: Bounded;
  readonly cordonWatch: CordonWatch;
  /** Why no node is closed, whatever its role. */
  readonly unsteered: Finding | undefined;
  readonly trial: Trial;
  readonly placement: PlacementResult;
  readonly replacing: EvacuationPlan;
  readonly launches: LaunchPlan;
  readonly leaving: LeavingPlan;
}

export function conclude(input: DecideInput, parts: Parts): Decision {
  const { nodes, wanted, wish, governed, bounds, placement, launches, leaving, seen } = parts;
  const { evacuation } = seen;
  const replaced = evacuationOutcome({
    ...input,
    evacuation,
    plan: parts.replacing,
    trial: parts.trial,
    launched: launches.standIns,
    others: leaving.actions,
    outlooks: updateOutlooks(parts),
  });
  const dry = input.spec.mode === 'DryRun';
  const wakeAtMs = earliest(
    bounds.wakeAtMs,
    launches.wakeAtMs,
    leaving.wakeAtMs,
    replaced.wakeAtMs,
    governed.view.reserve?.wakeAtMs,
    nodes.length === 0 ? undefined : input.nowMs + lookAgainMs,
  );
  return {
    desired: bounds.desired,
    because: input.spec.mode === 'External' ? wish.because : (bounds.limitedBy ?? wish.because),
    limitedBy: bounds.limitedBy ?? launches.findings.find((finding) => finding.reason === 'AtMaximum'),
    refusals: refusalsOf(input, parts, replaced),
    actions: dry ? [] : [...launches.actions, ...leaving.actions, ...replaced.actions],
    // A trial lets go of every node: nobody would open what was closed before the mode changed.
    steering: dry || parts.unsteered !== undefined ? letGo : steeringOf(nodes, placement),
    evidenceWanted: [...new Set([...leaving.evidenceWanted, ...parts.trial.evidenceWanted])],
    nodes: viewsOf(parts),
    losses: parts.seen.losses,
    demand: wanted,
    governor: governed.view,
    updates: replaced.updates,
    departures: replaced.departures,
    aside: evacuation.aside.size,
    memory: remembered(
      {
        replaced,
        ...parts,
        nodes: dry ? nodes : noteDeeds(nodes, leaving.actions, input.nowMs),
      },
      { before: input.memory, wakeAtMs },
    ),
    wakeAtMs,
  };
}

function refusalsOf(
  { spec, observed, nowMs }: DecideInput,
  { seen, unsteered, placement, launches, leaving }: Parts,
  replaced: EvacuationOutcome,
): readonly Finding[] {
  const dry: Finding = { reason: 'DryRun', message: 'spec.autoscaling.mode is DryRun.' };
  return [
    ...(spec.mode === 'DryRun' ? [dry] : []),
    ...(unsteered === undefined ? [] : [unsteered]),
    ...placement.findings,
    ...launches.findings,
    ...leaving.findings,
    ...replaced.findings,
    ...ghostRooms({ redis: observed.redis, missing: seen.memory.missing, nodes: seen.nodes, nowMs }),
  ];
}

function viewsOf(parts: Parts): readonly NodeView[] {
  const { nodes, placement, leaving, replacing, governed } = parts;
  return nodes.map((node) => ({
    node,
    state: stateOf(node, roleShown(placement.roles.get(node.name), parts.unsteered === undefined)),
    finding: leaving.nodeFindings.get(node.name) ?? replacing.nodeFindings.get(node.name),
    end: isToEnd(node, placement) ? endOf(node, governed) : undefined,
  }));
}

/** Of nodes that a wish keeps closed, too, where an update has to wait for them. */
function updateOutlooks({ nodes, governed, seen }: Parts): readonly NodeOutlook[] {
  const { outdated } = seen.evacuation.change;
  if (outdated.size === 0) return [];
  const closed = nodes.filter(
    ({ name, phase, pod }) => phase === 'Up' && pod.cordonWish !== undefined && outdated.has(name),
  );
  return [...governed.view.outlooks, ...closed.map((node) => governed.fortune.tell(node))];
}

/** Nodes that leave once they are empty, and those that a wish keeps closed. */
function isToEnd({ name, phase, pod }: MediaNode, { surplus }: PlacementResult): boolean {
  return phase === 'Up' && (pod.cordonWish !== undefined || surplus.has(name));
}

export function endOf(node: MediaNode, { outlookOf, fortune }: Governed): DrainEnd {
  const { emptyInS, latestInS } = outlookOf(node.name) ?? fortune.tell(node);
  return { expectedInS: emptyInS, latestInS };
}

function remembered(
  {
    seen,
    nodes,
    governed,
    bounds,
    leaving,
    replaced,
    cordonWatch,
  }: Parts & { readonly replaced: EvacuationOutcome },
  { before, wakeAtMs }: { readonly before: Memory; readonly wakeAtMs: number | undefined },
): Memory {
  const { dueMs: _, blindUntilMs: __, change: ___, ...kept } = seen.memory;
  const { blindUntilMs } = governed;
  return {
    ...kept,
    ...bounds.memory,
    nodes: memories(before.nodes, seen.memory.nodes, nodes),
    failures: leaving.failures,
    cordonWatch,
    ...(replaced.memory === undefined ? {} : { change: replaced.memory }),
    ...(wakeAtMs === undefined ? {} : { dueMs: wakeAtMs }),
    ...(blindUntilMs === undefined ? {} : { blindUntilMs }),
  };
}

function steeringOf(nodes: readonly MediaNode[], placement: PlacementResult): Steering {
  const open: string[] = [];
  const closed: string[] = [];
  const onTheirWay: string[] = [];
  for (const node of nodes) {
    const { entry } = node;
    const role = placement.roles.get(node.name);
    if (entry === undefined) continue;
    if (role !== undefined) (role === 'Serving' ? open : closed).push(entry.nodeId);
    else if (staysShut(node)) onTheirWay.push(entry.nodeId);
  }
  // While others serve: the last node of a fleet is closed by nobody.
  return { open, closed: open.length === 0 ? closed : [...closed, ...onTheirWay] };
}

/**
 * Until a server has heard that it is to stop, its entry says that it serves, and an empty node is what new rooms are
 * given first; one that was closed and falls silent for a moment comes back closed.
 */
function staysShut({ phase, entry, pod, memory }: MediaNode): boolean {
  if (entry?.state !== 'Serving') return false;
  const wasShut = memory.closedSinceMs !== undefined || pod.cordonWish !== undefined;
  return phase === 'Leaving' || (phase === 'Suspect' && wasShut);
}
