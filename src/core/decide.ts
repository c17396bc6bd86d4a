/**
 * One pass of the operator as a pure function: what was observed in, what to do and why out.
 * It reads no clock, no randomness and no environment; the same input gives the same decision.
 */
import { bounded } from './bounds.ts';
import { trialOf } from './canary.ts';
import { withCapacity } from './capacity-told.ts';
import { type Parts, conclude, endOf } from './conclude.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { demand } from './demand.ts';
import { drainAt, noteDrain } from './drains.ts';
import { planEvacuation } from './evacuation-plan.ts';
import { farewell, nobodyLeft } from './farewell.ts';
import { withForeignNodes } from './foreign-nodes.ts';
import { heartbeatRefusal, redisRefusal } from './freshness.ts';
import { type Governed, becauseOfLaunch, govern, sizeWish } from './govern.ts';
import { hold, openSomebody, wishedSteering } from './hold.ts';
import { planLaunches } from './launches.ts';
import { planLeaving } from './leaving.ts';
import { type Seen, look } from './look.ts';
import { type MediaNode, withMemory } from './media-nodes.ts';
import { type PlacementResult, place } from './placement.ts';
import { noteRole, noteTold } from './remember.ts';
import { letGo, noteCordons, roleShown, steeringRefusal } from './steering.ts';

export function decide(input: DecideInput): Decision {
  const decision = input.spec.deleting ? farewell(input, decideFleet) : decideFleet(input);
  return withCapacity(input, withForeignNodes(input, decision));
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
  // Made once: most nodes are to go nowhere, and there may be a thousand of them.
  const staying = { ...drainAt(input), end: undefined };
  return seen.nodes.map((node) => {
    const role = roles.get(node.name);
    const shown = roleShown(role, input.steered);
    const told = withMemory(node, noteTold(noteRole(node, role, input), shown, surplus.has(node.name)));
    const at = node.pod.cordonWish === undefined ? staying : { ...staying, end: endOf(node, governed) };
    return withMemory(told, noteDrain(told, role, at));
  });
}
