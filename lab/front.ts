/** What a Service does for clients outside the cluster: each new connection goes to a random ready endpoint. */
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject } from '../src/kube/kinds.ts';
import { Reflector } from '../src/kube/reflector.ts';
import { resourceType } from '../src/kube/resource.ts';
import { LabError } from './exec.ts';

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
  readonly ports?: readonly { readonly port?: number }[];
}

const ENDPOINT_SLICES = resourceType<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
});

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One connection that a client has or had. */
export interface Passage {
  readonly host: string;
  readonly openedAtMs: number;
  readonly open: boolean;
}

export interface FrontWish {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly service: string;
  /** Address to listen on; loopback unless told. */
  readonly host?: string;
}

/** A TCP proxy on the host in front of one Service. */
export class Front {
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #slices: Reflector<EndpointSlice>;
  readonly #namespace: string;
  readonly #sockets = new Set<Socket>();
  readonly #passages: { host: string; openedAtMs: number; open: boolean }[] = [];
  readonly #host: string;
  #refused = 0;

  private constructor(wish: FrontWish) {
    this.#namespace = wish.namespace;
    this.#host = wish.host ?? '127.0.0.1';
    this.#slices = new Reflector({
      http: wish.client.http,
      type: ENDPOINT_SLICES,
      namespace: wish.namespace,
      labelSelector: `kubernetes.io/service-name=${wish.service}`,
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Resolves when it listens and has seen the endpoints once. */
  static async start(wish: FrontWish): Promise<Front> {
    const front = new Front(wish);
    front.#slices.start(front.#stop.signal);
    await front.#slices.synced;
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', reject);
      front.#server.listen(0, front.#host, resolve);
    });
    return front;
  }

  get url(): string {
    return `http://${this.#address()}`;
  }

  get wsUrl(): string {
    return `ws://${this.#address()}`;
  }

  /** Ready endpoints of the Service at this moment. */
  endpoints(): readonly Endpoint[] {
    return this.#slices.list(this.#namespace).flatMap(({ endpoints = [], ports = [] }) => {
      const port = ports[0]?.port;
      if (port === undefined) return [];
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
      return ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
    });
  }

  /** Every connection so far, in the order of opening. */
  passages(): readonly Passage[] {
    return this.#passages;
  }

  /** Connections that found no endpoint, or one that did not answer. */
  refused(): number {
    return this.#refused;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new LabError('The front does not listen.');
    return `${address.address}:${address.port}`;
  }

  #accept(client: Socket): void {
    const ready = this.endpoints();
    const target = ready[Math.floor(Math.random() * ready.length)];
    if (target === undefined) {
      this.#refused += 1;
      client.destroy();
      return;
    }
    const server = connect(target);
    const passage = { host: target.host, openedAtMs: Date.now(), open: true };
    this.#passages.push(passage);
    server.once('error', () => {
      if (server.connecting || server.bytesRead === 0) this.#refused += 1;
    });
    this.#join(client, server, () => {
      passage.open = false;
    });
  }

  /** The end of one side is the end of both. */
  #join(client: Socket, server: Socket, ended: () => void): void {
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
        ended();
      });
      one.pipe(other);
    }
  }
}
