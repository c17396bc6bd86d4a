/** The modes that know beforehand which levels they visit. */
import { never } from '../base/assert.ts';
import { rampLevels } from './scenario-levels.ts';
import type { LevelUnit, LoadMode, Scenario, SearchMode } from './scenario.ts';
import type { WindowRecord } from './window.ts';

/** So many windows at a level. */
export interface Stop {
  readonly level: number;
  readonly purpose: WindowRecord['purpose'];
  readonly windows: number;
}

export type Itinerary = readonly Stop[];

const baselineWindows = 2;

/** Somebody alone in a room receives nothing, so that nothing can be measured. */
export function leastLevel(unit: LevelUnit): number {
  return unit === 'participants' ? 2 : 1;
}

/**
 * The way of a mode. Where an SLO counts from a baseline, it begins with two windows at the lowest level; a mode with
 * a single level takes a tenth of it.
 */
export function itineraryOf(scenario: Scenario, mode: Exclude<LoadMode, SearchMode>): Itinerary {
  const { load, slos } = scenario;
  const stops = stopsOf(mode, load.dwellMs);
  if (!slos.some(({ overBaseline }) => overBaseline)) return stops;
  const lowest = Math.min(...stops.map(({ level }) => level));
  const level = stops.length > 1 ? lowest : Math.ceil(lowest / 10);
  return [
    {
      level: Math.min(lowest, Math.max(level, leastLevel(load.unit))),
      purpose: 'Baseline',
      windows: baselineWindows,
    },
    ...stops,
  ];
}

function stopsOf(mode: Exclude<LoadMode, SearchMode>, dwellMs: number): Itinerary {
  switch (mode.kind) {
    case 'Fixed':
      return [{ level: mode.level, purpose: 'Fixed', windows: mode.windows }];
    case 'Steps':
      return mode.levels.map((level) => ({ level, purpose: 'Fixed', windows: mode.windows }));
    case 'Ramp':
      return rampLevels(mode).map((level) => ({ level, purpose: 'Fixed', windows: 1 }));
    case 'Soak':
      return [
        { level: mode.level, purpose: 'Soak', windows: Math.max(1, Math.ceil(mode.durationMs / dwellMs)) },
      ];
    default:
      return never(mode);
  }
}

/** Where the run is after so many windows. `undefined` at the end. */
export function stopAt(stops: Itinerary, done: number): Stop | undefined {
  let left = done;
  for (const stop of stops) {
    if (left < stop.windows) return stop;
    left -= stop.windows;
  }
  return undefined;
}
