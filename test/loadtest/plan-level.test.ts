import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assign } from '../../src/loadtest/plan-assign.ts';
import { planDigest } from '../../src/loadtest/plan-digest.ts';
import {
  changeLevel,
  churn,
  type Crowd,
  emptyCrowd,
  leavesPerJoin,
  peopleOf,
} from '../../src/loadtest/plan-level.ts';
import { placeOf } from '../../src/loadtest/plan-names.ts';
import { playedRooms, traceLengthMs } from '../../src/loadtest/plan-trace.ts';
import type { LevelChange, PlannedPerson, PlannedStep } from '../../src/loadtest/plan.ts';
import { shapeTurns, sizeOf, withLevel, withSearch } from '../../src/loadtest/scenario-levels.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';
import { scenarioOf, workloads } from './scenarios.ts';

const search = 'mode: search\n    search: { max: 20 }\n    churn: { meanStay: 20s }';
const spec = 'clients: { probes: 3 }';
const staying = (['conference', 'liveStream', 'stage', 'teaching', 'growingRoom', 'mixed'] as const).map(
  (name): readonly [string, Scenario] => [
    name,
    scenarioOf({ workload: workloads[name], load: search, spec }),
  ],
);
const anyStaying = fc.constantFrom(...staying.map(([, scenario]) => scenario));
const anyLevel = fc.integer({ min: 0, max: 20 });
const trace = scenarioOf({ workload: workloads.trace, spec, load: 'mode: fixed\n    fixed: { level: 100 }' });

function at(scenario: Scenario, ...levels: readonly number[]): Crowd {
  return levels.reduce((crowd, level) => changeLevel(scenario, crowd, level).crowd, emptyCrowd(1));
}

const names = (crowd: Crowd): readonly string[] => peopleOf(crowd).map(({ identity }) => identity);

/** Who is there after steps, by what the steps say alone. */
function played(present: readonly string[], steps: readonly PlannedStep[]): readonly string[] {
  const there = new Set(present);
  for (const step of steps) {
    if (step.kind === 'Leave') expect(there.delete(step.identity)).toBe(true);
    else expect(there.has(step.person.identity)).toBe(false);
    if (step.kind === 'Join') there.add(step.person.identity);
  }
  return [...there];
}

const joined = ({ steps }: Pick<LevelChange, 'steps'>): readonly PlannedPerson[] =>
  steps.flatMap((step) => (step.kind === 'Join' ? [step.person] : []));

describe('for every workload whose rooms stay', () => {
  test('the people of a level are among those of each higher one', () => {
    fc.assert(
      fc.property(anyStaying, anyLevel, anyLevel, (scenario, a, b) => {
        const [low, high] = [at(scenario, Math.min(a, b)), at(scenario, Math.max(a, b))];
        expect(names(high)).toEqual(expect.arrayContaining([...names(low)]));
        expect(peopleOf(high).filter(({ probe }) => probe).length).toBeGreaterThanOrEqual(
          peopleOf(low).filter(({ probe }) => probe).length,
        );
      }),
    );
  });

  test('going up and back down ends where it began', () => {
    fc.assert(
      fc.property(anyStaying, anyLevel, anyLevel, (scenario, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(peopleOf(at(scenario, low, high, low))).toEqual(peopleOf(at(scenario, low)));
      }),
    );
  });

  test('steps lead from one crowd to the next, whatever levels and leaves came before', () => {
    fc.assert(
      fc.property(anyStaying, fc.array(anyLevel, { minLength: 1, maxLength: 6 }), (scenario, levels) => {
        let crowd = emptyCrowd(1);
        const all: string[] = [];
        for (const level of levels) {
          const there = names(crowd);
          const next = changeLevel(scenario, crowd, level);
          expect(next.change).toMatchObject({ from: crowd.level, to: level });
          expect(played(there, next.change.steps).toSorted()).toEqual(names(next.crowd).toSorted());
          const moved = churn(scenario, next.crowd, 5000);
          expect(played(names(next.crowd), moved.steps).toSorted()).toEqual(names(moved.crowd).toSorted());
          all.push(...[...joined(next.change), ...joined(moved)].map(({ identity }) => identity));
          crowd = moved.crowd;
        }
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  test('the same seed gives the same steps and another one does not', () => {
    fc.assert(
      fc.property(anyStaying, fc.integer({ min: 1, max: 20 }), fc.nat(1000), (scenario, level, seed) => {
        const steps = (from: number): LevelChange =>
          changeLevel({ ...scenario, seed: from }, emptyCrowd(1), level).change;
        expect(steps(seed)).toEqual(steps(seed));
        expect(steps(seed)).not.toEqual(steps(seed + 1));
      }),
    );
  });

  test('joins do not wait for each other: the n-th is in the n-th slot', () => {
    fc.assert(
      fc.property(anyStaying, anyLevel, (scenario, level) => {
        const { steps } = changeLevel(scenario, emptyCrowd(1), level).change;
        steps.forEach(({ atMs }, index) => {
          expect(atMs).toBeGreaterThanOrEqual(index * 200);
          expect(atMs).toBeLessThan((index + 1) * 200);
        });
      }),
    );
  });

  test('leaving is faster than joining, and the last to come go first', () => {
    const [, scenario] = staying[0] ?? ['', trace];
    const { steps } = changeLevel(scenario, at(scenario, 3), 1).change;
    expect(steps.map((step) => (step.kind === 'Leave' ? [step.atMs, step.identity] : []))).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4].map((seat, index) => [
        (index * 200) / leavesPerJoin,
        `r1-${Math.floor(seat / 4)}-p${seat % 4}`,
      ]),
    );
  });

  test('the number of people does not change by churn, and those who must be there stay', () => {
    for (const [, scenario] of staying) {
      const before = at(scenario, 12);
      const { steps, crowd } = churn(scenario, before, 60_000);
      expect(steps.length).toBeGreaterThan(20);
      expect(peopleOf(crowd)).toHaveLength(peopleOf(before).length);
      expect(peopleOf(crowd).map(({ role, room }) => [role, room])).toEqual(
        peopleOf(before).map(({ role, room }) => [role, room]),
      );
      expect(peopleOf(crowd).filter(({ probe }) => probe)).toEqual(
        peopleOf(before).filter(({ probe }) => probe),
      );
      expect(steps.every(({ atMs }, index) => atMs >= (steps[index - 1]?.atMs ?? 0) && atMs < 60_000)).toBe(
        true,
      );
    }
  });

  test('churn has the rate that the mean stay asks for', () => {
    const scenario = scenarioOf({
      load: 'mode: fixed\n    fixed: { level: 50 }\n    churn: { meanStay: 10m }',
    });
    const { steps } = churn(scenario, at(scenario, 50), 3_600_000);
    // 200 people, each of whom leaves six times in the hour.
    expect(Math.abs(steps.length / 2 - 1200)).toBeLessThan(4 * Math.sqrt(1200));
  });

  test('a room that was given up and is made again has a new name, as has everybody in it', () => {
    fc.assert(
      fc.property(anyStaying, fc.integer({ min: 1, max: 20 }), (scenario, level) => {
        const first = at(scenario, level);
        const second = at(scenario, level, 0, level);
        const rooms = (crowd: Crowd) => crowd.rooms.map(({ room }) => room.name);
        expect(rooms(first).filter((name) => rooms(second).includes(name))).toEqual([]);
        expect(names(first).filter((name) => names(second).includes(name))).toEqual([]);
      }),
    );
  });

  test('repetitions and runs that go on have rooms and people of their own', () => {
    const [, scenario] = staying[0] ?? ['', trace];
    const crowds = [emptyCrowd(1), emptyCrowd(2), emptyCrowd(1, 1)].map(
      (none) => changeLevel(scenario, none, 5).crowd,
    );
    const all = crowds.flatMap((crowd) => [...names(crowd), ...crowd.rooms.map(({ room }) => room.name)]);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('a level has', () => {
  test.each([
    ['conference', 7, { publisher: 28 }, 7],
    ['liveStream', 7, { publisher: 1, viewer: 7 }, 1],
    ['stage', 3, { publisher: 6, viewer: 15 }, 3],
    ['teaching', 2, { teacher: 2, student: 12 }, 2],
    ['growingRoom', 9, { publisher: 9 }, 1],
    ['mixed', 8, { publisher: 14, viewer: 14 }, 8],
  ] as const)('as many people as the shape of a %s says', (name, level, roles, rooms) => {
    const crowd = at(scenarioOf({ workload: workloads[name], load: search }), level);
    const found: Record<string, number> = {};
    for (const { role } of peopleOf(crowd)) found[role] = (found[role] ?? 0) + 1;
    expect(found).toEqual(roles);
    expect(crowd.rooms).toHaveLength(rooms);
  });

  test('nobody at 0', () => {
    for (const [, scenario] of staying) expect(peopleOf(at(scenario, 0))).toEqual([]);
  });

  test.each(staying)(
    'three probes in all from the third step on, in other rooms or on other seats: %s',
    (_, scenario) => {
      const probes = peopleOf(at(scenario, 5)).filter(({ probe }) => probe);
      expect(probes).toHaveLength(3);
      const isOneRoom = scenario.workload.kind === 'OneRoom';
      expect(new Set(probes.map(({ room }) => room)).size).toBe(isOneRoom ? 1 : 3);
      expect(peopleOf(at(scenario, 1)).some(({ probe }) => probe)).toBe(!isOneRoom || probes.length > 0);
    },
  );

  test('rooms that follow their shares at every number of rooms', () => {
    const anyShares = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyShares, fc.integer({ min: 1, max: 200 }), (shares, count) => {
        const shapes = shares.map((share, index) => ({ share, shape: { name: String(index), roles: [] } }));
        const total = shares.reduce((sum, share) => sum + share, 0);
        const turns = shapeTurns(shapes, count);
        shares.forEach((share, index) => {
          const rooms = turns.filter(({ name }) => name === String(index)).length;
          expect(Math.abs(rooms - (share / total) * count)).toBeLessThan(shares.length);
        });
        expect(shapeTurns(shapes, count + 5).slice(0, count)).toEqual(turns);
      }),
    );
  });
});

describe('a trace', () => {
  test('is one change, in which every room of the level begins, fills and ends in its time', () => {
    const { change, crowd } = changeLevel(trace, emptyCrowd(1), 100);
    expect(played([], change.steps)).toEqual([]);
    expect(crowd.rooms).toEqual([]);
    expect(change.rooms).toHaveLength(4);
    expect(joined(change)).toHaveLength(16);
    expect(joined(change).filter(({ sendsVideo }) => sendsVideo)).toHaveLength(7);
    const times = change.steps.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].toSorted((a, b) => a - b));
    expect(times.at(-1)).toBe(60_000);
    expect(trace.workload.kind === 'Trace' && traceLengthMs(trace.workload)).toBe(60_000);
  });

  test('has the rooms of a level at each higher one too, and every room again above 100 percent', () => {
    const { workload } = trace;
    if (workload.kind !== 'Trace') throw new Error('it is a trace');
    const rooms = (percent: number) => playedRooms({ ...trace, workload }, percent).map(({ index }) => index);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (a, b) => {
        expect(rooms(Math.max(a, b))).toEqual(expect.arrayContaining(rooms(Math.min(a, b))));
      }),
    );
    expect(rooms(100).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(rooms(200)).toHaveLength(8);
  });

  test('has new names each time it is played', () => {
    const first = changeLevel(trace, emptyCrowd(1), 100);
    const second = changeLevel(trace, first.crowd, 100);
    const both = [...joined(first.change), ...joined(second.change)].map(({ identity }) => identity);
    expect(new Set(both).size).toBe(32);
  });

  test('has its probes in rooms over its whole length', () => {
    const probes = joined(changeLevel(trace, emptyCrowd(1), 100).change).filter(({ probe }) => probe);
    expect(new Set(probes.map(({ room }) => room)).size).toBe(probes.length);
    expect(probes.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a worker', () => {
  const [, rooms] = staying[0] ?? ['', trace];
  const [, oneRoom] = staying[1] ?? ['', trace];

  test('plays whole rooms, as many as each other one', () => {
    const people = peopleOf(at(rooms, 12));
    const byRoom = new Map<string, Set<number>>();
    for (const person of people) {
      const worker = assign(rooms, person, [3, 5, 8]);
      byRoom.set(person.room, (byRoom.get(person.room) ?? new Set()).add(worker));
    }
    expect([...byRoom.values()].every((workers) => workers.size === 1)).toBe(true);
    const counts = [3, 5, 8].map(
      (worker) => [...byRoom.values()].filter((workers) => workers.has(worker)).length,
    );
    expect(counts).toEqual([4, 4, 4]);
  });

  test('plays about as many viewers of one room as each other one', () => {
    const people = peopleOf(at(oneRoom, 20)).filter(({ role }) => role === 'viewer');
    const counts = [0, 1].map(
      (worker) => people.filter((person) => assign(oneRoom, person, [0, 1]) === worker).length,
    );
    const [a = 0, b = 0] = counts;
    expect(a + b).toBe(20);
    expect(Math.abs(a - b)).toBeLessThanOrEqual(2);
  });

  test('has the same people whoever asks, in whatever order workers are listed', () => {
    for (const person of peopleOf(at(rooms, 9))) {
      expect(assign(rooms, person, [2, 0, 1])).toBe(assign(rooms, person, [0, 1, 2]));
    }
  });

  test('does not get all rooms of one kind where kinds take turns', () => {
    const mixed = scenarioOf({
      workload:
        'kind: mixed\n    mixed: { rooms: [{ weight: 1, kind: conference, conference: { participants: 2 } }, ' +
        '{ weight: 1, kind: conference, conference: { participants: 9 } }] }',
      load: search,
    });
    const people = peopleOf(at(mixed, 20));
    const load = [0, 1].map(
      (worker) => people.filter((person) => assign(mixed, person, [0, 1]) === worker).length,
    );
    expect(Math.min(...load)).toBeGreaterThan(30);
  });

  test('is refused people whom no plan named', () => {
    const [person] = peopleOf(at(rooms, 1));
    expect(() => assign(rooms, { ...(person as PlannedPerson), identity: 'Ann' }, [0])).toThrow(
      'Ann is no name of a plan',
    );
  });
});

test.each(['r1-0-p0', 'r12-345-p6', 'r1e2-3-4-p5-6'])('a place is read back from the name %s', (name) => {
  expect(placeOf(name)).toEqual(
    {
      'r1-0-p0': { room: 0, seat: 0 },
      'r12-345-p6': { room: 345, seat: 6 },
      'r1e2-3-4-p5-6': { room: 3, seat: 5 },
    }[name],
  );
});

describe('the digest of a plan', () => {
  const [, scenario] = staying[0] ?? ['', trace];
  const digest = planDigest(scenario);

  test('is the same for the same plan, also after a way through JSON', () => {
    expect(planDigest(JSON.parse(JSON.stringify(scenario)) as Scenario)).toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('does not know name, description and limits', () => {
    expect(planDigest({ ...scenario, name: 'other', description: 'other', slos: [] })).toBe(digest);
  });

  test.each([
    ['seed', { ...scenario, seed: 2 }],
    ['level', withLevel(scenario, 3)],
    ['probes', { ...scenario, clients: { ...scenario.clients, probes: 1 } }],
    ['media', { ...scenario, media: { ...scenario.media, video: undefined } }],
  ])('is another one for another %s', (_, other) => {
    expect(planDigest(other)).not.toBe(digest);
  });
});

test('any scenario can be made a search, whose end keeps within what may be there', () => {
  const fixed = scenarioOf({ load: 'mode: fixed\n    most: { participants: 50 }' });
  expect(withSearch(fixed).load.mode).toMatchObject({ kind: 'Search', min: 1, max: 12, repetitions: 3 });
  expect(withSearch(withSearch(fixed))).toEqual(withSearch(fixed));
  const { workload } = fixed;
  expect(workload.kind === 'Rooms' && workload.shapes.map(({ shape }) => sizeOf(shape.roles))).toEqual([4]);
});
