/** The Pods of one OpenViduCluster from the shared reflector, and whether it shows all own writes. */
import type { Pod } from '../kube/kinds.ts';
import type { Reflector } from '../kube/reflector.ts';
import { highest, isAtLeast } from '../kube/resource-version.ts';
import type { PodObservation } from '../core/observed.ts';
import type { PodsPort } from '../reconcile/ports.ts';
import { projectPod } from '../reconcile/project-pod.ts';

/** Index of the Pod reflector by `namespace/cluster`. */
export const byCluster = 'cluster';

export class PodsCache implements PodsPort {
  readonly #reflector: Pick<Reflector<Pod>, 'byIndex' | 'version'>;
  readonly #key: string;
  #written: string | undefined;
  readonly #deleting = new Set<string>();

  constructor(reflector: Pick<Reflector<Pod>, 'byIndex' | 'version'>, key: string) {
    this.#reflector = reflector;
    this.#key = key;
  }

  list(): readonly PodObservation[] {
    return this.#reflector.byIndex(byCluster, this.#key).map((pod) => projectPod(pod));
  }

  /** A create or patch was answered with this version. */
  wrote(resourceVersion: string): void {
    this.#written = highest(this.#written, resourceVersion);
  }

  /** A delete was accepted: the answer to it carries no version, so the Pod itself is awaited. */
  asked(uid: string): void {
    this.#deleting.add(uid);
  }

  ownWritesSeen(): boolean {
    const shown = this.#reflector.byIndex(byCluster, this.#key);
    for (const uid of this.#deleting) {
      const pod = shown.find((candidate) => candidate.metadata.uid === uid);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) this.#deleting.delete(uid);
    }
    const writesSeen = this.#written === undefined || isAtLeast(this.#reflector.version, this.#written);
    return writesSeen && this.#deleting.size === 0;
  }
}
