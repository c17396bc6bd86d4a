/** What a person wants of one Media Node, written on its Pod where the operator reads it. */
import { userInfo } from 'node:os';
import { ANNOTATIONS } from '../api/names.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Pod } from '../kube/kinds.ts';
import { PODS } from '../kube/resource.ts';
import { NegativeAnswerError } from './cli-error.ts';
import type { ClusterLink } from './cluster-link.ts';
import type { Io } from './io.ts';

export type WishName = 'cordon' | 'drain' | 'protect';

/** `null` takes an annotation away. */
export type Annotations = Readonly<Record<string, string | null>>;

/** Annotations that say: no new rooms, and for a drain also leave when empty. The value says why. */
export function outOfServiceWish(wish: 'cordon' | 'drain', why: string, nowMs: number): Annotations {
  const since = `${isoFromMs(nowMs).slice(0, 19)}Z`;
  return {
    // A drain includes the cordon, and its time is its own.
    ...(wish === 'drain' ? { [ANNOTATIONS.cordon]: null } : {}),
    [ANNOTATIONS[wish]]: why,
    [ANNOTATIONS.cordonedSince]: since,
    // Now it is a person's wish, whoever wanted the same before, and the time is that of this wish.
    [ANNOTATIONS.drainBy]: wish === 'drain' ? 'person' : null,
  };
}

/** Annotations that say: take new rooms again. */
export const backInServiceWish: Annotations = {
  [ANNOTATIONS.cordon]: null,
  [ANNOTATIONS.drain]: null,
  [ANNOTATIONS.drainBy]: null,
  [ANNOTATIONS.cordonedSince]: null,
};

/** What to write when nobody said why: at least who. */
export function whyOf(reason: string | undefined): string {
  return reason ?? `asked for by ${userName()} with kubectl-openvidu`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run under a number that has no name.
    if (error instanceof Error) return `user ${process.getuid?.() ?? 'unknown'}`;
    throw error;
  }
}

/** Whether the Pod says so already. */
export function hasWish(pod: Pod, wish: WishName): boolean {
  return pod.metadata.annotations?.[ANNOTATIONS[wish]] !== undefined;
}

/** Writes on exactly this Pod, not on a later one of its name. @throws ConflictError when it is another one by now */
export async function writeWish(link: ClusterLink, pod: Pod, annotations: Annotations): Promise<Pod> {
  const { name, uid } = pod.metadata;
  const ref = { name, namespace: link.namespace };
  const patch = { metadata: { uid, annotations } };
  return await link.client.patchMerge(PODS, ref, patch, { fieldManager: 'kubectl-openvidu' });
}

/** @throws NegativeAnswerError when the node is leaving already: that cannot be undone */
export function mustNotBeLeaving(pod: Pod, deed: string): void {
  if (pod.metadata.deletionTimestamp === undefined) return;
  throw new NegativeAnswerError(
    `${pod.metadata.name} is leaving already and cannot be ${deed}: its server has been told to stop.`,
  );
}

/** How a wait ended. */
export type Waited<T> =
  | { readonly kind: 'Done'; readonly value: T }
  | { readonly kind: 'TimedOut' }
  | { readonly kind: 'Stopped' };

export interface WaitOptions {
  readonly everyMs: number;
  /** `undefined`: for ever. */
  readonly timeoutMs: number | undefined;
}

/** Looks again and again until `look` gives a value. What `look` throws ends the wait. */
export async function waitUntil<T>(
  io: Io,
  { everyMs, timeoutMs }: WaitOptions,
  look: () => Promise<T | undefined>,
): Promise<Waited<T>> {
  const untilMs = io.clock.elapsedMs() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    if (io.stop.aborted) return { kind: 'Stopped' };
    const value = await look();
    if (value !== undefined) return { kind: 'Done', value };
    const leftMs = untilMs - io.clock.elapsedMs();
    if (leftMs <= 0) return { kind: 'TimedOut' };
    await io.sleep(Math.min(everyMs, leftMs));
  }
}
