import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { favourCgroup, killCgroup, makeCgroup } from './cgroup.ts';
import { answers, type Daemon } from './daemon.ts';
import { type ClusterInfo, maxNodes, redisPort, type SlotNames, slotNames } from './names.ts';
import { KubeNode } from './node.ts';
import { kubeconfigPath, makePki } from './pki.ts';
import {
  adminReader,
  auditLogPath,
  makeBridge,
  planeCgroup,
  type Reader,
  saveAndStopRedis,
  startApiServer,
  startControllers,
  startEtcd,
  startRedis,
  startScheduler,
} from './plane.ts';
import { leftovers, sweepSlot } from './sweep.ts';
import { allDone, LabError, type Say, until } from '../exec.ts';

export interface RunSpec {
  readonly name: string;
  readonly nodes: number;
  /** The unpacked images, from `ensureImageStore`. */
  readonly store: string;
}

/** About as many run in the Pods of a cluster. */
const mediaServers = 8;

type Part = 'etcd' | 'apiserver' | 'controllers' | 'scheduler' | 'redis';

/** A cluster as its supervisor holds it: the processes, and what can be done to them. */
export class ClusterRun {
  readonly #names: SlotNames;
  readonly #say: Say;
  readonly #abort = new AbortController();
  readonly #parts = new Map<Part, Daemon>();
  readonly #nodes = new Map<string, KubeNode>();
  #name = 'lab';
  #store = '';
  #read: Reader | undefined;

  constructor(slot: number, say: Say) {
    this.#names = slotNames(slot);
    this.#say = say;
  }

  get info(): ClusterInfo {
    const { slot, dir, apiUrl, gatewayIp, pkiDir } = this.#names;
    return {
      slot,
      name: this.#name,
      dir,
      kubeconfig: kubeconfigPath(this.#names, 'admin'),
      apiUrl,
      caFile: join(pkiDir, 'ca.crt'),
      gatewayIp,
      redisPort,
      auditLog: auditLogPath(this.#names),
      nodes: [...this.#nodes.values()].map((node) => node.info),
      pids: Object.fromEntries([...this.#parts].map(([part, daemon]) => [part, daemon.pid])),
    };
  }

  /** From nothing to all Kubernetes Nodes Ready. @throws LabError saying which part failed. */
  async start(spec: RunSpec): Promise<void> {
    this.#name = spec.name;
    this.#store = spec.store;
    this.#say(`starting a cluster of ${spec.nodes} Kubernetes Nodes in slot ${this.#names.slot}`);
    await this.#foundation();
    const nodes = Array.from({ length: spec.nodes }, (_, i) => new KubeNode(this.#names, i + 1));
    await allDone([
      this.#startPlane(),
      this.#startRedisDaemon(),
      ...nodes.map((node) => node.prepare(this.#store, this.#abort.signal)),
    ]);
    await allDone([...nodes.map((node) => this.#join(node)), this.#controlled()]);
    this.#say(`ready: ${spec.nodes} Kubernetes Nodes`);
    await this.#writeInfo();
  }

  /** Adds one Kubernetes Node and waits until it is Ready. */
  async addKubeNode(): Promise<void> {
    const used = new Set([...this.#nodes.values()].map((node) => node.names.index));
    const index = Array.from({ length: maxNodes }, (_, i) => i + 1).find((one) => !used.has(one));
    if (index === undefined)
      throw new LabError(`A cluster can have ${maxNodes} Kubernetes Nodes: kill one first.`);
    const node = new KubeNode(this.#names, index);
    await node.prepare(this.#store, this.#abort.signal);
    await this.#join(node);
    await this.#writeInfo();
  }

  async killKubeNode(name: string): Promise<void> {
    const node = this.#nodes.get(name);
    if (node === undefined) {
      throw new LabError(
        `There is no Kubernetes Node ${name}: it is one of ${[...this.#nodes.keys()].join(', ')}.`,
      );
    }
    this.#nodes.delete(name);
    await node.kill();
    await this.#writeInfo();
  }

  async stopRedis(keepData: boolean): Promise<void> {
    const daemon = this.#part('redis');
    if (daemon.hasEnded) return;
    if (keepData) return saveAndStopRedis(this.#names, daemon);
    daemon.signal('SIGKILL');
    await daemon.ended();
    await rm(join(this.#names.dir, 'redis'), { recursive: true, force: true });
  }

  async startRedis(): Promise<void> {
    if (this.#parts.get('redis')?.hasEnded === false) return;
    await this.#startRedisDaemon();
  }

  pauseApiServer(): void {
    this.#part('apiserver').signal('SIGSTOP');
  }

  resumeApiServer(): void {
    this.#part('apiserver').signal('SIGCONT');
  }

  /** Makes a start that is under way give up soon; it must have ended before `stop`, or it would start more. */
  async abort(): Promise<void> {
    this.#abort.abort();
    await killCgroup(this.#names.cgroup);
  }

  /** Ends everything and proves it. @throws LabError naming what could not be removed. */
  async stop(): Promise<void> {
    // The kernel frees some things a moment after their last user ended: a second sweep finds them free.
    await sweepSlot(this.#names.slot, false).catch(() => sleep(500));
    if ((await leftovers(this.#names.slot)).length > 0) await sweepSlot(this.#names.slot, false);
    const left = await leftovers(this.#names.slot);
    if (left.length > 0) throw new LabError(`The cluster left something behind: ${left.join(', ')}`);
  }

  async #foundation(): Promise<void> {
    await sweepSlot(this.#names.slot, true);
    await mkdir(this.#names.logDir, { recursive: true });
    await allDone([makePki(this.#names), makeBridge(this.#names), makeCgroup(planeCgroup(this.#names))]);
    await favourCgroup(this.#names.cgroup, mediaServers);
  }

  async #startPlane(): Promise<void> {
    const etcd = await this.#add('etcd', startEtcd(this.#names));
    await this.#wait('an answer of etcd', etcd, () => answers({ host: this.#names.loopback, port: 2379 }));
    const apiServer = await this.#add('apiserver', startApiServer(this.#names));
    this.#read = adminReader(this.#names);
    await this.#wait('a ready API server', apiServer, async () => (await this.#get('/readyz')) !== undefined);
    await this.#add('controllers', startControllers(this.#names));
    await this.#add('scheduler', startScheduler(this.#names));
  }

  async #startRedisDaemon(): Promise<void> {
    await this.#add('redis', startRedis(this.#names));
  }

  async #add(part: Part, starting: Promise<Daemon>): Promise<Daemon> {
    const daemon = await starting;
    this.#parts.set(part, daemon);
    return daemon;
  }

  #part(part: Part): Daemon {
    const daemon = this.#parts.get(part);
    if (daemon === undefined) throw new LabError(`${part} was not started: wait until the cluster is up.`);
    return daemon;
  }

  async #join(node: KubeNode): Promise<void> {
    this.#nodes.set(node.names.name, node);
    await node.startKubelet();
    const what = `the readiness of ${node.names.name}`;
    await until({ what, timeoutMs: 60_000, signal: this.#abort.signal }, async () => {
      await node.assertAlive();
      return isUsable(await this.#get(`/api/v1/nodes/${node.names.name}`));
    });
  }

  /** Pods are refused before their ServiceAccount exists, and wait until the scheduler serves. */
  async #controlled(): Promise<void> {
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await this.#wait(
      'the controllers',
      this.#part('controllers'),
      async () => (await this.#get(account)) !== undefined,
    );
    await this.#wait('the scheduler', this.#part('scheduler'), () =>
      answers({ host: this.#names.loopback, port: 10259 }),
    );
  }

  async #get(path: string): Promise<string | undefined> {
    return this.#read?.(path);
  }

  async #wait(what: string, daemon: Daemon, holds: () => Promise<boolean>): Promise<void> {
    await until({ what, timeoutMs: 60_000, signal: this.#abort.signal }, async () => {
      await daemon.assertAlive();
      return holds();
    });
  }

  async #writeInfo(): Promise<void> {
    await writeFile(join(this.#names.dir, 'cluster.json'), JSON.stringify(this.info, null, 2));
  }
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Ready, and freed by the controllers of the taint that keeps Pods off a new Kubernetes Node. */
function isUsable(text: string | undefined): boolean {
  if (text === undefined) return false;
  const { spec, status } = JSON.parse(text) as NodeObject;
  const isReady =
    status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
  return isReady && (spec.taints ?? []).length === 0;
}
