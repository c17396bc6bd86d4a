import { describe, expect, test } from '@jest/globals';
import type { SimEvent } from '../../src/simulate/events.ts';
import { type SimFaults, noFaults } from '../../src/simulate/faults.ts';
import { type Selector, recommendedSelector } from '../../src/simulate/selection.ts';
import { World } from '../../src/simulate/world.ts';
import type { SimNode } from '../../src/simulate/world-node.ts';

interface Stage {
  readonly world: World;
  readonly nodes: readonly SimNode[];
  readonly events: SimEvent[];
  /** Lets everything happen up to this second. */
  readonly until: (seconds: number) => void;
}

interface Setting {
  readonly nodes?: number;
  readonly selector?: Selector;
  readonly faults?: Partial<SimFaults>;
  readonly seed?: number;
}

function stage({ nodes = 2, selector = recommendedSelector, faults = {}, seed = 1 }: Setting = {}): Stage {
  const events: SimEvent[] = [];
  const world = new World({
    launchMs: 20_000,
    seed,
    selector,
    faults: { ...noFaults, ...faults },
    startWallMs: 1_767_571_200_000,
    emit: (event) => events.push(event),
  });
  const until = (seconds: number) => {
    while (world.calendar.nextAtMs <= seconds * 1000) {
      world.nowMs = world.calendar.nextAtMs;
      world.calendar.take()?.();
    }
    world.nowMs = seconds * 1000;
  };
  return { world, nodes: Array.from({ length: nodes }, () => world.found()), events, until };
}

const places = ({ events }: Stage) => events.flatMap((event) => (event.e === 'room' ? [event.node] : []));

describe('a new room', () => {
  test('goes to the emptier of two nodes by what they have published', () => {
    const play = stage();
    play.world.startRoom('big', 50);
    play.until(3);
    for (let at = 0; at < 5; at += 1) play.world.startRoom(`small-${at}`, 1);
    const [big, ...small] = places(play);
    expect(new Set(small)).toEqual(new Set(['n1', 'n2'].filter((id) => id !== big)));
  });

  test('goes by old data until the next heartbeat', () => {
    const counts = [1, 2, 3, 4, 5, 6].map((seed) => {
      const play = stage({ seed, selector: { algorithm: 'lowest', softLimit: undefined } });
      for (let at = 0; at < 8; at += 1) play.world.startRoom(`r${at}`, 50);
      return new Set(places(play)).size;
    });
    // All nodes look empty, so the rooms are strewn over both although one would be the emptier each time.
    expect(Math.max(...counts)).toBe(2);
  });

  test('takes no node above the soft limit while another is below, and any node when all are above', () => {
    const play = stage({ selector: { algorithm: 'lowest', softLimit: 10 } });
    play.world.startRoom('a', 12);
    play.until(3);
    play.world.startRoom('b', 12);
    play.until(6);
    play.world.startRoom('c', 1);
    const [a, b, c] = places(play);
    expect(new Set([a, b])).toEqual(new Set(['n1', 'n2']));
    expect(['n1', 'n2']).toContain(c);
  });

  test('is not given to a node that is closed, launching or leaving', () => {
    const play = stage({ nodes: 4 });
    const [first, second, third, fourth] = play.nodes;
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error();
    play.world.startRoom('stays', 1);
    const host = play.world.rooms.get('stays')?.node;
    play.world.launch();
    for (const node of play.nodes) if (node !== host && node !== first) play.world.close(node, true);
    if (host !== undefined) play.world.leave(host, 0);
    for (let at = 0; at < 6; at += 1) play.world.startRoom(`r${at}`, 1);
    const open = play.nodes.filter((node) => node !== host && !node.closed).map(({ id }) => id);
    expect(open.length).toBeLessThanOrEqual(1);
    expect(new Set(places(play).slice(1))).toEqual(new Set(open));
  });

  test('that finds no node is tried again each second, with the people who wait by then', () => {
    const play = stage({ nodes: 0 });
    play.world.launch();
    play.world.startRoom('early', 2);
    play.until(10);
    play.world.changeRoom('early', 7);
    play.until(30);
    expect(play.world.counts).toMatchObject({ creationsFailed: 20, roomsNeverPlaced: 0 });
    expect(play.events).toEqual([
      { t: 0, e: 'launch', node: 'n1' },
      { t: 20, e: 'ready', node: 'n1' },
      { t: 20, e: 'room', room: 'early', node: 'n1' },
      { t: 20, e: 'load', room: 'early', n: 7 },
    ]);
  });

  test('that ends before any node took it is counted', () => {
    const play = stage({ nodes: 0 });
    play.world.startRoom('short', 2);
    play.until(5);
    play.world.endRoom('short');
    play.until(10);
    expect(play.world.counts).toMatchObject({ creationsFailed: 6, roomsNeverPlaced: 1 });
    expect(play.events).toEqual([]);
  });
});

describe('the registry', () => {
  test('shows a room at once and its growth with the next heartbeat of its node', () => {
    const play = stage({ nodes: 1 });
    const shown = () => play.world.registry.records.map(({ participants }) => participants);
    play.world.startRoom('a', 1);
    expect(shown()).toEqual([1]);
    play.until(2);
    const [node] = play.nodes;
    expect(node).toMatchObject({ publishedParticipants: 1, publishedRooms: 1 });
    play.world.changeRoom('a', 9);
    expect(shown()).toEqual([1]);
    expect(node?.publishedParticipants).toBe(1);
    play.until(4);
    expect(shown()).toEqual([9]);
    expect(node?.publishedParticipants).toBe(9);
    play.world.endRoom('a');
    expect(shown()).toEqual([]);
    expect(node?.publishedParticipants).toBe(9);
    play.until(6);
    expect(node).toMatchObject({ publishedParticipants: 0, publishedRooms: 0 });
  });

  test('gives the same array until a record changes', () => {
    const { world } = stage();
    world.startRoom('a', 1);
    const before = world.registry.records;
    expect(world.registry.records).toBe(before);
    world.startRoom('b', 1);
    expect(world.registry.records).not.toBe(before);
  });

  test('tells heartbeats of each node every two seconds, in a phase of its own', () => {
    const { world, nodes, until } = stage({ nodes: 2 });
    const [first, second] = nodes;
    if (first === undefined || second === undefined) throw new Error();
    until(60.1);
    for (const node of nodes) {
      expect(world.nowMs - world.registry.lastBeatMs(node)).toBeLessThan(2000);
      expect(world.registry.beats(node)).toBeGreaterThanOrEqual(29);
      expect(world.registry.beats(node)).toBeLessThanOrEqual(31);
    }
    expect(world.registry.lastBeatMs(first)).not.toBe(world.registry.lastBeatMs(second));
  });

  test('opens closed nodes within a heartbeat when nobody keeps them closed', () => {
    const play = stage({ nodes: 3 });
    for (const node of play.nodes) play.world.close(node, true);
    play.world.registry.setKept(false, play.world.nodes);
    play.until(2.001);
    expect(play.events.slice(-3).map(({ e }) => e)).toEqual(['uncordon', 'uncordon', 'uncordon']);
    expect(play.nodes.every(({ closed }) => !closed)).toBe(true);
  });

  test('closes a node again for an operator that has been away and wants the same as before', () => {
    const play = stage({ nodes: 2 });
    const [first] = play.nodes;
    if (first === undefined) throw new Error();
    play.world.close(first, true);
    play.world.registry.setKept(false, play.world.nodes);
    play.until(3);
    expect(first.closed).toBe(false);
    play.world.registry.setKept(true, []);
    play.world.close(first, true);
    expect(first.closed).toBe(true);
  });
});

describe('while Redis is away', () => {
  const faults = { redisOutages: [{ fromS: 10, toS: 25 }] };

  test('no room can be created, and after it none until a node has reported again', () => {
    const play = stage({ nodes: 1, faults });
    play.until(10);
    play.world.startRoom('late', 3);
    play.until(40);
    const [room] = play.events.filter(({ e }) => e === 'room');
    expect(room?.t).toBeGreaterThanOrEqual(25);
    expect(room?.t).toBeLessThanOrEqual(28);
    expect(play.world.counts.roomsNeverPlaced).toBe(0);
  });

  test('nothing is published, and heartbeats stand still', () => {
    const play = stage({ nodes: 1, faults });
    const [node] = play.nodes;
    if (node === undefined) throw new Error();
    play.world.startRoom('a', 1);
    play.until(10);
    play.world.changeRoom('a', 5);
    play.until(24.9);
    expect(node.publishedParticipants).toBe(1);
    expect(play.world.registry.lastBeatMs(node)).toBeLessThanOrEqual(10_000);
    play.until(27);
    expect(node.publishedParticipants).toBe(5);
    expect(play.world.registry.lastBeatMs(node)).toBeGreaterThanOrEqual(25_000);
  });

  test('a launched node is ready only when it has registered', () => {
    const play = stage({ nodes: 1, faults });
    play.world.launch();
    play.until(60);
    const ready = play.events.filter(({ e }) => e === 'ready').at(-1);
    expect(ready?.t).toBeGreaterThanOrEqual(25);
    expect(ready?.t).toBeLessThanOrEqual(27);
  });
});

describe('a node', () => {
  test('is ready after the launch time, which its Pod, its server and its entry lead up to', () => {
    const { world, until } = stage({ nodes: 0 });
    const node = world.launch();
    until(18.4);
    expect(node).toMatchObject({ state: 'Launching', startedAtMs: undefined });
    until(19.9);
    expect(node).toMatchObject({
      state: 'Launching',
      startedAtMs: 18_500,
      registeredAtMs: 19_000,
      podReady: false,
    });
    until(20);
    expect(node).toMatchObject({ state: 'Ready', readyAtMs: 20_000 });
  });

  test('that registers late is ready late', () => {
    const { world, until } = stage({ nodes: 0, faults: { registrationDelayS: 30 } });
    const node = world.launch();
    until(40);
    expect(node).toMatchObject({ state: 'Launching', podReady: true });
    until(49);
    expect(node).toMatchObject({ state: 'Ready', readyAtMs: 49_000 });
  });

  test('takes up to the spread longer', () => {
    const { world, until } = stage({ nodes: 0, faults: { launchSpreadS: 40 } });
    const nodes = Array.from({ length: 50 }, () => world.launch());
    until(100);
    const readyS = nodes.map(({ readyAtMs }) => (readyAtMs ?? 0) / 1000);
    expect(Math.min(...readyS)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...readyS)).toBeLessThanOrEqual(60.001);
    expect(new Set(readyS).size).toBeGreaterThan(40);
  });

  test('that leaves goes with its last room, and not before it has had time to stop', () => {
    const play = stage({ nodes: 1 });
    const [node] = play.nodes;
    if (node === undefined) throw new Error();
    play.world.startRoom('a', 4);
    play.world.leave(node, 2000);
    play.until(10);
    expect(node.state).toBe('Leaving');
    play.world.endRoom('a');
    expect(play.events.slice(-2)).toEqual([
      { t: 10, e: 'end', room: 'a' },
      { t: 10, e: 'remove', node: 'n1', cut: 0 },
    ]);
  });

  test('that is removed with people on it cuts them, and says so before their rooms end', () => {
    const play = stage({ nodes: 1 });
    const cut: string[] = [];
    play.world.onCut = ({ name }) => void cut.push(name);
    play.world.startRoom('a', 4);
    play.world.startRoom('b', 3);
    for (const node of play.nodes) play.world.remove(node);
    expect(play.events.slice(-3)).toEqual([
      { t: 0, e: 'remove', node: 'n1', cut: 7 },
      { t: 0, e: 'end', room: 'a' },
      { t: 0, e: 'end', room: 'b' },
    ]);
    expect(cut).toEqual(['a', 'b']);
    expect(play.world.rooms.size).toBe(0);
  });

  test('that is lost is counted apart', () => {
    const play = stage({ nodes: 1, faults: { nodeLosses: [{ atS: 5, nodes: 3 }] } });
    play.world.startRoom('a', 4);
    play.until(6);
    expect(play.events).toContainEqual({ t: 5, e: 'remove', node: 'n1', cut: 4, lost: true });
    expect(play.world.counts).toMatchObject({ nodesLost: 1, roomsLost: 1, participantsLost: 4 });
  });
});
