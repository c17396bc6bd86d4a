import { Agent, request } from 'undici';
import type { Clock } from '../base/clock.ts';
import type { NodeMetricsReading } from '../core/readings.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';
import { codeOf, nameOf, whyOf } from './why.ts';

export type CompanionName = 'egress' | 'ingress';

export interface MetricsTarget {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly companions?: readonly { readonly name: CompanionName; readonly port: number }[];
}

const timeoutMs = 2000;
const largestAnswerBytes = 4 * 1024 * 1024;

const activeMetric: Readonly<Record<CompanionName, string>> = {
  egress: 'livekit_egress_requests',
  ingress: 'livekit_ingress_requests',
};
/** A companion registers these at its start, while the one above appears with its first job. */
const aliveMetric: Readonly<Record<CompanionName, string>> = {
  egress: 'livekit_egress_available',
  ingress: 'livekit_ingress_available',
};

/** Asks Media Nodes about themselves. Connections are short-lived: Pods come and go. */
export class MetricsReader {
  readonly #clock: Clock;
  readonly #agent = new Agent({ connect: { timeout: timeoutMs }, keepAliveTimeout: 5000, pipelining: 1 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One look at a node and its companions, all at once. Never rejects; limited to 2 s and 4 MiB each. */
  async read(target: MetricsTarget): Promise<NodeMetricsReading> {
    const companions = (target.companions ?? []).map(async ({ name, port }) => ({
      name,
      active: await this.#readCompanion(target, name, port),
    }));
    try {
      const [text, ...active] = await Promise.all([this.#scrape(target, target.port), ...companions]);
      return { kind: 'Read', ...readNode(text), companions: active, atMs: this.#clock.elapsedMs() };
    } catch (error) {
      return { kind: 'Failed', why: failure(error), atMs: this.#clock.elapsedMs() };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #readCompanion(
    target: MetricsTarget,
    name: CompanionName,
    port: number,
  ): Promise<number | undefined> {
    try {
      return activeJobs(name, parseMetrics(await this.#scrape(target, port)));
    } catch {
      // Unknown is the answer: whoever reads it must not take the companion for idle.
      return undefined;
    }
  }

  async #scrape(target: MetricsTarget, port: number): Promise<string> {
    const host = target.host.includes(':') ? `[${target.host}]` : target.host;
    const headers: Record<string, string> = { accept: 'text/plain' };
    if (target.username !== undefined) {
      const login = Buffer.from(`${target.username}:${target.password ?? ''}`).toString('base64');
      headers['authorization'] = `Basic ${login}`;
    }
    const { statusCode, body } = await request(`http://${host}:${port}/metrics`, {
      dispatcher: this.#agent,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new MetricsError(`the metrics port answered HTTP ${statusCode}`);
    }
    return await readLimited(body);
  }
}

/** The port answered, but not with what a Media Node says of itself. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
}

async function readLimited(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > largestAnswerBytes) {
      throw new MetricsError(`the metrics are larger than ${largestAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface NodeFigures {
  readonly nodeId: string;
  readonly participants: number;
  readonly rooms: number;
  readonly relayedSignals: number;
}

/** Reads what livekit-server says. @throws MetricsError when a figure that removals depend on is missing. */
export function readNode(text: string): NodeFigures {
  const sums = new Map<string, number>();
  const ids = new Set<string>();
  for (const sample of parseMetrics(text)) {
    const figure = isRelay(sample) ? 'relay' : nodeFigures.get(sample.name);
    if (figure === undefined) continue;
    sums.set(figure, (sums.get(figure) ?? 0) + sample.value);
    ids.add(sample.labels.get('node_id') ?? '');
  }
  const [nodeId = ''] = ids;
  if (nodeId === '') throw new MetricsError('the metrics carry no node id');
  if (ids.size > 1) throw new MetricsError('the metrics are of more than one node');
  return {
    nodeId,
    participants: count('participants', sums.get('participants')),
    rooms: count('rooms', sums.get('rooms')),
    // The series appears with the first relayed client.
    relayedSignals: count('relayed signals', sums.get('relay') ?? 0),
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

/** The jobs of a companion; `undefined` when the text does not come from one. */
export function activeJobs(name: CompanionName, samples: Iterable<Sample>): number | undefined {
  let active = 0;
  let alive = false;
  for (const sample of samples) {
    if (sample.name === activeMetric[name]) active += sample.value;
    if (sample.name === aliveMetric[name] || sample.name === activeMetric[name]) alive = true;
  }
  return alive && Number.isSafeInteger(active) && active >= 0 ? active : undefined;
}

function failure(error: unknown): string {
  if (nameOf(error) === 'TimeoutError') return `the metrics port did not answer within ${timeoutMs} ms`;
  return nameOf(error) === 'MetricsError' ? whyOf(error) : `metrics: ${codeOf(error) ?? whyOf(error)}`;
}
