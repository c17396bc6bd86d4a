/** The stage of the fault laboratory: a real API server, and as many cells as are wished with fleets at rest. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Plane, startPlane } from '../plane/plane.ts';
import { define, makeKeys } from '../plane/steps.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { resourceType } from '../../src/kube/resource.ts';
import { uniform } from '../../src/workload/random.ts';
import { ChaosCell } from './cell.ts';
import { compileForChaos, removeCompiled } from './operator.ts';
import { ChaosRedis } from './redis.ts';
import { ChaosView } from './view.ts';
import { LabError, type Say } from '../exec.ts';
import { HollowTraffic } from '../hollow/traffic.ts';
import { HollowWorld } from '../hollow/world.ts';

export interface StageWish {
  readonly cells: number;
  readonly seed: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

const NAMESPACES = resourceType<KubeObject>({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
});
const machinesEach = 2;
const token = 'admin-token';
/** The rule of ten seconds from a container's start is older than any of our containers. */
const containerAgeMs = 20_000;
const firstRestMs = 120_000;

export class ChaosStage {
  readonly plane: Plane;
  readonly world: HollowWorld;
  readonly cells: readonly ChaosCell[];
  readonly view: ChaosView;
  readonly #redis: readonly ChaosRedis[];
  readonly #traffic: readonly HollowTraffic[];

  private constructor(
    parts: Pick<ChaosStage, 'plane' | 'world' | 'cells' | 'view'>,
    redis: readonly ChaosRedis[],
    seed: number,
  ) {
    this.plane = parts.plane;
    this.world = parts.world;
    this.cells = parts.cells;
    this.view = parts.view;
    this.#redis = redis;
    this.#traffic = parts.cells.map((cell) =>
      HollowTraffic.start(parts.world, {
        cluster: cell.name,
        rooms: 3,
        participants: [1, 4],
        lifeMs: [1500, 6000],
        seed,
      }),
    );
  }

  /** Resolves once every fleet is at rest. @throws Error when a part does not start */
  static async open({ cells: count, seed, say, signal }: StageWish): Promise<ChaosStage> {
    const entry = await compileForChaos(say);
    say('starting the API server and the stores');
    const [plane, ...redis] = await Promise.all([
      startPlane(),
      ...Array.from({ length: count }, () => ChaosRedis.start()),
    ]);
    const names = Array.from({ length: count }, (_, at) => `c${at + 1}`);
    await define(plane.client, 'openviducluster', 'openviducapacityprofile', 'openviduloadtest');
    const world = await HollowWorld.start({
      client: plane.client,
      fleets: names.map((cluster, at) => ({
        cluster,
        redis: redis[at]?.address ?? '',
        namespace: `chaos-${cluster}`,
        machines: machinesEach,
      })),
      seed,
      drainCheckMs: 500,
      plan: (_pod, random) => ({
        launchMs: uniform(random, 50, 300),
        readyMs: uniform(random, 50, 200),
        ageMs: containerAgeMs,
        fate: { kind: 'Serves' },
      }),
    });
    const view = new ChaosView(plane.client);
    await view.start();
    say(`starting ${count} operators`);
    const ca = (): string => readFileSync(plane.caFile, 'utf8');
    const cells: ChaosCell[] = [];
    for (const [at, name] of names.entries()) {
      const namespace = `chaos-${name}`;
      await plane.client.create(NAMESPACES, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      });
      await makeKeys(plane.client, namespace);
      const store = redis[at];
      if (store === undefined) continue;
      const dir = join(plane.dir, 'operators');
      const way = { upstream: plane.url, ca, token, dir, view, redis: store, world: () => world };
      cells.push(await ChaosCell.start({ ...way, entry, name, namespace, machines: machinesOf(name) }));
    }
    const stage = new ChaosStage({ plane, world, cells, view }, redis, seed);
    await Promise.all(cells.map((cell) => cell.create()));
    const rest = await Promise.all(cells.map((cell) => cell.untilSteady(firstRestMs, signal)));
    const why = rest.find((took) => typeof took === 'string');
    if (why === undefined || signal.aborted) return stage;
    await stage.close();
    throw new LabError(`The fleets do not come to rest before anything is done to them: ${why}.`);
  }

  async close(): Promise<void> {
    for (const traffic of this.#traffic) traffic.stop();
    await Promise.all(this.cells.map((cell) => cell.stop()));
    this.view.stop();
    await this.world.stop();
    await Promise.all(this.#redis.map((redis) => redis.stop()));
    await this.plane.stop();
    removeCompiled();
  }

  /** Another certificate, signed by nobody who was known before, from the API server's next start on. */
  forgetCertificate(): void {
    for (const file of ['apiserver.crt', 'apiserver.key'])
      rmSync(join(this.plane.dir, file), { force: true });
  }
}

function machinesOf(cluster: string): readonly string[] {
  return Array.from({ length: machinesEach }, (_, at) => `hollow-${cluster}-${at}`);
}
