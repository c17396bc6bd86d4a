/** What befalls a fleet in a night: load, changes, persons, faults. Each is one stroke; many are mended later. */
import { wholeBetween } from '../../src/workload/random.ts';
import { containers } from '../fleet-spec.ts';
import type { Scene } from './scene.ts';
import { crash, failingJoins, freeze, lossEchoMs, recording, somePod } from './strokes-media.ts';
import type { Stroke } from './stroke.ts';

/** How long clients and servers feel an outage after its end. */
const echoMs = 45_000;

const load: Stroke = {
  what: 'load',
  weight: 6,
  strike: async ({ traffic, random }) => {
    const rooms = wholeBetween(random, 1, 10);
    // Rooms are opened one after the other; the next stroke need not wait for the last of them.
    void traffic.setLevel(rooms);
    return `${rooms} rooms`;
  },
};

const template: Stroke = {
  what: 'template',
  weight: 2,
  thing: 'version',
  strike: async ({ fleet, random }) => {
    const build = String(wholeBetween(random, 1, 1_000_000));
    await fleet.patch({ mediaNodes: { template: { metadata: { annotations: { build } } } } });
    return `build ${build}`;
  },
};

const config: Stroke = {
  what: 'configuration',
  weight: 2,
  thing: 'version',
  strike: async ({ fleet, random }) => {
    const seconds = wholeBetween(random, 20, 300);
    await fleet.patch({ mediaNodes: { config: { room: { empty_timeout: seconds } } } });
    return `empty_timeout ${seconds}`;
  },
};

const deadVersion: Stroke = {
  what: 'version that does not start',
  weight: 1,
  thing: 'version',
  strike: async (scene) => {
    await scene.fleet.patch({
      mediaNodes: { template: { spec: containers({ args: ['--no-such-flag'] }, scene.companions) } },
    });
    scene.breakFor('version', [30_000, 90_000], async () => {
      await scene.fleet.patch({ mediaNodes: { template: { spec: containers({}, scene.companions) } } });
    });
    return '';
  },
};

const size: Stroke = {
  what: 'size',
  weight: 2,
  strike: async (scene) => {
    const min = wholeBetween(scene.random, 1, 3);
    const max = min + wholeBetween(scene.random, 0, 2);
    scene.most = Math.max(scene.most, max);
    await scene.fleet.patch({ mediaNodes: { min, max } });
    return `${min} to ${max}`;
  },
};

const strategy: Stroke = {
  what: 'strategy',
  weight: 1,
  strike: async ({ fleet, random }) => {
    const chosen = random() < 0.5 ? 'Packed' : 'Spread';
    await fleet.patch({ autoscaling: { placement: { strategy: chosen } } });
    return chosen;
  },
};

const person: Stroke = {
  what: 'person at a node',
  weight: 3,
  strike: async (scene) => {
    const { fleet, random } = scene;
    const pod = somePod(scene);
    if (pod === undefined) return 'nobody there';
    const { name, uid } = pod.metadata;
    const wish = ['cordon', 'drain', 'protect'][wholeBetween(random, 0, 2)] ?? 'cordon';
    const value = wish === 'protect' ? 'true' : 'a person of the night';
    await fleet.kubectl(['annotate', 'pod', name, '--overwrite', `openvidu.io/${wish}=${value}`]);
    scene.breakFor(`${wish} of ${name}`, [10_000, 60_000], async () => {
      if (!fleet.pods().some(({ metadata }) => metadata.uid === uid)) return;
      await fleet.kubectl(['annotate', 'pod', name, `openvidu.io/${wish}-`]).catch(forgiveGone);
    });
    return `${wish} ${name}`;
  },
};

const deletion: Stroke = {
  what: 'kubectl delete pod',
  weight: 1,
  strike: async (scene) => {
    const pod = somePod(scene);
    if (pod === undefined) return 'nobody there';
    scene.ledger.taken.add(pod.metadata.uid);
    await scene.fleet.kubectl(['delete', 'pod', pod.metadata.name, '--wait=false']).catch(forgiveGone);
    return pod.metadata.name;
  },
};

const machine: Stroke = {
  what: 'kubectl drain of a machine',
  weight: 2,
  thing: 'machine',
  strike: async (scene) => {
    const { cluster } = scene.stage;
    const name = scene.pick(cluster.nodes)?.name ?? '';
    const drain = ['drain', name, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s'];
    const draining = cluster.kubectl(drain).catch(() => 'not in time');
    scene.breakFor('machine', [20_000, 80_000], async () => {
      await draining;
      await cluster.kubectl(['uncordon', name]);
    });
    return name;
  },
};

const machineDeath: Stroke = {
  what: 'death of a machine',
  weight: 0.5,
  thing: 'machine',
  strike: async (scene) => {
    const { stage, fleet, ledger } = scene;
    const name = scene.pick(stage.cluster.nodes)?.name ?? '';
    const uids = fleet
      .pods()
      .filter(({ spec }) => spec.nodeName === name)
      .map(({ metadata }) => metadata.uid);
    for (const uid of uids) ledger.taken.add(uid);
    const nowMs = Date.now();
    ledger.faults.push({
      what: `death of ${name}`,
      fromMs: nowMs - 1000,
      toMs: nowMs + lossEchoMs,
      nodeIds: scene.nodeIdsOf(uids),
    });
    await stage.cluster.killKubeNode(name);
    scene.breakFor('machine', [15_000, 30_000], async () => {
      await stage.cluster.kubectl(['delete', 'node', name]);
      await stage.cluster.addKubeNode();
    });
    return `${name} with ${uids.length} Media Nodes`;
  },
};

const operatorCrash: Stroke = {
  what: 'crash of the operator',
  weight: 2,
  thing: 'operator',
  strike: async (scene) => {
    await scene.stage.crashOperator();
    scene.breakFor('operator', [500, 20_000], async () => await scene.stage.startOperator());
    return '';
  },
};

const operatorRestart: Stroke = {
  what: 'restart of the operator',
  weight: 2,
  thing: 'operator',
  strike: async ({ stage }) => {
    await stage.stopOperator();
    await stage.startOperator();
    return '';
  },
};

const redisOutage: Stroke = {
  what: 'outage of Redis',
  weight: 1,
  strike: async (scene) => await withoutRedis(scene, true),
};

const redisLoss: Stroke = {
  what: 'Redis lost its data',
  weight: 0.5,
  strike: async (scene) => await withoutRedis(scene, false),
};

const apiPause: Stroke = {
  what: 'API server away',
  weight: 1,
  strike: async (scene) => {
    const { cluster } = scene.stage;
    const ms = wholeBetween(scene.random, 2000, 9000);
    await cluster.pauseApiServer();
    await scene.pause(ms);
    await cluster.resumeApiServer();
    await scene.pause(2000);
    return `${ms} ms`;
  },
};

export const strokes: readonly Stroke[] = [
  load,
  template,
  config,
  deadVersion,
  failingJoins,
  size,
  strategy,
  person,
  deletion,
  machine,
  crash,
  freeze,
  recording,
  machineDeath,
  operatorCrash,
  operatorRestart,
  redisOutage,
  redisLoss,
  apiPause,
];

/** One of those that this fleet can suffer and whose thing is whole. */
export function pickStroke(scene: Scene): Stroke {
  const { random, broken } = scene;
  const able = strokes.filter(
    ({ thing, canStrike }) =>
      (thing === undefined || !broken.has(thing)) && (canStrike === undefined || canStrike(scene)),
  );
  let left = random() * able.reduce((sum, { weight }) => sum + weight, 0);
  return able.find(({ weight }) => (left -= weight) < 0) ?? load;
}

async function withoutRedis(scene: Scene, keepData: boolean): Promise<string> {
  const { stage, ledger, random } = scene;
  const ms = wholeBetween(random, 500, 12_000);
  const fromMs = Date.now();
  await stage.cluster.stopRedis({ keepData });
  await scene.pause(ms);
  await stage.cluster.startRedis();
  ledger.faults.push({ what: 'Redis', fromMs, toMs: Date.now() + echoMs });
  return `${ms} ms`;
}

/** A Pod may go while a person reaches for it. */
function forgiveGone(error: unknown): void {
  if (!/not ?found/i.test(String(error))) throw error;
}
