/**
 * One search for the highest level that a node carries. It comes from below: a few low levels give the line of
 * processor use, which says where to begin; from there in steps until a level fails. Then both sides of the answer are
 * looked at once more with fresh rooms: the level that passed must pass, and the one above it must fail, or the search
 * goes on from there. Without the second look a window in fifty that fails for no reason would end one search in two
 * hundred far too low. Pure, and its state is plain JSON.
 */
import type { SearchMode } from './scenario.ts';
import { fitLine, mean } from './statistics.ts';

/** What one valid window said. */
export interface Look {
  readonly passed: boolean;
  readonly cpuShare: number | undefined;
  readonly failure: Failure | undefined;
}

/** What was broken, and how full the node was. */
export interface Failure {
  /** In the order of the SLOs. Guards only where people noticed nothing. */
  readonly metrics: readonly string[];
  readonly cpuShare: number | undefined;
  readonly throttledShare: number | undefined;
  readonly memoryShare: number | undefined;
  readonly mbpsOut: number | undefined;
}

export interface Climb {
  /** `Low`: one good window is enough. `Steps`: each level is judged by several. */
  readonly phase: 'Baseline' | 'Low' | 'Steps' | 'Confirm' | 'Above' | 'Ended';
  readonly level: number;
  /** Windows at this level in this phase. */
  readonly pass: number;
  readonly fail: number;
  /** The highest level that passed, 0 if none did, and the lowest one above it that failed. */
  readonly low: number;
  readonly high: number | undefined;
  /** Processor use of windows that passed. */
  readonly points: readonly (readonly [level: number, cpuShare: number])[];
  /** Whether the level above the answer has had its second look. */
  readonly lookedAbove: boolean;
  /** Of all windows that failed at `high`, and at this level so far. */
  readonly failures: readonly Failure[];
  readonly failuresHere: readonly Failure[];
}

/** How a search goes about it. `cpuLimit` is the share of its processor at which a node is taken as full. */
export interface ClimbRules {
  readonly mode: SearchMode;
  readonly cpuLimit: number;
}

/** Of the predicted level: where the search begins to look closely. */
const beginAtShare = 0.8;
/** A line through less of the processor than this is noise. */
const leastCpuSpan = 0.05;
/** Of the level: going up in finer steps than this would take for ever. What is left is halved once a level has failed. */
const strideShare = 0.05;
/** Of the last levels, since a node works the more efficiently the more it has to do. */
const levelsInLine = 4;

export function beginClimb({ mode }: ClimbRules): Climb {
  return {
    phase: 'Baseline',
    level: mode.min,
    pass: 0,
    fail: 0,
    low: 0,
    high: undefined,
    points: [],
    lookedAbove: false,
    failures: [],
    failuresHere: [],
  };
}

/** The smallest change of level worth a look. */
export function stepAt(level: number, mode: SearchMode): number {
  return Math.max(1, Math.round(level * mode.resolutionShare));
}

/** The state after one more valid window at `climb.level`. */
export function look(climb: Climb, rules: ClimbRules, seen: Look): Climb {
  const after = counted(climb, seen);
  if (climb.phase === 'Confirm') return confirmed(after, rules.mode);
  switch (wordOnLevel(after, rules.mode)) {
    case 'Open':
      return after;
    case 'Pass':
      return goUp({ ...after, low: after.level }, rules);
    case 'Fail':
      return failed(after, rules);
  }
}

function failed(climb: Climb, { mode }: ClimbRules): Climb {
  const after = failedHere(climb);
  if (climb.phase === 'Above') return ended(after, climb.low);
  return between(after, climb.low, climb.level, mode);
}

function counted(climb: Climb, { passed, cpuShare, failure }: Look): Climb {
  if (!passed) {
    const failuresHere = [...climb.failuresHere, ...(failure === undefined ? [] : [failure])];
    return { ...climb, fail: climb.fail + 1, failuresHere };
  }
  const point = cpuShare === undefined ? [] : [[climb.level, cpuShare] as const];
  return { ...climb, pass: climb.pass + 1, points: [...climb.points, ...point] };
}

/** Each level that fails is below all that failed before, or is the lowest of them once more. */
function failedHere(climb: Climb): Climb {
  const before = climb.level === climb.high ? climb.failures : [];
  return { ...climb, high: climb.level, failures: [...before, ...climb.failuresHere] };
}

function wordOnLevel({ phase, pass, fail }: Climb, mode: SearchMode): 'Open' | 'Pass' | 'Fail' {
  const needed = passesNeeded(mode);
  if (phase === 'Low' && fail === 0) return 'Pass';
  // It has failed before: once more is enough.
  if (phase === 'Above' && fail > 0 && pass === 0) return 'Fail';
  if (pass >= needed) return 'Pass';
  return fail > mode.windows - needed ? 'Fail' : 'Open';
}

/** Of `mode.windows`. */
export function passesNeeded({ windows, passShare }: SearchMode): number {
  // A share such as 0.66 of 3 means two, not "two and a little more".
  return Math.min(windows, Math.max(1, Math.round(windows * passShare)));
}

/** A node that does not even carry the lowest level gets a second look at it, as at any other level that failed. */
function confirmed(climb: Climb, mode: SearchMode): Climb {
  if (climb.fail === 0) return lookAbove({ ...climb, low: climb.level });
  const below = climb.level - stepAt(climb.level, mode);
  const after = { ...failedHere(climb), low: below < mode.min ? 0 : below };
  return below < mode.min ? lookAbove(after) : at(after, 'Confirm', below);
}

function lookAbove(climb: Climb): Climb {
  if (climb.high === undefined || climb.lookedAbove) return ended(climb, climb.low);
  return at({ ...climb, lookedAbove: true }, 'Above', climb.high);
}

const at = (climb: Climb, phase: Climb['phase'], level: number): Climb => ({
  ...climb,
  phase,
  level,
  pass: 0,
  fail: 0,
  failuresHere: [],
});

const ended = (climb: Climb, capacity: number): Climb => ({ ...climb, phase: 'Ended', low: capacity });

function goUp(climb: Climb, rules: ClimbRules): Climb {
  const { mode } = rules;
  const { low } = climb;
  // What failed before has passed now, so nothing above has failed.
  const high = climb.phase === 'Above' ? undefined : climb.high;
  if (high !== undefined) return between(climb, low, high, mode);
  const free: Climb = { ...climb, high };
  if (low >= mode.max) return at(free, 'Confirm', low);
  const stride = Math.max(stepAt(low, mode), Math.round(low * strideShare));
  // After the second look there are failures close by, though forgiven: from there in steps only.
  const mayLeap = !climb.lookedAbove && !isNearlyFull(free, rules);
  const goal = mayLeap ? Math.max(low + stride, beginOf(free, rules)) : low + stride;
  return at(free, goal > low + stride ? 'Low' : 'Steps', Math.min(goal, mode.max));
}

/**
 * Then no line says how far it is: near its limit a node does more with the same processor, and the line through such
 * levels lies flat. A leap from there can throw so many people on the node that it does not recover for minutes.
 */
function isNearlyFull({ points, low }: Climb, { cpuLimit }: ClimbRules): boolean {
  const here = points.flatMap(([level, cpuShare]) => (level === low ? [cpuShare] : []));
  return (mean(here) ?? 0) >= beginAtShare * cpuLimit;
}

/** Halves what is between a level that passed and one that failed, each time with fresh rooms, and steps at the end. */
function between(climb: Climb, low: number, high: number, mode: SearchMode): Climb {
  if (low === 0) return lookAbove(climb);
  const step = stepAt(low, mode);
  if (high - low <= step) return at(climb, 'Confirm', low);
  return at(climb, 'Steps', high - low > 2 * step ? Math.floor((low + high) / 2) : low + step);
}

/** Where to go on from a level that passed, while none has failed. Without a line twice as high. */
function beginOf(climb: Climb, rules: ClimbRules): number {
  const levels = new Set(climb.points.map(([level]) => level)).size;
  const predicted = predictedLevel(climb, rules);
  if (predicted === undefined) return climb.low * 2;
  return Math.min(Math.floor(beginAtShare * predicted), climb.low * (levels >= 3 ? 4 : 2));
}

/** The level at which the node should be full, by the line through the last levels. */
export function predictedLevel({ points }: Climb, { cpuLimit }: ClimbRules): number | undefined {
  const byLevel = new Map<number, number[]>();
  for (const [level, cpu] of points) byLevel.set(level, [...(byLevel.get(level) ?? []), cpu]);
  const line = [...byLevel]
    .toSorted(([a], [b]) => a - b)
    .slice(-levelsInLine)
    .map(([level, shares]) => [level, mean(shares) ?? 0] as const);
  const [first] = line;
  const last = line.at(-1);
  if (first === undefined || last === undefined || last[1] - first[1] < leastCpuSpan) return undefined;
  const fitted = fitLine(line);
  if (fitted === undefined || fitted.slope <= 0) return undefined;
  return (cpuLimit - fitted.intercept) / fitted.slope;
}
