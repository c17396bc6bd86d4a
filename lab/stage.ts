/** A local cluster with the operator as a process of this machine and one fleet: what most tests of whole fleets need. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import type { Say } from './exec.ts';
import { type FleetSpec, sampleManifest } from './fleet-spec.ts';
import { Fleet, type RedisWay } from './fleet.ts';
import type { ImageName } from './image.ts';
import { installRights, type OperatorProcess, startOperator } from './operator.ts';
import { Traffic, type TrafficWish } from './traffic.ts';

export interface StageWish {
  /** Also the name of the namespace. */
  readonly name: string;
  /** Kubernetes Nodes. */
  readonly machines: number;
  readonly images?: readonly ImageName[];
  readonly log?: Say;
}

export interface FleetOnStage {
  readonly name?: string;
  readonly redis?: RedisWay;
  readonly spec: Omit<FleetSpec, 'name' | 'secretName' | 'redisAddress'>;
}

export interface WrittenFleet {
  /** As in the manifest. */
  readonly name: string;
  readonly redis: RedisWay;
  /** Nodes to wait for. */
  readonly least: number;
  /** YAML, by the name of the Secret with the API key, which is there already. */
  readonly manifest: (secretName: string) => string;
}

export class Stage {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly #fleets: Fleet[] = [];
  readonly #traffics: Traffic[] = [];
  readonly #said: string[] = [];
  #operator: OperatorProcess | undefined;
  /** How often the operator ended without anybody's wish. */
  operatorEnds = 0;

  private constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** Cluster, rights and operator. Takes everything down again when one of them fails. */
  static async open({ name, machines, images, log }: StageWish): Promise<Stage> {
    const cluster = await startCluster({
      nodes: machines,
      name,
      ...(images === undefined ? {} : { images }),
      ...(log === undefined ? {} : { log }),
    });
    const stage = new Stage(cluster, name);
    try {
      await installRights(cluster, name);
      await stage.startOperator();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async startOperator(): Promise<void> {
    const operator = await startOperator(this.cluster, this.namespace);
    this.#operator = operator;
    void operator.process.ended.then(async () => await this.#startAgain(operator));
  }

  /** An operator that ends by itself, as one that loses its Lease does, is started again, as a kubelet would. */
  async #startAgain(ended: OperatorProcess): Promise<void> {
    if (this.#operator !== ended) return;
    this.#said.push(ended.process.output());
    this.operatorEnds += 1;
    await sleep(500);
    if (this.#operator === ended) await this.startOperator();
  }

  /** SIGTERM, and waits for the end. */
  async stopOperator(): Promise<void> {
    await this.#endOperator(async (operator) => await operator.stop());
  }

  /** SIGKILL, as a crash. */
  async crashOperator(): Promise<void> {
    await this.#endOperator(async (operator) => await operator.crash());
  }

  /** The end of what all processes of the operator have said. */
  operatorOutput(): string {
    return [...this.#said, this.#operator?.process.output() ?? ''].join('\n');
  }

  /** Applies the fleet and waits until so many nodes are ready and its front has an endpoint for each. */
  async openFleet({ name = 'media', redis, spec }: FleetOnStage): Promise<Fleet> {
    const redisAddress = `${this.cluster.gatewayIp}:${this.cluster.redisPort}`;
    const manifest = (secretName: string): string =>
      sampleManifest({ ...spec, name, secretName, redisAddress });
    const way = redis ?? {
      host: this.cluster.gatewayIp,
      port: this.cluster.redisPort,
      db: spec.redisDb ?? 0,
    };
    return await this.openManifest({ name, redis: way, least: spec.min ?? 1, manifest });
  }

  /** As `openFleet`, with an OpenViduCluster as it stands, and whatever else it needs. */
  async openManifest({ name, redis, least, manifest }: WrittenFleet): Promise<Fleet> {
    const fleet = await Fleet.open({ cluster: this.cluster, namespace: this.namespace, name, redis });
    this.#fleets.push(fleet);
    fleet.witness(() => this.#operatorSaid());
    await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], manifest(fleet.secretName));
    await fleet.until(
      { what: `${least} ready nodes`, timeoutMs: 60_000 },
      () => (fleet.status?.readyNodes ?? 0) >= least,
    );
    await fleet.openFront();
    await fleet.until(
      { what: 'an endpoint for each node', timeoutMs: 20_000 },
      () => fleet.front.endpoints().length >= least,
    );
    return fleet;
  }

  #operatorSaid(): string {
    const often = this.operatorEnds === 0 ? '' : ` (it ended by itself ${this.operatorEnds} times)`;
    return `The operator${often}: ${this.operatorOutput().slice(-1500)}`;
  }

  async startTraffic(wish: TrafficWish): Promise<Traffic> {
    const traffic = new Traffic(wish);
    this.#traffics.push(traffic);
    await traffic.start();
    return traffic;
  }

  /** Takes everything down, however far it came. */
  async close(): Promise<void> {
    await Promise.all(this.#traffics.map(async (traffic) => await traffic.close()));
    // A watch of an API server that is paused would otherwise hold the end up.
    const closing = Promise.all(this.#fleets.map(async (fleet) => await fleet.close()));
    await Promise.race([closing, sleep(5000, undefined, { ref: false })]);
    await this.stopOperator();
    await this.cluster.stop();
  }

  async #endOperator(end: (operator: OperatorProcess) => Promise<void>): Promise<void> {
    const operator = this.#operator;
    if (operator === undefined) return;
    this.#operator = undefined;
    await end(operator);
    this.#said.push(operator.process.output());
  }
}
