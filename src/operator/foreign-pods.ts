/** Pods of another scaler, watched for a trial. Nothing here can write. */
import type { Log } from '../base/log.ts';
import type { PodObservation } from '../core/observed.ts';
import type { KubeHttp } from '../kube/http.ts';
import type { Pod } from '../kube/kinds.ts';
import { Reflector } from '../kube/reflector.ts';
import { PODS } from '../kube/resource.ts';
import type { MediaPort, PodsPort } from '../reconcile/ports.ts';
import { projectPod } from '../reconcile/project-pod.ts';
import { slimPod } from './slim-pod.ts';

export interface ForeignPodsParts {
  readonly http: KubeHttp;
  readonly log: Log;
  readonly namespace: string;
  readonly matchLabels: Readonly<Record<string, string>>;
  onChange(): void;
}

export class ForeignPods implements PodsPort {
  readonly #reflector: Reflector<Pod>;
  readonly #stop = new AbortController();

  constructor(parts: ForeignPodsParts) {
    const { http, log, namespace } = parts;
    const labelSelector = selectorOf(parts.matchLabels);
    this.#reflector = new Reflector<Pod>({
      http,
      log,
      namespace,
      labelSelector,
      type: PODS,
      project: slimPod,
    });
    this.#reflector.onChange(() => parts.onChange());
    this.#reflector.start(this.#stop.signal);
  }

  /** Whether all have been listed once; before that an empty list means nothing. */
  get isSynced(): boolean {
    return this.#reflector.isSynced;
  }

  list(): readonly PodObservation[] {
    // Labels and annotations there are somebody else's, so no wish of a person is read from them.
    return this.#reflector
      .list()
      .map((pod) => ({ ...projectPod(pod), cordonWish: undefined, protected: false }));
  }

  /** Of no interest: nothing is moved off a machine in a trial. */
  kubeNodes(): undefined {
    return undefined;
  }

  revisions(): readonly [] {
    return [];
  }

  /** Nothing is ever written, so nothing is ever missing. */
  ownWritesSeen(): boolean {
    return true;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reflector.done;
  }
}

/** In the order of the keys, so that equal labels give equal text. */
export function selectorOf(matchLabels: Readonly<Record<string, string>>): string {
  return Object.entries(matchLabels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The media plane with nothing that writes: servers of another scaler are not even let go of. */
export function watchedOnly(media: MediaPort): MediaPort {
  return {
    readRedis: (wish) => media.readRedis(wish),
    readServerApi: (podIps) => media.readServerApi(podIps),
    readMetrics: (podIp, revision) => media.readMetrics(podIp, revision),
    steer: () => Promise.resolve(),
    removeGhost: () => Promise.resolve(false),
  };
}
