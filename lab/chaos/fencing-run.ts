/**
 * Freezes the leader (SIGSTOP) again and again in the middle of its work, lets another one take over, and thaws it: by
 * then it must be too late for it. Every choice comes from the seed; what happened is judged from the audit log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { resourceType } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { type Random, stream, uniform, wholeBetween } from '../../src/workload/random.ts';
import { fleet, makeChurn, namespace } from './fencing-fleet.ts';
import { type FencingJudgement, judgeFencing, type Release } from './fencing-judge.ts';
import { ShellNodes } from './fencing-nodes.ts';
import { leaseMs, Operators, operatorUsers, type Running } from './fencing-operators.ts';
import { readAudit } from '../audit.ts';
import { type Say, until } from '../exec.ts';

const operatorCount = 3;

const CONFIG_MAPS = resourceType<KubeObject>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});

/** When the leader is frozen; `OnWire`: it is not, but what it sends is held up. */
export const strokes = ['AtCrash', 'AtLaunch', 'AtReceipt', 'AfterCrash', 'AnyMoment', 'OnWire'] as const;
export type Stroke = (typeof strokes)[number];

/** Who has to exist on the plane. */
export const fencingUsers = operatorUsers(operatorCount);

export interface FencingParts {
  readonly client: KubeClient;
  /** URL of the API server. */
  readonly url: string;
  readonly auditLog: string;
  readonly redisAddress: string;
  readonly handovers: number;
  readonly seed: number;
  readonly say: Say;
  /** Started in place of the operator of this checkout. */
  readonly program?: string;
  kubeconfigFor(token: string): string;
}

export interface FencingResult {
  readonly judgement: FencingJudgement;
  /** From the freeze of a leader until another one led. */
  readonly leaderlessMs: readonly number[];
  /** From the thaw until the process had ended. */
  readonly endedMs: readonly number[];
  readonly strokes: Readonly<Record<Stroke, number>>;
}

/** Needs the definition of OpenViduCluster on the plane. @throws LabError when a part does not do its work at all. */
export async function runFencing(parts: FencingParts): Promise<FencingResult> {
  const scene = new Scene(parts);
  try {
    await scene.begin();
    for (let round = 0; round < parts.handovers; round += 1) await scene.handover(round);
    return await scene.result();
  } finally {
    await scene.end();
  }
}

class Scene {
  readonly #parts: FencingParts;
  readonly #random: Random;
  readonly #redis: Redis;
  readonly #nodes: ShellNodes;
  readonly #receipts: Reflector<KubeObject>;
  readonly #operators: Operators;
  readonly #stop = new AbortController();
  readonly #leaderlessMs: number[] = [];
  readonly #endedMs: number[] = [];
  readonly #strokes = { AtCrash: 0, AtLaunch: 0, AtReceipt: 0, AfterCrash: 0, AnyMoment: 0, OnWire: 0 };
  readonly #releases: Release[] = [];
  #replicas = 4;

  constructor(parts: FencingParts) {
    this.#parts = parts;
    const { client } = parts;
    this.#random = stream(parts.seed, 'fencing');
    const [host = '', port = ''] = parts.redisAddress.split(':');
    this.#redis = new Redis({ host, port: Number(port) });
    const net = `${wholeBetween(this.#random, 70, 90)}.${wholeBetween(this.#random, 1, 250)}`;
    this.#nodes = new ShellNodes({ client, redis: this.#redis, namespace, net });
    this.#receipts = new Reflector({ http: client.http, type: CONFIG_MAPS, namespace });
    this.#operators = new Operators({ ...parts, namespace });
  }

  async begin(): Promise<void> {
    await makeChurn(this.#parts.client, this.#parts.redisAddress, this.#replicas);
    this.#receipts.start(this.#stop.signal);
    for (let number = 0; number < operatorCount; number += 1) await this.#operators.start(number);
    await this.#operators.anotherThan(undefined);
    await this.#enough(this.#replicas);
  }

  async handover(round: number): Promise<void> {
    const leader = await this.#operators.anotherThan(undefined);
    const stroke = strokes[round % strokes.length] ?? 'AnyMoment';
    await this.#workAndFreeze(leader, stroke);
    const frozenMs = performance.now();
    const next = await this.#operators.anotherThan(leader.user);
    this.#leaderlessMs.push(performance.now() - frozenMs);
    // The new leader changes what the old one was about to.
    await this.#resize();
    await sleep(uniform(this.#random, 0, 1000));
    if (stroke === 'OnWire') await this.#letThrough(leader);
    else await this.#thaw(leader);
    await this.#operators.start(Number(leader.user.split('-')[1]));
    this.#strokes[stroke] += 1;
    this.#parts.say(`${round + 1}: ${stroke}, ${leader.user} gave way to ${next.user}`);
  }

  async result(): Promise<FencingResult> {
    // Whatever is still on its way arrives and is written down.
    await sleep(500);
    const users = new Set(fencingUsers.map(({ user }) => user));
    const judgement = judgeFencing(await readAudit(this.#parts.auditLog), users, {
      leaseMs,
      releases: this.#releases,
    });
    return {
      judgement,
      leaderlessMs: this.#leaderlessMs,
      endedMs: this.#endedMs,
      strokes: this.#strokes,
    };
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#operators.stop();
    await this.#nodes.stop();
    this.#redis.disconnect();
  }

  async #workAndFreeze(leader: Running, stroke: Stroke): Promise<void> {
    const freeze = (): void => leader.process.signal('SIGSTOP');
    switch (stroke) {
      case 'AtCrash':
        await this.#enough(3);
        return await this.#freezeAt(this.#nodes, freeze, () => this.#crash(), 'deleted');
      case 'AtLaunch':
        return await this.#freezeAt(
          this.#nodes,
          freeze,
          () => this.#setReplicas(this.#replicas + 4),
          'added',
        );
      case 'AtReceipt':
        await this.#enough(4);
        return await this.#freezeAt(this.#receipts, freeze, () => this.#setReplicas(1), 'any');
      case 'AfterCrash':
        await this.#enough(3);
        await this.#crash();
        await sleep(uniform(this.#random, 0, 150));
        return freeze();
      case 'OnWire':
        await this.#enough(4);
        leader.wire.hold();
        return await this.#crash();
      case 'AnyMoment':
        await this.#resize();
        await sleep(uniform(this.#random, 0, 3000));
        return freeze();
    }
  }

  /** At the first change of that kind that the deed leads to; after a while in any case. */
  async #freezeAt(
    heard: { onChange(listen: (change: { readonly type: string }) => void): () => void },
    freeze: () => void,
    deed: () => Promise<void>,
    kind: 'added' | 'deleted' | 'any',
  ): Promise<void> {
    const happened = Promise.withResolvers<void>();
    const listening = heard.onChange(({ type }) => {
      if (kind !== 'any' && type !== kind) return;
      freeze();
      happened.resolve();
    });
    await deed();
    const late = sleep(15_000, undefined, { ref: false });
    await Promise.race([happened.promise, late]);
    listening();
    freeze();
  }

  async #thaw(leader: Running): Promise<void> {
    const thawedMs = performance.now();
    leader.process.signal('SIGCONT');
    await until(
      { what: `the end of ${leader.user}`, timeoutMs: 15_000, stepMs: 5 },
      () => !leader.process.running(),
    );
    this.#endedMs.push(performance.now() - thawedMs);
  }

  /** It has ended by itself, having heard nothing; the world has gone on when its last words arrive. */
  async #letThrough({ user, process, wire }: Running): Promise<void> {
    await until({ what: `the end of ${user}`, timeoutMs: 15_000 }, () => !process.running());
    await until({ what: 'the end of what has failed', timeoutMs: 30_000 }, () => this.#nodes.failed() === 0);
    const fromMs = Date.now();
    wire.release();
    await sleep(700);
    this.#releases.push({ user, fromMs, toMs: Date.now() });
  }

  async #crash(): Promise<void> {
    const running = this.#nodes.running();
    const count = wholeBetween(this.#random, 2, Math.max(2, running.length - 1));
    await this.#nodes.crash(running.slice(0, count));
  }

  async #resize(): Promise<void> {
    await this.#setReplicas(wholeBetween(this.#random, 2, 8));
  }

  async #setReplicas(replicas: number): Promise<void> {
    this.#replicas = Math.min(12, replicas);
    const spec = { mediaNodes: { replicas: this.#replicas } };
    await this.#parts.client.patchMerge(CLUSTERS, { name: fleet, namespace }, { spec });
  }

  /** Makes sure that there are so many nodes to do something to. */
  async #enough(count: number): Promise<void> {
    if (this.#nodes.running().length >= count) return;
    if (this.#replicas < count) await this.#setReplicas(count);
    await until(
      { what: `${count} Media Nodes`, timeoutMs: 40_000 },
      () => this.#nodes.running().length >= count,
    );
    // One look of the leader at them, so that they have served.
    await sleep(300);
  }
}
