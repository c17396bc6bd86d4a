/**
 * Media Nodes without media: what a kubelet and a server would show of themselves, so that a real operator launches,
 * steers and removes them. Each answers on an address of its own on loopback.
 */
import { createServer, type Server } from 'node:http';
import type { Redis } from 'ioredis';
import { COMPONENT_MEDIA_NODE, LABELS } from '../../src/api/names.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/errors.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { PODS } from '../../src/kube/resource.ts';
import { nodesKey } from '../../src/livekit/node-table.ts';
import { encodeNode } from '../livekit-encode.ts';

const metricsPort = 6789;
const heartbeatMs = 1000;
/** Old enough for a signal and for a loss that says nothing of launches. */
const ranBeforeMs = 3_600_000;

interface Shell {
  readonly name: string;
  readonly uid: string;
  readonly id: string;
  readonly ip: string;
  readonly server: Server;
  readonly startedAtMs: number;
  crashed: boolean;
}

export interface ShellParts {
  readonly client: KubeClient;
  readonly redis: Redis;
  readonly namespace: string;
  /** Second and third number of the addresses, such as `71.3`: unlike those of any other fleet on this machine. */
  readonly net: string;
}

export class ShellNodes {
  readonly #parts: ShellParts;
  readonly #stop = new AbortController();
  readonly #shells = new Map<string, Shell>();
  readonly #pods: Reflector<Pod>;
  readonly #beat: NodeJS.Timeout;
  /** What is under way. */
  readonly #tasks = new Set<Promise<unknown>>();
  #made = 0;

  constructor(parts: ShellParts) {
    this.#parts = parts;
    const { client, namespace } = parts;
    const labelSelector = `${LABELS.component}=${COMPONENT_MEDIA_NODE}`;
    this.#pods = new Reflector({ http: client.http, type: PODS, namespace, labelSelector });
    this.#pods.onChange(({ type, object }) => {
      if (type === 'deleted') this.#end(object);
      else if (!this.#shells.has(object.metadata.uid)) this.#do(this.#begin(object));
    });
    this.#pods.start(this.#stop.signal);
    this.#beat = setInterval(() => this.#do(this.#heartbeats()), heartbeatMs);
  }

  /** Called at each change of a Pod, as soon as it is heard of. */
  onChange(listen: Parameters<Reflector<Pod>['onChange']>[0]): () => void {
    return this.#pods.onChange(listen);
  }

  /** Names of the Pods whose server runs, in the order of their names. */
  running(): readonly string[] {
    const alive = [...this.#shells.values()].filter(({ crashed }) => !crashed);
    return alive.map(({ name }) => name).toSorted();
  }

  /** How many Pods have failed and are still there. */
  failed(): number {
    return [...this.#shells.values()].filter(({ crashed }) => crashed).length;
  }

  /** The servers end as by a crash; their Pods have failed for good. */
  async crash(names: readonly string[]): Promise<void> {
    const chosen = [...this.#shells.values()].filter(({ name }) => names.includes(name));
    for (const shell of chosen) {
      shell.crashed = true;
      shell.server.close();
    }
    await Promise.all(chosen.map((shell) => this.#tell(shell, failed(shell))));
  }

  /** Resolves when nothing is under way any more, so that Redis may be let go. */
  async stop(): Promise<void> {
    clearInterval(this.#beat);
    this.#stop.abort();
    for (const { server } of this.#shells.values()) server.close();
    await Promise.all(this.#tasks);
    await Promise.all([...this.#shells.values()].map(({ id }) => this.#parts.redis.hdel(nodesKey, id)));
  }

  #do(task: Promise<unknown>): void {
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }

  async #begin({ metadata }: Pod): Promise<void> {
    this.#made += 1;
    const at = this.#made;
    const ip = `127.${this.#parts.net}.${(at % 250) + 1}`;
    const id = `ND_${metadata.uid.slice(0, 8)}`;
    const server = createServer((_, response) => void response.end(pageOf(id)));
    const startedAtMs = Date.now() - ranBeforeMs;
    const shell = { name: metadata.name, uid: metadata.uid, id, ip, server, startedAtMs, crashed: false };
    this.#shells.set(metadata.uid, shell);
    // An address may still be that of a server that has just ended: then this one is asked in vain, and tried again.
    const listen = (): void => {
      if (this.#shells.has(metadata.uid)) server.listen(metricsPort, ip);
    };
    server.on('error', () => void setTimeout(listen, heartbeatMs));
    listen();
    await this.#heartbeats([shell]);
    await this.#tell(shell, running(shell));
  }

  #end({ metadata }: Pod): void {
    const shell = this.#shells.get(metadata.uid);
    if (shell === undefined) return;
    this.#shells.delete(metadata.uid);
    shell.server.close();
    shell.server.closeAllConnections();
    this.#do(this.#parts.redis.hdel(nodesKey, shell.id));
  }

  async #heartbeats(of: Iterable<Shell> = this.#shells.values()): Promise<void> {
    const updatedAt = BigInt(Math.floor(Date.now() / 1000));
    for (const { id, ip, startedAtMs, crashed } of of) {
      if (crashed) continue;
      const startedAt = BigInt(Math.floor(startedAtMs / 1000));
      const entry = encodeNode({ id, ip, stats: { startedAt, updatedAt, numClients: 0, numRooms: 0 } });
      await this.#parts.redis.hset(nodesKey, id, entry);
    }
  }

  /** A Pod that is gone by now needs to hear nothing. */
  async #tell({ name }: Shell, status: object): Promise<void> {
    const { client, namespace } = this.#parts;
    await client
      .patchMerge(PODS, { name, namespace }, { status }, { subresource: 'status' })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      });
  }
}

function pageOf(id: string): string {
  return [
    `livekit_room_total{node_id="${id}",node_type="SERVER"} 0`,
    `livekit_participant_total{node_id="${id}",node_type="SERVER"} 0`,
    '',
  ].join('\n');
}

function running({ ip, startedAtMs }: Shell): object {
  const startedAt = `${new Date(startedAtMs).toISOString().slice(0, 19)}Z`;
  const state = { running: { startedAt } };
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ ...container, ready: true, started: true, state }],
  };
}

function failed({ startedAtMs }: Shell): object {
  const startedAt = `${new Date(startedAtMs).toISOString().slice(0, 19)}Z`;
  const finishedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  const state = { terminated: { exitCode: 137, reason: 'Error', startedAt, finishedAt } };
  return {
    phase: 'Failed',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ ...container, ready: false, started: false, state }],
  };
}

const container = { name: 'livekit', image: 'one', imageID: 'one', restartCount: 0 };
