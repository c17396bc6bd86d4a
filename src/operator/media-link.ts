/** The media plane of one OpenViduCluster behind the port that the loop declares. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { NodeMetricsReading, RedisReading, ServerApiReading } from '../core/readings.ts';
import { CordonKeeper } from '../livekit/cordon.ts';
import { removeGhost } from '../livekit/ghost.ts';
import { MetricsReader } from '../livekit/node-metrics.ts';
import { NodeTable } from '../livekit/node-table.ts';
import { type RedisLink, connectRedis } from '../livekit/redis.ts';
import { readServerApi, serverApi } from '../livekit/server-api.ts';
import { systemTimers } from '../livekit/timers.ts';
import { type ChangeOf, type Watch, startWatch } from '../livekit/watch.ts';
import { type MetricsLogin, metricsLogin } from '../manifests/livekit-config.ts';
import type { MediaNodeSource } from '../manifests/media-node-pod.ts';
import type { MediaPort } from '../reconcile/ports.ts';
import type { CompanionTarget } from '../livekit/companion-words.ts';
import { companionsOf } from './companions.ts';
import type { Connections } from './connections.ts';

/** Where and how a Media Node answers, by what it was made from. */
export interface NodeFace {
  readonly signalPort: number;
  readonly metricsPort: number;
  readonly metricsLogin: MetricsLogin;
  readonly companions: readonly CompanionTarget[];
}

/** The face of the nodes that are made from this. */
export function nodeFace({ mediaNodes }: Pick<MediaNodeSource, 'mediaNodes'>): NodeFace {
  const { signalPort, metricsPort, config, template } = mediaNodes;
  const companions = companionsOf(template);
  return { signalPort, metricsPort, metricsLogin: metricsLogin(config), companions };
}

export interface MediaLinkParts {
  readonly connections: Connections;
  readonly serverUrl: string | undefined;
  /** Of a revision; that of the spec where the revision is not known. */
  faceOf(revision: string | undefined): NodeFace;
  readonly clock: Clock;
  readonly log: Log;
  onChange(of: ChangeOf): void;
  onReapplied(delayMs: number): void;
}

export class MediaLink implements MediaPort {
  readonly #parts: MediaLinkParts;
  readonly #redis: RedisLink;
  readonly #table: NodeTable;
  readonly #keeper: CordonKeeper;
  readonly #watch: Watch;
  readonly #metrics: MetricsReader;
  #steered = '';

  constructor(parts: MediaLinkParts) {
    const { clock, log, connections } = parts;
    this.#parts = parts;
    this.#redis = connectRedis(connections.redis, log);
    this.#table = new NodeTable(this.#redis, clock);
    const keeper = new CordonKeeper({
      link: this.#redis,
      clock,
      log,
      timers: systemTimers,
      onReapplied: (delayMs) => parts.onReapplied(delayMs),
    });
    this.#keeper = keeper;
    this.#metrics = new MetricsReader(clock);
    this.#watch = startWatch({
      link: this.#redis,
      log,
      timers: systemTimers,
      onChange: (of) => {
        if (of === 'nodes') keeper.notice();
        parts.onChange(of);
      },
    });
  }

  readRedis(): Promise<RedisReading> {
    return this.#table.read();
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

  readMetrics(podIp: string, revision?: string): Promise<NodeMetricsReading> {
    const face = this.#parts.faceOf(revision);
    const { metricsPort: port, metricsLogin: login, companions } = face;
    return this.#metrics.read({ host: podIp, port, ...login, companions });
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
    const judged = this.#table.valueOf(nodeId);
    return judged !== undefined && (await removeGhost(this.#redis, nodeId, judged));
  }

  /** Stops rewriting, so that every node takes rooms again within a heartbeat. */
  async close(): Promise<void> {
    await this.#watch.stop();
    await this.#keeper.stop();
    await this.#metrics.close();
    await this.#redis.close();
  }
}
