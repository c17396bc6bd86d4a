/** Watches a real fleet from the outside: Pods at the API server, closed nodes and rooms in Redis. */
import { Redis } from 'ioredis';
import { LABELS } from '../../src/api/names.ts';
import { PODS } from '../../src/kube/resource.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { decodeNode } from '../../src/livekit/node-decode.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import type { Fleet } from '../fleet.ts';
import type { Observation, SeenNode } from './log.ts';

const pollMs = 200;

/** Begins at once and tells each change once. Stop it before the fleet is closed. */
export class Watch {
  readonly observations: Observation[] = [];
  readonly #stop = new AbortController();
  readonly #redis: Redis;
  readonly #told = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #polling = false;
  #missed = 0;

  constructor({ client, namespace, name, cluster }: Fleet) {
    const labelSelector = `${LABELS.cluster}=${name}`;
    const pods = new Reflector({ http: client.http, namespace, type: PODS, labelSelector });
    pods.onChange(({ type, object }) => (type === 'deleted' ? this.#podGone(object) : this.#podSeen(object)));
    pods.start(this.#stop.signal);
    this.#redis = new Redis({ host: cluster.gatewayIp, port: cluster.redisPort, retryStrategy: () => 500 });
    // Looks that fail are counted, and the next one follows at once.
    this.#redis.on('error', () => undefined);
    this.#timer = setInterval(() => void this.#poll(), pollMs);
  }

  /** Looks at Redis that found no answer. */
  get missed(): number {
    return this.#missed;
  }

  /** So many clients of the room are connected from now on. */
  load(room: string, n: number): void {
    this.#take({ kind: 'Load', atMs: Date.now(), room, n });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#redis.disconnect();
  }

  #take(observation: Observation): void {
    this.observations.push(observation);
  }

  #podSeen({ metadata, status }: Pod): void {
    const ready = (status?.conditions ?? []).some(
      ({ type, status: is }) => type === 'Ready' && is === 'True',
    );
    const seen = { uid: metadata.uid, ip: status?.podIP, ready };
    if (this.#isNews(metadata.uid, seen)) this.#take({ kind: 'Pod', atMs: Date.now(), ...seen });
  }

  #podGone({ metadata: { uid } }: Pod): void {
    this.#take({ kind: 'PodGone', atMs: Date.now(), uid });
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      const [entries, rooms] = await Promise.all([
        this.#redis.hgetallBuffer('nodes'),
        this.#redis.hgetall('room_node_map'),
      ]);
      const seen = { nodes: seenNodes(entries), rooms };
      if (this.#isNews('registry', seen)) this.#take({ kind: 'Registry', atMs: Date.now(), ...seen });
    } catch {
      this.#missed += 1;
    } finally {
      this.#polling = false;
    }
  }

  #isNews(key: string, value: unknown): boolean {
    const text = JSON.stringify(value);
    if (this.#told.get(key) === text) return false;
    this.#told.set(key, text);
    return true;
  }
}

/** A node that starts is not seen yet; one that was told to stop is closed, whoever marked it. */
function seenNodes(entries: Readonly<Record<string, Buffer>>): readonly SeenNode[] {
  return Object.entries(entries)
    .map(([nodeId, value]) => decodeNode(nodeId, value))
    .flatMap((node) => {
      if (node.kind === 'Undecodable' || node.state === 'StartingUp') return [];
      const closed = node.cordonMarked || node.state === 'ShuttingDown';
      return [{ nodeId: node.nodeId, ip: node.ip, closed }];
    })
    .toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
}
