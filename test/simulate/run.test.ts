import { describe, expect, test } from '@jest/globals';
import { eventLine } from '../../src/simulate/event-log.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { type SimFaults, noFaults } from '../../src/simulate/faults.ts';
import { SimulationStoppedError, simulate } from '../../src/simulate/run.ts';
import { Simulation } from '../../src/simulate/simulation.ts';
import {
  aBusyHour,
  aRoom,
  aTrace,
  baseline,
  governor,
  only,
  options,
  play,
  policies,
} from './a-simulation.ts';

const text = (events: readonly SimEvent[]) => events.map(eventLine).join('\n');

describe('the same seed', () => {
  test.each(policies)(
    'gives the same bytes under %s',
    async (_, policy) => {
      const once = await play({ trace: aBusyHour(30), policy, seed: 7 });
      const again = await play({ trace: aBusyHour(30), policy, seed: 7 });
      expect(text(again.events)).toBe(text(once.events));
      expect(again.result).toEqual(once.result);
    },
    30_000,
  );

  test('gives the same bytes when things go wrong', async () => {
    const faults: SimFaults = {
      launchSpreadS: 20,
      launchFailureShare: 0.2,
      registrationDelayS: 2,
      nodeLosses: [{ atS: 900, nodes: 1 }],
      redisOutages: [{ fromS: 1200, toS: 1260 }],
      operatorOutages: [{ fromS: 2000, toS: 2100 }],
    };
    const once = await play({ trace: aBusyHour(30), faults });
    const again = await play({ trace: aBusyHour(30), faults });
    expect(text(again.events)).toBe(text(once.events));
  }, 30_000);

  test('and only the same one', async () => {
    const one = await play({ trace: aBusyHour(30), policy: baseline('jitsi'), seed: 1 });
    const other = await play({ trace: aBusyHour(30), policy: baseline('jitsi'), seed: 2 });
    expect(text(other.events)).not.toBe(text(one.events));
  });
});

describe('a run', () => {
  test('begins with the smallest fleet, ready at once', async () => {
    const { events } = await play({ trace: aTrace(aRoom(10, 60, 2)), nodesMin: 3 });
    expect(events.slice(0, 6).map(({ t, e }) => `${t} ${e}`)).toEqual([
      '0 launch',
      '0 ready',
      '0 launch',
      '0 ready',
      '0 launch',
      '0 ready',
    ]);
  });

  test('ends with the end of the last room', async () => {
    const { events } = await play({ trace: aTrace(aRoom(0, 500, 2), aRoom(10, 60, 2)) });
    expect(events.at(-1)).toEqual({ t: 500, e: 'end', room: 'r1' });
  });

  test('of no rooms has measured nothing', async () => {
    const { result } = await play({ trace: aTrace() });
    expect(result).toMatchObject({ rooms: 0, nodeHours: 0, ratio: 0, launches: 1, peakNodes: 1 });
  });

  test('says what it was', async () => {
    const { result } = await play({ trace: aTrace(aRoom(0, 60, 2)), policy: baseline('hpa'), seed: 5 });
    expect(Object.keys(result)).toEqual([
      'policy',
      'seed',
      'trace',
      'rooms',
      'nodeHours',
      'boundNodeHours',
      'ratio',
      'overloadShare',
      'unavoidableOverloadShare',
      'roomsCut',
      'participantsCut',
      'launches',
      'directionChangesPerDay',
      'peakNodes',
      'drainMinutesP50',
      'drainMinutesP95',
      'wallMs',
    ]);
    expect(result).toMatchObject({ policy: 'hpa', seed: 5, trace: 'small' });
  });

  test('tells how far it is, to the end', async () => {
    const told: number[] = [];
    await simulate(
      options({ trace: aBusyHour(60), policy: baseline('jitsi'), onProgress: (share) => told.push(share) }),
    );
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
  });

  test('can be stopped, and says what was measured until then', async () => {
    const stop = new AbortController();
    const run = simulate(
      options({
        trace: aBusyHour(600),
        policy: baseline('jitsi'),
        signal: stop.signal,
        onProgress: (share) => share > 0 && stop.abort(),
      }),
    );
    const error = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SimulationStoppedError);
    if (!(error instanceof SimulationStoppedError)) return;
    expect(error.simSeconds).toBeGreaterThan(0);
    expect(error.simSeconds).toBeLessThan(4500);
    expect(error.partial.rooms).toBeLessThan(600);
    expect(error.message).toMatch(/^The simulation was stopped after [\d.]+ simulated seconds\.$/);
  });

  test('shows the governor the names of rooms that recur, each once at a time', async () => {
    const named = { ...aRoom(0, 300, 2), name: 'weekly' };
    const trace = aTrace(named, { ...named, startS: 100 }, { ...named, startS: 400 });
    const seen = new Set<string>();
    await play({
      trace,
      onDecision: ({ observed: { redis } }) => {
        if (redis.kind === 'Failed') return;
        const names = redis.rooms.map(({ room }) => room);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) seen.add(name);
      },
    });
    expect([...seen]).toEqual(['weekly', 'r2']);
  });
});

describe('the governor under faults', () => {
  const busy = aBusyHour(120);
  const capacity = 20;

  test('launches again when a launch fails', async () => {
    const faults = { ...noFaults, launchFailureShare: 0.3 };
    const { result, counts, events } = await play({ trace: busy, capacity, faults, nodesMin: 2 });
    expect(result).toMatchObject({ rooms: 120, roomsCut: 0 });
    expect(counts.roomsNeverPlaced).toBe(0);
    expect(only(events, 'ready').length).toBeLessThan(result.launches);
  }, 30_000);

  test('replaces a node that was lost; its people come back', async () => {
    const faults = { ...noFaults, nodeLosses: [{ atS: 1800, nodes: 2 }] };
    const { result, counts, events } = await play({ trace: busy, capacity, faults });
    expect(counts.nodesLost).toBe(2);
    expect(result.roomsCut).toBe(0);
    expect(result.rooms).toBeGreaterThan(120);
    const launched = only(events, 'launch').filter(({ t }) => t >= 1800 && t < 1830);
    expect(launched.length).toBeGreaterThan(0);
  }, 30_000);

  test('does nothing while Redis is away, and closes nodes again after it', async () => {
    const faults = { ...noFaults, redisOutages: [{ fromS: 1800, toS: 1900 }] };
    const { events, result } = await play({ trace: busy, capacity, faults });
    const during = events.filter(({ t }) => t > 1800 && t < 1900);
    expect(
      only(during, 'room', 'launch', 'remove', 'cordon', 'uncordon').filter(({ e }) => e !== 'remove'),
    ).toEqual([]);
    expect(only(events, 'room').filter(({ t }) => t >= 1900 && t < 1910).length).toBeGreaterThan(1);
    expect(result.roomsCut).toBe(0);
  }, 30_000);

  test('lets nodes open while it is dead, and carries on from what it finds', async () => {
    const faults = { ...noFaults, operatorOutages: [{ fromS: 1800, toS: 2100 }] };
    const { events, result } = await play({ trace: busy, capacity, faults });
    const during = events.filter(({ t }) => t > 1803 && t < 2100);
    expect(only(during, 'launch', 'cordon')).toEqual([]);
    const closed = new Set<string>();
    for (const event of events.filter(({ t }) => t <= 2099)) {
      if (event.e === 'cordon') closed.add(event.node);
      if (event.e === 'uncordon' || event.e === 'remove') closed.delete(event.node);
    }
    expect(closed.size).toBe(0);
    expect(only(events, 'cordon').some(({ t }) => t >= 2100)).toBe(true);
    expect(result.roomsCut).toBe(0);
  }, 30_000);
});

describe('driven from outside', () => {
  test('the fleet follows the rooms it is told of', async () => {
    const events: SimEvent[] = [];
    const simulation = new Simulation({
      policy: governor(),
      capacity: 20,
      launchSeconds: 20,
      seed: 1,
      nodesMin: 1,
      nodesMax: 10,
      onEvent: (event) => events.push(event),
    });
    await simulation.advanceTo(0);
    await simulation.advanceTo(5.5);
    simulation.startRoom('lesson', 3);
    await simulation.advanceTo(10);
    simulation.changeRoom('lesson', 30);
    simulation.startRoom('chat', 2);
    await simulation.advanceTo(60);
    expect(simulation.nowS).toBe(60);
    expect(simulation.world.nodes.size).toBeGreaterThan(1);
    simulation.endRoom('lesson');
    simulation.endRoom('chat');
    simulation.endRoom('never heard of');
    simulation.changeRoom('never heard of', 3);
    await simulation.advanceTo(90);
    expect(events.find(({ e }) => e === 'room')).toEqual({ t: 5.5, e: 'room', room: 'lesson', node: 'n1' });
    expect(simulation.figures()).toMatchObject({ rooms: 2, roomsCut: 0 });
    expect(simulation.counts.creationsFailed).toBe(0);
  }, 30_000);
});
