import { describe, expect, test } from '@jest/globals';
import { resumedNote } from '../../src/loadtest/coordinator.ts';
import type { RunRecord } from '../../src/loadtest/record.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';
import { nodeWithRoomFor, World } from './coordinator-world.ts';
import { aScenario, aSearch, cpuGuard, latencySlo } from './virtual-node.ts';

const fixed = (level: number, windows: number): Scenario =>
  aScenario({ kind: 'Fixed', level, windows }, [{ ...latencySlo, overBaseline: false }, cpuGuard]);

const verdicts = (world: World): readonly string[] => world.windows.map(({ verdict }) => verdict.kind);

describe('a run at one level', () => {
  test('brings the people in, measures, and takes everybody and every room out again', async () => {
    const world = new World();
    const ended = world.start(fixed(2, 2), { workers: 2 });
    const summary = await world.time.settled(ended);
    expect(summary).toMatchObject({ outcome: 'Complete', result: undefined });
    expect(verdicts(world)).toEqual(['Pass', 'Pass']);
    expect(world.windows.map(({ workers }) => workers.length)).toEqual([2, 2]);
    expect(world.made).toEqual(['run-r1-0', 'run-r1-1']);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
    expect(world.records.at(-1)).toBe(summary);
  });

  test('splits whole rooms over the workers, and all begin at the same moment', async () => {
    const world = new World();
    await world.time.settled(world.start(fixed(4, 1), { workers: 2 }));
    const changes = world.workers.map(({ heard }) => heard.find(({ kind }) => kind === 'change'));
    const begins = changes.map((change) => (change?.kind === 'change' ? change.startAtMs : undefined));
    expect(begins[0]).toBeGreaterThan(0);
    expect(begins[1]).toBe(begins[0]);
    const rooms = changes.map((change) =>
      change?.kind === 'change'
        ? new Set(change.steps.flatMap((step) => (step.kind === 'Join' ? step.person.room : [])))
        : new Set<string>(),
    );
    expect(rooms.map(({ size }) => size)).toEqual([2, 2]);
    expect([...(rooms[0] ?? [])].filter((room) => rooms[1]?.has(room))).toEqual([]);
  });

  test('tells each worker how far its clock is off', async () => {
    const world = new World();
    const ended = world.start(fixed(1, 1), { workers: 2 });
    const [first, second] = world.workers;
    if (first !== undefined) first.offsetMs = 5000;
    if (second !== undefined) second.offsetMs = -70_000;
    await world.time.settled(ended);
    const last = world.workers.map(({ heard }) => heard.findLast(({ kind }) => kind === 'clock'));
    expect(last.map((clock) => (clock?.kind === 'clock' ? clock.offsetMs : undefined))).toEqual([
      5000, -70_000,
    ]);
  });

  test('says that windows fail where people are let down', async () => {
    const world = new World();
    world.truth = nodeWithRoomFor(15);
    await world.time.settled(world.start(fixed(2, 2)));
    expect(verdicts(world)).toEqual(['Fail', 'Fail']);
  });

  test('shows how far it is', async () => {
    const world = new World();
    await world.time.settled(world.start(fixed(1, 1)));
    expect(new Set(world.progress.map(({ step }) => step))).toEqual(
      new Set(['Waiting', 'Changing', 'Settling', 'Measuring', 'Leaving']),
    );
    expect(world.progress.at(-1)).toMatchObject({ windows: { pass: 1, fail: 0, invalid: 0 }, unit: 'rooms' });
  });
});

describe('a search', () => {
  test('finds how many rooms the node carries', async () => {
    const world = new World();
    world.truth = nodeWithRoomFor(70);
    const summary = await world.time.settled(
      world.start(aScenario(aSearch({ max: 20, repetitions: 2 })), { workers: 2 }),
    );
    expect(summary).toMatchObject({
      outcome: 'Complete',
      result: { unit: 'rooms', capacity: 7, repetitions: [7, 7], bindingSlo: 'frameLatencyMs.p95' },
    });
    // Each repetition has rooms of its own.
    expect(new Set(world.made).size).toBe(world.made.length);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
  });

  test('gives up, and says why, when others use the node all the time', async () => {
    const world = new World();
    world.truth = { ...world.truth, foreignRooms: 2 };
    const summary = await world.time.settled(world.start(aScenario(aSearch({ max: 20 }))));
    expect(summary.outcome).toBe('Inconclusive');
    expect(summary.why).toContain('TargetShared');
    expect(new Set(verdicts(world))).toEqual(new Set(['Invalid']));
  });
});

describe('a worker that is lost', () => {
  test('in a window makes that one invalid, and its replacement goes on from a fresh level', async () => {
    const world = new World();
    const ended = world.start(fixed(2, 2), { workers: 2 });
    const [first] = world.workers;
    if (first !== undefined) {
      first.onMeasure = () => {
        world.time.after(7000, () => first.die());
        world.time.after(9000, () => world.dial(0));
        return true;
      };
    }
    const summary = await world.time.settled(ended);
    expect(summary.outcome).toBe('Complete');
    expect(verdicts(world)).toEqual(['Invalid', 'Pass', 'Pass']);
    expect(world.windows[0]?.verdict).toMatchObject({ because: ['WorkerLost'] });
    // The window ends when the worker does.
    const [lost] = world.windows;
    expect((lost?.toMs ?? 0) - (lost?.fromMs ?? 0)).toBeLessThan(8000);
    expect(world.made).toEqual(['run-r1-0', 'run-r1-1', 'run-r1-0-2', 'run-r1-1-2']);
    expect(world.windows[1]?.workers.map(({ worker }) => worker)).toEqual([0, 1]);
  });

  test('and not replaced leaves its people to the others', async () => {
    const world = new World();
    const ended = world.start(fixed(2, 1), { workers: 2 });
    world.workers[0]?.say({
      kind: 'live',
      connected: 0,
      packetsPerSecondReceived: 0,
      tickLateP99Ms: 0,
      failed: 0,
    });
    const [, second] = world.workers;
    if (second !== undefined) {
      second.onMeasure = () => {
        world.time.after(1, () => second.die());
        return false;
      };
    }
    const summary = await world.time.settled(ended);
    expect(summary.outcome).toBe('Complete');
    expect(verdicts(world)).toEqual(['Invalid', 'Pass']);
    expect(world.windows[1]?.workers.map(({ people }) => people.connected)).toEqual([20]);
    expect(world.notes).toContain('going on with 1 of 2 workers');
  });

  test('because it says nothing any more counts as lost', async () => {
    const world = new World();
    const ended = world.start(fixed(1, 1));
    const [first] = world.workers;
    if (first !== undefined) {
      first.onMeasure = () => {
        first.isAlive = false;
        world.time.after(25_000, () => world.dial(0));
        return false;
      };
    }
    await world.time.settled(ended);
    expect(verdicts(world)).toEqual(['Invalid', 'Pass']);
    expect(world.notes[0]).toBe('worker 0 was lost: it said nothing for 15 s');
  });

  test('with nobody left ends the run as inconclusive', async () => {
    const world = new World();
    const ended = world.start(fixed(1, 1));
    const [first] = world.workers;
    if (first !== undefined) {
      first.onMeasure = () => {
        first.die();
        return false;
      };
    }
    const summary = await world.time.settled(ended);
    expect(summary).toMatchObject({
      outcome: 'Inconclusive',
      why: 'waiting for a worker took longer than 30 s',
    });
    expect(world.rooms.size).toBe(0);
  });
});

describe('a run that cannot be finished', () => {
  test('waits for workers only so long', async () => {
    const missing = new World();
    const waits = missing.start(fixed(1, 1), { workers: 1, patience: { startMs: 10_000, replaceMs: 1 } });
    missing.workers[0]?.die();
    expect(await missing.time.settled(waits)).toMatchObject({
      outcome: 'Inconclusive',
      why: 'waiting for 1 workers took longer than 10 s',
    });
  });

  test.each([
    ['joining', 5000],
    ['settling', 13_000],
    ['measuring', 20_000],
  ])('is stopped while %s: people and rooms go, and the record is whole', async (_, afterMs) => {
    const world = new World();
    const ended = world.start(fixed(3, 5));
    world.time.after(afterMs, () => world.stop.abort());
    const summary = await world.time.settled(ended);
    expect(summary).toMatchObject({ outcome: 'Stopped', why: 'somebody ended the run' });
    expect(world.clock.nowMs()).toBeLessThan(afterMs + 1000);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
    expect(world.records.at(-1)?.kind).toBe('summary');
  });

  test('ends when it has lasted as long as it may', async () => {
    const world = new World();
    const { load, ...rest } = fixed(1, 100);
    const short = { ...rest, load: { ...load, most: { ...load.most, durationMs: 300_000 } } };
    const summary = await world.time.settled(world.start(short));
    expect(summary).toMatchObject({ outcome: 'Inconclusive', why: 'the run was not done within 5 minutes' });
    expect(world.clock.nowMs()).toBeLessThan(301_000);
  });
});

describe('a run whose coordinator was lost', () => {
  const search = aScenario(aSearch({ max: 20, repetitions: 1 }));

  test('goes on from its record, and finds what it would have found', async () => {
    const world = new World();
    world.truth = nodeWithRoomFor(70);
    const whole = await world.time.settled(world.start(search));
    const cut = world.records.slice(0, world.records.findIndex((record) => record === world.windows[5]) + 1);
    const again = new World();
    again.truth = world.truth;
    const note: RunRecord = { kind: 'note', atMs: 0, text: resumedNote };
    const summary = await again.time.settled(again.start(search, { earlier: [...cut, note] }));
    expect(summary.result?.repetitions).toEqual(whole.result?.repetitions);
    expect(again.windows[0]?.index).toBe(6);
    // No name comes twice, whatever is left of the rooms of before.
    expect(again.made.filter((name) => world.made.includes(name))).toEqual([]);
  });
});

describe('a trace', () => {
  const rooms = [
    { startSeconds: 0, durationSeconds: 60, participants: 2, publishers: 2 },
    { startSeconds: 40, durationSeconds: 60, participants: 3, publishers: 1 },
    { startSeconds: 200, durationSeconds: 30, participants: 2, publishers: 2 },
  ];
  const receives = { tiles: 4, layer: '180p', audio: true } as const;
  const base = fixed(100, 3);
  const scenario: Scenario = {
    ...base,
    workload: { kind: 'Trace', rooms, timeScale: 1, receives },
    load: { ...base.load, unit: 'percent' },
  };

  test('is measured while it plays, and its rooms are made as they are due', async () => {
    const world = new World();
    await world.time.settled(world.start(scenario));
    expect(world.windows).toHaveLength(3);
    // 10 s to settle, then one window after the other; people as they are at the end of each.
    const [first = 0, second = 0, third = 0] = world.windows.map(
      ({ workers }) => workers[0]?.people.connected,
    );
    expect([first, third]).toEqual([2, 3]);
    // The second room fills while the first one goes on.
    expect(second).toBeGreaterThan(2);
    // An empty room is closed after a while, so that of the last one is not made yet.
    expect(world.made).toEqual(['run-r1-0', 'run-r1-1']);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
  });

  test('that is over before all windows are measured is played again, with new rooms', async () => {
    const world = new World();
    const { load, ...rest } = scenario;
    const long = { ...rest, load: { ...load, dwellMs: 90_000 } };
    await world.time.settled(world.start(long));
    expect(world.windows).toHaveLength(3);
    expect(world.made.length).toBeGreaterThan(3);
    expect(new Set(world.made).size).toBe(world.made.length);
  });

  test('that loses its worker is given up, and played again by the next one', async () => {
    const world = new World();
    const ended = world.start(scenario);
    const [first] = world.workers;
    if (first !== undefined) {
      first.onMeasure = () => {
        world.time.after(2000, () => first.die());
        world.time.after(4000, () => world.dial(0));
        return true;
      };
    }
    await world.time.settled(ended);
    expect(verdicts(world)).toEqual(['Invalid', 'Pass', 'Pass', 'Pass']);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
  });
});

describe('people who come and go', () => {
  test('do so during windows, and the number stays', async () => {
    const world = new World();
    const { load, ...rest } = fixed(2, 2);
    const busy = { ...rest, load: { ...load, churn: { meanStayMs: 60_000 } } };
    await world.time.settled(world.start(busy));
    expect(verdicts(world)).toEqual(['Pass', 'Pass']);
    expect(world.windows.map(({ workers }) => workers[0]?.people.connected)).toEqual([20, 20]);
    const joins = world.workers.flatMap(({ heard }) =>
      heard.flatMap((message) =>
        message.kind === 'change'
          ? message.steps.flatMap((step) => (step.kind === 'Join' ? step.person.identity : []))
          : [],
      ),
    );
    expect(joins.length).toBeGreaterThan(20);
    expect(new Set(joins).size).toBe(joins.length);
    expect([world.people, world.rooms.size]).toEqual([0, 0]);
  });
});
