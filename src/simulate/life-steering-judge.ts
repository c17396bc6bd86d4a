/** Judges who takes new rooms: one node at least, and none that a person has cordoned while another could. */
import type { PodObservation } from '../core/observed.ts';
import type { MakeClaim } from './life-claims.ts';
import type { LifeFleet } from './life-fleet.ts';
import type { LifePod } from './life-pod.ts';
import type { World } from './world.ts';
import { type SimNode, heartbeatMs } from './world-node.ts';

/** A heartbeat that is missing is noticed after 6 s, and another node is opened within the next look. */
const noticedWithinMs = 15_000;

export class LifeSteeringJudge {
  readonly #world: World;
  readonly #fleet: LifeFleet;
  readonly #claim: MakeClaim;
  #noneOpenSinceMs: number | undefined;
  readonly #brokenSinceMs = new Map<LifePod, number>();

  constructor(world: World, fleet: LifeFleet, claim: MakeClaim) {
    this.#world = world;
    this.#fleet = fleet;
    this.#claim = claim;
  }

  /** While nobody steers nothing can be asked. */
  forget(): void {
    this.#noneOpenSinceMs = undefined;
    this.#brokenSinceMs.clear();
  }

  /** After a pass that saw these Pods. */
  judge(seen: readonly PodObservation[]): void {
    this.#oneIsOpen();
    for (const pod of this.#fleet.pods.values()) this.#cordonHolds(pod, seen);
  }

  #oneIsOpen(): void {
    const { registry, nowMs, nodes } = this.#world;
    let fresh = 0;
    let open = 0;
    for (const node of nodes) {
      if (node.state !== 'Ready' || nowMs - registry.lastBeatMs(node) > heartbeatMs) continue;
      fresh += 1;
      open += Number(!node.closed);
    }
    if (!registry.reachable || fresh === 0 || open > 0) this.#noneOpenSinceMs = undefined;
    else this.#noneOpenSinceMs ??= nowMs;
    const lastedMs = nowMs - (this.#noneOpenSinceMs ?? nowMs);
    const detail = `${fresh} nodes are up and none is open for ${lastedMs} ms`;
    this.#claim('oneServes', lastedMs < noticedWithinMs, detail);
  }

  #cordonHolds(pod: LifePod, seen: readonly PodObservation[]): void {
    const { nowMs } = this.#world;
    if (!this.#isBroken(pod, seen) || !isSeenCordoned(pod, seen)) {
      this.#brokenSinceMs.delete(pod);
      return;
    }
    const sinceMs = this.#brokenSinceMs.get(pod) ?? nowMs;
    this.#brokenSinceMs.set(pod, sinceMs);
    this.#claim('personsDecide', nowMs - sinceMs < noticedWithinMs, `${pod.name} is cordoned and open`);
  }

  #isBroken({ process, wish }: LifePod, seen: readonly PodObservation[]): boolean {
    if (process === undefined || wish?.by !== 'Person' || !this.#world.registry.isChosen(process))
      return false;
    return [...this.#world.nodes].some((node) => node !== process && this.#isShownAndChosen(node, seen));
  }

  /** One that is not shown yet cannot take the place of another. */
  #isShownAndChosen(node: SimNode, seen: readonly PodObservation[]): boolean {
    const uid = this.#fleet.podOf(node)?.uid;
    return this.#world.registry.isChosen(node) && seen.some((pod) => pod.uid === uid);
  }
}

/** A view that is old may not show that the server in the Pod runs again. */
function isSeenCordoned({ uid }: LifePod, seen: readonly PodObservation[]): boolean {
  const shown = seen.find((pod) => pod.uid === uid);
  return shown?.cordonWish !== undefined && shown.startedAtMs !== undefined;
}
