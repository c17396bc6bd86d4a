/** The media plane of one OpenViduCluster behind the port that the loop declares. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { NodeMetricsReading, RedisReading, ServerApiReading } from '../core/readings.ts';
import { CordonKeeper } from '../livekit/cordon.ts';
import { removeGhost } from '../livekit/ghost.ts';
import { HeartbeatNews, type When } from '../livekit/heartbeat-news.ts';
import { MetricsReader } from '../livekit/node-metrics.ts';
import { type LookWish, NodeTable } from '../livekit/node-table.ts';
import type { ServersKnown } from '../livekit/version-told.ts';
import { type RedisLink, connectRedis, RedisRefusedError } from '../livekit/redis.ts';
import { readServerApi, serverApi } from '../livekit/server-api.ts';
import { systemTimers } from '../livekit/timers.ts';
import { type Watch, startWatch } from '../livekit/watch.ts';
import type { MetricsLoginSource } from '../manifests/livekit-config.ts';
import type { MediaNodeSource } from '../manifests/media-node-pod.ts';
import type { MediaPort } from '../reconcile/ports.ts';
import type { CompanionTarget } from '../livekit/companion-words.ts';
import { companionsOf } from './companions.ts';
import type { Connections } from './connections.ts';
import type { MetricsLogins } from './metrics-logins.ts';

/** Where and how a Media Node answers, by what it was made from. */
export interface NodeFace {
  readonly signalPort: number;
  readonly metricsPort: number;
  readonly login: MetricsLoginSource;
  readonly companions: readonly CompanionTarget[];
}

/** The face of the nodes that are made from this. */
export function nodeFace({ mediaNodes }: Pick<MediaNodeSource, 'mediaNodes'>): NodeFace {
  const { signalPort, metricsPort, template } = mediaNodes;
  return { signalPort, metricsPort, login: mediaNodes, companions: companionsOf(template) };
}

export interface MediaLinkParts {
  readonly connections: Connections;
  readonly logins: MetricsLogins;
  readonly serverUrl: string | undefined;
  /** Of a revision; by the Pod at that address and the spec where nobody knows what the revision was made from. */
  faceOf(revision: string | undefined, podIp?: string): NodeFace;
  /** What an operator before this one knew of the servers. */
  readonly serversKnown: ServersKnown | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Something changed: `soon` where a decision may hang on it. */
  onChange(when: When): void;
  onReapplied(delayMs: number): void;
  /** Asked before each write: false once another process may lead. */
  mayWrite(): boolean;
}

/** A leader that was frozen must not close what another one has opened since. */
function notLeading(): Promise<never> {
  return Promise.reject(new RedisRefusedError('this process may not lead any more'));
}

export class MediaLink implements MediaPort {
  readonly #parts: MediaLinkParts;
  readonly #redis: RedisLink;
  readonly #table: NodeTable;
  readonly #keeper: CordonKeeper;
  readonly #news: HeartbeatNews;
  readonly #watch: Watch;
  readonly #metrics: MetricsReader;
  #steered = '';

  constructor(parts: MediaLinkParts) {
    const { clock, log, connections } = parts;
    this.#parts = parts;
    const redis = connectRedis(connections.operatorRedis, log);
    this.#redis = redis;
    this.#table = new NodeTable(this.#redis, clock, parts.serversKnown);
    const keeper = new CordonKeeper({
      link: { run: (...call) => (parts.mayWrite() ? redis.run(...call) : notLeading()) },
      clock,
      log,
      timers: systemTimers,
      onReapplied: (delayMs) => parts.onReapplied(delayMs),
    });
    this.#keeper = keeper;
    this.#metrics = new MetricsReader(clock);
    const tell = (when: When): void => parts.onChange(when);
    const news = new HeartbeatNews({ link: redis, clock, timers: systemTimers, tell });
    this.#news = news;
    this.#watch = startWatch({
      link: this.#redis,
      log,
      timers: systemTimers,
      onChange: (of) => {
        // Rooms come and go by the hundred; what they weigh shows in the heartbeats.
        if (of === 'rooms') return tell('later');
        keeper.notice();
        news.notice();
      },
    });
  }

  /** The version of the media servers that Redis told last. */
  get serverVersion(): string | undefined {
    return this.#table.serverVersion;
  }

  /** Whether Redis refused the last look at it. */
  get isRefused(): boolean {
    return this.#table.isRefused;
  }

  async readRedis(wish?: LookWish): Promise<RedisReading> {
    const reading = await this.#table.read(wish);
    if (reading.kind === 'Read') this.#news.judged(reading.nodes, this.#table.nodesLook);
    return reading;
  }

  /** The server API of any Media Node answers for all; the first that is named is as good as another. */
  readServerApi(podIps: readonly string[]): Promise<ServerApiReading> {
    const { connections, clock, serverUrl } = this.#parts;
    const { signalPort } = this.#parts.faceOf(undefined);
    const first = podIps[0];
    const url = serverUrl ?? (first === undefined ? undefined : `http://${first}:${signalPort}`);
    if (url === undefined) {
      return Promise.resolve({ kind: 'Failed', why: 'no Media Node is ready', atMs: clock.elapsedMs() });
    }
    const api = serverApi({ url, apiKey: connections.apiKey, apiSecret: connections.apiSecret });
    return readServerApi(api, clock);
  }

  async readMetrics(podIp: string, revision?: string): Promise<NodeMetricsReading> {
    const { metricsPort: port, login, companions } = this.#parts.faceOf(revision, podIp);
    return await this.#metrics.read({
      host: podIp,
      port,
      ...(await this.#parts.logins.of(login)),
      companions,
    });
  }

  /** The keeper repeats what was said last after each heartbeat; only a change is worth saying. */
  async steer(closed: readonly string[], open: readonly string[]): Promise<void> {
    const saying = `${closed.toSorted().join(' ')}/${open.toSorted().join(' ')}`;
    if (saying === this.#steered) return;
    const result = await this.#keeper.setCordoned(new Set(closed), new Set(open));
    this.#steered = result.kind === 'Applied' ? saying : '';
    if (result.kind !== 'Applied')
      this.#parts.log.warn('steering not applied', { kind: result.kind, why: result.why });
  }

  async removeGhost(nodeId: string): Promise<boolean> {
    const judged = this.#parts.mayWrite() ? this.#table.valueOf(nodeId) : undefined;
    return judged !== undefined && (await removeGhost(this.#redis, nodeId, judged));
  }

  /** Stops rewriting, so that every node takes rooms again within a heartbeat. */
  async close(): Promise<void> {
    await this.#watch.stop();
    this.#news.stop();
    await this.#keeper.stop();
    await this.#metrics.close();
    await this.#redis.close();
  }
}
