/** A fleet of Media Nodes in a local cluster, seen from outside: what a person, a client and a monitor would see. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { RoomServiceClient } from 'livekit-server-sdk';
import { LABELS } from '../src/api/names.ts';
import type { ClusterStatus, ClusterStatusNode, OpenViduCluster } from '../src/api/v1alpha1.gen.ts';
import { KubeClient } from '../src/kube/client.ts';
import { KubeHttp } from '../src/kube/http.ts';
import type { EventObject, Pod } from '../src/kube/kinds.ts';
import { Reflector } from '../src/kube/reflector.ts';
import { EVENTS, PODS } from '../src/kube/resource.ts';
import { CONFIG_MAPS, receiptsName } from '../src/operator/receipts.ts';
import { decodeNode } from '../src/livekit/node-decode.ts';
import { CLUSTERS } from '../src/operator/cluster-type.ts';
import type { Cluster } from './cluster/cluster.ts';
import { LabError, type Wait, until } from './exec.ts';
import { accountOf } from './fleet-account.ts';
import { Front } from './front.ts';
import type { ApiKey } from './local-servers.ts';

export type RedisWay =
  | { readonly host: string; readonly port: number; readonly db?: number; readonly password?: string }
  | {
      readonly name: string;
      readonly sentinels: { readonly host: string; readonly port: number }[];
    };

export interface FleetWish {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Name of the OpenViduCluster. */
  readonly name: string;
  /** The way to the fleet's Redis; the first database of the cluster's own unless told. */
  readonly redis?: RedisWay;
}

/** One Pod of the fleet as the watch showed it. Times are milliseconds since the Unix epoch. */
export interface PodLife {
  readonly name: string;
  readonly uid: string;
  readonly createdAtMs: number;
  /** When the Pod first told that the media server's process had ended. */
  readonly endedAtMs: number | undefined;
  readonly deleteAskedAtMs: number | undefined;
  readonly goneAtMs: number | undefined;
}

export interface Receipt {
  readonly node: string;
  readonly uid: string;
  readonly removedAt: string;
  readonly because: string;
  readonly proofs: readonly {
    readonly redisParticipants: number;
    readonly roomsMapped: number;
    readonly ownParticipants: number;
  }[];
}

export interface Placed {
  /** Rooms by the node that hosts them. */
  readonly byNode: ReadonlyMap<string, number>;
  readonly failed: readonly string[];
}

export class Fleet {
  readonly name: string;
  readonly namespace: string;
  readonly cluster: Cluster;
  readonly key: ApiKey;
  readonly client: KubeClient;
  readonly #stop = new AbortController();
  readonly #clusters: Reflector<OpenViduCluster>;
  readonly #pods: Reflector<Pod>;
  readonly #events: Reflector<EventObject>;
  readonly #lives = new Map<string, { -readonly [K in keyof PodLife]: PodLife[K] }>();
  readonly #homes = new Map<string, { readonly name: string; readonly uid: string }>();
  readonly #redis: Redis;
  #front: Front | undefined;
  #witness: () => string = () => '';

  private constructor({ cluster, namespace, name, redis }: FleetWish) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.name = name;
    this.key = { apiKey: `key${randomBytes(6).toString('hex')}`, apiSecret: randomBytes(24).toString('hex') };
    this.client = new KubeClient(KubeHttp.fromKubeConfig(cluster.kubeconfig));
    const shared = { http: this.client.http, namespace };
    this.#clusters = new Reflector({ ...shared, type: CLUSTERS });
    this.#pods = new Reflector({ ...shared, type: PODS, labelSelector: `${LABELS.cluster}=${name}` });
    this.#events = new Reflector({ ...shared, type: EVENTS });
    this.#redis = new Redis({
      ...(redis ?? { host: cluster.gatewayIp, port: cluster.redisPort }),
      lazyConnect: true,
      retryStrategy: () => 500,
    });
    this.#redis.on('error', () => undefined);
    this.#keepLives();
    this.#keepHomes();
  }

  /** Makes the Secret and watches. The custom resource definition and the namespace must be there. */
  static async open(wish: FleetWish): Promise<Fleet> {
    const fleet = new Fleet(wish);
    const { apiKey, apiSecret } = fleet.key;
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: fleet.secretName, namespace: fleet.namespace },
      stringData: { apiKey, apiSecret, metrics: fleet.metricsLogin.password },
    };
    await wish.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
    const watches = [fleet.#clusters, fleet.#pods, fleet.#events];
    for (const watch of watches) watch.start(fleet.#stop.signal);
    await Promise.all(watches.map((watch) => watch.synced));
    return fleet;
  }

  /** For fleets that put a login before their metrics port. */
  get metricsLogin(): { readonly username: string; readonly password: string } {
    return { username: 'watcher', password: `${this.name}-"metrics": #1` };
  }

  get secretName(): string {
    return `${this.name}-api`;
  }

  /** The way in for clients. @throws LabError before `openFront`. */
  get front(): Front {
    if (this.#front === undefined) throw new LabError('Open the front of the fleet first.');
    return this.#front;
  }

  async openFront(): Promise<Front> {
    this.#front ??= await Front.start({
      client: this.client,
      namespace: this.namespace,
      service: `${this.name}-signal`,
    });
    return this.#front;
  }

  /** kubectl in the namespace of the fleet. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    return await this.cluster.kubectl(['-n', this.namespace, ...args], input);
  }

  get status(): ClusterStatus | undefined {
    return this.#clusters.get(this.namespace, this.name)?.status;
  }

  nodes(): readonly ClusterStatusNode[] {
    return this.status?.nodes ?? [];
  }

  /** The node by the name of its Pod. */
  node(name: string): ClusterStatusNode | undefined {
    return this.nodes().find((node) => node.name === name);
  }

  condition(type: string): { readonly status: string; readonly reason: string; readonly message: string } {
    const found = this.status?.conditions?.find((condition) => condition.type === type);
    return found ?? { status: 'Unknown', reason: '', message: '' };
  }

  /** Pods of the fleet, those that are leaving included. */
  pods(): readonly Pod[] {
    return this.#pods.list(this.namespace).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** All Pods there ever were, in the order of their creation. */
  lives(): readonly PodLife[] {
    return [...this.#lives.values()].toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** What to add when a wait was in vain, such as the operator's log. */
  witness(tell: () => string): void {
    this.#witness = tell;
  }

  /** Tells of new Events. That one of them was repeated is written down much later, and is no news. */
  onEvent(handle: (event: EventObject) => void): void {
    this.#events.onChange(({ type, object }) => {
      if (type === 'added') handle(object);
    });
  }

  onChange(handle: () => void): void {
    this.#clusters.onChange(handle);
    this.#pods.onChange(handle);
  }

  /** Waits for something about the fleet. @throws LabError with the state of the nodes. */
  async until(wait: Wait, holds: () => Promise<boolean> | boolean): Promise<void> {
    await until({ stepMs: 50, ...wait }, holds).catch(async (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new LabError(`${why}.\n${this.#witness()}\n${await this.#account()}`);
    });
  }

  /** What the watches show, and beside it what the API server and the registry say when asked again. */
  async #account(): Promise<string> {
    const states = 'custom-columns=NAME:.metadata.name,READY:.status.conditions[?(@.type=="Ready")].status,';
    const containers =
      'RESTARTS:.status.containerStatuses[*].restartCount,NOW:.status.containerStatuses[*].state';
    const [pods, registered, placements] = await Promise.all([
      this.kubectl(['get', 'pods', '-o', states + containers]).catch(String),
      this.registry().then((entries) => [...entries.keys()].join(' '), String),
      this.placements().catch(() => ({})),
    ]);
    const account = accountOf({
      nodes: this.nodes(),
      conditions: this.status?.conditions ?? [],
      events: this.events(),
      placements,
      nowMs: Date.now(),
    });
    return `${account}\nPods by the API server:\n${pods}Registered: ${registered}`;
  }

  /**
   * Ids of the nodes that the registry lists, whether each is closed to new rooms, and when its server last wrote of
   * itself, in seconds of the wall clock.
   */
  async registry(): Promise<ReadonlyMap<string, { readonly closed: boolean; readonly heartbeatS: number }>> {
    const entries = Object.entries(await this.#redis.hgetallBuffer('nodes'));
    return new Map(
      entries.map(([id, value]) => {
        const node = decodeNode(id, value);
        if (node.kind === 'Node') this.#learnHome(id, node.ip);
        const seen = node.kind === 'Node' ? node : { cordonMarked: false, updatedAtSeconds: 0 };
        return [id, { closed: seen.cordonMarked, heartbeatS: seen.updatedAtSeconds }] as const;
      }),
    );
  }

  /** Where each room lives by the registry: names of rooms to ids of nodes. */
  async placements(): Promise<Readonly<Record<string, string>>> {
    return await this.#redis.hgetall('room_node_map');
  }

  /** Name of the Media Node that hosts the room. */
  async hostOf(room: string): Promise<string | undefined> {
    return this.nameOf((await this.placements())[room] ?? '');
  }

  /** Name of the Pod in which that node runs or ran; `undefined` when the status never told. */
  nameOf(nodeId: string): string | undefined {
    return this.#homes.get(nodeId)?.name;
  }

  /** Ids of the nodes that ran in that Pod: more than one when its process was started again. */
  nodeIdsOf(uid: string): ReadonlySet<string> {
    return new Set([...this.#homes].flatMap(([id, home]) => (home.uid === uid ? [id] : [])));
  }

  /** Changes the spec as `kubectl patch` does. */
  async patch(spec: object): Promise<void> {
    await this.kubectl(['patch', `ovc/${this.name}`, '--type=merge', `--patch=${JSON.stringify({ spec })}`]);
  }

  /** Events so far about this fleet and its Pods, each once however often it was repeated. */
  events(): readonly EventObject[] {
    return this.#events.list(this.namespace).filter(({ regarding }) => {
      const { name } = regarding;
      return name === this.name || name.startsWith(`${this.name}-`);
    });
  }

  /** Notes of all Events so far with that reason. */
  notes(reason: string): readonly string[] {
    return this.events().flatMap((event) => (event.reason === reason ? [event.note ?? ''] : []));
  }

  get rooms(): RoomServiceClient {
    return new RoomServiceClient(this.front.url, this.key.apiKey, this.key.apiSecret);
  }

  /**
   * Makes empty rooms through the server API and says which nodes the servers chose. One after the other: rooms asked for at
   * the same instant meet the same open millisecond of a closed node, and ten of them would say no more than one.
   */
  async placeRooms(names: readonly string[], emptySeconds = 120): Promise<Placed> {
    const failed: string[] = [];
    const rooms = this.rooms;
    for (const name of names) {
      await rooms.createRoom({ name, emptyTimeout: emptySeconds }).catch((error: unknown) => {
        failed.push(`${name}: ${String(error)}`);
      });
    }
    const hosts = await this.placements();
    const byNode = new Map<string, number>();
    for (const name of names) {
      const nodeId = hosts[name] ?? '';
      const host = this.nodes().find((node) => node.nodeId === nodeId)?.name ?? `unknown ${nodeId}`;
      byNode.set(host, (byNode.get(host) ?? 0) + 1);
    }
    return { byNode, failed };
  }

  async deleteRooms(names: readonly string[]): Promise<void> {
    const rooms = this.rooms;
    for (let at = 0; at < names.length; at += 10) {
      await Promise.all(names.slice(at, at + 10).map(async (name) => await rooms.deleteRoom(name)));
    }
  }

  async receipts(): Promise<readonly Receipt[]> {
    const ref = { name: receiptsName(this.name), namespace: this.namespace };
    const kept = await this.client.find(CONFIG_MAPS, ref);
    return Object.values(kept?.data ?? {}).map((text) => JSON.parse(text) as Receipt);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#front?.stop();
    this.#redis.disconnect();
    await this.client.http.close();
  }

  #keepLives(): void {
    this.#pods.onChange(({ type, object }) => {
      const { name, uid, deletionTimestamp } = object.metadata;
      const nowMs = Date.now();
      const life = this.#lives.get(uid) ?? {
        name,
        uid,
        createdAtMs: nowMs,
        endedAtMs: undefined,
        deleteAskedAtMs: undefined,
        goneAtMs: undefined,
      };
      if (hasEnded(object)) life.endedAtMs ??= nowMs;
      if (deletionTimestamp !== undefined) life.deleteAskedAtMs ??= nowMs;
      if (type === 'deleted') life.goneAtMs ??= nowMs;
      this.#lives.set(uid, life);
    });
  }

  /** By the address, for nodes that came while no operator told of them. */
  #learnHome(nodeId: string, ip: string): void {
    if (this.#homes.has(nodeId)) return;
    const pod = this.pods().find(({ status }) => status?.podIP === ip);
    if (pod !== undefined) this.#homes.set(nodeId, { name: pod.metadata.name, uid: pod.metadata.uid });
  }

  #keepHomes(): void {
    this.#clusters.onChange(({ object }) => {
      if (object.metadata.name !== this.name) return;
      for (const { nodeId, name } of object.status?.nodes ?? []) {
        // The first sight counts: later a new Pod may have the name, while the old entry is still told of.
        const uid = this.#pods.get(this.namespace, name)?.metadata.uid;
        if (nodeId === undefined || uid === undefined || this.#homes.has(nodeId)) continue;
        this.#homes.set(nodeId, { name, uid });
      }
    });
  }
}

/** Whether the process of a Pod's media server has ended at least once. */
function hasEnded({ status }: Pod): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const media = (status?.containerStatuses ?? []).find(({ name }) => name === 'livekit');
  return media !== undefined && (media.restartCount > 0 || media.state?.terminated !== undefined);
}
