/** What Media Nodes say of themselves on their metrics port, and their companions on theirs. */
import type { Clock } from '../base/clock.ts';
import type { CompanionReading, NodeMetricsReading, ServiceQuality } from '../core/readings.ts';
import { activeJobs, type CompanionSource, type CompanionTarget, strongest } from './companion-words.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';
import { PageReader, pageTimeoutMs } from './page-reader.ts';
import { QualityTally } from './service-quality.ts';
import { codeOf, nameOf, whyOf } from './why.ts';

export interface MetricsTarget {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly companions?: readonly CompanionTarget[];
}

/** Asks Media Nodes about themselves. */
export class MetricsReader {
  readonly #clock: Clock;
  readonly #pages = new PageReader();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * One look at a node and its companions, all at once. Never rejects; limited to 2 s and 4 MiB each. The word
   * of the companions does not depend on that of the media server, which may have ended before them.
   */
  async read(target: MetricsTarget): Promise<NodeMetricsReading> {
    const [own, companions] = await Promise.all([
      this.#readOwn(target),
      Promise.all((target.companions ?? []).map((companion) => this.#ask(target.host, companion))),
    ]);
    return { ...own, companions, atMs: this.#clock.elapsedMs() };
  }

  async close(): Promise<void> {
    await this.#pages.close();
  }

  async #readOwn({ host, port, username, password }: MetricsTarget): Promise<OwnWord> {
    try {
      const text = await this.#pages.read({ host, port, path: '/metrics', username, password });
      return { kind: 'Read', ...readNode(text) };
    } catch (error) {
      return { kind: 'Failed', why: failure(error) };
    }
  }

  async #ask(host: string, { name, sources }: CompanionTarget): Promise<CompanionReading> {
    const words = await Promise.all(sources.map((source) => this.#askAt(host, source)));
    return { name, active: strongest(words) };
  }

  async #askAt(host: string, { port, path, word }: CompanionSource): Promise<number | undefined> {
    try {
      return activeJobs(word, await this.#pages.read({ host, port, path }));
    } catch {
      // Unknown is the answer: whoever reads it must not take the companion for idle.
      return undefined;
    }
  }
}

type OwnWord = ({ readonly kind: 'Read' } & NodeFigures) | { readonly kind: 'Failed'; readonly why: string };

/** The port answered, but not with what a Media Node says of itself. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
}

interface NodeFigures {
  readonly nodeId: string;
  readonly participants: number;
  readonly rooms: number;
  readonly relayedSignals: number;
  readonly quality: ServiceQuality | undefined;
}

/** Reads what livekit-server says. @throws MetricsError when a figure that removals depend on is missing. */
export function readNode(text: string): NodeFigures {
  const sums = new Map<string, number>();
  const ids = new Set<string>();
  const quality = new QualityTally();
  for (const sample of parseMetrics(text)) {
    quality.add(sample);
    const figure = isRelay(sample) ? 'relay' : nodeFigures.get(sample.name);
    if (figure === undefined) continue;
    sums.set(figure, (sums.get(figure) ?? 0) + sample.value);
    ids.add(sample.labels.get('node_id') ?? '');
  }
  const [nodeId = ''] = ids;
  if (nodeId === '') throw new MetricsError('the metrics carry no node id');
  if (ids.size > 1) throw new MetricsError('the metrics are of more than one node');
  const participants = count('participants', sums.get('participants'));
  return {
    nodeId,
    participants,
    rooms: count('rooms', sums.get('rooms')),
    // The series appears with the first relayed client.
    relayedSignals: count('relayed signals', sums.get('relay') ?? 0),
    quality: quality.told(participants),
  };
}

const nodeFigures: ReadonlyMap<string, string> = new Map([
  ['livekit_participant_total', 'participants'],
  ['livekit_room_total', 'rooms'],
]);

function count(what: string, value: number | undefined): number {
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MetricsError(`the metrics carry no usable count of ${what}`);
}

/** A websocket of a client whose signalling this server carries to the server that hosts the room. */
function isRelay({ name, labels }: Sample): boolean {
  return (
    name === 'livekit_psrpc_stream_count' &&
    labels.get('role') === 'client' &&
    labels.get('method') === 'RelaySignal'
  );
}

function failure(error: unknown): string {
  if (nameOf(error) === 'TimeoutError') return `the metrics port did not answer within ${pageTimeoutMs} ms`;
  if (nameOf(error) === 'MetricsError') return whyOf(error);
  return `metrics: ${codeOf(error) ?? whyOf(error)}`;
}
