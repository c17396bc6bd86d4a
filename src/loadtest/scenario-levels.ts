/** What a scenario's levels are: which of them a run may visit, and who is there at each. */
import { BugError } from '../base/assert.ts';
import type { LoadMode, RoleCount, RoomShape, Role, Scenario, SearchMode, Workload } from './scenario.ts';

/** The lowest level that a run measures; the figures there are the baseline. */
export function lowestLevel({ mode }: { readonly mode: LoadMode }): number {
  return Math.min(...edgesOf(mode));
}

/** No run of the scenario goes beyond this level. */
export function highestLevel({ mode }: { readonly mode: LoadMode }): number {
  return Math.max(...edgesOf(mode));
}

function edgesOf(mode: LoadMode): readonly number[] {
  switch (mode.kind) {
    case 'Fixed':
    case 'Soak':
      return [mode.level];
    case 'Steps':
      return mode.levels;
    case 'Ramp':
      return [mode.from, mode.to];
    case 'Search':
      return [mode.min, mode.max];
  }
}

const mostShown = 8;

/** The levels worth showing before a run: all of a short list, of a long one or a search some from end to end. */
export function levelsToShow(mode: LoadMode): readonly number[] {
  switch (mode.kind) {
    case 'Fixed':
    case 'Soak':
      return [mode.level];
    case 'Steps':
      return mode.levels;
    case 'Ramp':
      return thinned(rampLevels(mode));
    case 'Search':
      return doubled(mode.min, mode.max);
  }
}

/** The levels of a ramp, up or down, with its end. */
export function rampLevels({
  from,
  to,
  step,
}: Extract<LoadMode, { readonly kind: 'Ramp' }>): readonly number[] {
  const count = Math.floor(Math.abs(to - from) / step);
  const levels = Array.from({ length: count + 1 }, (_, at) => from + Math.sign(to - from) * step * at);
  return levels.at(-1) === to ? levels : [...levels, to];
}

function thinned(levels: readonly number[]): readonly number[] {
  if (levels.length <= mostShown) return levels;
  const at = (index: number): number => Math.round((index * (levels.length - 1)) / (mostShown - 1));
  return levels.filter((_, index) => Array.from({ length: mostShown }, (__, k) => at(k)).includes(index));
}

function doubled(min: number, max: number): readonly number[] {
  const levels: number[] = [];
  for (let level = Math.max(1, min); level < max; level *= 2) levels.push(level);
  return [...levels, max];
}

/** The people of a room in the order of their seats. */
export function sizeOf(roles: readonly RoleCount[]): number {
  return roles.reduce((sum, { count }) => sum + count, 0);
}

/** The role of the person on a seat, counted from 0. @throws BugError if the room is smaller */
export function roleAt(roles: readonly RoleCount[], seat: number): Role {
  let left = seat;
  for (const { role, count } of roles) {
    if (left < count) return role;
    left -= count;
  }
  throw new BugError(`the room has no seat ${seat}`);
}

/**
 * The shapes of the first rooms. Each room takes the shape that is furthest behind its share, so that every number of
 * rooms has the mix as closely as whole rooms allow, and the shape of a room does not depend on how many follow.
 */
export function shapeTurns(
  shapes: readonly { readonly share: number; readonly shape: RoomShape }[],
  count: number,
): readonly RoomShape[] {
  const total = shapes.reduce((sum, { share }) => sum + share, 0);
  const taken = shapes.map(() => 0);
  const behind = (at: number, rooms: number): number =>
    ((shapes[at]?.share ?? 0) / total) * rooms - (taken[at] ?? 0);
  return Array.from({ length: count }, (_, index) => {
    const next = shapes.reduce(
      (best, __, at) => (behind(at, index + 1) > behind(best, index + 1) + 1e-9 ? at : best),
      0,
    );
    taken[next] = (taken[next] ?? 0) + 1;
    const chosen = shapes[next];
    if (chosen === undefined) throw new BugError('a workload of rooms has at least one shape');
    return chosen.shape;
  });
}

/** One room of a level: its place in the order, and who sits there. */
export interface WantedRoom {
  readonly index: number;
  readonly shape: RoomShape;
}

/** The rooms of a level, except of a trace, whose rooms come and go. Level 0 has none. */
export function roomsAt(
  workload: Exclude<Workload, { readonly kind: 'Trace' }>,
  level: number,
): readonly WantedRoom[] {
  if (level <= 0) return [];
  if (workload.kind === 'Rooms') {
    return shapeTurns(workload.shapes, level).map((shape, index) => ({ index, shape }));
  }
  const { name, fixed, growing } = workload;
  return [{ index: 0, shape: { name, roles: [...fixed, { role: growing, count: level }] } }];
}

/** The same scenario at one level only, for so many windows. */
export function withLevel(scenario: Scenario, level: number, windows = 3): Scenario {
  return withMode(scenario, { kind: 'Fixed', level, windows });
}

/** The same scenario as a search for the capacity; one that is a search already stays as it is. */
export function withSearch(scenario: Scenario): Scenario {
  if (scenario.load.mode.kind === 'Search') return scenario;
  const max = Math.max(1, levelFor(scenario.workload, scenario.load.most.participants));
  return withMode(scenario, { ...defaultSearch, min: Math.min(defaultSearch.min, max), max });
}

function withMode(scenario: Scenario, mode: LoadMode): Scenario {
  return { ...scenario, load: { ...scenario.load, mode } };
}

/** What a search does unless it is told otherwise; its end depends on the workload. */
export const defaultSearch: Omit<SearchMode, 'max'> = {
  kind: 'Search',
  min: 1,
  resolutionShare: 0.05,
  windows: 3,
  passShare: 0.66,
  confirmMs: 120_000,
  repetitions: 3,
};

/** The highest level with at most so many participants. Of a trace that is its whole, 100 percent. */
export function levelFor(workload: Workload, participants: number): number {
  switch (workload.kind) {
    case 'Rooms':
      return roomsFor(workload.shapes, participants);
    case 'OneRoom':
      return Math.max(0, participants - sizeOf(workload.fixed));
    case 'Trace':
      return 100;
  }
}

function roomsFor(shapes: Extract<Workload, { readonly kind: 'Rooms' }>['shapes'], most: number): number {
  const smallest = Math.min(...shapes.map(({ shape }) => sizeOf(shape.roles)));
  let [rooms, people] = [0, 0];
  for (const shape of shapeTurns(shapes, Math.floor(most / Math.max(1, smallest)))) {
    people += sizeOf(shape.roles);
    if (people > most) break;
    rooms += 1;
  }
  return rooms;
}
