/** New Pods: how many, under which names, and how long to wait after failures. */
import type { Action } from './action.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { LaunchRefusal } from './observed.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';
import { counted } from './words.ts';

const firstBackoffMs = 2000;
const longestBackoffMs = 300_000;
/**
 * The rest is launched by the passes that follow. A thousand creations at once would stand before the renewal of the
 * leader's lease, and an API server that is slow at that moment would cost the lease.
 */
const mostAtOnce = 50;

export interface LaunchPlan {
  readonly actions: readonly Action[];
  /** Names of those that are launched beyond the desired number. */
  readonly standIns: readonly string[];
  readonly findings: readonly Finding[];
  readonly wakeAtMs: number | undefined;
}

/** What is launched while others are being replaced. */
export interface Replacing {
  /** What nodes are made from; `undefined`: everything known has failed. */
  readonly revision: string | undefined;
  /** Nodes beyond the desired number that take the place of others. */
  readonly standIns: number;
  /** Nodes beyond the desired number that are made from the revision on trial. */
  readonly trials: number;
  readonly trialRevision: string;
  /** By how many Pods the maximum may be passed meanwhile, and how many of those that are there count for that. */
  readonly surge: number;
  readonly beyond: number;
}

export interface LaunchInput {
  readonly clusterName: string;
  readonly spec: ClusterSpec;
  readonly nodes: readonly MediaNode[];
  /** How many more are wanted than there are, those on order counted. */
  readonly missing: number;
  readonly because: Finding;
  readonly replacing: Replacing;
  readonly failures: Memory['failures'];
  /** Nodes that had served for long and are lost since the last pass: their replacement waits for no failures. */
  readonly lost?: number;
  readonly refusal: LaunchRefusal | undefined;
  readonly nowMs: number;
}

/**
 * `spec.mediaNodes.max` bounds every Pod that is not already on its way out, cordoned ones too; only while nodes are
 * replaced there are more, by as many as are being replaced and by spec.updates.maxSurge at most.
 */
export function planLaunches(input: LaunchInput): LaunchPlan {
  const all = ordersOf(input);
  const findings = atMaximum(input, all);
  if (all.ordinary + all.standIns + all.trials === 0) {
    return { actions: [], standIns: [], findings, wakeAtMs: undefined };
  }
  const waitUntilMs = backoffUntilMs(input);
  const waits = waitUntilMs !== undefined && waitUntilMs > input.nowMs;
  const orders = waits ? urgentOf(input, all) : all;
  const wanted = orders.ordinary + orders.standIns + orders.trials;
  if (waits && wanted === 0) {
    const finding: Finding = { reason: 'LaunchBackoff', message: whyBackoff(input) };
    return { actions: [], standIns: [], findings: [...findings, finding], wakeAtMs: waitUntilMs };
  }
  const names = freeNames(input.clusterName, input.nodes, Math.min(wanted, mostAtOnce));
  return {
    actions: names.map((name, at) => creation(name, at, input, orders)),
    standIns: names.slice(orders.ordinary),
    findings,
    wakeAtMs: undefined,
  };
}

interface Orders {
  readonly room: number;
  readonly ordinary: number;
  readonly standIns: number;
  readonly trials: number;
}

function ordersOf({ spec, nodes, missing, replacing }: LaunchInput): Orders {
  const { surge, beyond, revision } = replacing;
  const staying = nodes.filter(isStaying).length;
  const room = Math.max(0, spec.maxNodes + Math.min(surge, beyond) - staying);
  const mayLaunch = revision !== undefined;
  const ordinary = mayLaunch ? Math.max(0, Math.min(missing, room)) : 0;
  const surgeRoom = Math.max(0, spec.maxNodes + surge - staying - ordinary);
  const standIns = mayLaunch ? Math.min(replacing.standIns, surgeRoom) : 0;
  return { room, ordinary, standIns, trials: Math.min(replacing.trials, surgeRoom - standIns) };
}

/** One that is lost takes nobody's place: it goes as soon as its companions let it. */
function isStaying({ phase, memory, pod }: MediaNode): boolean {
  return phase !== 'Leaving' && !(phase === 'Failed' && memory.served && !pod.protected);
}

/** Failures of launches say nothing of nodes that had served for long; a refusal of the API server holds for all. */
function urgentOf({ lost = 0, refusal }: LaunchInput, orders: Orders): Orders {
  const ordinary = refusal === undefined ? Math.min(lost, orders.ordinary) : 0;
  return { ...orders, ordinary, standIns: 0, trials: 0 };
}

function atMaximum({ missing }: LaunchInput, { room }: Orders): readonly Finding[] {
  if (missing <= room) return [];
  const wanted = `${counted(missing, 'more Media Node')} ${missing === 1 ? 'is' : 'are'} wanted`;
  const message = `${wanted}, but spec.mediaNodes.max allows ${room === 0 ? 'none' : `only ${room}`}.`;
  return [{ reason: 'AtMaximum', message }];
}

/** First the ordinary ones, then those that stand in for others, last those on trial. */
function creation(
  name: string,
  at: number,
  { because, replacing }: LaunchInput,
  { ordinary, standIns }: Orders,
): Action {
  const { revision = replacing.trialRevision, trialRevision } = replacing;
  if (at < ordinary) return { kind: 'CreatePod', name, revision, because: because.message };
  if (at < ordinary + standIns) {
    const message = 'It takes the place of a Media Node that is to be replaced.';
    return { kind: 'CreatePod', name, revision, because: message };
  }
  const message = `Revision ${trialRevision} is tried first.`;
  return { kind: 'CreatePod', name, revision: trialRevision, because: message };
}

/** In the words of the API server where it refused. How long it still lasts would be another message each pass. */
function whyBackoff({ failures, refusal }: LaunchInput): string {
  if (refusal !== undefined) {
    return `The next launch waits, because the API server refused the last one: ${refusal.message}`;
  }
  const count = failures?.count ?? 0;
  const passes = count === 1 ? 'a launch failed' : `launches failed ${count} times in a row`;
  return `The next launch waits, because ${passes}.`;
}

function backoffUntilMs({ failures, refusal }: LaunchInput): number | undefined {
  const ends = [failures, refusal]
    .filter((item) => item !== undefined)
    .map((item) => item.lastMs + backoffMs(item.count));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** 2 s after the first failure, doubling to 5 min. */
export function backoffMs(failures: number): number {
  return Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(20, Math.max(0, failures - 1)));
}

/**
 * The lowest ordinals that no Pod has. The same view gives the same names, so a create that is repeated because
 * the view was old is refused as already existing, and is harmless.
 */
export function freeNames(
  clusterName: string,
  nodes: readonly MediaNode[],
  count: number,
): readonly string[] {
  const taken = new Set(nodes.map((node) => node.name));
  const names: string[] = [];
  for (let ordinal = 0; names.length < count; ordinal += 1) {
    const name = `${clusterName}-media-${ordinal}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}
