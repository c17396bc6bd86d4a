/** The Pods of one OpenViduCluster from the shared reflector, and whether it shows all own writes. */
import type { Pod } from '../kube/kinds.ts';
import type { Reflector } from '../kube/reflector.ts';
import { highest, isAtLeast } from '../kube/resource-version.ts';
import type { KubeNodeObservation, PodObservation, RevisionObservation } from '../core/observed.ts';
import type { PodsPort } from '../reconcile/ports.ts';
import { projectPod } from '../reconcile/project-pod.ts';

/** Index of the shared reflectors by `namespace/cluster`. */
export const byCluster = 'cluster';

/** The part of the Pod reflector that is read here. */
export type PodsView = Pick<Reflector<Pod>, 'byIndex' | 'version'>;

/** What is known beside the Pods; nothing of it unless given. */
export interface Surroundings {
  kubeNodesOf?(names: Iterable<string>): Readonly<Record<string, KubeNodeObservation>> | undefined;
  revisions?(): readonly RevisionObservation[];
}

const noRevisions: readonly RevisionObservation[] = [];

export class PodsCache implements PodsPort {
  readonly #reflector: PodsView;
  readonly #key: string;
  #written: string | undefined;
  /** Pods that were created here and that the reflector is too old to show. */
  #created: readonly Pod[] = [];
  readonly #deleting = new Set<string>();
  readonly #around: Surroundings;
  /** Objects of the reflector never change, so what was made of one stays true. */
  readonly #projected = new WeakMap<Pod, PodObservation>();
  #listed: { readonly pods: readonly Pod[]; readonly list: readonly PodObservation[] } = {
    pods: [],
    list: [],
  };

  constructor(reflector: PodsView, key: string, around: Surroundings = {}) {
    this.#reflector = reflector;
    this.#key = key;
    this.#around = around;
  }

  /** The same list until a Pod has changed, by which others recognise it. */
  list(): readonly PodObservation[] {
    const pods = this.#shown();
    const before = this.#listed.pods;
    if (pods.length !== before.length || pods.some((pod, at) => pod !== before[at])) {
      this.#listed = { pods, list: pods.map((pod) => this.#observationOf(pod)) };
    }
    return this.#listed.list;
  }

  /**
   * A Pod that was created is there, whatever an older view shows. Without it the next pass would take its place for free,
   * and another name with it as soon as a lower one has become so: there would be more Pods than are allowed.
   */
  #shown(): readonly Pod[] {
    const shown = this.#reflector.byIndex(byCluster, this.#key);
    if (this.#created.length === 0) return shown;
    const { version } = this.#reflector;
    this.#created = this.#created.filter(({ metadata }) => !isAtLeast(version, metadata.resourceVersion));
    const uids = new Set(shown.map(({ metadata }) => metadata.uid));
    return [...shown, ...this.#created.filter(({ metadata }) => !uids.has(metadata.uid))];
  }

  #observationOf(pod: Pod): PodObservation {
    const known = this.#projected.get(pod);
    if (known !== undefined) return known;
    const observation = projectPod(pod);
    this.#projected.set(pod, observation);
    return observation;
  }

  /** The Pod of this cluster with that address, as the API server has it. */
  podAt(ip: string): Pod | undefined {
    return this.#shown().find(({ status }) => status?.podIP === ip);
  }

  /** Those that Pods of this cluster were placed on. */
  kubeNodes(): Readonly<Record<string, KubeNodeObservation>> | undefined {
    const names = this.#shown().map(({ spec }) => spec.nodeName ?? '');
    return this.#around.kubeNodesOf?.(names);
  }

  revisions(): readonly RevisionObservation[] {
    return this.#around.revisions?.() ?? noRevisions;
  }

  /** A create was answered with this Pod, or with the word that it exists. */
  created(pod: Pod): void {
    this.wrote(pod.metadata.resourceVersion);
    this.#created = [...this.#created, pod];
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
    const shown = this.#shown();
    for (const uid of this.#deleting) {
      const pod = shown.find((candidate) => candidate.metadata.uid === uid);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) this.#deleting.delete(uid);
    }
    const writesSeen = this.#written === undefined || isAtLeast(this.#reflector.version, this.#written);
    return writesSeen && this.#deleting.size === 0;
  }
}
