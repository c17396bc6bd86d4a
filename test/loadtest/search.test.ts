import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LoadMode } from '../../src/loadtest/scenario.ts';
import { conclude } from '../../src/loadtest/search-conclude.ts';
import { progress } from '../../src/loadtest/search-progress.ts';
import {
  type Move,
  mostBusyInARow,
  mostInvalidInARow,
  next,
  observe,
  resume,
  type SearchState,
  start,
} from '../../src/loadtest/search.ts';
import type { Verdict, WindowRecord } from '../../src/loadtest/window.ts';
import { stream } from '../../src/workload/random.ts';
import { aWorker } from './a-window.ts';
import { aScenario, aSearch, aWindow } from './virtual-node.ts';

const pass: Verdict = { kind: 'Pass' };
const invalid: Verdict = { kind: 'Invalid', because: ['MachineBusy'], detail: 'steal 5 %' };
const broken = (metric: string, guard = false) => ({ metric, value: 2, limit: 1, guard });
const fail: Verdict = { kind: 'Fail', broken: [broken('node.cpuShare', true), broken('frameLatencyMs.p95')] };

type Measure = Move & { kind: 'Measure' };

/** What the search asked for until it was done, against a node that gives this verdict. */
function walk(
  mode: LoadMode,
  verdictOn: (move: Measure) => Verdict,
  figuresOn: (level: number) => Readonly<Record<string, number>> = () => ({}),
) {
  const moves: Measure[] = [];
  const windows: WindowRecord[] = [];
  const states: SearchState[] = [start(aScenario(mode))];
  for (;;) {
    const state = states.at(-1) ?? start(aScenario(mode));
    const move = next(state);
    if (move.kind === 'Done' || moves.length > 20_000) return { moves, windows, states, state, done: move };
    moves.push(move);
    const record = aWindow(move, verdictOn(move), figuresOn(move.level));
    windows.push(record);
    states.push(observe(state, record));
  }
}

const told = (moves: readonly Measure[]) =>
  moves.map(({ purpose, level, fresh }) => `${purpose} ${level}${fresh ? ' fresh' : ''}`);

/** A node that carries so many rooms, and shows its processor. */
const carries =
  (capacity: number) =>
  ({ level }: Measure) =>
    level <= capacity ? pass : fail;
const cpuOf = (capacity: number) => (level: number) => ({ 'node.cpuShare': 0.05 + (0.9 * level) / capacity });

describe('a search', () => {
  test('takes a baseline, a few low levels, goes on where the line says, and looks at both sides of its answer again', () => {
    const { moves, done } = walk(aSearch({ repetitions: 1 }), carries(10), cpuOf(10));
    expect(told(moves)).toEqual([
      'Baseline 1 fresh',
      'Baseline 1',
      'Search 2',
      'Search 2',
      'Search 4',
      'Search 8',
      'Search 9',
      'Search 9',
      'Search 10',
      'Search 10',
      'Search 11',
      'Search 11',
      'Confirm 10 fresh',
      'Search 11 fresh',
    ]);
    expect(done).toEqual({
      kind: 'Done',
      outcome: 'Complete',
      why: 'capacity found by repetition: 10 rooms',
    });
  });

  test('measures as long as the load says, and the confirmation as long as the search says', () => {
    const { moves } = walk(aSearch({ confirmMs: 300_000 }), carries(3));
    for (const { purpose, dwellMs } of moves) expect(dwellMs).toBe(purpose === 'Confirm' ? 300_000 : 20_000);
  });

  test('begins each repetition anew, and numbers its windows through', () => {
    const { moves } = walk(aSearch(), carries(3));
    expect(moves.map(({ index }) => index)).toEqual(moves.map((_, index) => index));
    const begins = moves.filter(({ repetition }, index) => repetition !== moves[index - 1]?.repetition);
    expect(begins).toMatchObject([0, 1, 2].map((repetition) => ({ repetition, level: 1, fresh: true })));
  });

  test('always comes from below: whenever the level falls, all rooms are new', () => {
    const { moves } = walk(aSearch(), carries(37));
    const fallen = moves.filter(({ level }, index) => level < (moves[index - 1]?.level ?? 0));
    expect(fallen.length).toBeGreaterThan(0);
    expect(fallen.every(({ fresh }) => fresh)).toBe(true);
  });

  test.each([
    ['nearly full', 0.8],
    ['less than that', 0.7],
  ])(
    'does not leap over levels that have failed, when the one above its answer passes at the second look: processor %s',
    (_, cpuShare) => {
      let isConfirmed = false;
      const moody = ({ purpose, level }: Measure): Verdict => {
        isConfirmed ||= purpose === 'Confirm' && level <= 92;
        return level <= (isConfirmed ? 105 : 100) && (isConfirmed || purpose !== 'Confirm') ? pass : fail;
      };
      // A processor that is as busy at any level says nothing about where it is full.
      const { moves, state } = walk(aSearch({ repetitions: 1, min: 10 }), moody, () => ({
        'node.cpuShare': cpuShare,
      }));
      const after = moves.slice(
        moves.findIndex(({ purpose, level }) => purpose === 'Confirm' && level <= 92),
      );
      expect(Math.max(...after.map(({ level }) => level))).toBeLessThanOrEqual(115);
      expect(conclude(state, {})?.capacity).toBeGreaterThanOrEqual(85);
    },
  );

  test('goes on in steps where the processor is nearly full, however flat its line lies', () => {
    const flat = (level: number) => ({ 'node.cpuShare': Math.min(0.85, level / 100) });
    const { moves } = walk(aSearch({ repetitions: 1, min: 10 }), carries(110), flat);
    const near = moves.slice(moves.findIndex(({ level }) => level >= 85));
    expect(Math.max(...near.map(({ level }) => level))).toBeLessThanOrEqual(122);
  });

  test('goes one step down when the confirmation fails', () => {
    const { moves, state } = walk(aSearch({ repetitions: 1 }), (move) =>
      move.purpose === 'Confirm' && move.level > 8 ? fail : carries(10)(move),
    );
    expect(told(moves).filter((what) => what.startsWith('Confirm'))).toEqual([
      'Confirm 10 fresh',
      'Confirm 9 fresh',
      'Confirm 8 fresh',
      // 9 has passed its second look, so it is asked for confirmation again, and for the last time.
      'Confirm 10 fresh',
      'Confirm 9 fresh',
      'Confirm 8 fresh',
    ]);
    expect(conclude(state)).toMatchObject({ capacity: 8, lower95: 7, upper95: 9 });
  });

  test('goes on from a level that failed by accident', () => {
    let accidents = 2;
    const { state } = walk(
      aSearch({ repetitions: 1 }),
      (move) => {
        if (move.level === 4 && accidents > 0) {
          accidents -= 1;
          return fail;
        }
        return carries(10)(move);
      },
      cpuOf(10),
    );
    expect(conclude(state)?.repetitions).toEqual([10]);
  });

  test.each([
    ['one window of three has failed, and two more pass', 1, 3],
    ['two have failed', 2, 2],
  ])('is done with a level as soon as it is decided: %s', (_when, fails, windows) => {
    let left = fails;
    const { moves } = walk(aSearch({ repetitions: 1, min: 5, max: 6 }), () => {
      left -= 1;
      return left >= 0 ? fail : pass;
    });
    expect(moves.filter(({ purpose }) => purpose === 'Baseline').length).toBe(windows);
  });

  test('ends at the most it may try, and says so', () => {
    const { state, done } = walk(aSearch({ max: 20 }), () => pass);
    expect(done).toMatchObject({ outcome: 'Complete' });
    expect(conclude(state)).toEqual({
      unit: 'rooms',
      capacity: 20,
      lower95: 20,
      upper95: 20,
      repetitions: [20, 20, 20],
      n50: undefined,
      bindingSlo: undefined,
      bindingLimit: 'MaxReached',
      windows: { pass: state.windows.pass, fail: 0, invalid: 0 },
    });
  });

  test('finds nothing on a node that does not carry the lowest level', () => {
    const { state, moves } = walk(aSearch({ repetitions: 1, min: 5 }), () => fail);
    expect(conclude(state)).toMatchObject({ capacity: 0, lower95: 0, repetitions: [0] });
    expect(new Set(moves.map(({ level }) => level))).toEqual(new Set([5]));
  });

  test('ends Inconclusive, with the reason, after too many invalid windows in a row', () => {
    const late: Verdict = { kind: 'Invalid', because: ['GeneratorLimited'], detail: 'ticks 40 ms late' };
    const { moves, done, state } = walk(aSearch(), ({ level }) => (level >= 4 ? late : pass));
    expect(moves.filter(({ level }) => level === 4).length).toBe(mostInvalidInARow);
    expect(moves.every(({ pauseMs }) => pauseMs === 0)).toBe(true);
    expect(done).toEqual({
      kind: 'Done',
      outcome: 'Inconclusive',
      why: '5 windows in a row at level 4 said nothing: GeneratorLimited (ticks 40 ms late)',
    });
    expect(conclude(state)).toBeUndefined();
  });

  test('waits longer and longer for a machine that others take, and gives up late', () => {
    const { moves, done } = walk(aSearch(), ({ level }) => (level >= 4 ? invalid : pass));
    const pausesS = moves.filter(({ level }) => level === 4).map(({ pauseMs }) => pauseMs / 1000);
    expect(pausesS).toEqual([0, 10, 20, 40, 80, 120, 120, 120]);
    expect(done).toMatchObject({
      why: `${mostBusyInARow} windows in a row at level 4 said nothing: MachineBusy (steal 5 %)`,
    });
  });

  test('goes on at once when the machine is its own again', () => {
    let seen = 0;
    const { moves } = walk(aSearch(), ({ level }) => (level === 4 && (seen += 1) <= 3 ? invalid : pass));
    const firstAtFour = moves.findIndex(({ level }) => level === 4);
    expect(moves.slice(firstAtFour, firstAtFour + 5).map(({ pauseMs }) => pauseMs / 1000)).toEqual([
      0, 10, 20, 40, 0,
    ]);
  });

  test('keeps what it had found by then', () => {
    const { state } = walk(aSearch(), (move) => (move.repetition === 1 ? invalid : carries(3)(move)));
    expect(conclude(state)?.repetitions).toEqual([3]);
  });

  test('does not begin with somebody alone, who receives nothing', () => {
    const scenario = aScenario(aSearch());
    const alone = { ...scenario, load: { ...scenario.load, unit: 'participants' as const } };
    expect(next(start(alone))).toMatchObject({ level: 2, purpose: 'Baseline' });
  });

  test.each([
    [
      'joins were slow, so that its next one has joins too',
      { kind: 'Fail' as const, broken: [broken('joinMs.p95')] },
      [aWorker()],
    ],
    ['people were missing', { ...fail }, [aWorker({ people: { connected: 5 } })]],
    ['a worker was lost', { ...invalid, because: ['WorkerLost' as const] }, []],
    ['the server started anew', { ...invalid, because: ['TargetReplaced' as const] }, [aWorker()]],
  ])('asks for new rooms after a window in which %s', (_why, verdict: Verdict, workers) => {
    const state = start(aScenario(aSearch()));
    const move = next(state) as Measure;
    const after = observe(state, { ...aWindow(move, verdict, {}), workers });
    expect(next(after)).toMatchObject({ level: 1, fresh: true });
    expect(next(observe(state, { ...aWindow(move, pass, {}), workers: [aWorker()] }))).toMatchObject({
      fresh: false,
    });
  });

  test('goes on from its record as if nothing had happened, but with new rooms', () => {
    const { windows, moves } = walk(aSearch(), carries(7), cpuOf(7));
    for (const count of [0, 1, 5, windows.length - 1]) {
      const again = next(resume(aScenario(aSearch()), windows.slice(0, count)));
      expect(again).toEqual({ ...moves[count], fresh: true });
    }
  });

  test('has a state that survives being written down', () => {
    const { states } = walk(aSearch(), carries(7), cpuOf(7));
    for (const state of states) {
      expect(next(JSON.parse(JSON.stringify(state)))).toEqual(next(state));
    }
  });

  test('ends within its bounds, and in reasonable time, whatever it is told and sees', () => {
    const modes = fc.record({
      min: fc.integer({ min: 1, max: 50 }),
      span: fc.integer({ min: 0, max: 2000 }),
      resolutionShare: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
      windows: fc.integer({ min: 1, max: 7 }),
      passShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
      repetitions: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
      failing: fc.constantFrom(0, 0.1, 0.5, 0.9, 1),
    });
    fc.assert(
      fc.property(modes, ({ span, seed, failing, ...rest }) => {
        const mode = aSearch({ ...rest, max: rest.min + span });
        const random = stream(seed, 'anything');
        const noisy = () => ({ 'node.cpuShare': random() });
        const { moves, done, state } = walk(mode, () => (random() < failing ? fail : pass), noisy);
        expect(done).toMatchObject({ kind: 'Done', outcome: 'Complete' });
        for (const { level } of moves) {
          expect(level).toBeGreaterThanOrEqual(rest.min);
          expect(level).toBeLessThanOrEqual(rest.min + span);
          expect(Number.isInteger(level)).toBe(true);
        }
        for (const capacity of conclude(state)?.repetitions ?? [-1]) {
          expect(capacity === 0 || moves.some(({ level }) => level === capacity)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('tells how far it is', () => {
    const { states } = walk(aSearch(), carries(10), cpuOf(10));
    const phases = states.map((state) => progress(state));
    expect(phases[0]).toMatchObject({
      phase: 'Baseline',
      repetition: 0,
      repetitions: 3,
      level: 1,
      windowsLeft: 45,
    });
    expect(phases[5]).toMatchObject({ phase: 'Searching', level: 8, passed: 4, failed: undefined });
    expect(phases[5]?.predicted).toBeCloseTo(10, 6);
    expect(phases[12]).toMatchObject({ phase: 'Confirming', level: 10, passed: 10, failed: 11 });
    expect(phases.at(-1)).toMatchObject({ phase: 'Ended', repetition: 2, windowsLeft: 0 });
  });
});

describe('the result of a search', () => {
  const full = {
    'node.cpuShare': 0.97,
    'node.throttledShare': 0.5,
    'node.memoryShare': 0.9,
    'node.mbpsOut': 900,
  };
  const without = (...names: readonly string[]) =>
    Object.fromEntries(Object.entries(full).filter(([name]) => !names.includes(name)));

  test.each([
    ['CpuThrottled', full],
    ['Cpu', without('node.throttledShare')],
    ['Memory', without('node.throttledShare', 'node.cpuShare')],
    ['Network', without('node.throttledShare', 'node.cpuShare', 'node.memoryShare')],
    ['Unknown', {}],
  ])('names %s as what had run out at the level above', (limit, figures) => {
    const { state } = walk(aSearch(), carries(4), (level) => (level > 4 ? figures : {}));
    expect(conclude(state, { nicMbps: 1000 })).toMatchObject({
      bindingLimit: limit,
      bindingSlo: 'frameLatencyMs.p95',
    });
  });

  test('names what was broken in most windows at the level above, not what an accident broke below', () => {
    const late: Verdict = { kind: 'Fail', broken: [broken('firstPacketMs.p95'), broken('joinMs.p95')] };
    const lost: Verdict = { kind: 'Fail', broken: [broken('packetLossShare.p95')] };
    const { state } = walk(aSearch(), ({ level, index }) => {
      if (level > 4) return index % 4 === 0 ? fail : late;
      return index === 2 ? lost : pass;
    });
    expect(conclude(state)?.bindingSlo).toBe('firstPacketMs.p95');
  });

  test('names the guard where people noticed nothing', () => {
    const guard: Verdict = { kind: 'Fail', broken: [broken('node.memoryShare', true)] };
    const { state } = walk(aSearch(), ({ level }) => (level > 4 ? guard : pass));
    expect(conclude(state)?.bindingSlo).toBe('node.memoryShare');
  });

  test('has the interval of the mean over repetitions, by Student’s t', () => {
    const { state } = walk(aSearch(), (move) => carries(move.repetition === 2 ? 4 : 3)(move));
    // 3, 3, 4: standard error 1/3, t(2) = 4.303.
    expect(conclude(state)).toMatchObject({ repetitions: [3, 3, 4], windows: { invalid: 0 } });
    expect(conclude(state)?.capacity).toBeCloseTo(10 / 3, 9);
    expect(conclude(state)?.lower95).toBeCloseTo(10 / 3 - 4.303 / 3, 3);
    expect(conclude(state)?.upper95).toBeCloseTo(10 / 3 + 4.303 / 3, 3);
  });

  test('is the capacity and nothing else where all repetitions agree', () => {
    const { state } = walk(aSearch(), carries(4));
    expect(conclude(state)).toMatchObject({ capacity: 4, lower95: 4, upper95: 4 });
    const n50 = conclude(state)?.n50 ?? 0;
    expect(n50 > 4 && n50 < 5).toBe(true);
  });

  test('is there for searches only', () => {
    expect(conclude(walk({ kind: 'Fixed', level: 3, windows: 2 }, () => pass).state)).toBeUndefined();
  });
});

describe('the modes that know their levels', () => {
  const noBaseline = (mode: LoadMode) => {
    const state = start(aScenario(mode, []));
    const moves: string[] = [];
    for (let now = state; ; ) {
      const move = next(now);
      if (move.kind === 'Done') return moves;
      moves.push(`${move.purpose} ${move.level}${move.fresh ? ' fresh' : ''}`);
      now = observe(now, aWindow(move, pass, {}));
    }
  };

  test.each<readonly [name: string, mode: LoadMode, moves: readonly string[]]>([
    ['fixed', { kind: 'Fixed', level: 3, windows: 2 }, ['Fixed 3 fresh', 'Fixed 3']],
    [
      'steps, in the order they are given',
      { kind: 'Steps', levels: [2, 5, 1], windows: 2 },
      ['Fixed 2 fresh', 'Fixed 2', 'Fixed 5', 'Fixed 5', 'Fixed 1 fresh', 'Fixed 1'],
    ],
    [
      'a ramp, whose last level is always there',
      { kind: 'Ramp', from: 1, to: 6, step: 2 },
      ['Fixed 1 fresh', 'Fixed 3', 'Fixed 5', 'Fixed 6'],
    ],
    [
      'a ramp downwards',
      { kind: 'Ramp', from: 3, to: 1, step: 1 },
      ['Fixed 3 fresh', 'Fixed 2 fresh', 'Fixed 1 fresh'],
    ],
    ['a ramp to where it begins', { kind: 'Ramp', from: 3, to: 3, step: 1 }, ['Fixed 3 fresh']],
    [
      'a soak, in windows of the dwell time',
      { kind: 'Soak', level: 4, durationMs: 50_000 },
      ['Soak 4 fresh', 'Soak 4', 'Soak 4'],
    ],
  ])('visit them: %s', (_name, mode, moves) => {
    expect(noBaseline(mode)).toEqual(moves);
  });

  test.each<readonly [mode: LoadMode, begin: readonly string[]]>([
    [{ kind: 'Fixed', level: 30, windows: 1 }, ['Baseline 3 fresh', 'Baseline 3', 'Fixed 30']],
    [{ kind: 'Fixed', level: 1, windows: 1 }, ['Baseline 1 fresh', 'Baseline 1', 'Fixed 1']],
    [
      { kind: 'Steps', levels: [8, 4], windows: 1 },
      ['Baseline 4 fresh', 'Baseline 4', 'Fixed 8', 'Fixed 4 fresh'],
    ],
  ])('begin with a baseline where an SLO counts from it: %j', (mode, begin) => {
    expect(told(walk(mode, () => pass).moves)).toEqual(begin);
  });

  test('repeat an invalid window, but in a soak time goes on', () => {
    const once = (mode: LoadMode) =>
      walk(mode, ({ index, purpose }) => (index === 3 && purpose !== 'Baseline' ? invalid : pass)).moves
        .length;
    expect(once({ kind: 'Fixed', level: 30, windows: 3 })).toBe(2 + 3 + 1);
    expect(once({ kind: 'Soak', level: 30, durationMs: 60_000 })).toBe(2 + 3);
  });

  test('of which no window but the baseline could be judged end without an answer', () => {
    const soak: LoadMode = { kind: 'Soak', level: 30, durationMs: 60_000 };
    const { done } = walk(soak, ({ purpose }) => (purpose === 'Baseline' ? pass : invalid));
    expect(done).toMatchObject({ outcome: 'Inconclusive', why: expect.stringContaining('no window could') });
  });

  test('tell how far they are', () => {
    const { states } = walk({ kind: 'Steps', levels: [2, 4], windows: 2 }, () => pass);
    expect(
      states.map((state) => progress(state)).map(({ phase, windowsLeft }) => [phase, windowsLeft]),
    ).toEqual([
      ['Baseline', 6],
      ['Baseline', 5],
      ['Measuring', 4],
      ['Measuring', 3],
      ['Measuring', 2],
      ['Measuring', 1],
      ['Ended', 0],
    ]);
  });
});
