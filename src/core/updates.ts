/**
 * What a changed template or configuration means for the nodes there are: which are outdated, which revision new ones
 * are made from, and whether the wanted revision is trusted yet.
 */
import type { MediaNode } from './media-nodes.ts';
import type { RevisionObservation } from './observed.ts';
import type { ClusterSpec, Updates } from './spec.ts';

export type UpdatePhase = 'Idle' | 'Canary' | 'Rolling' | 'Paused' | 'Stopped';

/** Sets hold names of nodes that are there and were not told to stop. */
export interface Change {
  readonly phase: UpdatePhase;
  /** The revision that nodes are to be made from. */
  readonly target: string;
  /** Proven, or without anything proven to fall back on: then nodes may be made from it without limit. */
  readonly isTrusted: boolean;
  /** Not yet judged although there is something to fall back on: a few nodes of it are watched first. */
  readonly isOnTrial: boolean;
  /** Whether word of what becomes of it can be left, and none was yet. */
  readonly isUnjudged: boolean;
  /** What nodes are made from while the target is not trusted. */
  readonly fallback: string | undefined;
  /** What ordinary new nodes are made from; `undefined`: all that is known has failed. */
  readonly launches: string | undefined;
  readonly updated: ReadonlySet<string>;
  readonly outdated: ReadonlySet<string>;
  /** Nodes of a revision that failed. They are outdated too. */
  readonly failed: ReadonlySet<string>;
}

export function changeOf(
  spec: ClusterSpec,
  revisions: readonly RevisionObservation[],
  nodes: readonly MediaNode[],
): Change {
  const { revision: target } = spec;
  const known = new Map(revisions.map(({ revision, verdict }) => [revision, verdict?.kind]));
  const verdict = known.get(target);
  const fallback = fallbackOf(revisions, target, verdict === 'Failed');
  const isTrusted = verdict === 'Proven' || (verdict === undefined && fallback === undefined);
  const isOnTrial = verdict === undefined && fallback !== undefined;
  const sorted = sortOut(nodes, spec, known);
  return {
    phase: phaseOf(spec.updates, { failed: verdict === 'Failed', isOnTrial, outdated: sorted.outdated.size }),
    target,
    isTrusted,
    isOnTrial,
    isUnjudged: verdict === undefined && known.has(target),
    fallback,
    launches: isTrusted ? target : fallback,
    ...sorted,
  };
}

/** The newest one that is proven. Where the target failed, one that nobody has judged is better than none. */
function fallbackOf(
  revisions: readonly RevisionObservation[],
  target: string,
  hasFailed: boolean,
): string | undefined {
  const others = revisions.filter(({ revision }) => revision !== target);
  const proven = others.findLast(({ verdict }) => verdict?.kind === 'Proven');
  if (proven !== undefined || !hasFailed) return proven?.revision;
  return others.findLast(({ verdict }) => verdict === undefined)?.revision;
}

type Sorted = Pick<Change, 'updated' | 'outdated' | 'failed'>;

function sortOut(
  nodes: readonly MediaNode[],
  { revision: target }: ClusterSpec,
  known: ReadonlyMap<string, 'Proven' | 'Failed' | undefined>,
): Sorted {
  const updated = new Set<string>();
  const outdated = new Set<string>();
  const failed = new Set<string>();
  for (const { name, phase, pod } of nodes) {
    if (phase === 'Leaving' || phase === 'Failed') continue;
    const { revision } = pod;
    const hasFailed = revision !== undefined && known.get(revision) === 'Failed';
    if (hasFailed) failed.add(name);
    // A Pod that does not say is older than revisions are: where these are kept, it is replaced like any other old one.
    const isUpdated = revision === undefined ? known.size === 0 : revision === target;
    (isUpdated && !hasFailed ? updated : outdated).add(name);
  }
  return { updated, outdated, failed };
}

function phaseOf(
  { canary, paused }: Updates,
  {
    failed,
    isOnTrial,
    outdated,
  }: { readonly failed: boolean; readonly isOnTrial: boolean; readonly outdated: number },
): UpdatePhase {
  if (failed) return 'Stopped';
  if (outdated > 0 && paused) return 'Paused';
  if (isOnTrial) return canary === undefined ? 'Rolling' : 'Canary';
  return outdated > 0 ? 'Rolling' : 'Idle';
}

/** Nodes beyond the wanted number while a change rolls: at least one. */
export function surgeOf({ maxSurge }: Updates, desired: number): number {
  const { kind, value } = maxSurge;
  return Math.max(1, kind === 'Nodes' ? value : Math.ceil((desired * value) / 100 - 1e-9));
}

/** How many nodes of a revision on trial there should be. */
export function trialSize({ canary }: Updates, desired: number): number {
  return canary === undefined ? 1 : Math.max(1, Math.ceil(canary.share * desired - 1e-9));
}
