import { describe, expect, test } from '@jest/globals';
import { ActionRefusedError } from '../../src/reconcile/ports.ts';
import { noFaults } from '../../src/simulate/faults.ts';
import { GovernorPorts } from '../../src/simulate/governor-ports.ts';
import { recommendedSelector } from '../../src/simulate/selection.ts';
import { World } from '../../src/simulate/world.ts';

function stage(nodes = 2) {
  const world = new World({
    launchMs: 20_000,
    seed: 1,
    selector: recommendedSelector,
    faults: noFaults,
    startWallMs: 1_767_571_200_000,
    emit: () => undefined,
  });
  const capacity = { participants: 50, tracks: 400, egressBytesPerSecond: 1e6 };
  const adapter = new GovernorPorts({
    world,
    capacity,
    revision: 'r1',
    keepsLearned: true,
    onDecision: undefined,
    wake: () => undefined,
  });
  world.watcher = {
    onRoomStarted: () => undefined,
    onRoomEnded: () => undefined,
    onPublished: () => undefined,
    onNodeChanged: (node) => adapter.nodeChanged(node),
  };
  for (let at = 0; at < nodes; at += 1) adapter.name(world.found(), `sim-media-${at}`);
  const until = (seconds: number): void => {
    while (world.calendar.nextAtMs <= seconds * 1000) {
      world.nowMs = world.calendar.nextAtMs;
      world.calendar.take()?.();
    }
    world.nowMs = seconds * 1000;
  };
  const { ports } = adapter;
  const entries = async () => {
    const redis = await ports.media.readRedis();
    return redis.kind === 'Read'
      ? redis.nodes.flatMap((entry) => (entry.kind === 'Node' ? [entry] : []))
      : [];
  };
  return { world, ports, adapter, until, entries, pods: () => ports.pods.list() };
}

const refOf = ({ name, uid, resourceVersion }: { name: string; uid: string; resourceVersion: string }) => ({
  name,
  uid,
  resourceVersion,
});

describe('what the governor sees of the world', () => {
  test('Pods come, run and are ready in the order and at the times of a launch', async () => {
    const { ports, pods, until } = stage(1);
    await ports.actor.act({ kind: 'CreatePod', name: 'sim-media-1', revision: 'r1', because: '' });
    const second = () => pods().find(({ name }) => name === 'sim-media-1');
    expect(second()).toMatchObject({ phase: 'Pending', ready: false, ip: undefined, startedAtMs: undefined });
    until(18.6);
    expect(second()).toMatchObject({ phase: 'Running', ready: false, startedAtMs: 1_767_571_218_500 });
    until(20);
    expect(second()).toMatchObject({ phase: 'Running', ready: true });
    await ports.actor.act({ kind: 'CreatePod', name: 'sim-media-1', revision: 'r1', because: 'again' });
    expect(pods()).toHaveLength(2);
  });

  test('an entry is young at first sight, and its heartbeats are counted from there', async () => {
    const { until, entries, adapter } = stage(1);
    until(31);
    expect(await entries()).toMatchObject([{ ageMs: 0, heartbeatsSeen: 0 }]);
    until(35);
    expect(await entries()).toMatchObject([{ heartbeatsSeen: 2 }]);
    adapter.forget();
    expect(await entries()).toMatchObject([{ ageMs: 0, heartbeatsSeen: 0 }]);
  });

  test('everything else is used in proportion to the participants', async () => {
    const { world, until, entries } = stage(1);
    world.startRoom('a', 25);
    until(2);
    expect((await entries())[0]?.load).toEqual({
      participants: 25,
      rooms: 1,
      tracksIn: 0,
      tracksOut: 200,
      bytesInPerSecond: 0,
      bytesOutPerSecond: 500_000,
      cpuLoad: 0.5,
    });
  });

  test('a node speaks the truth of itself; an address of nobody fails', async () => {
    const { world, ports, pods } = stage(1);
    world.startRoom('a', 3);
    expect(await ports.media.readMetrics(pods()[0]?.ip ?? '')).toMatchObject({
      kind: 'Read',
      nodeId: 'n1',
      participants: 3,
      rooms: 1,
    });
    expect(await ports.media.readMetrics('10.9.9.9')).toMatchObject({ kind: 'Failed' });
    expect(await ports.media.readServerApi([])).toMatchObject({ rooms: [{ room: 'a', participants: 3 }] });
  });

  test('a reading fails while Redis is away', async () => {
    const { world, ports } = stage(1);
    world.registry.setReachable(false);
    expect(await ports.media.readRedis()).toMatchObject({ kind: 'Failed' });
  });

  test('what was learned is kept as text', async () => {
    const { learned } = stage().ports;
    expect(await learned?.load()).toBeUndefined();
    learned?.save({ version: 1, growth: [1, 2] });
    expect(await learned?.load()).toEqual({ version: 1, growth: [1, 2] });
  });
});

describe('what the governor does to the world', () => {
  test('nodes are closed and opened by their ids', async () => {
    const { ports, entries } = stage();
    await ports.media.steer(['n1'], ['n2']);
    expect((await entries()).map(({ cordonMarked }) => cordonMarked)).toEqual([true, false]);
    await ports.media.steer([], ['n1', 'n2']);
    expect((await entries()).map(({ cordonMarked }) => cordonMarked)).toEqual([false, false]);
  });

  test('nothing is closed when no node that is relied on takes rooms', async () => {
    const { ports, entries } = stage();
    await ports.media.steer(['n1', 'n2'], ['n7']);
    expect((await entries()).map(({ cordonMarked }) => cordonMarked)).toEqual([false, false]);
  });

  test('a Pod leaves the Service, and a decision on the Pod before that is refused as stale', async () => {
    const { ports, pods } = stage(1);
    const [pod] = pods();
    if (pod === undefined) throw new Error('the fleet has a node');
    await ports.actor.act({ kind: 'SetInService', pod: refOf(pod), inService: false });
    expect(pods()[0]?.inService).toBe(false);
    const again = ports.actor.act({ kind: 'SetInService', pod: refOf(pod), inService: true });
    await expect(again).rejects.toBeInstanceOf(ActionRefusedError);
    await expect(again).rejects.toMatchObject({ stale: true });
  });

  test('a node that is removed shuts down and is gone two seconds later, with its entry', async () => {
    const { ports, pods, until, entries } = stage();
    const [pod] = pods();
    if (pod === undefined) throw new Error('the fleet has a node');
    const closing = {
      by: 'Operator' as const,
      why: 'not needed',
      askedAtMs: undefined,
      closedAtMs: 0,
      rooms: 0,
      participants: 0,
    };
    const evidence = { nodeId: 'n1', closedAtMs: 0, proofs: [], closing, tookMs: 0, companions: [] };
    await ports.actor.act({ kind: 'RemoveNode', pod: refOf(pod), evidence, because: '' });
    expect(pods()[0]).toMatchObject({ deleting: true });
    expect((await entries())[0]).toMatchObject({ state: 'ShuttingDown' });
    until(2);
    expect(pods().map(({ name }) => name)).toEqual(['sim-media-1']);
    expect((await entries()).map(({ nodeId }) => nodeId)).toEqual(['n2']);
    await expect(
      ports.actor.act({ kind: 'RemoveFailed', pod: refOf(pod), lost: false, because: '' }),
    ).rejects.toBeInstanceOf(ActionRefusedError);
  });

  test('a lost node leaves an entry that grows old, until it is removed', async () => {
    const { world, ports, pods, until, entries } = stage();
    await entries();
    const [lost] = world.nodes;
    if (lost === undefined) throw new Error('the fleet has a node');
    until(10);
    world.remove(lost, true);
    until(30);
    expect(pods()).toHaveLength(1);
    const ghost = (await entries()).find(({ nodeId }) => nodeId === lost.id);
    expect(ghost?.ageMs).toBeGreaterThanOrEqual(20_000);
    expect(await ports.media.removeGhost('n2')).toBe(false);
    await ports.actor.act({ kind: 'RemoveGhost', nodeId: lost.id, rooms: 0, participants: 0 });
    expect((await entries()).map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });
});
