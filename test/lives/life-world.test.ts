/** What the API server, the kubelets and Redis do in a life. */
import { describe, expect, test } from '@jest/globals';
import { ActionRefusedError } from '../../src/reconcile/ports.ts';
import { noFaults } from '../../src/simulate/faults.ts';
import { LifeFleet } from '../../src/simulate/life-fleet.ts';
import type { LifePod } from '../../src/simulate/life-pod.ts';
import { LifePorts } from '../../src/simulate/life-ports.ts';
import { LifeRegistry } from '../../src/simulate/life-registry.ts';
import type { RevisionFate } from '../../src/simulate/life-strokes.ts';
import { recommendedSelector } from '../../src/simulate/selection.ts';
import { World } from '../../src/simulate/world.ts';

interface Setting {
  readonly nodes?: number;
  readonly restarts?: boolean;
  readonly fate?: RevisionFate;
}

function stage({ nodes = 1, restarts = false, fate = 'Serves' }: Setting = {}) {
  const world = new World({
    launchMs: 10_000,
    seed: 1,
    selector: recommendedSelector,
    faults: noFaults,
    startWallMs: 1_767_600_000_000,
    emit: () => undefined,
  });
  const cuts: string[] = [];
  const fleet: LifeFleet = new LifeFleet({
    world,
    random: () => 0.5,
    launchMs: 10_000,
    launchFailureShare: 0,
    podsPerMachine: 1,
    restarts,
    fateOf: (revision) => (revision === 'new' ? fate : 'Serves'),
    onChanged: () => ports.changed(),
    onCut: (pod, { participants }, by) => cuts.push(`${by} cuts ${participants} on ${pod.name}`),
  });
  const registry = new LifeRegistry(world, fleet);
  const witness = { onAction: () => undefined, onEvent: () => undefined, onDecision: () => undefined };
  const ports: LifePorts = new LifePorts({
    world,
    fleet,
    registry,
    restarts,
    keepsLearned: false,
    witness,
    wake: () => undefined,
  });
  world.watcher = {
    onRoomStarted: () => undefined,
    onRoomEnded: () => undefined,
    onPublished: () => undefined,
    onNodeChanged: (node) => fleet.processChanged(node),
  };
  world.onCut = (room) => fleet.noteCut(room);
  for (let at = 0; at < nodes; at += 1) fleet.create(`m-${at}`, 'old', true);
  const until = (seconds: number): void => {
    while (world.calendar.nextAtMs <= seconds * 1000) {
      world.nowMs = world.calendar.nextAtMs;
      world.calendar.take()?.();
    }
    world.nowMs = seconds * 1000;
  };
  const pod = (name = 'm-0'): LifePod => {
    const found = fleet.pods.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  const ids = () => {
    const redis = registry.redis();
    return redis.kind === 'Read' ? redis.nodes.map(({ nodeId }) => nodeId) : [];
  };
  const rooms = () => {
    const redis = registry.redis();
    return redis.kind === 'Read' ? redis.rooms.map(({ room }) => room) : [];
  };
  return { world, fleet, registry, ports, cuts, until, pod, ids, rooms };
}

describe('a server that crashes', () => {
  test('ends its Pod, and leaves its entry and the records of its rooms behind', () => {
    const { world, fleet, ports, cuts, until, pod, ids, rooms } = stage();
    until(5);
    world.startRoom('a', 3);
    fleet.kill(pod(), 'World');
    expect(ports.ports.pods.list()).toMatchObject([
      { phase: 'Failed', ready: false, ended: { exitCode: 137 }, startedAtMs: undefined },
    ]);
    expect(cuts).toEqual(['World cuts 3 on m-0']);
    expect([ids(), rooms()]).toEqual([['n1'], ['a']]);
  });

  test('beside companions is started again, as another node', () => {
    const { fleet, ports, until, pod, ids } = stage({ restarts: true });
    until(5);
    fleet.kill(pod(), 'World');
    expect(ports.ports.pods.list()).toMatchObject([{ phase: 'Running', ready: false, restarts: 0 }]);
    until(60);
    expect(ports.ports.pods.list()).toMatchObject([{ phase: 'Running', ready: true, restarts: 1 }]);
    // Its own start has swept the dead entry away.
    expect(ids()).toEqual(['n2']);
  });
});

describe('a Pod that is deleted', () => {
  test('goes with its last room', () => {
    const { world, fleet, cuts, until, pod } = stage();
    until(5);
    world.startRoom('a', 3);
    fleet.delete(pod());
    until(600);
    expect(pod().deleting).toBe(true);
    world.endRoom('a');
    expect(fleet.pods.size).toBe(0);
    expect(cuts).toEqual([]);
  });

  test('waits for the jobs of its companions', () => {
    const { fleet, until, pod } = stage();
    until(5);
    pod().jobs = [100_000];
    fleet.delete(pod());
    until(99);
    expect(fleet.pods.size).toBe(1);
    until(101);
    expect(fleet.pods.size).toBe(0);
  });

  test('with a short grace cuts who is left, and says who is to answer for it', () => {
    const { world, fleet, cuts, until, pod } = stage();
    until(5);
    world.startRoom('a', 3);
    fleet.deleteWithin(pod(), 1000, 'Operator');
    until(7);
    expect(cuts).toEqual(['Operator cuts 3 on m-0']);
    expect(fleet.pods.size).toBe(0);
  });

  test('hangs when its server does, until it is killed', () => {
    const { fleet, cuts, until, pod } = stage();
    until(5);
    pod().hangs = true;
    fleet.delete(pod());
    until(300);
    expect(pod().process?.state).toBe('Leaving');
    fleet.deleteWithin(pod(), 5000, 'Operator');
    until(306);
    expect(fleet.pods.size).toBe(0);
    expect(cuts).toEqual(['Operator cuts 0 on m-0']);
  });
});

test('a machine that dies takes its Pods along, which the API server shows a while later', () => {
  const { fleet, ports, until, pod } = stage({ nodes: 2 });
  until(5);
  fleet.destroy(pod('m-0').make.machine);
  expect(ports.ports.pods.list()).toMatchObject([
    { name: 'm-0', phase: 'Running', ready: false, ended: undefined },
    { name: 'm-1', ready: true },
  ]);
  until(120);
  expect(ports.ports.pods.list().map(({ name }) => name)).toEqual(['m-1']);
});

test.each<readonly [RevisionFate, object]>([
  ['Serves', { ready: true, trouble: undefined }],
  ['NeverStarts', { phase: 'Pending', trouble: 'container livekit: ErrImagePull' }],
  ['Crashes', { phase: 'Failed', ready: false }],
])('a node of a revision that %s', (fate, shown) => {
  const { fleet, ports, until } = stage({ nodes: 0, fate });
  fleet.create('m-0', 'new');
  until(30);
  expect(ports.ports.pods.list()).toMatchObject([{ revision: 'new', ...shown }]);
});

test('a node of a revision that FailsJoins serves, and counts joins that fail', () => {
  const { world, fleet, registry, until, pod } = stage({ nodes: 0, fate: 'FailsJoins' });
  fleet.create('m-0', 'new');
  until(30);
  world.startRoom('a', 10);
  expect(registry.metrics(pod().ip)).toMatchObject({ quality: { joinsStarted: 10, joinsFailed: 6 } });
});

describe('a view that is stale', () => {
  test('shows what was, and steps that were decided on it are refused as stale', async () => {
    const { fleet, ports, until, pod } = stage();
    until(5);
    ports.setStale(true);
    pod().protected = true;
    fleet.touch(pod());
    const [shown] = ports.ports.pods.list();
    if (shown === undefined) throw new Error('the view shows a Pod');
    expect(shown.protected).toBe(false);
    const act = ports.ports.actor.act({ kind: 'SetInService', pod: shown, inService: false });
    await expect(act).rejects.toBeInstanceOf(ActionRefusedError);
    ports.setStale(false);
    expect(ports.ports.pods.list()[0]?.protected).toBe(true);
  });

  test('does not show own writes, and says so', async () => {
    const { ports, until } = stage();
    until(5);
    ports.setStale(true);
    await ports.ports.actor.act({ kind: 'CreatePod', name: 'm-1', revision: 'old', because: '' });
    expect(ports.ports.pods.list()).toHaveLength(1);
    expect(ports.ports.pods.ownWritesSeen()).toBe(false);
    ports.setStale(false);
    expect(ports.ports.pods.list()).toHaveLength(2);
    expect(ports.ports.pods.ownWritesSeen()).toBe(true);
  });
});

describe('Redis', () => {
  test('that lost everything lists the servers again with their next heartbeats, and no room', () => {
    const { world, until, ids, rooms } = stage({ nodes: 2 });
    until(5);
    world.startRoom('a', 3);
    world.registry.empty(world.nodes);
    expect([ids(), rooms()]).toEqual([[], []]);
    until(7);
    expect([ids(), rooms()]).toEqual([['n1', 'n2'], []]);
    expect(world.rooms.size).toBe(1);
  });

  test('shows a server whose heartbeats stall with an entry that grows old, and gives it no rooms', () => {
    const { world, registry, until, pod } = stage();
    const ageMs = () => {
      const redis = registry.redis();
      const entry = redis.kind === 'Read' ? redis.nodes[0] : undefined;
      return entry?.kind === 'Node' ? entry.ageMs : undefined;
    };
    ageMs();
    until(10);
    const { process } = pod();
    if (process === undefined) throw new Error('the Pod has a server');
    world.registry.stall(process, 40_000);
    until(30);
    expect(ageMs()).toBeGreaterThan(18_000);
    expect(world.registry.isChosen(process)).toBe(false);
    until(43);
    expect(ageMs()).toBeLessThanOrEqual(2000);
    expect(world.registry.isChosen(process)).toBe(true);
  });
});
