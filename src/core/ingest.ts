/** An ingest that runs without end, such as a camera's, holds a node for ever: it is recognised and told. */
import { heartbeatOverdueMs, type MediaNode } from './media-nodes.ts';
import type { Finding } from './reasons.ts';
import { tallyOf } from './rooms-by-node.ts';

/** Longer than meetings and lessons last. */
const endlessFromMs = 21_600_000;

/** Whether the node has a companion that takes ingests, by its name. */
export function hasIngress({ metrics }: MediaNode): boolean {
  return metrics?.kind === 'Read' && metrics.companions.some(isIngress);
}

function isIngress({ name }: { readonly name: string }): boolean {
  return name.includes('ingress');
}

/**
 * Since when nothing but ingests holds the node: its ingress is at work, other companions are idle, and its rooms have
 * no more people than there are ingests. Where the node has not spoken lately, nothing has changed.
 */
export function ingestSince(node: MediaNode, nowMs: number): number | undefined {
  const { metrics, memory } = node;
  if (metrics?.kind !== 'Read' || nowMs - metrics.atMs > heartbeatOverdueMs) return memory.ingestSinceMs;
  const jobs = metrics.companions.reduce(
    (sum, companion) => sum + (isIngress(companion) ? (companion.active ?? 0) : 0),
    0,
  );
  const others = metrics.companions.some((companion) => !isIngress(companion) && companion.active !== 0);
  const isAlone = jobs > 0 && !others && tallyOf(node.rooms).recorded <= jobs;
  return isAlone ? (memory.ingestSinceMs ?? nowMs) : undefined;
}

export function isEndless({ memory }: MediaNode, nowMs: number): boolean {
  return memory.ingestSinceMs !== undefined && nowMs - memory.ingestSinceMs > endlessFromMs;
}

/** The finding as it was, or that an ingest without end is what stands behind it. */
export function nameIngest(node: MediaNode, finding: Finding, nowMs: number): Finding {
  const mayBeIngest = finding.reason === 'CompanionBusy' || finding.reason === 'StillHasRooms';
  if (!mayBeIngest || !isEndless(node, nowMs)) return finding;
  const message = `An ingest has run on ${node.name} for more than 6 h and nothing else holds it: stop it or move it to another Media Node.`;
  return { reason: 'IngestContinues', message, node: node.name };
}
