/** The record of each removal: what was seen, when, and that nobody was there, or who was. Kept in a ConfigMap. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { FIELD_MANAGER } from '../api/names.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Action, Closing } from '../core/action.ts';
import type { KubeClient } from '../kube/client.ts';
import { AlreadyExistsError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/kinds.ts';
import { resourceType } from '../kube/resource.ts';
import { ownedMeta } from '../manifests/owned-object.ts';

export type Removal = Extract<Action, { kind: 'RemoveNode' | 'EvictNode' | 'EndWedged' | 'RemoveFailed' }>;

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const CONFIG_MAPS = resourceType<ConfigMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});

/** Older receipts make room for new ones; the Events and the log keep their own copies. */
const mostReceipts = 200;

export function receiptsName(cluster: string): string {
  return `${cluster}-receipts`;
}

/**
 * Resolves once the receipt is stored. What only hastens an end that has its receipt already leaves that one, which has
 * the proof. @throws ApiError
 */
export async function writeReceipt(
  client: KubeClient,
  cluster: OpenViduCluster,
  removal: Removal,
  nowIso: string,
): Promise<void> {
  const name = receiptsName(cluster.metadata.name);
  const { namespace } = cluster.metadata;
  const key = `${nowIso.replaceAll(/[^0-9TZ]/g, '')}.${removal.pod.name}`;
  const receipt = JSON.stringify(receiptOf(removal, nowIso));
  const kept = (await client.find(CONFIG_MAPS, { name, namespace }))?.data;
  if (kept === undefined && (await first(client, cluster, { [key]: receipt }))) return;
  const earlier = receiptsOf(removal, kept ?? {});
  if (isAfterTheEnd(removal) && earlier.length > 0) return;
  const dropped = Object.fromEntries(
    [...earlier, ...surplusOf(kept ?? {}, earlier)].map((old) => [old, null]),
  );
  const patch = { data: { ...dropped, [key]: receipt } };
  await client.patchMerge(CONFIG_MAPS, { name, namespace }, patch, { fieldManager: FIELD_MANAGER });
}

/** It is asked for again and again, and adds nothing to what was written when the Pod was removed or its server ended. */
function isAfterTheEnd({ kind }: Removal): boolean {
  return kind === 'EndWedged' || kind === 'RemoveFailed';
}

/**
 * Earlier receipts of the same Pod are of removals that were refused: it is there once, so that those that happened are not
 * crowded out.
 */
function receiptsOf({ pod }: Removal, kept: NonNullable<ConfigMap['data']>): readonly string[] {
  return Object.keys(kept).filter(
    (key) => key.endsWith(`.${pod.name}`) && kept[key]?.includes(`"uid":"${pod.uid}"`) === true,
  );
}

/** Of the others the oldest make room for one more. */
function surplusOf(kept: NonNullable<ConfigMap['data']>, earlier: readonly string[]): readonly string[] {
  const others = Object.keys(kept).filter((key) => !earlier.includes(key));
  return others.toSorted().slice(0, Math.max(0, others.length + 1 - mostReceipts));
}

/** False when it exists already: empty, or made a moment ago by the receipt of another Pod. */
async function first(
  client: KubeClient,
  cluster: OpenViduCluster,
  data: ConfigMap['data'],
): Promise<boolean> {
  const metadata = ownedMeta(cluster.metadata, receiptsName(cluster.metadata.name));
  try {
    await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: data ?? {} });
    return true;
  } catch (error) {
    if (error instanceof AlreadyExistsError) return false;
    throw error;
  }
}

/** As it is stored. Instants of the proofs are on the operator's monotonic clock and can only be compared. */
export function receiptOf(removal: Removal, nowIso: string): Readonly<Record<string, unknown>> {
  const { pod, because } = removal;
  const whose = { node: pod.name, uid: pod.uid, removedAt: nowIso, because };
  if (removal.kind === 'RemoveNode') {
    const { closing, tookMs, ...evidence } = removal.evidence;
    return { ...whose, evicted: false, ...cut(0, 0), ...closed(closing, tookMs), ...evidence };
  }
  if (removal.kind === 'EndWedged') return { ...whose, evicted: false, ...cut(0, 0), nodeId: removal.nodeId };
  if (removal.kind === 'RemoveFailed') return { ...whose, evicted: false, ...cut(0, 0), failed: true };
  const { nodeId, rooms, participants, eviction } = removal;
  const { closing, tookMs, deadlineMs, companions } = eviction;
  const deadline = isoFromMs(deadlineMs);
  const known = nodeId === undefined ? {} : { nodeId };
  return {
    ...whose,
    evicted: true,
    ...cut(rooms, participants),
    deadline,
    ...closed(closing, tookMs),
    ...known,
    companions,
  };
}

function cut(roomsCut: number, participantsCut: number) {
  return { roomsCut, participantsCut };
}

/** How it came to be closed, and how long it took from there. */
function closed(closing: Closing | undefined, tookMs: number) {
  const tookSeconds = Math.round(tookMs / 1000);
  if (closing === undefined) return { tookSeconds };
  const { by, why, askedAtMs, closedAtMs, rooms, participants } = closing;
  const asked = askedAtMs === undefined ? {} : { askedAt: isoFromMs(askedAtMs) };
  return {
    tookSeconds,
    closedBy: by,
    closedBecause: why,
    ...asked,
    closedAt: isoFromMs(closedAtMs),
    roomsWhenClosed: rooms,
    participantsWhenClosed: participants,
  };
}
