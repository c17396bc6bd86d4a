/**
 * A fleet of any size on a real API server and a real Redis, without kubelets and media servers: both are played here, by
 * what real ones were seen to do. What nobody plays is media, signalling and companions.
 */
import type { KubeClient } from '../../src/kube/client.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { LABELS } from '../../src/api/names.ts';
import { pick, type Random, stream, uniform } from '../../src/workload/random.ts';
import { HollowKubelet } from './kubelet.ts';
import { HollowMachines } from './machines.ts';
import { HollowPages } from './pages.ts';
import { HollowRegistry } from './registry.ts';
import { HollowServer } from './server.ts';
import type {
  Cut,
  CutWhy,
  HollowCounts,
  HollowFleet,
  HollowNode,
  HollowRoom,
  Planner,
  PodPlan,
} from './types.ts';
import { freePorts } from '../local-process.ts';
import type { ApiKey } from '../local-servers.ts';

export interface HollowWish {
  readonly client: KubeClient;
  readonly fleets: readonly HollowFleet[];
  readonly seed: number;
  /** Kubernetes Nodes; 4 unless told. */
  readonly machines?: number;
  /** 2 s and 5 s in real servers. */
  readonly heartbeatMs?: number;
  readonly drainCheckMs?: number;
  readonly plan?: Planner;
  /** What the server API answers to; that of `lab/plane/steps.ts` unless told. */
  readonly key?: ApiKey;
}

interface RoomWish {
  readonly participants: number;
  readonly name?: string;
}

const defaultKey: ApiKey = { apiKey: 'key', apiSecret: 'a-secret-of-more-than-thirty-two-bytes' };
const idLetters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.split('');
const idLength = 12;
/** Joins are tried again when a server ends under them, as clients do. */
const joinAttempts = 3;

/** Quick enough that tests need not wait, slow enough that the stages can be told apart. */
export const quickPlan: Planner = (_pod, random) => ({
  launchMs: uniform(random, 50, 300),
  readyMs: uniform(random, 50, 200),
  fate: { kind: 'Serves' },
});

export class HollowWorld {
  readonly cuts: Cut[] = [];
  readonly counts: HollowCounts = {
    opened: 0,
    ended: 0,
    refused: 0,
    podsStarted: 0,
    podsEnded: 0,
    heartbeats: 0,
    heartbeatsLost: 0,
  };
  /** For `spec.mediaNodes` of an OpenViduCluster. */
  readonly mediaNodes: {
    readonly signalPort: number;
    readonly metricsPort: number;
    readonly template: object;
  };
  readonly #wish: HollowWish;
  readonly #random: Random;
  readonly #registries: ReadonlyMap<string, HollowRegistry>;
  /** By the name of the cluster whose Pods they take. */
  readonly #machines: ReadonlyMap<string, HollowMachines>;
  readonly #kubelet: HollowKubelet;
  readonly #pages: HollowPages;
  readonly #byIp = new Map<string, HollowServer>();
  readonly #byId = new Map<string, HollowServer>();
  readonly #byPod = new Map<string, HollowServer>();
  readonly #roomServers = new Map<string, HollowServer>();
  readonly #plans = new Map<string, PodPlan>();
  #addresses = 0;
  #names = 0;

  /** Makes the machines and begins to play. @throws ApiError; Error when a Redis is not there */
  static async start(wish: HollowWish): Promise<HollowWorld> {
    const [signalPort = 0, metricsPort = 0] = await freePorts(2);
    const world = new HollowWorld(wish, { signalPort, metricsPort });
    await Promise.all([...world.#registries.values()].map((registry) => registry.connected()));
    await world.#pages.listen(signalPort, metricsPort);
    await Promise.all([...new Set(world.#machines.values())].map((machines) => machines.create()));
    await world.#kubelet.start();
    return world;
  }

  private constructor(
    wish: HollowWish,
    ports: { readonly signalPort: number; readonly metricsPort: number },
  ) {
    this.#wish = wish;
    this.#random = stream(wish.seed, 'hollow');
    this.#registries = new Map(
      wish.fleets.map(({ cluster, redis }) => [
        cluster,
        new HollowRegistry(redis, stream(wish.seed, `registry ${cluster}`)),
      ]),
    );
    this.#machines = machinesOf(wish);
    this.#pages = new HollowPages({
      key: wish.key ?? defaultKey,
      serverAt: (ip) => this.#byIp.get(ip),
      roomsOf: (cluster) => this.rooms(cluster),
    });
    this.#kubelet = this.#makeKubelet();
    const template = { spec: { containers: [{ name: 'livekit', image: 'hollow' }] } };
    this.mediaNodes = { ...ports, template };
  }

  /** Resolves at once: the world is watched since `start`. */
  async ready(): Promise<void> {
    await Promise.resolve();
  }

  nodes(cluster?: string): readonly HollowNode[] {
    return [...this.#byIp.values()].filter((server) => cluster === undefined || server.cluster === cluster);
  }

  rooms(cluster?: string): readonly HollowRoom[] {
    return this.#servers(cluster).flatMap((server) => [...server.list()]);
  }

  hasRoom(name: string): boolean {
    return this.#roomServers.has(name);
  }

  /** Pods as the kubelets see them. */
  pods(): readonly Pod[] {
    return this.#kubelet.list();
  }

  /** People who were cut for these reasons; for any reason unless told. */
  cutParticipants(...whys: readonly CutWhy[]): number {
    const counted = this.cuts.filter(({ why }) => whys.length === 0 || whys.includes(why));
    return counted.reduce((sum, { participants }) => sum + participants, 0);
  }

  /**
   * Opens a room where LiveKit would, with people in it at once; `undefined` when no node may take it or Redis is not
   * there.
   */
  async openRoom(cluster: string, { participants, name }: RoomWish): Promise<HollowRoom | undefined> {
    this.#names += 1;
    const room = name ?? `room-${this.#wish.seed}-${this.#names}`;
    for (let attempt = 0; attempt < joinAttempts; attempt += 1) {
      const nodeId = await this.#place(cluster);
      if (nodeId === undefined) break;
      const opened = await this.#openOn(this.#byId.get(nodeId), room, participants);
      if (opened !== undefined) return opened;
    }
    this.counts.refused += 1;
    return undefined;
  }

  /** Opens a room on this very node, whatever it says of itself. */
  async openRoomOn(pod: string, participants: number): Promise<HollowRoom | undefined> {
    this.#names += 1;
    return await this.#openOn(this.#serverOf(pod), `room-${this.#wish.seed}-${this.#names}`, participants);
  }

  /** People come or leave. Nothing happens when the room is gone. */
  async setParticipants(room: string, participants: number): Promise<void> {
    await this.#roomServers.get(room)?.setParticipants(room, participants).catch(lostToRedis);
  }

  /** Everybody leaves and the room is closed. */
  async endRoom(room: string): Promise<void> {
    const server = this.#roomServers.get(room);
    this.#roomServers.delete(room);
    if (server === undefined) return;
    this.counts.ended += 1;
    await server.close(room).catch(lostToRedis);
  }

  /** Heartbeats of this node no longer reach Redis; it answers over HTTP. */
  stall(pod: string): void {
    this.#serverOf(pod).stalled = true;
  }

  resume(pod: string): void {
    this.#serverOf(pod).stalled = false;
  }

  /** SIGSTOP: it says nothing anywhere, and signals wait. */
  freeze(pod: string): void {
    this.#serverOf(pod).frozen = true;
  }

  thaw(pod: string): void {
    this.#serverOf(pod).thaw();
  }

  /** Its clock is wrong by so much from its next heartbeat on. */
  skew(pod: string, ms: number): void {
    this.#serverOf(pod).skewMs = ms;
  }

  /** This node claims so many more people from its next heartbeat on. @returns when that is sent, in wall milliseconds */
  async pretend(pod: string, participants: number): Promise<number> {
    return await this.#serverOf(pod).pretend(participants);
  }

  /** Commands that the servers of this fleet have sent to its Redis, by name. */
  commands(cluster: string): ReadonlyMap<string, number> {
    return this.#registries.get(cluster)?.commands ?? new Map();
  }

  /** SIGKILL by nobody's order but ours: its people are cut as `Fault`. */
  crash(pod: string, exitCode = 137): void {
    this.#serverOf(pod).kill('Fault', exitCode);
  }

  /** Everything in this fleet's Redis is gone; servers that run write themselves again. */
  async forgetRegistry(cluster: string): Promise<void> {
    await this.#registries.get(cluster)?.forget();
  }

  async cordonMachine(name: string): Promise<void> {
    await this.#machinesWith(name)?.cordon(name);
  }

  async uncordonMachine(name: string): Promise<void> {
    await this.#machinesWith(name)?.uncordon(name);
    this.#kubelet.resync();
  }

  /** A machine dies with all that runs on it. */
  async loseMachine(name: string): Promise<void> {
    await this.#machinesWith(name)?.lose(name);
    const dead = this.#kubelet.list().filter(({ spec }) => spec.nodeName === name);
    for (const { metadata } of dead) this.#byPod.get(metadata.name)?.kill('Fault');
  }

  async stop(): Promise<void> {
    await this.#kubelet.stop();
    for (const server of this.#byIp.values()) server.vanish();
    await this.#pages.close();
    for (const registry of this.#registries.values()) registry.close();
  }

  #servers(cluster: string | undefined): readonly HollowServer[] {
    return [...this.#byIp.values()].filter((server) => cluster === undefined || server.cluster === cluster);
  }

  #serverOf(pod: string): HollowServer {
    const server = this.#byPod.get(pod);
    if (server === undefined) throw new Error(`no media server runs in Pod ${pod}`);
    return server;
  }

  async #place(cluster: string): Promise<string | undefined> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return await this.#registries
      .get(cluster)
      ?.place(nowSeconds)
      .catch(() => undefined);
  }

  async #openOn(
    server: HollowServer | undefined,
    name: string,
    participants: number,
  ): Promise<HollowRoom | undefined> {
    // For some seconds the entry of a dead server looks alive, and joins to it run into nothing.
    if (server === undefined) return undefined;
    try {
      const room = await server.open(name, participants);
      this.#roomServers.set(name, server);
      this.counts.opened += 1;
      return room;
    } catch {
      // The server ended, or Redis is away: to a client both are a join that did not work.
      await this.#registries.get(server.cluster)?.closeRoom(name).catch(lostToRedis);
      return undefined;
    }
  }

  #machinesWith(name: string): HollowMachines | undefined {
    return [...this.#machines.values()].find((machines) => machines.has(name));
  }

  #makeKubelet(): HollowKubelet {
    const { client } = this.#wish;
    return new HollowKubelet({
      client,
      plan: (pod) => this.#planOf(pod),
      machineFor: (pod) => this.#machines.get(this.#fleetOf(pod)?.cluster ?? '')?.next(),
      isReachable: (machine) => this.#machinesWith(machine)?.isReachable(machine) === true,
      addressFor: () => this.#nextAddress(),
      startServer: (pod, ip, onExit) => this.#startServer(pod, ip, onExit),
    });
  }

  #fleetOf({ metadata }: Pod): HollowFleet | undefined {
    const cluster = metadata.labels?.[LABELS.cluster];
    return this.#wish.fleets.find(
      (fleet) => fleet.cluster === cluster && (fleet.namespace ?? 'default') === metadata.namespace,
    );
  }

  /** Drawn once for each Pod. */
  #planOf(pod: Pod): PodPlan | undefined {
    const { uid } = pod.metadata;
    const known = this.#plans.get(uid);
    if (known !== undefined || this.#fleetOf(pod) === undefined) return known;
    const plan = (this.#wish.plan ?? quickPlan)(pod, this.#random);
    this.#plans.set(uid, plan);
    return plan;
  }

  #startServer(pod: Pod, ip: string, onExit: (exitCode: number) => void): HollowServer {
    const cluster = this.#fleetOf(pod)?.cluster ?? '';
    const registry = this.#registries.get(cluster);
    if (registry === undefined) throw new Error(`no Redis is known of cluster ${cluster}`);
    const nodeId = `ND_${Array.from({ length: idLength }, () => pick(this.#random, idLetters)).join('')}`;
    const { heartbeatMs = 2000, drainCheckMs = 5000 } = this.#wish;
    const server: HollowServer = new HollowServer({
      cluster,
      pod: pod.metadata.name,
      podUid: pod.metadata.uid,
      ip,
      nodeId,
      registry,
      random: this.#random,
      heartbeatMs,
      drainCheckMs,
      counts: this.counts,
      onCut: (room, why) => this.#onCut(server, room, why),
      onExit: (exitCode) => {
        this.#forget(server);
        onExit(exitCode);
      },
    });
    this.counts.podsStarted += 1;
    this.#byIp.set(ip, server);
    this.#byId.set(nodeId, server);
    this.#byPod.set(server.pod, server);
    server.start();
    return server;
  }

  #forget(server: HollowServer): void {
    this.counts.podsEnded += 1;
    this.#plans.delete(server.podUid);
    this.#byIp.delete(server.ip);
    this.#byId.delete(server.nodeId);
    if (this.#byPod.get(server.pod) === server) this.#byPod.delete(server.pod);
    for (const [room, on] of this.#roomServers) if (on === server) this.#roomServers.delete(room);
  }

  #onCut(server: HollowServer, room: HollowRoom, why: CutWhy): void {
    const { name, participants, cluster, nodeId } = room;
    this.cuts.push({
      atMs: Date.now(),
      cluster,
      room: name,
      participants,
      nodeId,
      pod: server.pod,
      podUid: server.podUid,
      why,
    });
  }

  /** Every address of 127.0.0.0/8 reaches this machine. */
  #nextAddress(): string {
    this.#addresses += 1;
    const high = 120 + Math.floor(this.#addresses / 65_536);
    return `127.${high}.${Math.floor(this.#addresses / 256) % 256}.${this.#addresses % 256}`;
  }
}

/** What Redis does not take shows in Redis, which is what everybody else looks at. */
function lostToRedis(): void {}

function machinesOf({ client, fleets, machines = 4 }: HollowWish): ReadonlyMap<string, HollowMachines> {
  const shared = new HollowMachines(client, 'hollow', machines);
  return new Map(
    fleets.map(({ cluster, machines: own }) => [
      cluster,
      own === undefined ? shared : new HollowMachines(client, `hollow-${cluster}`, own),
    ]),
  );
}
