/**
 * One pass of the operator as a pure function: what was observed in, what to do and why out.
 * It reads no clock, no randomness and no environment; the same input gives the same decision.
 */
import type { Action, Steering } from './action.ts';
import { bounded } from './bounds.ts';
import { trialOf } from './canary.ts';
import { type Parts, conclude, endOf } from './conclude.ts';
import { type Demand, demand } from './demand.ts';
import { type DrainEnd, noteDrain } from './drains.ts';
import { planEvacuation } from './evacuation-plan.ts';
import { farewell, nobodyLeft } from './farewell.ts';
import { withForeignNodes } from './foreign-nodes.ts';
import { heartbeatRefusal, redisRefusal } from './freshness.ts';
import { type Governed, type GovernorView, becauseOfLaunch, govern, sizeWish } from './govern.ts';
import { hold, openSomebody, wishedSteering } from './hold.ts';
import { planLaunches } from './launches.ts';
import type { Learned } from './learned.ts';
import { planLeaving } from './leaving.ts';
import { type Seen, look, withMemory } from './look.ts';
import type { Loss } from './loss.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './observed.ts';
import { type PlacementResult, place } from './placement.ts';
import type { Finding } from './reasons.ts';
import { noteRole, noteTold } from './remember.ts';
import type { ClusterSpec } from './spec.ts';
import { letGo, noteCordons, roleShown, steeringRefusal } from './steering.ts';
import type { DepartureView, UpdateView } from './updates-view.ts';

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

/** Lost: its server ended after it had served. */
export type NodeState =
  | 'Launching'
  | 'Serving'
  | 'Standby'
  | 'Cordoned'
  | 'Leaving'
  | 'Failed'
  | 'Suspect'
  | 'Lost';

/** A node with what the decision made of it. */
export interface NodeView {
  readonly node: MediaNode;
  readonly state: NodeState;
  /** Why it is in this state, or why it may not leave yet. */
  readonly finding: Finding | undefined;
  /** When it is expected to be empty, if it is to leave or a wish keeps it closed. */
  readonly end?: DrainEnd | undefined;
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
  /** What was cut without anybody's wish, as seen first in this pass. */
  readonly losses: readonly Loss[];
  readonly demand: Demand | undefined;
  readonly governor: GovernorView | undefined;
  /** How far a changed template or configuration has come. */
  readonly updates: UpdateView | undefined;
  /** Nodes whose machine is to be freed. */
  readonly departures: readonly DepartureView[];
  /** How many nodes there are beyond the desired number while others are replaced or tried. */
  readonly aside: number;
  readonly memory: Memory;
  /** When time alone may change the decision. */
  readonly wakeAtMs: number | undefined;
}

export function decide(input: DecideInput): Decision {
  return withForeignNodes(input, input.spec.deleting ? farewell(input, decideFleet) : decideFleet(input));
}

function decideFleet(input: DecideInput): Decision {
  const seen = look(input);
  const noRedis = redisRefusal(input.observed.redis, input.nowMs);
  if (noRedis !== undefined) return hold(input, seen, noRedis, letGo);
  const silence = heartbeatRefusal(seen.nodes, input.nowMs);
  if (silence !== undefined) return hold(input, seen, silence, openSomebody(seen));
  if (input.spec.mode === 'Paused') {
    return hold(
      input,
      seen,
      { reason: 'Paused', message: 'spec.autoscaling.mode is Paused.' },
      steeringRefusal(input, input.memory.cordonWatch) === undefined ? wishedSteering(seen) : letGo,
    );
  }
  return act(input, seen);
}

function act(input: DecideInput, seen: Seen): Decision {
  const { spec, nowMs } = input;
  const { evacuation, losses, memory } = seen;
  const size = sized(input, seen);
  const { desired } = size.bounds;
  // What this look shows counts at once: a second look at the same moment decides the same.
  const cordonWatch = noteCordons(input, seen.nodes);
  const unsteered = steeringRefusal(input, cordonWatch) ?? nobodyLeft(spec, seen.nodes);
  const trial = trialOf({ ...input, nodes: seen.nodes, evacuation });
  const placement = place({
    steer: size.governed.steer,
    nodes: seen.nodes,
    outlooks: size.governed.view.outlooks,
    desired: desired + evacuation.aside.size,
    avoid: evacuation.avoid,
    trial: trial.part,
  });
  const nodes = noted({ ...input, steered: unsteered === undefined }, seen, placement, size.governed);
  const { roles, surplus } = placement;
  const leaving = planLeaving({ input, nodes, roles, surplus, memory, losses });
  const replacing = planEvacuation({ ...input, nodes, evacuation, desired, surplus });
  const launches = planLaunches({
    clusterName: input.clusterName,
    spec,
    nodes,
    missing: desired - size.current,
    because: becauseOfLaunch(size.wish, size.bounds),
    replacing: { ...replacing, revision: evacuation.change.launches, trialRevision: spec.revision },
    failures: leaving.failures,
    lost: memory.lost?.count ?? 0,
    refusal: input.observed.launchRefusal,
    nowMs,
  });
  return conclude(input, {
    ...size,
    seen,
    nodes,
    cordonWatch,
    unsteered,
    trial,
    placement,
    replacing,
    launches,
    leaving,
  });
}

/** How many nodes are wanted, and why. Those that are only there until another has gone are left out of it. */
function sized(
  input: DecideInput,
  seen: Seen,
): Pick<Parts, 'governed' | 'wanted' | 'wish' | 'bounds'> & { readonly current: number } {
  const { spec, nowMs, wallMs, launchMs } = input;
  const { kept, aside } = seen.evacuation;
  const current = seen.capacity - aside.size;
  const governed = govern(input, { ...seen, aside }, kept);
  const lasting = aside.size === 0 ? kept : kept.filter(({ name }) => !aside.has(name));
  const wanted = demand(spec, seen.nodes, lasting);
  const wish = sizeWish(spec, wanted, governed);
  const bounds = bounded({ ...wish, spec, current, memory: seen.memory, nowMs, wallMs, launchMs });
  return { governed, wanted, wish, bounds, current };
}

/** The nodes with what this pass hands to the next about each of them. */
function noted(
  input: DecideInput & { readonly steered: boolean },
  seen: Seen,
  { roles, surplus }: PlacementResult,
  governed: Governed,
): readonly MediaNode[] {
  const { spec, nowMs, wallMs } = input;
  // Made once: most nodes are to go nowhere, and there may be a thousand of them.
  const staying = { spec, nowMs, wallMs, end: undefined };
  return seen.nodes.map((node) => {
    const role = roles.get(node.name);
    const shown = roleShown(role, input.steered);
    const told = withMemory(node, noteTold(noteRole(node, role, input), shown, surplus.has(node.name)));
    const at = node.pod.cordonWish === undefined ? staying : { ...staying, end: endOf(node, governed) };
    return withMemory(told, noteDrain(told, role, at));
  });
}
