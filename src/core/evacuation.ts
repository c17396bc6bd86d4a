/**
 * Nodes that are to be replaced: made from an outdated revision, or on a machine that somebody wants free. Both are one
 * task. Another node is launched beyond the wanted number, a stand-in; when it serves, the old one is closed by a wish
 * of the operator itself, empties, and leaves as every other node does.
 */
import { type DepartingNode, departingNodes } from './departures.ts';
import { isSilentLately } from './freshness.ts';
import { type MediaNode, compareNames } from './media-nodes.ts';
import type { ChangeMemory, Memory } from './memory.ts';
import type { Observed } from './observed.ts';
import { keepOrder } from './placement.ts';
import { usualLaunchMs } from './reserve.ts';
import type { ClusterSpec } from './spec.ts';
import { type Change, changeOf } from './updates.ts';

export interface Evacuation {
  readonly change: Change;
  readonly departing: readonly DepartingNode[];
  /** Nodes that are up and that nobody wants closed, those that should stay first. */
  readonly kept: readonly MediaNode[];
  /** Of the nodes that count as capacity those that are there beyond the wanted number, until another has gone. */
  readonly aside: ReadonlySet<string>;
  /** Names of nodes that were launched to take the place of others, which are still there. */
  readonly standIns: readonly string[];
  /** Nodes of a revision on trial. */
  readonly trial: ReadonlySet<string>;
  /** Nodes that get new rooms only when no other has space. */
  readonly avoid: ReadonlySet<string>;
  /** As this look found them, before anything was decided. */
  readonly memory: ChangeMemory;
}

export interface EvacuationInput {
  readonly spec: ClusterSpec;
  readonly observed: Observed;
  readonly nodes: readonly MediaNode[];
  readonly memory: Memory;
  readonly launchMs: number | undefined;
  readonly nowMs: number;
  readonly wallMs: number;
}

export function evacuationOf(input: EvacuationInput): Evacuation {
  const { spec, observed, nodes, nowMs, wallMs } = input;
  const change = changeOf(spec, observed.revisions, nodes);
  const times = { wallMs, launchMs: input.launchMs ?? usualLaunchMs };
  const departing = departingNodes(nodes, observed.kubeNodes, times);
  if (isIdle(change, departing, input)) return idle(change, nodes);
  const ranks = rankOf(change, departing);
  const kept = keepOrder(nodes, ranks);
  const counted = nodes.filter((node) => countsAsCapacity(node, nowMs));
  const trial = new Set(trialNodes(change, counted));
  const toGo = goOrder(
    kept.filter((node) => isToGo(node, change, ranks) && !trial.has(node.name)),
    ranks,
  );
  const standIns = standInsNow(input, change, counted);
  const paired = standIns.serving.slice(0, toGo.length);
  const stillborn = counted.filter((node) => change.failed.has(node.name) || neverComes(node, change));
  return {
    change,
    departing,
    kept,
    trial,
    standIns: paired,
    aside: new Set([
      ...trial,
      ...stillborn.map(({ name }) => name),
      ...toGo.slice(0, paired.length).map(({ name }) => name),
    ]),
    avoid: new Set(toGo.map(({ name }) => name)),
    memory: {
      // Nodes on trial stand in for the first to go as soon as they are trusted.
      standIns: [...paired, ...standIns.unseen, ...trial].toSorted(compareNames),
      wished: standIns.wished,
      ...(input.memory.change?.trial === undefined ? {} : { trial: input.memory.change.trial }),
    },
  };
}

/** Nothing is to be replaced, and nothing is left of a replacement. */
function isIdle(
  { phase }: Change,
  departing: readonly DepartingNode[],
  { memory, nodes }: EvacuationInput,
): boolean {
  return (
    phase === 'Idle' &&
    departing.length + (memory.change === undefined ? 0 : 1) === 0 &&
    !nodes.some(isOwnWish)
  );
}

function idle(change: Change, nodes: readonly MediaNode[]): Evacuation {
  return {
    change,
    departing: [],
    kept: keepOrder(nodes),
    trial: nobody,
    standIns: [],
    aside: nobody,
    avoid: nobody,
    memory: { standIns: [], wished: [] },
  };
}

const nobody: ReadonlySet<string> = new Set();

/** Up and not to be closed by anybody's wish, silent for a moment, or on order. */
export function countsAsCapacity(node: MediaNode, nowMs: number): boolean {
  if (node.phase === 'Launching') return true;
  if (node.phase === 'Up') return node.pod.cordonWish === undefined;
  return isSilentLately(node, nowMs);
}

const ranks = { outdated: 1, failed: 2, departing: 3 } as const;

/** Who should go first when fewer are needed: the higher the number the sooner; none is 0. */
function rankOf(change: Change, departing: readonly DepartingNode[]): ReadonlyMap<string, number> {
  const byName = new Map<string, number>();
  // Where the wanted revision failed, the nodes of the one before are the good ones.
  if (change.phase !== 'Stopped') for (const name of change.outdated) byName.set(name, ranks.outdated);
  for (const name of change.failed) byName.set(name, ranks.failed);
  for (const { node } of departing) byName.set(node.name, ranks.departing);
  return byName;
}

function isToGo({ name, pod }: MediaNode, change: Change, byName: ReadonlyMap<string, number>): boolean {
  const rank = byName.get(name);
  if (rank === ranks.departing || rank === ranks.failed) return true;
  return rank === ranks.outdated && change.isTrusted && !pod.protected;
}

/**
 * First comes who is closed first: it has the fewest people, so it is empty soonest. This rests on nothing that the
 * decision itself changes, so that a second look chooses alike.
 */
export function goOrder(
  nodes: readonly MediaNode[],
  byName: ReadonlyMap<string, number> = new Map(),
): readonly MediaNode[] {
  const rank = ({ name }: MediaNode) => byName.get(name) ?? 0;
  return nodes.toSorted(
    (a, b) =>
      rank(b) - rank(a) ||
      a.participants - b.participants ||
      a.rooms.length - b.rooms.length ||
      compareNames(a.name, b.name),
  );
}

function trialNodes({ isOnTrial, updated }: Change, counted: readonly MediaNode[]): readonly string[] {
  if (!isOnTrial) return [];
  return counted
    .filter(({ name, pod }) => updated.has(name) && pod.cordonWish === undefined)
    .map(({ name }) => name);
}

/** An outdated node that cannot start, by the kubelet's word: the change is what it waits for. */
function neverComes({ name, phase, pod }: MediaNode, { isTrusted, outdated }: Change): boolean {
  const isStuck = phase === 'Launching' && pod.trouble !== undefined && pod.kubeNode !== undefined;
  return isTrusted && isStuck && outdated.has(name);
}

interface StandIns {
  /** Launched ones that are there and still wait for the node whose place they take. */
  readonly serving: readonly string[];
  /** Launched ones that an old view of the Pods does not show yet. */
  readonly unseen: readonly string[];
  /** Uids of nodes that are closed by our own wish. */
  readonly wished: readonly string[];
}

/**
 * A new wish of ours on a node means that a stand-in has taken its place. Which one does not matter: they are alike.
 */
function standInsNow(
  { observed, nodes, memory }: EvacuationInput,
  { failed, updated, isOnTrial }: Change,
  counted: readonly MediaNode[],
): StandIns {
  const closed = nodes.filter((node) => isOwnWish(node) && node.phase !== 'Leaving');
  if (memory.change === undefined && closed.length === 0) return { serving: [], unseen: [], wished: [] };
  const before = memory.change ?? { standIns: [], wished: [] };
  const replaced = closed.filter(({ name, pod }) => !before.wished.includes(pod.uid) && !failed.has(name));
  const present = new Set(nodes.map(({ name }) => name));
  const launched = new Set(before.standIns);
  const serving = counted
    .filter(({ name }) => launched.has(name) && !failed.has(name) && !(isOnTrial && updated.has(name)))
    .map(({ name }) => name);
  return {
    serving: serving.slice(replaced.length),
    unseen: observed.ownWritesSeen ? [] : before.standIns.filter((name) => !present.has(name)),
    wished: closed.map(({ pod }) => pod.uid),
  };
}

export function isOwnWish({ pod }: MediaNode): boolean {
  return pod.cordonWish?.by === 'Update' || pod.cordonWish?.by === 'Maintenance';
}
