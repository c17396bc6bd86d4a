/**
 * Plays the scheduler and all kubelets: binds Pods to machines, starts their media servers, writes their status, stops
 * them when they are deleted and takes the Pod away when the process has ended. It goes by what the API server says now,
 * so it catches up after any outage.
 */
import type { KubeClient } from '../../src/kube/client.ts';
import { ConflictError, NotFoundError } from '../../src/kube/errors.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { WorkQueue } from '../../src/kube/queue.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { PODS, type Ref } from '../../src/kube/resource.ts';
import { COMPONENT_MEDIA_NODE, LABELS } from '../../src/api/names.ts';
import type { HollowServer } from './server.ts';
import { type Stage, statusOf } from './status.ts';
import type { PodPlan } from './types.ts';

export interface KubeletParts {
  readonly client: KubeClient;
  /** `undefined`: no Pod of ours. */
  plan(pod: Pod): PodPlan | undefined;
  /** A machine for it; `undefined` when none takes Pods. */
  machineFor(pod: Pod): string | undefined;
  /** Whether the kubelet of this machine still reaches the API server. */
  isReachable(machine: string): boolean;
  /** Starts the server of a Pod, at an address that it is told from the beginning. */
  addressFor(pod: Pod): string;
  startServer(pod: Pod, ip: string, onExit: (exitCode: number) => void): HollowServer;
}

interface Sandbox {
  readonly uid: string;
  readonly key: string;
  readonly ip: string;
  readonly plan: PodPlan;
  readonly timers: Set<NodeJS.Timeout>;
  stage: Stage;
  /** What was last written. */
  written: Stage | undefined;
  server: HollowServer | undefined;
  /** Whether it was ready once. */
  probed: boolean;
  /** Probes in a row that failed. */
  failures: number;
  killAt: { readonly atMs: number; readonly timer: NodeJS.Timeout } | undefined;
}

const concurrency = 16;
const noMachineRetryMs = 500;
/** The readiness probe that the operator gives to its Pods. The liveness probe asks the kernel, which always answers. */
const probeEveryMs = 2000;
const failureThreshold = 3;

export class HollowKubelet {
  readonly #parts: KubeletParts;
  readonly #pods: Reflector<Pod>;
  readonly #queue: WorkQueue;
  /** By uid. */
  readonly #sandboxes = new Map<string, Sandbox>();
  /** Which uid was last seen under a key. */
  readonly #uids = new Map<string, string>();
  readonly #ending = new AbortController();
  #probing: NodeJS.Timeout | undefined;

  constructor(parts: KubeletParts) {
    this.#parts = parts;
    this.#pods = new Reflector({
      http: parts.client.http,
      type: PODS,
      labelSelector: `${LABELS.component}=${COMPONENT_MEDIA_NODE}`,
    });
    this.#queue = new WorkQueue({
      handle: (key) => this.#sync(key),
      concurrency,
      retry: { baseMs: 100, capMs: 2000 },
    });
    this.#pods.onChange(({ object }) => this.#queue.add(keyOf(object)));
  }

  /** Resolves when Pods are watched. */
  async start(): Promise<void> {
    this.#pods.start(this.#ending.signal);
    await this.#pods.synced;
    this.#queue.start();
    this.#probing = setInterval(() => this.#probe(), probeEveryMs);
  }

  /** The server of a Pod, by the Pod's name. */
  serverOf(pod: string): HollowServer | undefined {
    for (const { server } of this.#sandboxes.values()) if (server?.pod === pod) return server;
    return undefined;
  }

  /** Pods as the kubelets see them now. */
  list(): readonly Pod[] {
    return this.#pods.list();
  }

  /** Looks at all Pods again, after a machine has changed. */
  resync(): void {
    for (const pod of this.#pods.list()) this.#queue.add(keyOf(pod), 'background');
  }

  /** Nothing more is written; servers that run go on. */
  async stop(): Promise<void> {
    clearInterval(this.#probing);
    this.#ending.abort();
    await this.#queue.stop(2000);
    for (const sandbox of this.#sandboxes.values()) this.#clear(sandbox);
  }

  async #sync(key: string): Promise<void> {
    const [namespace, name = ''] = key.split('/');
    const pod = this.#pods.get(namespace, name);
    this.#forgetOthers(key, pod?.metadata.uid);
    if (pod === undefined) return;
    try {
      await this.#syncPod(pod, { name, ...(namespace === undefined ? {} : { namespace }) });
    } catch (error) {
      // The Pod has changed or gone: the watch tells, and it is looked at again.
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
    }
  }

  /** A Pod that is gone without a word, or another one under its name: the process dies with it. */
  #forgetOthers(key: string, uid: string | undefined): void {
    const before = this.#uids.get(key);
    if (uid === undefined) this.#uids.delete(key);
    else this.#uids.set(key, uid);
    if (before === undefined || before === uid) return;
    const sandbox = this.#sandboxes.get(before);
    if (sandbox === undefined) return;
    this.#clear(sandbox);
    this.#sandboxes.delete(before);
    sandbox.server?.kill('PodGone');
  }

  async #syncPod(pod: Pod, ref: Ref): Promise<void> {
    const machine = pod.spec.nodeName;
    if (machine === undefined) return await this.#bind(pod, ref);
    if (!this.#parts.isReachable(machine)) return;
    const sandbox = this.#sandboxes.get(pod.metadata.uid) ?? this.#admit(pod);
    if (sandbox === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) return await this.#end(pod, ref, sandbox);
    await this.#report(pod, ref, sandbox);
  }

  async #bind(pod: Pod, ref: Ref): Promise<void> {
    if (this.#parts.plan(pod) === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const machine = this.#parts.machineFor(pod);
    if (machine === undefined) return this.#queue.addAfter(keyOf(pod), noMachineRetryMs);
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { ...ref, uid: pod.metadata.uid },
      target: { apiVersion: 'v1', kind: 'Node', name: machine },
    };
    await this.#parts.client.create(PODS, binding, { subresource: 'binding' });
  }

  #admit(pod: Pod): Sandbox | undefined {
    const plan = this.#parts.plan(pod);
    if (plan === undefined) return undefined;
    const ended = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
    const sandbox: Sandbox = {
      uid: pod.metadata.uid,
      key: keyOf(pod),
      ip: pod.status?.podIP ?? this.#parts.addressFor(pod),
      plan,
      timers: new Set(),
      stage: ended ? endedLongAgo : { kind: 'Creating' },
      written: ended ? endedLongAgo : undefined,
      server: undefined,
      probed: false,
      failures: 0,
      killAt: undefined,
    };
    this.#sandboxes.set(sandbox.uid, sandbox);
    if (!ended) this.#later(sandbox, plan.launchMs, () => this.#launch(pod, sandbox));
    return sandbox;
  }

  #launch(pod: Pod, sandbox: Sandbox): void {
    const { fate, readyMs, ageMs = 0 } = sandbox.plan;
    if (fate.kind === 'Stuck') return this.#move(sandbox, { kind: 'Stuck', reason: fate.reason });
    const startedAtMs = Date.now() - ageMs;
    const onExit = (exitCode: number): void => {
      this.#clear(sandbox);
      this.#move(sandbox, { kind: 'Ended', startedAtMs, finishedAtMs: Date.now(), exitCode });
    };
    const server = this.#parts.startServer(pod, sandbox.ip, onExit);
    sandbox.server = server;
    this.#move(sandbox, { kind: 'Started', startedAtMs, ready: false });
    if (fate.kind === 'Crashes') {
      this.#later(sandbox, fate.afterMs, () => server.kill('Fault', fate.exitCode));
    }
    if (fate.kind === 'NeverReady') return;
    this.#later(sandbox, readyMs, () => {
      sandbox.probed = true;
      this.#move(sandbox, { kind: 'Started', startedAtMs, ready: true });
    });
  }

  async #report(pod: Pod, ref: Ref, sandbox: Sandbox): Promise<void> {
    const { stage, ip } = sandbox;
    if (sandbox.written === stage) return;
    const patch = { metadata: { uid: pod.metadata.uid }, status: statusOf(pod, ip, stage) };
    await this.#parts.client.patchMerge(PODS, ref, patch, { subresource: 'status' });
    sandbox.written = stage;
    if (sandbox.stage !== stage) this.#queue.add(sandbox.key);
  }

  /** SIGTERM at first, SIGKILL when the time of grace is over, and the Pod goes once the process has ended. */
  async #end(pod: Pod, ref: Ref, sandbox: Sandbox): Promise<void> {
    const { server } = sandbox;
    if (server === undefined || server.ended) {
      this.#clear(sandbox);
      const { uid } = pod.metadata;
      await this.#parts.client.delete(PODS, ref, { uid, gracePeriodSeconds: 0 });
      return;
    }
    server.terminate();
    // The API server sets this time to when the grace is over, also when it is shortened later.
    const atMs = Date.parse(pod.metadata.deletionTimestamp ?? '');
    if (server.ended || sandbox.killAt?.atMs === atMs) return;
    clearTimeout(sandbox.killAt?.timer);
    const leftMs = Math.min(Math.max(0, atMs - Date.now()), 2 ** 31 - 1);
    // A deletion by force is marked a moment before the Pod goes: seen in between, it is one all the same.
    const why = pod.metadata.deletionGracePeriodSeconds === 0 ? 'PodGone' : 'GraceOver';
    const timer = setTimeout(() => server.kill(why), leftMs);
    sandbox.killAt = { atMs, timer };
  }

  /** Pods that were ready once become unready while their servers are unhealthy, and ready again with the first success. */
  #probe(): void {
    for (const sandbox of this.#sandboxes.values()) {
      const { stage, server } = sandbox;
      if (stage.kind !== 'Started' || server === undefined || !sandbox.probed) continue;
      const isFine = server.isHealthy && !server.frozen;
      sandbox.failures = isFine ? 0 : sandbox.failures + 1;
      const ready = isFine || (stage.ready && sandbox.failures < failureThreshold);
      if (ready !== stage.ready) this.#move(sandbox, { ...stage, ready });
    }
  }

  #move(sandbox: Sandbox, stage: Stage): void {
    sandbox.stage = stage;
    this.#queue.add(sandbox.key);
  }

  #later(sandbox: Sandbox, ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      sandbox.timers.delete(timer);
      run();
    }, ms);
    sandbox.timers.add(timer);
  }

  #clear({ timers, killAt }: Sandbox): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    clearTimeout(killAt?.timer);
  }
}

const endedLongAgo: Stage = { kind: 'Ended', startedAtMs: 0, finishedAtMs: 0, exitCode: 0 };

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
