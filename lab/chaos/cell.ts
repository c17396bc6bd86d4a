/**
 * One fleet of the fault laboratory with all that is its own: namespace, Redis, operator, and a proxy on each of the
 * operator's ways. So many cells are struck at the same time without knowing of each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeNode } from '../../src/livekit/node-decode.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { PODS, SECRETS } from '../../src/kube/resource.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { ApiProxy } from './api-proxy.ts';
import { ChaosOperator, type OperatorStart } from './operator.ts';
import {
  type Asked,
  askedAtFirst,
  baseNodes,
  limits,
  manifestOf,
  operatorSecret,
  templateOf,
  unsteadyPods,
  unsteadyStatus,
} from './fleet.ts';
import { ChaosJudge } from './oracles.ts';
import { RedisProxy } from './redis-proxy.ts';
import type { ChaosRedis } from './redis.ts';
import { type ChaosView, factOf } from './view.ts';
import type { HollowWorld } from '../hollow/world.ts';

export interface CellWish {
  readonly name: string;
  readonly namespace: string;
  readonly entry: string;
  readonly dir: string;
  readonly token: string;
  readonly upstream: string;
  readonly ca: () => string;
  readonly view: ChaosView;
  readonly redis: ChaosRedis;
  readonly world: () => HollowWorld;
  /** Names of the Kubernetes Nodes that only this fleet's Pods go to. */
  readonly machines: readonly string[];
}

const lookEveryMs = 100;
const registryEveryMs = 400;
/** Of whom two nodes of 50 carry no more than half. */
const crowdPeople = 130;
/** Larger than any room of the usual traffic. */
const crowdRoom = 6;
const crowdEveryMs = 100;
/** What a kubelet waits before it starts a container again, the first time. */
const restartMs = 50;

export class ChaosCell {
  readonly wish: CellWish;
  readonly judge = new ChaosJudge(limits);
  readonly redisProxy: RedisProxy;
  readonly api: ApiProxy;
  readonly operator: ChaosOperator;
  readonly asked: Asked = { ...askedAtFirst };
  /** Injections since the start, for what must not grow with them. */
  injections = 0;
  readonly #told = new WeakSet<ChaosOperator>();
  readonly #watched = new WeakSet<Promise<number>>();
  #nudges = 0;
  /** Of the last change, which every view has to show before anything is steady. */
  #generation = 0;
  #cutsSeen = 0;
  /** Brings people while the load says how many nodes there are. */
  #crowd: NodeJS.Timeout | undefined;
  #watching = true;
  #stopping = false;

  private constructor(wish: CellWish, parts: { readonly api: ApiProxy; readonly redisProxy: RedisProxy }) {
    this.wish = wish;
    this.api = parts.api;
    this.redisProxy = parts.redisProxy;
    this.operator = this.makeOperator('a', { url: this.api.url });
    wish.view.onPod(wish.name, (pod, change) => {
      const nowMs = performance.now();
      if (change === 'Gone') this.judge.gone(pod.metadata.uid, nowMs);
      else this.judge.pod(factOf(pod), nowMs);
    });
    void this.#watchRegistry();
  }

  /** Its operator runs once this resolves; its fleet is not there yet. */
  static async start(wish: CellWish): Promise<ChaosCell> {
    const api = await ApiProxy.start({ upstream: wish.upstream, ca: wish.ca });
    const redisProxy = await RedisProxy.start(wish.redis.address);
    const cell = new ChaosCell(wish, { api, redisProxy });
    await cell.tellPassword(wish.redis.password);
    await cell.startOperator();
    return cell;
  }

  get name(): string {
    return this.wish.name;
  }

  /** A further operator of this cell, with another way to the API server. */
  makeOperator(suffix: string, api: { readonly url: string; readonly caFile?: string }): ChaosOperator {
    const { entry, dir, token, namespace, name } = this.wish;
    const ca = api.caFile === undefined ? {} : { caFile: api.caFile };
    return new ChaosOperator({
      entry,
      dir,
      token,
      namespace,
      name: `${name}-${suffix}`,
      apiUrl: api.url,
      ...ca,
    });
  }

  /** Started, and started again as a kubelet would whenever it ends without having been told to. */
  async startOperator(operator: ChaosOperator = this.operator, wish?: OperatorStart): Promise<void> {
    if (operator.running || this.#stopping) return;
    this.#told.delete(operator);
    await operator.start(wish);
    const { ended } = operator;
    if (this.#watched.has(ended)) return;
    this.#watched.add(ended);
    void ended.then((code) => this.#onEnd(operator, code));
  }

  async #onEnd(operator: ChaosOperator, code: number): Promise<void> {
    const wasTold = this.#told.has(operator) || this.#stopping;
    const words = operator.lastWords();
    // What a closed log would have said is not held against it.
    const lostLease = words === undefined || words.includes('lease lost');
    const end = { code, wasTold, lostLease, words: (words ?? '').slice(-1500) };
    this.judge.operatorEnded(end, performance.now());
    if (wasTold) return;
    await sleep(restartMs);
    await this.startOperator(operator);
  }

  async killOperator(operator: ChaosOperator = this.operator): Promise<void> {
    this.#told.add(operator);
    await operator.kill();
  }

  /** Killed, and started again at once. */
  async restartOperator(wish?: OperatorStart): Promise<void> {
    await this.killOperator();
    await this.startOperator(this.operator, wish);
  }

  /** SIGTERM. */
  async stopOperator(operator: ChaosOperator = this.operator): Promise<number> {
    this.#told.add(operator);
    return await operator.stop();
  }

  /** Makes the fleet, as a person would. */
  async create(): Promise<void> {
    Object.assign(this.asked, askedAtFirst);
    this.judge.asked(baseNodes, performance.now());
    const { client } = this.wish.view;
    const { mediaNodes } = this.wish.world();
    this.#generation = 0;
    await client.create(CLUSTERS, manifestOf(this.#ref(), { redis: this.redisProxy.address, mediaNodes }));
  }

  /** Takes the fleet away with all that it left, so that it can be made anew; the Pods are the laboratory's to end. */
  async remove(): Promise<void> {
    const { view, namespace, name } = this.wish;
    for (const { metadata } of view.pods(name)) this.judge.taken(metadata.uid);
    this.judge.asked(0, performance.now());
    await ignoreMissing(
      view.client.patchMerge(CLUSTERS, this.#ref(), { spec: { deletion: { policy: 'Delete' } } }),
    );
    await ignoreMissing(view.client.delete(CLUSTERS, this.#ref()));
    for (;;) {
      const pods = await view.podsNow(namespace, name);
      const isGone = (await view.client.find(CLUSTERS, this.#ref())) === undefined;
      for (const { metadata } of pods) {
        this.judge.taken(metadata.uid);
        await ignoreMissing(
          view.client.delete(PODS, { name: metadata.name, namespace }, { gracePeriodSeconds: 0 }),
        );
      }
      if (isGone && pods.length === 0 && view.cluster(namespace, name) === undefined) return;
      await sleep(lookEveryMs);
    }
  }

  async askNodes(nodes: number): Promise<void> {
    this.asked.nodes = nodes;
    this.judge.asked(nodes, performance.now());
    await this.change({ mediaNodes: { replicas: nodes } });
  }

  /** From now on the load says how many nodes there are, and there is more of it than so many nodes carry. */
  async askByLoad(): Promise<void> {
    const world = this.wish.world();
    this.#crowd ??= setInterval(() => {
      const people = world.rooms(this.name).reduce((sum, { participants }) => sum + participants, 0);
      if (people < crowdPeople) void world.openRoom(this.name, { participants: crowdRoom });
    }, crowdEveryMs);
    await this.change({ autoscaling: { mode: 'Enforce' } });
  }

  /** The number that was asked for last holds again, and the crowd goes. */
  async endByLoad(): Promise<void> {
    if (this.#crowd === undefined) return;
    clearInterval(this.#crowd);
    this.#crowd = undefined;
    await this.change({ autoscaling: { mode: 'External' } });
    const world = this.wish.world();
    const large = world.rooms(this.name).filter(({ participants }) => participants === crowdRoom);
    await Promise.all(large.map(async ({ name }) => await world.endRoom(name)));
  }

  async askTemplate(template: number): Promise<void> {
    this.asked.template = template;
    await this.change({ mediaNodes: { template: templateOf(template) } });
  }

  /** Merged over the spec. */
  async change(spec: JsonObject): Promise<void> {
    const changed = await this.wish.view.client.patchMerge(CLUSTERS, this.#ref(), { spec });
    this.#generation = changed.metadata.generation;
  }

  /** Writes the password for Redis where the operator looks for it. */
  async tellPassword(password: string): Promise<void> {
    const { view, namespace } = this.wish;
    const { name, key } = operatorSecret;
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } };
    const data = { [key]: btoa(password) };
    await view.client.apply(SECRETS, { ...object, data }, { fieldManager: 'chaos', force: true });
  }

  /** A change without an effect, which a living operator answers with the new generation in its status. */
  async nudge(): Promise<void> {
    this.#nudges += 1;
    await this.change({ autoscaling: { headroom: { percent: this.#nudges % 2 } } });
  }

  /** What keeps the fleet from being as asked for; `undefined`: nothing. */
  async unsteady(): Promise<string | undefined> {
    const { view, namespace, name } = this.wish;
    const cluster = view.cluster(namespace, name);
    if (cluster === undefined || cluster.metadata.generation < this.#generation)
      return 'the change is not seen';
    const isByLoad = this.#crowd !== undefined;
    const { nodes: asked } = this.asked;
    const nodes = isByLoad ? (cluster.status?.desiredNodes ?? 0) : asked;
    if (isByLoad && nodes <= asked) return `the load does not lead to more than ${asked} nodes`;
    const pods = unsteadyPods(view.pods(name), { ...this.asked, nodes });
    return pods ?? unsteadyStatus(cluster, nodes) ?? (await this.#unsteadyRegistry(nodes));
  }

  /** Milliseconds until it is steady; what is missing when that is not within the time. */
  async untilSteady(withinMs: number, signal: AbortSignal): Promise<number | string> {
    const fromMs = performance.now();
    for (;;) {
      const why = await this.unsteady();
      const tookMs = performance.now() - fromMs;
      if (why === undefined) return tookMs;
      if (tookMs > withinMs) return why;
      if (signal.aborted) return 'stopped';
      await sleep(lookEveryMs);
    }
  }

  /** Looks at what is only judged from time to time: receipts and people who were cut. */
  async judgeNow(): Promise<void> {
    const { view, namespace, name } = this.wish;
    const nowMs = performance.now();
    this.judge.receipts(await view.receipts(namespace, name), nowMs);
    const { cuts } = this.wish.world();
    for (const cut of cuts.slice(this.#cutsSeen)) {
      if (cut.cluster !== name) continue;
      const why = cut.why === 'Fault' ? 'Fault' : 'Removal';
      this.judge.cut({ pod: cut.pod, podUid: cut.podUid, participants: cut.participants, why }, nowMs);
    }
    this.#cutsSeen = cuts.length;
  }

  /** What a person would look at: the resource, its Pods, the calls of late and the log. */
  async told(): Promise<string> {
    const { view, namespace, name } = this.wish;
    const pods = view
      .pods(name)
      .map((pod) => JSON.stringify({ ...factOf(pod), ...pod.metadata.annotations }));
    const writes = this.api.writes.slice(-200).map((write) => JSON.stringify(write));
    const resource = JSON.stringify(view.cluster(namespace, name), undefined, 1);
    const why = (await this.unsteady()) ?? 'nothing is missing';
    return [why, ...pods, ...writes, resource, this.operator.log].join('\n');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watching = false;
    clearInterval(this.#crowd);
    this.operator.signal('SIGCONT');
    await this.operator.kill();
    await this.api.stop();
    await this.redisProxy.stop();
  }

  async #unsteadyRegistry(nodes: number): Promise<string | undefined> {
    const open = await this.#openEntries();
    if (open === undefined) return 'Redis does not answer';
    if (open.length !== nodes) return `${open.length} nodes in Redis, not ${nodes}`;
    return open.includes(true) ? undefined : 'every node is closed';
  }

  /** Whether each node that runs takes new rooms, by its entry; `undefined` while Redis does not answer. */
  async #openEntries(): Promise<readonly boolean[] | undefined> {
    const entries = await this.wish.redis.admin.hgetallBuffer('nodes').catch(() => undefined);
    if (entries === undefined) return undefined;
    const alive = this.wish
      .world()
      .nodes(this.name)
      .filter(({ state }) => state === 'Serving');
    return alive.flatMap(({ nodeId }) => {
      const value = entries[nodeId];
      const node = value === undefined ? undefined : decodeNode(nodeId, value);
      return node?.kind === 'Node' ? [node.state === 'Serving' && !node.cordonMarked] : [];
    });
  }

  async #watchRegistry(): Promise<void> {
    while (this.#watching) {
      const open = await this.#openEntries();
      if (open !== undefined) this.judge.registry(open, performance.now());
      await sleep(registryEveryMs);
    }
  }

  #ref(): { readonly name: string; readonly namespace: string } {
    return { name: this.name, namespace: this.wish.namespace };
  }
}

async function ignoreMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
