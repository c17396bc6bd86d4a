/** The Kubernetes Nodes that Media Nodes run on, as far as they may be watched. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { KubeNodeObservation } from '../core/observed.ts';
import type { KubeHttp } from '../kube/http.ts';
import type { KubeNode } from '../kube/kinds.ts';
import type { Change } from '../kube/store.ts';
import { NODES } from '../kube/resource.ts';
import { projectKubeNode } from '../reconcile/project-kube-node.ts';
import { OptionalWatch } from './optional-watch.ts';

export interface KubeNodesParts {
  readonly http: KubeHttp;
  readonly log: Log;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Something that the core wants to know of this Kubernetes Node has changed. */
  onChange(name: string): void;
}

export class KubeNodes {
  readonly #watch: OptionalWatch<KubeNode>;
  readonly #parts: KubeNodesParts;
  readonly #known = new Map<string, KubeNodeObservation>();
  /** When a machine was first seen to be marked, for notices that do not tell their time. */
  readonly #markedMs = new Map<string, number>();

  constructor(parts: KubeNodesParts) {
    this.#parts = parts;
    const { http, log } = parts;
    this.#watch = new OptionalWatch<KubeNode>({
      http,
      log,
      type: NODES,
      project: slim,
      without:
        'Kubernetes Nodes may not be watched, so maintenance of machines is not noticed: set rbac.kubernetesNodes=true in the chart',
    });
    this.#watch.reflector.onChange((change) => this.#take(change));
  }

  /** Settles when they are listed, or when it is clear that they may not be. */
  get settled(): Promise<void> {
    return this.#watch.settled;
  }

  /** When the API server was last heard on this watch, on the monotonic clock. */
  get lastActivityMs(): number {
    return this.#watch.reflector.lastActivityMs;
  }

  /** Whether they were listed and may still be watched. */
  get isWatching(): boolean {
    return this.#watch.isWatching;
  }

  start(signal: AbortSignal): void {
    this.#watch.start(signal);
  }

  /** Those of the names that are known; `undefined` where Kubernetes Nodes may not be watched. */
  of(names: Iterable<string>): Readonly<Record<string, KubeNodeObservation>> | undefined {
    if (!this.#watch.isWatching) return undefined;
    const found: Record<string, KubeNodeObservation> = {};
    for (const name of names) {
      const node = this.#known.get(name);
      if (node !== undefined) found[name] = node;
    }
    return found;
  }

  #take({ type, object }: Change<KubeNode>): void {
    const { name } = object.metadata;
    const before = this.#known.get(name);
    if (type === 'deleted') this.#forget(name);
    else this.#note(object);
    if (!isDeepStrictEqual(before, this.#known.get(name))) this.#parts.onChange(name);
  }

  /** Another machine may come under the same name. */
  #forget(name: string): void {
    this.#known.delete(name);
    this.#markedMs.delete(name);
  }

  #note(object: KubeNode): void {
    const { name } = object.metadata;
    const nowMs = this.#parts.clock.wallMs();
    const node = projectKubeNode(object, this.#markedMs.get(name) ?? nowMs);
    if (node.departure === undefined) this.#markedMs.delete(name);
    else if (!this.#markedMs.has(name)) this.#markedMs.set(name, nowMs);
    this.#known.set(name, node);
  }
}

/** A large cluster has thousands of them, with pages of status each. */
function slim({ apiVersion, kind, metadata, spec, status }: KubeNode): KubeNode {
  const ready = status?.conditions?.filter(({ type }) => type === 'Ready') ?? [];
  const cpu = status?.allocatable?.['cpu'];
  return {
    apiVersion,
    kind,
    metadata,
    ...(spec === undefined ? {} : { spec }),
    status: { conditions: ready, ...(cpu === undefined ? {} : { allocatable: { cpu } }) },
  };
}
