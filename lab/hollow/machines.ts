/** Kubernetes Nodes that nothing runs on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeNode } from '../../src/kube/kinds.ts';
import { NODES } from '../../src/kube/resource.ts';

const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const attempts = 20;

/** Some machines, `PREFIX-0` and on; Pods go to those that take them, one after the other. */
export class HollowMachines {
  readonly #client: KubeClient;
  readonly #names: readonly string[];
  readonly #closed = new Set<string>();
  readonly #lost = new Set<string>();
  #turn = 0;

  constructor(client: KubeClient, prefix: string, count: number) {
    this.#client = client;
    this.#names = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** @throws ApiError */
  async create(): Promise<void> {
    await Promise.all(this.#names.map((name) => this.#createOne(name)));
  }

  /** The next that takes Pods. */
  next(): string | undefined {
    const open = this.#names.filter((name) => !this.#closed.has(name) && !this.#lost.has(name));
    this.#turn += 1;
    return open[this.#turn % Math.max(1, open.length)];
  }

  isReachable(name: string): boolean {
    return !this.#lost.has(name);
  }

  /** As `kubectl cordon`. */
  async cordon(name: string): Promise<void> {
    this.#closed.add(name);
    await this.#client.patchMerge(NODES, { name }, { spec: { unschedulable: true } });
  }

  async uncordon(name: string): Promise<void> {
    this.#closed.delete(name);
    await this.#client.patchMerge(NODES, { name }, { spec: { unschedulable: null } });
  }

  /** Its kubelet says nothing more, as the node controller would tell after its grace. */
  async lose(name: string): Promise<void> {
    this.#lost.add(name);
    const at = new Date().toISOString();
    await this.#client.patchMerge(NODES, { name }, { spec: { taints: [{ ...unreachable, timeAdded: at }] } });
    await this.#setReady(name, 'Unknown');
  }

  async #createOne(name: string): Promise<void> {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'openvidu.io/role': 'media' } },
    };
    await this.#client.create(NODES, node);
    await this.#setReady(name, 'True');
    // Admission taints every new machine as not ready, and no controller is here that would take that back.
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const patched = await this.#client.patchMerge<KubeNode>(NODES, { name }, { spec: { taints: null } });
      if ((patched.spec?.taints ?? []).length === 0) return;
      await sleep(50);
    }
  }

  async #setReady(name: string, status: 'True' | 'Unknown'): Promise<void> {
    const lastTransitionTime = new Date().toISOString();
    const conditions = [{ type: 'Ready', status, reason: 'Hollow', message: '', lastTransitionTime }];
    await this.#client.patchMerge(NODES, { name }, { status: { conditions } }, { subresource: 'status' });
  }
}
