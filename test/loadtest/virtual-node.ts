/** A node that exists only in numbers: its truth is known, so what a search finds can be compared with it. */
import { conclude } from '../../src/loadtest/search-conclude.ts';
import { next, observe, type SearchState, start } from '../../src/loadtest/search.ts';
import type { SearchResult } from '../../src/loadtest/record.ts';
import type { LoadMode, Scenario, Slo } from '../../src/loadtest/scenario.ts';
import type { Verdict, WindowRecord } from '../../src/loadtest/window.ts';
import { normal, type Random, stream } from '../../src/workload/random.ts';

export const cpuGuard: Slo = {
  metric: 'node.cpuShare',
  max: 0.95,
  min: undefined,
  overBaseline: false,
  guard: true,
};
export const latencySlo: Slo = {
  metric: 'frameLatencyMs.p95',
  max: 100,
  min: undefined,
  overBaseline: true,
  guard: false,
};

export function aSearch(mode: Partial<LoadMode & { kind: 'Search' }> = {}): LoadMode {
  return {
    kind: 'Search',
    min: 1,
    max: 1000,
    resolutionShare: 0.05,
    windows: 3,
    passShare: 0.66,
    confirmMs: 60_000,
    repetitions: 3,
    ...mode,
  };
}

export function aScenario(mode: LoadMode, slos: readonly Slo[] = [latencySlo, cpuGuard]): Scenario {
  const receives = { tiles: 9, layer: '360p', audio: true } as const;
  const role = { name: 'person', sendsVideo: true, sendsAudio: true, receives };
  return {
    name: 'rooms-of-10',
    description: '',
    seed: 42,
    media: {
      video: { codec: 'vp8', layers: ['360p'] },
      audio: { codec: 'opus', activeSpeakers: 'All' },
    },
    workload: {
      kind: 'Rooms',
      shapes: [{ share: 1, shape: { name: 'conference', roles: [{ role, count: 10 }] } }],
    },
    load: {
      unit: 'rooms',
      joinsPerSecond: 5,
      settleMs: 10_000,
      dwellMs: 20_000,
      churn: undefined,
      mode,
      most: { participants: 10_000, egressMbps: 10_000, durationMs: 7_200_000 },
    },
    slos,
    clients: { probes: 0, singleConnection: false },
    faults: [],
  };
}

export interface Truth {
  readonly capacity: number;
  /** Of the logistic curve, as a share of the capacity. */
  readonly width: number;
  /** Share of windows that fail for no reason, and of those that are invalid. */
  readonly spurious: number;
  readonly invalid: number;
  readonly cpuNoise: number;
  /** Whether the node's processor can be seen. */
  readonly metrics: boolean;
}

export const plainTruth: Truth = {
  capacity: 60,
  width: 0.03,
  spurious: 0,
  invalid: 0,
  cpuNoise: 0.01,
  metrics: true,
};

export interface Run {
  readonly state: SearchState;
  readonly result: SearchResult | undefined;
  readonly windows: readonly WindowRecord[];
  readonly outcome: string;
  readonly why: string;
}

/** Lets the search run against the node until it is done. */
export function runAgainst(truth: Truth, scenario: Scenario, seed: number): Run {
  const random = stream(seed, 'node');
  const spoiled = stream(seed, 'spoiled');
  const windows: WindowRecord[] = [];
  let state = start(scenario);
  for (let count = 0; count < 2000; count += 1) {
    const move = next(state);
    if (move.kind === 'Done') {
      return { state, result: conclude(state), windows, outcome: move.outcome, why: move.why };
    }
    // From a stream of its own: an invalid window must leave the draws of all others where they were.
    const record = spoiled() < truth.invalid ? invalidWindow(move) : measuredWindow(truth, move, random);
    windows.push(record);
    state = observe(state, record);
  }
  throw new Error('the search does not end');
}

type Measure = Pick<WindowRecord, 'repetition' | 'index' | 'level' | 'purpose'>;

export function aWindow(
  { repetition, index, level, purpose }: Measure,
  verdict: Verdict,
  figures: Readonly<Record<string, number>>,
): WindowRecord {
  const fromMs = index * 30_000;
  const times = { fromMs, toMs: fromMs + 20_000 };
  const measured = { workers: [], node: undefined, figures, verdict };
  return { kind: 'window', repetition, index, level, purpose, ...times, ...measured };
}

function invalidWindow(move: Measure): WindowRecord {
  return aWindow(move, { kind: 'Invalid', because: ['MachineBusy'], detail: 'steal' }, {});
}

function measuredWindow(truth: Truth, move: Measure, random: Random): WindowRecord {
  const failing = 1 / (1 + Math.exp(-(move.level - truth.capacity) / (truth.width * truth.capacity)));
  const fails = random() < failing || random() < truth.spurious;
  const load = move.level / truth.capacity;
  // Concave, as of a real server: the more packets come at a time, the less each of them costs.
  const cpu = Math.min(1, 0.05 + 0.9 * load ** 0.85) * (1 + truth.cpuNoise * normal(random, 0, 1));
  const figures: Record<string, number> = truth.metrics ? { 'node.cpuShare': cpu } : {};
  const broken = { metric: 'frameLatencyMs.p95', value: 250, limit: 101, guard: false };
  return aWindow(move, fails ? { kind: 'Fail', broken: [broken] } : { kind: 'Pass' }, figures);
}
