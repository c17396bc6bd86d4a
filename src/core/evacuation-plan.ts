/** What is done about nodes that are to be replaced: whom to launch, whom to close, whom to open again, and why not yet. */
import type { Action, OwnWish } from './action.ts';
import type { DepartingNode } from './departures.ts';
import { mayStay } from './departures.ts';
import { type Evacuation, goOrder } from './evacuation.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Observed } from './observed.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';
import { surgeOf, trialSize } from './updates.ts';
import { refOf } from './pod-ref.ts';

export interface EvacuationPlanInput {
  readonly spec: ClusterSpec;
  readonly observed: Pick<Observed, 'kubeNodes' | 'ownWritesSeen'>;
  readonly nodes: readonly MediaNode[];
  readonly evacuation: Evacuation;
  readonly desired: number;
  /** Nodes that are more than the desired number anyway. */
  readonly surplus: ReadonlySet<string>;
}

export interface EvacuationPlan {
  /** Nodes to launch beyond the desired number: in the place of others, and for a trial. */
  readonly standIns: number;
  readonly trials: number;
  readonly surge: number;
  /** How many there are beyond the wanted number already, or close to make room for others. */
  readonly beyond: number;
  readonly wishes: readonly Action[];
  readonly findings: readonly Finding[];
  readonly nodeFindings: ReadonlyMap<string, Finding>;
}

export function planEvacuation(plan: EvacuationPlanInput): EvacuationPlan {
  const { spec, evacuation, desired, nodes } = plan;
  const surge = surgeOf(spec.updates, desired);
  const closed = nodes.filter((node) => isClosedByUpdate(node, evacuation)).length;
  const sorted = sortOut(plan);
  const places = Math.max(0, surge - closed);
  const closing = closingNow(plan, sorted, places);
  const trials = evacuation.change.isOnTrial && !spec.updates.paused ? trialSize(spec.updates, desired) : 0;
  const standInsWanted = sorted.urgent + sorted.departing.length + Math.min(sorted.outdated.length, places);
  const isOver = spec.deleting;
  return {
    standIns: isOver ? 0 : Math.max(0, standInsWanted - evacuation.standIns.length),
    trials: isOver ? 0 : Math.max(0, Math.min(trials, places) - evacuation.trial.size),
    surge,
    beyond: evacuation.memory.wished.length + evacuation.aside.size,
    wishes:
      plan.observed.ownWritesSeen && !isOver
        ? [...closing.map(close), ...[...takenBack(plan), ...tidied(plan)].map(free)]
        : [],
    findings: findingsOf(plan, { waiting: sorted.outdated.length, places }),
    nodeFindings: awaited(sorted.departing, new Set(closing.map(({ node }) => node.name))),
  };
}

/** Nodes of a failed revision are closed at once, and are not among those that the surge limits. */
function isClosedByUpdate({ name, phase, pod }: MediaNode, { change }: Evacuation): boolean {
  return phase !== 'Leaving' && pod.cordonWish?.by === 'Update' && !change.failed.has(name);
}

/** Nodes that are open to everybody's wish and are to be replaced. First comes who goes first. */
interface ToGo {
  readonly failed: readonly MediaNode[];
  /** No time is left, or nothing has to take their place. */
  readonly atOnce: readonly DepartingNode[];
  /** How many of these need another in their place. */
  readonly urgent: number;
  readonly departing: readonly DepartingNode[];
  readonly outdated: readonly MediaNode[];
  /** How many serve and stay, those in the two last lists included. */
  readonly solid: number;
}

const nobody: ToGo = { failed: [], atOnce: [], urgent: 0, departing: [], outdated: [], solid: 0 };

function sortOut({ spec, evacuation, surplus }: EvacuationPlanInput): ToGo {
  const { change, departing, kept, trial } = evacuation;
  if (departing.length + change.outdated.size === 0) return nobody;
  const departures = new Map(departing.map((item) => [item.node.name, item]));
  const departureOf = ({ name }: MediaNode) => departures.get(name) ?? [];
  const isExtra = ({ name }: MediaNode) => surplus.has(name) || trial.has(name);
  const hasFailed = ({ name }: MediaNode) => change.failed.has(name);
  const mayClose = ({ pod }: MediaNode) => !pod.protected;
  const [atOnce, others] = partition(goOrder(kept), (node) => {
    const departure = departures.get(node.name);
    return departure !== undefined && (departure.isUrgent || isExtra(node));
  });
  const [failed, good] = partition(others, hasFailed);
  const [leaving, staying] = partition(
    good.filter((node) => !isExtra(node)),
    ({ name }) => departures.has(name),
  );
  const isRolling = change.isTrusted && !spec.updates.paused;
  const outdated = isRolling ? staying.filter(({ name }) => change.outdated.has(name)) : [];
  return {
    failed: failed.filter(mayClose),
    atOnce: atOnce.flatMap(departureOf),
    urgent: atOnce.filter((node) => !isExtra(node)).length,
    departing: leaving.flatMap(departureOf).toSorted(byDeadline),
    outdated: outdated.filter(mayClose),
    solid: leaving.length + staying.length,
  };
}

function partition(
  nodes: readonly MediaNode[],
  belongs: (node: MediaNode) => boolean,
): readonly [readonly MediaNode[], readonly MediaNode[]] {
  return [nodes.filter(belongs), nodes.filter((node) => !belongs(node))];
}

function byDeadline(a: DepartingNode, b: DepartingNode): number {
  const [first = Infinity, second = Infinity] = [a.deadlineMs, b.deadlineMs];
  return first === second ? 0 : first - second;
}

interface Closing {
  readonly node: MediaNode;
  readonly wish: OwnWish;
}

/** As many as the desired number stay open, and one at least; only where a machine goes at once is nobody asked. */
function closingNow(
  { evacuation, desired, spec, nodes }: EvacuationPlanInput,
  { failed, atOnce, departing, outdated, solid }: ToGo,
  places: number,
): readonly Closing[] {
  const { target } = evacuation.change;
  // Those that take a place below the maximum and serve nobody new: no launch makes up for them.
  const reachable = spec.maxNodes - nodes.filter(isIdlePlace).length;
  const spare = Math.max(0, solid - Math.max(1, Math.min(desired, reachable)));
  const machines = departing.slice(0, spare);
  const old = outdated.slice(0, Math.min(places, spare - machines.length));
  return [
    ...[...atOnce, ...machines].map((item) => ({ node: item.node, wish: maintenanceWish(item) })),
    ...(solid === 0 ? [] : failed).map((node) => ({ node, wish: failedWish(node) })),
    ...old.map((node) => ({ node, wish: updateWish(target) })),
  ];
}

/** Silent, or closed by somebody who may want it so for days. */
function isIdlePlace({ phase, pod }: MediaNode): boolean {
  if (pod.cordonWish !== undefined) return pod.cordonWish.by === 'Person' || pod.cordonWish.by === 'LoadTest';
  return phase === 'Suspect';
}

function maintenanceWish({ machine, why }: DepartingNode): OwnWish {
  return { by: 'Maintenance', why: `its machine ${machine} is to be freed: ${why}` };
}

function updateWish(target: string): OwnWish {
  return { by: 'Update', why: `rolling change to revision ${target}` };
}

function failedWish({ pod }: MediaNode): OwnWish {
  return { by: 'Update', why: `revision ${pod.revision ?? 'unknown'} failed` };
}

function close({ node, wish }: Closing): Action {
  return { kind: 'SetWish', pod: refOf(node), wish };
}

function free(node: MediaNode): Action {
  return { kind: 'SetWish', pod: refOf(node), wish: undefined };
}

/** Nodes with own wishes whose cause is gone. What a person wants is left alone. */
function takenBack({ nodes, evacuation, observed }: EvacuationPlanInput): readonly MediaNode[] {
  const leaving = new Set(evacuation.departing.map(({ node }) => node.name));
  const { change } = evacuation;
  return nodes.filter((node) => {
    if (node.phase === 'Leaving' || node.phase === 'Failed' || leaving.has(node.name)) return false;
    const by = node.pod.cordonWish?.by;
    if (by === 'Maintenance') return mayStay(node, observed.kubeNodes);
    if (by !== 'Update' || change.failed.has(node.name)) return false;
    return change.phase === 'Stopped' || change.updated.has(node.name);
  });
}

/** Nodes from which a person took a wish away by hand, and forgot what was written with it. */
function tidied({ nodes }: EvacuationPlanInput): readonly MediaNode[] {
  return nodes.filter(
    ({ pod, phase }) => pod.hasRemains === true && phase !== 'Leaving' && phase !== 'Failed',
  );
}

function awaited(
  departing: readonly DepartingNode[],
  closing: ReadonlySet<string>,
): ReadonlyMap<string, Finding> {
  return new Map(
    departing
      .filter(({ node }) => !closing.has(node.name))
      .map(({ node, machine, why }) => {
        const message = `${machine} is to be freed (${why}); ${node.name} takes rooms until another Media Node serves in its place.`;
        return [node.name, { reason: 'ReplacementAwaited', message, node: node.name }];
      }),
  );
}

function findingsOf(
  { evacuation, spec }: EvacuationPlanInput,
  { waiting, places }: { readonly waiting: number; readonly places: number },
): readonly Finding[] {
  const { phase, target, fallback } = evacuation.change;
  if (phase === 'Paused') {
    const message = `The rolling change to revision ${target} is held by spec.updates.paused.`;
    return [{ reason: 'UpdatePaused', message }];
  }
  if (phase === 'Stopped') {
    const instead =
      fallback === undefined
        ? 'No other revision is known, so nothing is launched'
        : `New Media Nodes are made from revision ${fallback}`;
    const message = `Revision ${target} failed. ${instead} until the template or the configuration is changed.`;
    return [{ reason: 'UpdateStopped', message }];
  }
  if (phase !== 'Rolling' || waiting === 0 || places > 0) return [];
  const { kind, value } = spec.updates.maxSurge;
  const message = `As many Media Nodes as spec.updates.maxSurge (${value}${kind === 'Percent' ? ' %' : ''}) allows are being replaced.`;
  return [{ reason: 'UpdateSurgeLimit', message }];
}
