/** How long a launch takes, from the first sight of the Pod to the moment it is Ready and registered. */
import type { PodObservation } from './observed.ts';
import type { RedisReading } from './readings.ts';

const mostSamples = 12;
/** A Pod that is older than this at first sight began unseen, and says nothing. */
const unseenMs = 15_000;

interface Watched {
  readonly startedMs: number;
}

export class LaunchWatch {
  readonly #waiting = new Map<string, Watched>();
  readonly #known = new Set<string>();
  #samples: readonly number[] = [];
  #lastPods: readonly PodObservation[] = [];

  /** Three launches out of four take no longer than this; `undefined` before the first was seen. */
  get launchMs(): number | undefined {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    return sorted[Math.ceil(0.75 * sorted.length) - 1];
  }

  get samples(): readonly number[] {
    return this.#samples;
  }

  restore(samples: readonly number[]): void {
    this.#samples = samples.slice(-mostSamples);
  }

  see(pods: readonly PodObservation[], redis: RedisReading, at: { nowMs: number; wallMs: number }): void {
    if (pods !== this.#lastPods) {
      this.#lastPods = pods;
      this.#forgetAllBut(new Set(pods.map(({ uid }) => uid)));
      for (const pod of pods) this.#meet(pod, at);
    }
    if (this.#waiting.size === 0 || redis.kind !== 'Read') return;
    for (const pod of pods) {
      if (pod.ready && this.#waiting.has(pod.uid) && isRegistered(pod, redis))
        this.#arrived(pod.uid, at.nowMs);
    }
  }

  #meet(pod: PodObservation, { nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number }): void {
    if (this.#known.has(pod.uid)) return;
    this.#known.add(pod.uid);
    const ageMs = Math.max(0, wallMs - pod.createdAtMs);
    if (pod.ready || pod.deleting || ageMs > unseenMs) return;
    this.#waiting.set(pod.uid, { startedMs: nowMs - ageMs });
  }

  #arrived(uid: string, nowMs: number): void {
    const watched = this.#waiting.get(uid);
    if (watched === undefined) return;
    this.#waiting.delete(uid);
    this.#samples = [...this.#samples, Math.round(nowMs - watched.startedMs)].slice(-mostSamples);
  }

  #forgetAllBut(uids: ReadonlySet<string>): void {
    for (const uid of this.#known) {
      if (uids.has(uid)) continue;
      this.#known.delete(uid);
      this.#waiting.delete(uid);
    }
  }
}

function isRegistered({ ip }: PodObservation, { nodes }: Extract<RedisReading, { kind: 'Read' }>): boolean {
  return ip !== undefined && nodes.some((entry) => entry.kind === 'Node' && entry.ip === ip);
}
