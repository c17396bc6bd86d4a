/** The nodes' own words: who they are, once a container; whether they are empty, when that is asked. */
import type { Clock } from '../base/clock.ts';
import type { PodObservation } from '../core/observed.ts';
import type { NodeMetricsReading } from '../core/readings.ts';
import type { MediaPort } from './ports.ts';

/** A node that did not answer is asked again after this; one whose emptiness is in question, too. */
const askAgainMs = 1000;

interface Testimony {
  /** Changes with the container: another process is another node. */
  readonly container: string;
  readonly reading: NodeMetricsReading;
}

export class Witnesses {
  readonly #media: Pick<MediaPort, 'readMetrics'>;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Testimony>();
  readonly #asking = new Set<string>();

  constructor(media: Pick<MediaPort, 'readMetrics'>, clock: Clock) {
    this.#media = media;
    this.#clock = clock;
  }

  /**
   * Asks those whose identity is unknown and those in `wanted`, all at once. Resolves to whether anybody new
   * answered; a silent node holds up nobody who does not wait for this. Never rejects.
   */
  async hear(pods: readonly PodObservation[], wanted: ReadonlySet<string>): Promise<boolean> {
    const names = new Set(pods.map((pod) => pod.name));
    for (const name of this.#heard.keys()) if (!names.has(name)) this.#heard.delete(name);
    const due = pods.filter((pod) => this.#isDue(pod, wanted));
    const answers = await Promise.all(due.map((pod) => this.#ask(pod)));
    return answers.includes(true);
  }

  /** What is known of the present containers. */
  testimony(pods: readonly PodObservation[]): Readonly<Record<string, NodeMetricsReading>> {
    const current = pods.flatMap((pod): (readonly [string, NodeMetricsReading])[] => {
      const heard = this.#heard.get(pod.name);
      return heard?.container === containerOf(pod) ? [[pod.name, heard.reading]] : [];
    });
    return Object.fromEntries(current);
  }

  #isDue(pod: PodObservation, wanted: ReadonlySet<string>): boolean {
    if (pod.ip === undefined || pod.startedAtMs === undefined || pod.deleting) return false;
    if (this.#asking.has(pod.uid)) return false;
    const heard = this.#heard.get(pod.name);
    if (heard === undefined || heard.container !== containerOf(pod)) return true;
    const identityKnown = heard.reading.kind === 'Read';
    if (identityKnown && !wanted.has(pod.name)) return false;
    return this.#clock.elapsedMs() - heard.reading.atMs >= askAgainMs;
  }

  async #ask(pod: PodObservation): Promise<boolean> {
    if (pod.ip === undefined) return false;
    this.#asking.add(pod.uid);
    const reading = await this.#media.readMetrics(pod.ip);
    this.#asking.delete(pod.uid);
    this.#heard.set(pod.name, { container: containerOf(pod), reading });
    return reading.kind === 'Read';
  }
}

function containerOf(pod: PodObservation): string {
  return `${pod.uid}/${pod.restarts}/${pod.startedAtMs ?? ''}`;
}
