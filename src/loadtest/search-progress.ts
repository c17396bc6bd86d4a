/** Where a run stands, for people who watch it. */
import { type Climb, predictedLevel } from './search-climb.ts';
import { next, type SearchState } from './search.ts';

export interface Progress {
  readonly phase: 'Baseline' | 'Searching' | 'Confirming' | 'Measuring' | 'Ended';
  readonly repetition: number;
  readonly repetitions: number;
  readonly level: number;
  /** Of this repetition: the highest level that passed, the lowest that failed, and where the node should be full. */
  readonly passed: number | undefined;
  readonly failed: number | undefined;
  readonly predicted: number | undefined;
  /** A guess where the run searches. */
  readonly windowsLeft: number;
}

/** A search takes about this many windows, wherever the capacity is. */
const windowsOfASearch = 15;

/** As of the move that comes next. */
export function progress(state: SearchState): Progress {
  const move = next(state);
  const level = move.kind === 'Done' ? state.level : move.level;
  const { course } = state;
  if (course.kind === 'Itinerary') {
    const left = course.stops.reduce((total, stop) => total + stop.windows, 0) - course.done;
    const phase = move.kind === 'Done' ? 'Ended' : move.purpose === 'Baseline' ? 'Baseline' : 'Measuring';
    const nothing = { passed: undefined, failed: undefined, predicted: undefined };
    return { phase, repetition: 0, repetitions: 1, level, ...nothing, windowsLeft: left };
  }
  const { climb, ended, judged, rules } = course;
  const { repetitions } = rules.mode;
  const inThis = judged.filter(({ repetition }) => repetition === ended.length).length;
  const inOthers = (repetitions - ended.length - 1) * windowsOfASearch;
  return {
    phase: move.kind === 'Done' ? 'Ended' : phaseOf(climb),
    repetition: Math.min(ended.length, repetitions - 1),
    repetitions,
    level,
    passed: climb.low === 0 ? undefined : climb.low,
    failed: climb.high,
    predicted: predictedLevel(climb, rules),
    windowsLeft: move.kind === 'Done' ? 0 : Math.max(1, windowsOfASearch - inThis) + inOthers,
  };
}

function phaseOf({ phase }: Climb): Progress['phase'] {
  if (phase === 'Baseline') return 'Baseline';
  return phase === 'Confirm' || phase === 'Above' ? 'Confirming' : 'Searching';
}
