/**
 * Which level to measure next, in every mode of load: a state machine over the windows of a run. It knows no clock and
 * no node; its state is plain JSON, and the record of a run gives it back.
 */
import { assert, never } from '../base/assert.ts';
import type { Load, LoadMode, Scenario, SearchMode, Slo, SloMetric } from './scenario.ts';
import { beginClimb, type Climb, type ClimbRules, type Failure, look } from './search-climb.ts';
import { type Itinerary, itineraryOf, leastLevel, stopAt } from './search-itinerary.ts';
import { peopleMissing } from './verdict.ts';
import type { InvalidReason, WindowRecord } from './window.ts';

/** So many invalid windows in a row end a run: what spoils them will not go away by itself. */
export const mostInvalidInARow = 5;
/** But others who share a machine do go away, often after minutes: that is waited for, the longer the more windows it spoiled. */
export const mostBusyInARow = 8;
const firstPauseMs = 10_000;
const longestPauseMs = 120_000;

export type Move =
  | {
      readonly kind: 'Measure';
      readonly repetition: number;
      /** Of the window in the run, from 0. */
      readonly index: number;
      readonly level: number;
      readonly purpose: WindowRecord['purpose'];
      readonly dwellMs: number;
      /** All leave first; then new rooms, from nothing up to the level. */
      readonly fresh: boolean;
      /** To let pass before, because others took the machine. */
      readonly pauseMs: number;
    }
  | { readonly kind: 'Done'; readonly outcome: 'Complete' | 'Inconclusive'; readonly why: string };

/** One valid window of a search. */
export interface Judged {
  readonly repetition: number;
  readonly level: number;
  readonly passed: boolean;
}

/** How one search ended. */
export interface Repetition {
  readonly capacity: number;
  readonly maxReached: boolean;
  /** Of all windows that failed at the level above. */
  readonly failures: readonly Failure[];
}

export type Course =
  | {
      readonly kind: 'Search';
      readonly rules: ClimbRules;
      readonly climb: Climb;
      readonly ended: readonly Repetition[];
      readonly judged: readonly Judged[];
    }
  | {
      readonly kind: 'Itinerary';
      readonly stops: Itinerary;
      readonly done: number;
      /** Windows that passed or failed, but for baselines. */
      readonly judged: number;
    };

export interface SearchState {
  readonly unit: Load['unit'];
  readonly dwellMs: number;
  readonly course: Course;
  readonly windows: { readonly pass: number; readonly fail: number; readonly invalid: number };
  readonly invalidInARow: number;
  /** All of those only because others took the machine. */
  readonly isOnlyBusy: boolean;
  readonly lastInvalid: string;
  /** Of the last window; 0 before the first one. */
  readonly level: number;
  readonly fresh: boolean;
}

export function start(scenario: Scenario): SearchState {
  return {
    unit: scenario.load.unit,
    dwellMs: scenario.load.dwellMs,
    course: courseOf(scenario, scenario.load.mode),
    windows: { pass: 0, fail: 0, invalid: 0 },
    invalidInARow: 0,
    isOnlyBusy: true,
    lastInvalid: '',
    level: 0,
    fresh: true,
  };
}

/** The state after the windows of a record. The people are gone with the run that was, so the next move is fresh. */
export function resume(scenario: Scenario, records: readonly WindowRecord[]): SearchState {
  return { ...records.reduce(observe, start(scenario)), fresh: true };
}

function courseOf(scenario: Scenario, mode: LoadMode): Course {
  if (mode.kind !== 'Search')
    return { kind: 'Itinerary', stops: itineraryOf(scenario, mode), done: 0, judged: 0 };
  const min = Math.max(mode.min, leastLevel(scenario.load.unit));
  const rules = {
    mode: { ...mode, min, max: Math.max(min, mode.max) } satisfies SearchMode,
    cpuLimit: cpuLimitOf(scenario.slos),
  };
  return { kind: 'Search', rules, climb: beginClimb(rules), ended: [], judged: [] };
}

/** The guard on the node's processor, if there is one, says when it is full. */
function cpuLimitOf(slos: readonly Slo[]): number {
  return slos.find(({ metric }) => metric === 'node.cpuShare')?.max ?? 0.9;
}

/** What to do now. */
export function next(state: SearchState): Move {
  if (state.invalidInARow >= (state.isOnlyBusy ? mostBusyInARow : mostInvalidInARow)) {
    const why = `${state.invalidInARow} windows in a row at level ${state.level} said nothing: ${state.lastInvalid}`;
    return { kind: 'Done', outcome: 'Inconclusive', why };
  }
  switch (state.course.kind) {
    case 'Search':
      return nextOfSearch(state, state.course);
    case 'Itinerary':
      return nextOfItinerary(state, state.course);
    default:
      return never(state.course);
  }
}

function nextOfSearch(state: SearchState, course: Course & { kind: 'Search' }): Move {
  const { climb, ended, rules } = course;
  if (ended.length >= rules.mode.repetitions) {
    const found = ended.map(({ capacity }) => capacity).join(', ');
    return { kind: 'Done', outcome: 'Complete', why: `capacity found by repetition: ${found} ${state.unit}` };
  }
  return {
    kind: 'Measure',
    repetition: ended.length,
    index: windowsSeen(state),
    level: climb.level,
    purpose: purposeOf(climb),
    dwellMs: climb.phase === 'Confirm' ? rules.mode.confirmMs : state.dwellMs,
    fresh: state.fresh || climb.level < state.level || looksAfresh(climb),
    pauseMs: pauseMs(state),
  };
}

function pauseMs({ invalidInARow, isOnlyBusy }: SearchState): number {
  if (invalidInARow === 0 || !isOnlyBusy) return 0;
  return Math.min(firstPauseMs * 2 ** (invalidInARow - 1), longestPauseMs);
}

/** A confirmation always; the level above it at its first window. */
function looksAfresh({ phase, pass, fail }: Climb): boolean {
  return phase === 'Confirm' || (phase === 'Above' && pass + fail === 0);
}

function purposeOf({ phase }: Climb): WindowRecord['purpose'] {
  if (phase === 'Baseline' || phase === 'Confirm') return phase;
  return 'Search';
}

function nextOfItinerary(state: SearchState, { stops, done, judged }: Course & { kind: 'Itinerary' }): Move {
  const stop = stopAt(stops, done);
  if (stop === undefined) return endOfItinerary(state, judged);
  return {
    kind: 'Measure',
    repetition: 0,
    index: windowsSeen(state),
    level: stop.level,
    purpose: stop.purpose,
    dwellMs: state.dwellMs,
    fresh: state.fresh || stop.level < state.level,
    // The time of a soak goes by whatever its windows say.
    pauseMs: stop.purpose === 'Soak' ? 0 : pauseMs(state),
  };
}

/** The time of a soak goes by whatever its windows say; where none of them said anything, nothing is known. */
function endOfItinerary({ lastInvalid }: SearchState, judged: number): Move {
  if (judged > 0) return { kind: 'Done', outcome: 'Complete', why: 'all windows are measured' };
  return { kind: 'Done', outcome: 'Inconclusive', why: `no window could be judged: ${lastInvalid}` };
}

const windowsSeen = ({ windows }: SearchState): number => windows.pass + windows.fail + windows.invalid;

/** The state after the window that the last move asked for. */
export function observe(state: SearchState, record: WindowRecord): SearchState {
  const { verdict } = record;
  const after: SearchState = { ...state, level: record.level, fresh: mustBeginAnew(record) };
  if (verdict.kind === 'Invalid') {
    return {
      ...after,
      course: state.course.kind === 'Itinerary' ? timeGoesOn(state.course) : state.course,
      windows: { ...state.windows, invalid: state.windows.invalid + 1 },
      invalidInARow: state.invalidInARow + 1,
      isOnlyBusy: state.isOnlyBusy && verdict.because.every((reason) => reason === 'MachineBusy'),
      lastInvalid: `${verdict.because.join(', ')} (${verdict.detail})`,
    };
  }
  const passed = verdict.kind === 'Pass';
  const counted: SearchState = {
    ...after,
    windows: {
      ...state.windows,
      pass: state.windows.pass + (passed ? 1 : 0),
      fail: state.windows.fail + (passed ? 0 : 1),
    },
    invalidInARow: 0,
    isOnlyBusy: true,
  };
  if (state.course.kind === 'Itinerary') {
    const { done, judged } = state.course;
    const more = record.purpose === 'Baseline' ? 0 : 1;
    return { ...counted, course: { ...state.course, done: done + 1, judged: judged + more } };
  }
  return observeSearch(counted, state.course, record);
}

/** A soak is about time, and time that said nothing has passed all the same. */
function timeGoesOn(course: Course & { kind: 'Itinerary' }): Course {
  return stopAt(course.stops, course.done)?.purpose === 'Soak'
    ? { ...course, done: course.done + 1 }
    : course;
}

/** Figures of joins: a window without joins has none of them, and could only outvote the one that had. */
const ofJoins: readonly string[] = [
  'joinFailureShare',
  'joinMs.p95',
  'firstPacketMs.p95',
] satisfies SloMetric[];
const ofTrouble: readonly InvalidReason[] = ['WorkerLost', 'TargetReplaced'];

/** Who could not join does not come by waiting, and what one failed join spoiled should not spoil the next window. */
function mustBeginAnew(record: WindowRecord): boolean {
  const { verdict } = record;
  if (peopleMissing(record)) return true;
  switch (verdict.kind) {
    case 'Pass':
      return false;
    case 'Fail':
      return verdict.broken.some(({ metric }) => ofJoins.includes(metric));
    case 'Invalid':
      return verdict.because.some((reason) => ofTrouble.includes(reason));
  }
}

function observeSearch(
  state: SearchState,
  course: Course & { kind: 'Search' },
  record: WindowRecord,
): SearchState {
  const { climb, rules, ended } = course;
  assert(record.level === climb.level, `the window at level ${record.level} is the one at ${climb.level}`);
  const passed = record.verdict.kind === 'Pass';
  const after = look(climb, rules, {
    passed,
    cpuShare: record.figures['node.cpuShare'],
    failure: failureOf(record),
  });
  const judged = [...course.judged, { repetition: ended.length, level: record.level, passed }];
  if (after.phase !== 'Ended') return { ...state, course: { ...course, climb: after, judged } };
  const repetition: Repetition = {
    capacity: after.low,
    maxReached: after.high === undefined && after.low >= rules.mode.max,
    failures: after.failures,
  };
  const again = { ...course, climb: beginClimb(rules), ended: [...ended, repetition], judged };
  return { ...state, course: again, fresh: true };
}

function failureOf({ verdict, figures }: WindowRecord): Failure | undefined {
  if (verdict.kind !== 'Fail') return undefined;
  const noticed = verdict.broken.filter(({ guard }) => !guard);
  return {
    metrics: (noticed.length > 0 ? noticed : verdict.broken).map(({ metric }) => metric),
    cpuShare: figures['node.cpuShare'],
    throttledShare: figures['node.throttledShare'],
    memoryShare: figures['node.memoryShare'],
    mbpsOut: figures['node.mbpsOut'],
  };
}
