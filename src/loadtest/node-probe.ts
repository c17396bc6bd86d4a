/** Measures the node under test over a window: its metrics, and the operating system where it is on this machine. */
import { parseMetrics } from '../livekit/metrics-text.ts';
import { type PageAddress, PageReader } from '../livekit/page-reader.ts';
import { whyOf } from '../livekit/why.ts';
import { countedOver, type CountersAt } from './node-counters.ts';
import { type ProcessReading, readProcess } from './node-probe-system.ts';
import type { NodeWindow } from './window.ts';

/** What a metrics port asks for. */
export type MetricsLogin = Pick<PageAddress, 'username' | 'password'>;

export interface NodeProbeWish {
  /** `http://host:port/metrics` */
  readonly metricsUrl: string;
  /** Where the port asks for one. */
  readonly metricsLogin?: MetricsLogin;
  /** Of the media server, when it runs on this machine. */
  readonly pid: number | undefined;
  readonly limitCores: number;
  readonly limitBytes: number | undefined;
}

/** One look at the node. Counters are since the server began. */
export interface NodeReading extends CountersAt {
  readonly nodeId: string;
  readonly cpuSeconds: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly periods: ProcessReading['periods'];
  readonly forwardLatency: { readonly sumNs: number; readonly count: number };
  readonly rooms: number;
  readonly participants: number;
  readonly publishedTracks: number;
  readonly subscribedTracks: number;
}

/** Without an answer there is no reading: the reason, for a note in the record. */
export interface NoReading {
  readonly why: string;
}

export class NodeProbe {
  readonly #wish: NodeProbeWish;
  readonly #pages = new PageReader();

  constructor(wish: NodeProbeWish) {
    this.#wish = wish;
  }

  get measuresThrottling(): boolean {
    return this.#wish.pid !== undefined;
  }

  /** Never rejects. `nowMs` gives the time to write on the reading. */
  async read(nowMs: () => number): Promise<NodeReading | NoReading> {
    const { hostname, port, pathname } = new URL(this.#wish.metricsUrl);
    try {
      const host = hostname.replaceAll(/[[\]]/g, '');
      const address = { host, port: Number(port || 80), path: pathname, ...this.#wish.metricsLogin };
      const [text, system] = await Promise.all([this.#pages.read(address), this.#readSystem()]);
      return { ...readingOf(text), ...system, atMs: nowMs() };
    } catch (error) {
      return { why: `the metrics of the node cannot be read: ${whyOf(error)}` };
    }
  }

  /** What lies between the first and the last of these looks. `foreignRooms` is what the last one found. */
  window(looks: Looks, foreignRooms: number): NodeWindow | NoReading {
    return windowOf(looks, { ...this.#wish, foreignRooms });
  }

  async close(): Promise<void> {
    await this.#pages.close();
  }

  async #readSystem(): Promise<Partial<ProcessReading>> {
    const { pid } = this.#wish;
    if (pid === undefined) return {};
    return (await readProcess(pid)) ?? {};
  }
}

/** From the begin of a window to its end; the more between, the better its packets are counted. */
export type Looks = readonly [from: NodeReading, ...between: NodeReading[], to: NodeReading];

export interface WindowSurroundings {
  readonly pid: number | undefined;
  readonly limitCores: number;
  readonly limitBytes: number | undefined;
  readonly foreignRooms: number;
}

/** By difference. Gauges are as at the end. A restart of the server gives its new id, and figures that mean nothing. */
export function windowOf(looks: Looks, surroundings: WindowSurroundings): NodeWindow | NoReading {
  const [from] = looks;
  const to = looks.at(-1) ?? from;
  const seconds = (to.atMs - from.atMs) / 1000;
  if (from.cpuSeconds === undefined || to.cpuSeconds === undefined || to.memoryBytes === undefined) {
    return { why: 'the node does not tell how much processor time and memory it uses' };
  }
  const frames = to.forwardLatency.count - from.forwardLatency.count;
  const latencyNs = to.forwardLatency.sumNs - from.forwardLatency.sumNs;
  return {
    seconds,
    cpuCores: (to.cpuSeconds - from.cpuSeconds) / seconds,
    limitCores: surroundings.limitCores,
    throttledShare: surroundings.pid === undefined ? undefined : throttledShare(from.periods, to.periods),
    memoryBytes: to.memoryBytes,
    limitBytes: surroundings.limitBytes,
    ...countedOver(looks),
    forwardLatencyMeanMs: frames > 0 ? latencyNs / frames / 1e6 : undefined,
    rooms: to.rooms,
    participants: to.participants,
    publishedTracks: to.publishedTracks,
    subscribedTracks: to.subscribedTracks,
    foreignRooms: surroundings.foreignRooms,
    nodeId: to.nodeId,
  };
}

/** Without a quota nothing is throttled. */
function throttledShare(from: ProcessReading['periods'], to: ProcessReading['periods']): number {
  if (from === undefined || to === undefined || to.all <= from.all) return 0;
  return (to.throttled - from.throttled) / (to.all - from.all);
}

type Sums = ReadonlyMap<string, number>;

/** By direction, and summed over the other labels. */
const directed: ReadonlySet<string> = new Set(['livekit_packet_total', 'livekit_packet_bytes']);
const plain: ReadonlySet<string> = new Set([
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'livekit_forward_latency_ns_sum',
  'livekit_forward_latency_ns_count',
  'livekit_room_total',
  'livekit_participant_total',
  'livekit_track_published_total',
  'livekit_track_subscribed_total',
]);

function sumsOf(text: string): { readonly sums: Sums; readonly nodeId: string } {
  const sums = new Map<string, number>();
  let nodeId = '';
  for (const { name, labels, value } of parseMetrics(text)) {
    nodeId ||= labels.get('node_id') ?? '';
    const isDirected = directed.has(name);
    if (!isDirected && !plain.has(name)) continue;
    const key = isDirected ? `${name} ${labels.get('direction') ?? ''}` : name;
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return { sums, nodeId };
}

/** Reads a page of metrics. @throws Error when it carries no node id, so that it is not taken for an idle node. */
export function readingOf(text: string): Omit<NodeReading, 'atMs'> {
  const { sums, nodeId } = sumsOf(text);
  if (nodeId === '' || !sums.has('livekit_room_total')) throw new Error('this is no page of a media server');
  const of = (key: string): number => sums.get(key) ?? 0;
  return {
    nodeId,
    cpuSeconds: sums.get('process_cpu_seconds_total'),
    memoryBytes: sums.get('process_resident_memory_bytes'),
    periods: undefined,
    packetsIn: of('livekit_packet_total incoming'),
    packetsOut: of('livekit_packet_total outgoing'),
    bytesIn: of('livekit_packet_bytes incoming'),
    bytesOut: of('livekit_packet_bytes outgoing'),
    forwardLatency: {
      sumNs: of('livekit_forward_latency_ns_sum'),
      count: of('livekit_forward_latency_ns_count'),
    },
    rooms: of('livekit_room_total'),
    participants: of('livekit_participant_total'),
    publishedTracks: of('livekit_track_published_total'),
    subscribedTracks: of('livekit_track_subscribed_total'),
  };
}
