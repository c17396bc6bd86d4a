/**
 * An API server that comes back as another than before: of the next minor version, or with the data of a backup, or with none.
 * What an operator knows is in the last two cases of another history, and a watch from there would show nothing for a long time.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePorts, type LocalProcess, startProcess } from '../../lab/local-process.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { define, makeFleet, makeKeys, until } from '../../lab/plane/steps.ts';
import { PODS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';

jest.setTimeout(120_000);

const namespace = 'default';
const name = 'fleet';
const main = new URL('../../src/operator/main.ts', import.meta.url).pathname;

let plane: Plane;
let redis: LocalRedis;
let operator: KeptOperator;

/** The operator as a process that is started again when it ends, as a kubelet does. */
class KeptOperator {
  readonly ends: string[] = [];
  readonly #env: readonly string[];
  #process: LocalProcess | undefined;
  #stopped = false;

  constructor(env: readonly string[]) {
    this.#env = env;
  }

  async start(): Promise<void> {
    const process = await startProcess('env', [...this.#env, globalThis.process.execPath, main]);
    this.#process = process;
    void process.ended.then(async () => {
      if (this.#stopped) return;
      this.ends.push(process.output());
      await this.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#process?.kill();
  }
}

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane(), startRedis()]);
  await furnish();
  const [port = 0] = await freePorts(1);
  const settings = {
    KUBECONFIG: plane.kubeconfig,
    OVM_PORT: port,
    OVM_WATCH_NAMESPACE: namespace,
    // A lease that is lost would end it as well, and hide what the watch does.
    OVM_LEADER_ELECTION: false,
  };
  operator = new KeptOperator(Object.entries(settings).map(([key, value]) => `${key}=${value}`));
  await operator.start();
});
afterAll(async () => {
  await operator?.stop();
  await redis?.stop();
  await plane?.stop();
});

/** What a person installs into an empty cluster, but for the operator. */
async function furnish(): Promise<void> {
  await define(plane.client, 'openviducluster', 'openviduloadtest', 'openviducapacityprofile');
  await makeKeys(plane.client, namespace);
  const changes = { redis: { standalone: { address: redis.address } }, mediaNodes: { max: 8 } };
  await makeFleet(plane.client, { name, namespace }, changes);
}

async function setLeast(min: number): Promise<void> {
  await plane.client.patchMerge(CLUSTERS, { name, namespace }, { spec: { mediaNodes: { min } } });
}

async function podUids(): Promise<readonly string[]> {
  const { items } = await plane.client.list(PODS, { namespace });
  return items.map(({ metadata }) => metadata.uid);
}

async function untilPods(count: number): Promise<void> {
  await until(`${count} Pods`, async () => (await podUids()).length === count, 50_000);
}

/** Versions go on as those of a cluster at work do. */
async function letTimePass(): Promise<void> {
  for (let at = 0; at < 300; at += 1) {
    const metadata = { annotations: { at: String(at) } };
    await plane.client.patchMerge(CLUSTERS, { name, namespace }, { metadata });
  }
}

async function minorVersion(): Promise<string> {
  const { minor } = await plane.client.http.request<{ minor: string }>({ method: 'GET', path: '/version' });
  return minor;
}

describe('an API server that comes back', () => {
  test('with the data of a backup is followed from there, and the Pods that it has stay', async () => {
    await untilPods(1);
    const backup = await plane.backUp();
    await setLeast(3);
    await untilPods(3);
    await letTimePass();
    await plane.restore(backup);
    const [kept] = await podUids();
    await setLeast(2);
    await untilPods(2);
    expect(await podUids()).toContain(kept);
    expect(operator.ends).toEqual([expect.stringMatching(/everything is begun anew.*older state/)]);
  });

  test('with nothing is taken for the new one that it is', async () => {
    await plane.restore();
    await furnish();
    await untilPods(1);
  });

  test('as the next minor version, and as the one before it, is followed on, and the Pods that it has stay', async () => {
    await untilPods(1);
    const [kept] = await podUids();
    const before = await minorVersion();
    const ends = operator.ends.length;
    await plane.killApiServer();
    await plane.startApiServer('Next');
    expect(Number(await minorVersion())).toBe(Number(before) + 1);
    await setLeast(3);
    await untilPods(3);
    await plane.killApiServer();
    await plane.startApiServer('Usual');
    expect(await minorVersion()).toBe(before);
    await setLeast(4);
    await untilPods(4);
    expect(await podUids()).toContain(kept);
    expect(operator.ends).toHaveLength(ends);
  });
});
