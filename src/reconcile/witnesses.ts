/** The nodes' own words: who they are, once a container; whether they are empty, when that is asked. */
import type { Clock } from '../base/clock.ts';
import type { PodObservation } from '../core/observed.ts';
import type { NodeMetricsReading } from '../core/readings.ts';
import type { MediaPort } from './ports.ts';

/** A node that did not answer is asked again after this; one whose emptiness is in question, too. */
const askAgainMs = 1000;

type Readings = Readonly<Record<string, NodeMetricsReading>>;

interface Testimony {
  /** As it was asked: another container is another process, which is another node. */
  readonly pod: PodObservation;
  readonly reading: NodeMetricsReading;
}

export class Witnesses {
  readonly #media: Pick<MediaPort, 'readMetrics'>;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Testimony>();
  readonly #asking = new Set<string>();
  /** The last answer of `testimony`, as long as nothing else was heard. */
  #told: { readonly pods: readonly PodObservation[]; readonly readings: Readings } | undefined;

  /** Pods of which none has to be asked who it is. */
  #allKnown: readonly PodObservation[] | undefined;

  constructor(media: Pick<MediaPort, 'readMetrics'>, clock: Clock) {
    this.#media = media;
    this.#clock = clock;
  }

  /**
   * Asks those whose identity is unknown and those in `wanted`, all at once. Resolves to whether anybody new
   * answered; a silent node holds up nobody who does not wait for this. Rejects only on a
   * defect in the adapter.
   */
  async hear(pods: readonly PodObservation[], wanted: ReadonlySet<string>): Promise<boolean> {
    if (wanted.size === 0 && this.#allKnown === pods) return false;
    if (this.#told?.pods !== pods) this.#forgetAllBut(pods);
    const due = pods.filter((pod) => this.#isDue(pod, wanted));
    if (due.length === 0) {
      if (pods.every((pod) => this.#isKnown(pod))) this.#allKnown = pods;
      return false;
    }
    const answers = await Promise.all(due.map((pod) => this.#ask(pod)));
    return answers.includes(true);
  }

  /** What is known of the present containers. */
  testimony(pods: readonly PodObservation[]): Readings {
    if (this.#told?.pods === pods) return this.#told.readings;
    const readings: Record<string, NodeMetricsReading> = {};
    for (const pod of pods) {
      const heard = this.#heard.get(pod.name);
      if (heard !== undefined && isSameContainer(heard.pod, pod)) readings[pod.name] = heard.reading;
    }
    this.#told = { pods, readings };
    return readings;
  }

  #forgetAllBut(pods: readonly PodObservation[]): void {
    const names = new Set(pods.map((pod) => pod.name));
    for (const name of this.#heard.keys()) if (!names.has(name)) this.#heard.delete(name);
  }

  #isDue(pod: PodObservation, wanted: ReadonlySet<string>): boolean {
    if (pod.ip === undefined || this.#asking.has(pod.uid)) return false;
    // One that leaves, or whose server has ended, is asked only by somebody who wants to know what is left on it.
    if (isSilent(pod) && !wanted.has(pod.name)) return false;
    const heard = this.#heard.get(pod.name);
    if (heard === undefined || !isSameContainer(heard.pod, pod)) return true;
    const identityKnown = heard.reading.kind === 'Read';
    if (identityKnown && !wanted.has(pod.name)) return false;
    return this.#clock.elapsedMs() - heard.reading.atMs >= askAgainMs;
  }

  #isKnown(pod: PodObservation): boolean {
    if (isSilent(pod)) return true;
    const heard = this.#heard.get(pod.name);
    return heard?.reading.kind === 'Read' && isSameContainer(heard.pod, pod);
  }

  async #ask(pod: PodObservation): Promise<boolean> {
    if (pod.ip === undefined) return false;
    this.#asking.add(pod.uid);
    try {
      const reading = await this.#media.readMetrics(pod.ip, pod.revision);
      this.#heard.set(pod.name, { pod, reading });
      this.#told = undefined;
      this.#allKnown = undefined;
      return reading.kind === 'Read';
    } finally {
      this.#asking.delete(pod.uid);
    }
  }
}

/** Nobody runs there who could be asked, or not for much longer. */
function isSilent({ ip, startedAtMs, deleting }: PodObservation): boolean {
  return ip === undefined || startedAtMs === undefined || deleting;
}

function isSameContainer(a: PodObservation, b: PodObservation): boolean {
  return a === b || (a.uid === b.uid && a.restarts === b.restarts && a.startedAtMs === b.startedAtMs);
}
