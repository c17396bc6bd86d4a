/** Operators as processes of this machine on one API server, each with a user of its own, and hands on them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Lease } from '../../src/kube/kinds.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { LEASES } from '../../src/kube/resource.ts';
import { Wire } from './fencing-wire.ts';
import { LabError, until } from '../exec.ts';
import { nodeFlags } from '../image-operator.ts';
import { freePorts, type LocalProcess, startProcess } from '../local-process.ts';
import { root } from '../paths.ts';

export const leaseName = 'fencing';
/** Short, so that many hand-overs fit into little time; a busy machine must still be able to renew. */
export const leaseMs = 2000;

/** The users of so many processes; each is `system:masters`, since rights are not what is tried here. */
export function operatorUsers(
  count: number,
): readonly { readonly token: string; readonly user: string; readonly groups: readonly string[] }[] {
  return Array.from({ length: count }, (_, at) => ({
    token: `operator-${at}-token`,
    user: `operator-${at}`,
    groups: ['system:masters'],
  }));
}

export interface OperatorsParts {
  /** The administrator. */
  readonly client: KubeClient;
  readonly namespace: string;
  /** URL of the API server. */
  readonly url: string;
  /** Path of a kubeconfig for that token. */
  kubeconfigFor(token: string): string;
  /** What is started; the sources of this checkout unless told. */
  readonly program?: string;
}

export interface Running {
  readonly user: string;
  readonly process: LocalProcess;
  /** What it says to the API server goes over this. */
  readonly wire: Wire;
}

export class Operators {
  readonly #parts: OperatorsParts;
  readonly #leases: Reflector<Lease>;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Running>();

  constructor(parts: OperatorsParts) {
    this.#parts = parts;
    const { client, namespace } = parts;
    this.#leases = new Reflector({ http: client.http, type: LEASES, namespace });
    this.#leases.start(this.#stop.signal);
  }

  /** Starts the operator of that number, which must not run. */
  async start(number: number): Promise<void> {
    const user = `operator-${number}`;
    const [port = 0] = await freePorts(1);
    const wire = await Wire.open(this.#parts.url);
    const process = await startProcess('env', [
      `KUBECONFIG=${await this.#kubeconfig(`${user}-token`, wire)}`,
      `POD_NAME=${user}`,
      `POD_NAMESPACE=${this.#parts.namespace}`,
      `OVM_WATCH_NAMESPACE=${this.#parts.namespace}`,
      `OVM_PORT=${port}`,
      'OVM_KUBERNETES_NODES=false',
      'OVM_LOAD_TESTS=false',
      `OVM_LEASE_NAME=${leaseName}`,
      `OVM_LEASE_DURATION=${leaseMs}ms`,
      'OVM_LEASE_RENEW_DEADLINE=1300ms',
      'OVM_LEASE_RETRY=300ms',
      globalThis.process.execPath,
      ...nodeFlags,
      this.#parts.program ?? join(root, 'src', 'operator', 'main.ts'),
    ]);
    this.#running.get(user)?.wire.close();
    this.#running.set(user, { user, process, wire });
  }

  /** The same, but over the wire. */
  async #kubeconfig(token: string, wire: Wire): Promise<string> {
    const file = this.#parts.kubeconfigFor(token);
    await writeFile(file, (await readFile(file, 'utf8')).replace(this.#parts.url, wire.url), { mode: 0o600 });
    return file;
  }

  /** Who leads by the Lease, if that process runs. */
  leading(): Running | undefined {
    const spec = this.#leases.get(this.#parts.namespace, leaseName)?.spec;
    return this.#running.get((spec?.holderIdentity ?? '').split('_')[0] ?? '');
  }

  /** @throws LabError when nobody but that one leads in time. */
  async anotherThan(user: string | undefined): Promise<Running> {
    let found: Running | undefined;
    await until({ what: `a leader other than ${user}`, timeoutMs: 30_000, stepMs: 5 }, () => {
      found = this.leading();
      return found !== undefined && found.user !== user;
    });
    if (found === undefined) throw new LabError('nobody leads');
    return found;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#running.values()].map(({ process }) => process.kill()));
    for (const { wire } of this.#running.values()) wire.close();
  }
}
