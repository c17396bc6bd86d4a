/**
 * From the wanted to the desired number: stabilisation, rate rules, limits, in the HPA's order and with its
 * meaning (Kubernetes documentation, HorizontalPodAutoscaler, "Configurable scaling behavior").
 */
import { isUnknown } from './capacity-use.ts';
import type { Memory } from './memory.ts';
import type { Finding } from './reasons.ts';
import { type Floor, type FloorAnswer, floorAt, sayFloor, scheduleLeadMs } from './schedules.ts';
import type { ClusterSpec, RatePolicy, ScalingRules } from './spec.ts';

export interface BoundsInput {
  readonly spec: ClusterSpec;
  readonly wanted: number;
  readonly mayLower: boolean;
  /** Nodes that count as capacity now, those on order included. */
  readonly current: number;
  readonly memory: Memory;
  readonly nowMs: number;
  /** Wall clock, in which schedules are told. */
  readonly wallMs: number;
  /** How long a launch takes by measurement; `undefined` before the first one. */
  readonly launchMs: number | undefined;
}

export interface Bounded {
  readonly desired: number;
  /** Which bound bit, if one did. */
  readonly limitedBy: Finding | undefined;
  readonly memory: Pick<Memory, 'recommendations' | 'changes' | 'desired'>;
  /** When time alone may change the answer. */
  readonly wakeAtMs: number | undefined;
}

/** Even with no stabilisation a cold start watches for five heartbeats before the fleet may shrink. */
export const coldStartMs = 10_000;

export function bounded(input: BoundsInput): Bounded {
  const { spec, memory } = input;
  const base = memory.desired ?? input.current;
  const scheduled = scheduledFloor(input);
  const limits = limitsOf(spec, scheduled);
  const inLimits = clamp(input.wanted, limits);
  const recommendations = remember(input, inLimits, base);
  const stable = stabilise(input, { base, wish: inLimits.value, recommendations });
  const paced = pace(input, base, stable.value);
  const final = clamp(paced.value, limits).value;
  const changes = rememberChange(input, final - base);
  // What a limit demands it gets at once: then no window and no rate held anything back.
  const held = final === inLimits.value ? undefined : (paced.limitedBy ?? stable.limitedBy);
  const limitedBy = held ?? inLimits.limitedBy;
  return {
    desired: final,
    limitedBy,
    memory: { recommendations, changes, desired: final },
    wakeAtMs: earliest(stable.wakeAtMs, paced.wakeAtMs, monotonic(input, scheduled.changesAtMs)),
  };
}

interface Step {
  readonly value: number;
  readonly limitedBy: Finding | undefined;
  readonly wakeAtMs: number | undefined;
}

interface Limits {
  readonly least: number;
  readonly most: number;
  /** The schedule that keeps more than the minimum, if one does. */
  readonly floor: Floor | undefined;
}

/** In mode External the number is somebody else's, peaks included. */
function scheduledFloor({ spec, wallMs, launchMs }: BoundsInput): FloorAnswer {
  if (spec.mode === 'External') return { floor: undefined, changesAtMs: undefined };
  return floorAt(spec.schedules, wallMs, scheduleLeadMs(launchMs));
}

function limitsOf({ minNodes, maxNodes }: ClusterSpec, { floor }: FloorAnswer): Limits {
  const nodes = Math.min(maxNodes, floor?.nodes ?? 0);
  if (floor === undefined || nodes <= minNodes) return { least: minNodes, most: maxNodes, floor: undefined };
  return { least: nodes, most: maxNodes, floor: { ...floor, nodes } };
}

function monotonic({ nowMs, wallMs }: BoundsInput, atWallMs: number | undefined): number | undefined {
  return atWallMs === undefined ? undefined : nowMs + Math.max(0, atWallMs - wallMs);
}

function clamp(wanted: number, { least, most, floor }: Limits): Step {
  if (wanted > most) {
    const message = `The load needs ${wanted} Media Nodes, spec.mediaNodes.max allows ${most}.`;
    return { value: most, limitedBy: { reason: 'AtMaximum', message }, wakeAtMs: undefined };
  }
  if (wanted >= least) return { value: wanted, limitedBy: undefined, wakeAtMs: undefined };
  return { value: least, limitedBy: belowLeast(wanted, least, floor), wakeAtMs: undefined };
}

function belowLeast(wanted: number, least: number, floor: Floor | undefined): Finding {
  if (floor !== undefined) return { reason: 'ScheduleRequiresNodes', message: `${sayFloor(floor)}.` };
  const message = `The load needs ${wanted} Media Nodes, spec.mediaNodes.min keeps ${least}.`;
  return { reason: 'AtMinimum', message };
}

function remember(input: BoundsInput, wish: Step, base: number): Memory['recommendations'] {
  const { spec, memory, nowMs } = input;
  const windowMs = Math.max(spec.scaleUp.stabilizationMs, spec.scaleDown.stabilizationMs, coldStartMs);
  // A cold memory knows only that the fleet has this size: that counts as a wish for it.
  const past = memory.recommendations.length === 0 ? [{ atMs: nowMs, nodes: base }] : memory.recommendations;
  const from = past.findIndex((item) => nowMs - item.atMs <= windowMs);
  const kept = from < 0 ? [] : from === 0 ? past : past.slice(from);
  const last = kept.at(-1);
  // One item a second and value keeps the window small however often a pass runs.
  if (last !== undefined && last.nodes === wish.value && nowMs - last.atMs < 1000) return kept;
  return [...kept, { atMs: nowMs, nodes: wish.value }];
}

interface Wish {
  readonly base: number;
  readonly wish: number;
  readonly recommendations: Memory['recommendations'];
}

function stabilise(input: BoundsInput, { base, wish, recommendations }: Wish): Step {
  const { spec, nowMs } = input;
  if (wish > base) {
    const lowest = extreme(recommendations, nowMs - spec.scaleUp.stabilizationMs, wish, Math.min);
    return stabilised(wish, Math.max(base, lowest), nowMs + spec.scaleUp.stabilizationMs);
  }
  if (wish < base && !input.mayLower) {
    const message = unknownSaid(input.spec);
    return { value: base, limitedBy: { reason: 'TargetsUnknown', message }, wakeAtMs: undefined };
  }
  if (wish < base) {
    const cold = nowMs - input.memory.sinceMs < coldStartMs;
    const windowMs = cold
      ? Math.max(spec.scaleDown.stabilizationMs, coldStartMs)
      : spec.scaleDown.stabilizationMs;
    const highest = extreme(recommendations, nowMs - windowMs, wish, Math.max);
    const held = recommendations.filter((item) => item.nodes > wish).at(-1);
    const wakeAtMs = (held?.atMs ?? nowMs) + windowMs + 1;
    if (cold && Math.min(base, highest) > wish) {
      const message = 'The operator has not yet watched the Media Nodes for long enough.';
      return { value: Math.min(base, highest), limitedBy: { reason: 'ColdStart', message }, wakeAtMs };
    }
    return stabilised(wish, Math.min(base, highest), wakeAtMs);
  }
  return { value: wish, limitedBy: undefined, wakeAtMs: undefined };
}

function unknownSaid({ profile }: ClusterSpec): string {
  if (profile === undefined || !isUnknown(profile)) return 'A target cannot be measured on every Media Node.';
  return `What a node carries is asked of profile ${profile.name}, which cannot be used now.`;
}

function stabilised(wish: number, value: number, wakeAtMs: number): Step {
  if (value === wish) return { value, limitedBy: undefined, wakeAtMs: undefined };
  const message = `${wish} Media Nodes are wanted, ${value} are kept until the wish has lasted long enough.`;
  return { value, limitedBy: { reason: 'Stabilizing', message }, wakeAtMs };
}

function extreme(
  items: Memory['recommendations'],
  fromMs: number,
  start: number,
  pick: (a: number, b: number) => number,
): number {
  let best = start;
  for (const { atMs, nodes } of items) if (atMs > fromMs) best = pick(best, nodes);
  return best;
}

function pace(input: BoundsInput, base: number, value: number): Step {
  if (value === base) return { value, limitedBy: undefined, wakeAtMs: undefined };
  const direction = value > base ? 1 : -1;
  const rules = direction > 0 ? input.spec.scaleUp : input.spec.scaleDown;
  const reach = reachOf(input, rules, base, direction);
  const paced = direction > 0 ? Math.min(value, reach.nodes) : Math.max(value, reach.nodes);
  if (paced === value) return { value, limitedBy: undefined, wakeAtMs: undefined };
  const message = `${value} Media Nodes are wanted; the rate rules allow ${paced} for now.`;
  return { value: paced, limitedBy: { reason: 'RateLimited', message }, wakeAtMs: reach.wakeAtMs };
}

/** How far one direction may go now. Never back over the present size. */
function reachOf(
  input: BoundsInput,
  rules: ScalingRules,
  base: number,
  direction: 1 | -1,
): { readonly nodes: number; readonly wakeAtMs: number | undefined } {
  if (rules.selectPolicy === 'Disabled') return { nodes: base, wakeAtMs: undefined };
  if (rules.policies.length === 0) return { nodes: direction > 0 ? Infinity : 0, wakeAtMs: undefined };
  const farthestFirst = rules.policies
    .map((policy) => policyReach(input, policy, base, direction))
    .toSorted((a, b) => direction * (b - a));
  const chosen = rules.selectPolicy === 'Max' ? farthestFirst[0] : farthestFirst.at(-1);
  const nodes = chosen ?? base;
  const oldest = input.memory.changes.find((change) => change.delta * direction > 0);
  const longestMs = Math.max(...rules.policies.map((policy) => policy.periodMs));
  return {
    nodes: direction > 0 ? Math.max(base, nodes) : Math.min(base, nodes),
    wakeAtMs: (oldest?.atMs ?? input.nowMs) + longestMs + 1,
  };
}

function policyReach(input: BoundsInput, policy: RatePolicy, base: number, direction: 1 | -1): number {
  const moved = input.memory.changes
    .filter((change) => input.nowMs - change.atMs < policy.periodMs)
    .reduce((sum, change) => sum + change.delta, 0);
  const periodStart = base - moved;
  if (policy.kind === 'Pods') return periodStart + direction * policy.value;
  const share = 1 + (direction * policy.value) / 100;
  return direction > 0 ? Math.ceil(periodStart * share) : Math.floor(periodStart * share);
}

function rememberChange(input: BoundsInput, delta: number): Memory['changes'] {
  const periods = [...input.spec.scaleUp.policies, ...input.spec.scaleDown.policies].map(
    (policy) => policy.periodMs,
  );
  const longestMs = Math.max(0, ...periods);
  const kept = input.memory.changes.filter((change) => input.nowMs - change.atMs < longestMs);
  return delta === 0 ? kept : [...kept, { atMs: input.nowMs, delta }];
}

/** The earlier of two instants, either of which may be missing. */
export function earliest(...instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((instant): instant is number => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
