/**
 * The learned tables as compact JSON, small enough for a ConfigMap, and back. A checkpoint is read with distrust: one
 * part that makes no sense costs that part, never the operator.
 */
import type { ArrivalLearner } from './arrivals.ts';
import type { ForecastJudge } from './forecast.ts';
import type { GrowthLearner } from './growth.ts';
import type { LaunchWatch } from './launch-watch.ts';
import { cellCount, countEdges, hazardBins } from './learned.ts';
import type { NameLearner } from './room-names.ts';
import type { SizeLearner } from './sizes.ts';
import type { SurvivalLearner } from './survival.ts';

export interface Tables {
  readonly growth: GrowthLearner;
  readonly sizes: SizeLearner;
  readonly survival: SurvivalLearner;
  readonly arrivals: ArrivalLearner;
  readonly names: NameLearner;
  readonly judge: ForecastJudge;
  readonly launches: LaunchWatch;
}

/** Plain JSON. Numbers are rounded to what their use can tell apart. */
export interface Checkpoint {
  readonly version: 1;
  /** By layer: cell, weight, mean and root mean square, for cells that hold something. */
  readonly growth: readonly (readonly number[])[];
  readonly sizes: { readonly rooms: readonly number[]; readonly people: readonly number[] };
  readonly survival: { readonly ends: readonly number[]; readonly exposureS: readonly number[] };
  /** Participants a minute; a run of unknown minutes is its negative length, a run of empty ones `-100000 - length`. */
  readonly arrivals: {
    readonly fromMinute: number;
    readonly minutes: readonly number[];
    readonly hour: readonly number[];
    readonly looks: readonly number[];
  };
  readonly judge: readonly number[];
  readonly launches: readonly number[];
  readonly names: {
    readonly salt: number;
    readonly known: readonly (readonly [string, ...number[]])[];
    readonly once: readonly (readonly [string, number, number, number])[];
  };
}

/** Of names seen only once, this many are kept: those of large rooms, then the newest. */
const mostOnceKept = 6000;
/** Of a layer's cells, this many of those that were seen most: what is left out is soon learned again. */
const mostCellsKept = 14_000;

export function checkpointOf(tables: Tables): Checkpoint {
  const { sizes, survival, arrivals, names } = tables;
  const { fromMinute, values } = arrivals.series();
  return {
    version: 1,
    growth: tables.growth.cells.map(packCells),
    sizes: { rooms: rounded(sizes.tables.rooms), people: rounded(sizes.tables.people) },
    survival: { ends: rounded(survival.tables.ends), exposureS: rounded(survival.tables.exposureS) },
    arrivals: {
      fromMinute,
      minutes: packRuns(values),
      hour: rounded(arrivals.byMinuteOfHour),
      looks: rounded(arrivals.looks),
    },
    judge: tables.judge.state.map(Math.round),
    launches: tables.launches.samples,
    names: {
      salt: names.salt,
      known: [...names.known].map(([key, facts]) => [
        key.slice(1),
        facts.seen,
        round1(facts.size),
        round1(facts.sizeVariance),
        Math.round(facts.lengthS),
        Math.round(Math.sqrt(facts.lengthVariance)),
        facts.startS ?? 0,
        facts.everyDays ?? 0,
      ]),
      once: names.once
        .slice(-mostOnceKept)
        .map(([key, { size, lengthS, startS }]) => [key.slice(1), size, Math.round(lengthS), startS]),
    },
  };
}

/** Fills the tables. @returns why nothing, or not everything, could be used. */
export function readCheckpoint(checkpoint: unknown, tables: Tables): string | undefined {
  if (!isRecord(checkpoint)) return 'it is no JSON object';
  if (checkpoint['version'] !== 1) return `its version is ${String(checkpoint['version'])}, not 1`;
  const bad = Object.entries(readers).filter(([part, read]) => !read(checkpoint[part], tables));
  return bad.length === 0 ? undefined : `these parts make no sense: ${bad.map(([part]) => part).join(', ')}`;
}

type Read = (value: unknown, tables: Tables) => boolean;

const readers: Readonly<Record<Exclude<keyof Checkpoint, 'version'>, Read>> = {
  growth: readGrowth,
  sizes: readSizes,
  survival: readSurvival,
  arrivals: readArrivals,
  judge: (value, { judge }) => {
    const state = numbers(value, 3);
    if (state !== undefined) judge.restore(state);
    return state !== undefined;
  },
  launches: (value, { launches }) => {
    const samples = numbers(value);
    if (samples !== undefined) launches.restore(samples);
    return samples !== undefined;
  },
  names: readNames,
};

function readGrowth(value: unknown, { growth }: Tables): boolean {
  if (!Array.isArray(value) || value.length !== growth.cells.length) return false;
  const layers = value.map((layer) => numbers(layer));
  if (layers.some((layer) => layer === undefined || layer.length % 4 !== 0)) return false;
  layers.forEach((layer, at) => {
    const cells = growth.cells[at];
    if (layer !== undefined && cells !== undefined) unpackCells(layer, cells);
  });
  growth.revision += 1;
  return true;
}

function readSizes(value: unknown, { sizes }: Tables): boolean {
  const rooms = isRecord(value) ? numbers(value['rooms'], countEdges.length) : undefined;
  const people = isRecord(value) ? numbers(value['people'], countEdges.length) : undefined;
  if (rooms === undefined || people === undefined) return false;
  sizes.restore(rooms, people);
  return true;
}

function readSurvival(value: unknown, { survival }: Tables): boolean {
  const ends = isRecord(value) ? numbers(value['ends'], hazardBins) : undefined;
  const exposureS = isRecord(value) ? numbers(value['exposureS'], hazardBins) : undefined;
  if (ends === undefined || exposureS === undefined) return false;
  survival.tables.ends.set(ends);
  survival.tables.exposureS.set(exposureS);
  return true;
}

function readArrivals(value: unknown, { arrivals }: Tables): boolean {
  if (!isRecord(value)) return false;
  const minutes = numbers(value['minutes'], undefined, -200_000);
  const hour = numbers(value['hour'], 60);
  const from = numbers([value['fromMinute']], 1)?.[0];
  const looks = numbers(value['looks'], 60);
  if (minutes === undefined || hour === undefined || looks === undefined || from === undefined) return false;
  const values = unpackRuns(minutes);
  if (values === undefined) return false;
  arrivals.restore(from, values);
  arrivals.byMinuteOfHour.set(hour);
  arrivals.looks.set(looks);
  return true;
}

function readNames(value: unknown, { names }: Tables): boolean {
  if (!isRecord(value) || !Array.isArray(value['known']) || !Array.isArray(value['once'])) return false;
  // Hashes of another salt are of no use, and harm nobody.
  if (value['salt'] !== names.salt) return true;
  // Earlier versions kept no times: such a name is not expected before it has come once more.
  const known = value['known'].map((row) => keyed(row, 7) ?? keyed(row, 5));
  const once = value['once'].map((row) => keyed(row, 3) ?? keyed(row, 2));
  if ([...known, ...once].includes(undefined)) return false;
  names.restore(
    known.flatMap((row) => {
      if (row === undefined) return [];
      const [seen = 0, size = 0, sizeVariance = 0, lengthS = 0, lengthSpread = 0, startS = 0, everyDays = 0] =
        row.rest;
      const lengthVariance = lengthSpread ** 2;
      return [[row.key, { seen, size, sizeVariance, lengthS, lengthVariance, startS, everyDays }] as const];
    }),
    once.flatMap((row) => {
      if (row === undefined) return [];
      const [size = 0, lengthS = 0, startS = 0] = row.rest;
      return [[row.key, { size, lengthS, startS }] as const];
    }),
  );
  return true;
}

function keyed(
  row: unknown,
  length: number,
): { readonly key: string; readonly rest: readonly number[] } | undefined {
  if (!Array.isArray(row) || typeof row[0] !== 'string' || !/^[0-9a-f]{14}$/.test(row[0])) return undefined;
  const rest = numbers(row.slice(1), length);
  return rest === undefined ? undefined : { key: `~${row[0]}`, rest };
}

function packCells(cells: Float64Array): readonly number[] {
  const packed: number[] = [];
  const least = leastWeight(cells);
  for (let at = 0; at * 3 < cells.length; at += 1) {
    const weight = cells[at * 3] ?? 0;
    if (weight < least || packed.length >= 4 * mostCellsKept) continue;
    const mean = (cells[at * 3 + 1] ?? 0) / weight;
    const square = (cells[at * 3 + 2] ?? 0) / weight;
    packed.push(at, round1(weight), round1(mean), round1(Math.sqrt(square)));
  }
  return packed;
}

/** The weight from which on cells are kept. */
function leastWeight(cells: Float64Array): number {
  const weights = cells.filter((weight, at) => at % 3 === 0 && weight >= 0.05).toSorted((a, b) => b - a);
  return weights[mostCellsKept - 1] ?? 0.05;
}

function unpackCells(packed: readonly number[], cells: Float64Array): void {
  for (let from = 0; from + 3 < packed.length; from += 4) {
    const [at = 0, weight = 0, mean = 0, rootMeanSquare = 0] = packed.slice(from, from + 4);
    if (!Number.isInteger(at) || at * 3 + 2 >= cells.length || at % cellCount < 0) continue;
    cells[at * 3] = weight;
    cells[at * 3 + 1] = weight * mean;
    cells[at * 3 + 2] = weight * rootMeanSquare ** 2;
  }
}

const emptyRun = -100_000;
const longestRun = 30_000;

function packRuns(values: readonly number[]): readonly number[] {
  const packed: number[] = [];
  let at = 0;
  while (at < values.length) {
    const value = values[at] ?? -1;
    let end = at + 1;
    while (value <= 0 && end < values.length && values[end] === value) end += 1;
    if (value < 0) packed.push(at - end);
    else if (value === 0) packed.push(emptyRun - (end - at));
    else packed.push(Math.round(value));
    at = end;
  }
  return packed;
}

function unpackRuns(packed: readonly number[]): readonly number[] | undefined {
  const values: number[] = [];
  for (const item of packed) {
    const run = item >= 0 ? 1 : item <= emptyRun ? emptyRun - item : -item;
    if (values.length + run > longestRun || !Number.isInteger(run)) return undefined;
    for (let at = 0; at < run; at += 1) values.push(item >= 0 ? item : item <= emptyRun ? 0 : -1);
  }
  return values;
}

function numbers(value: unknown, length?: number, least = 0): readonly number[] | undefined {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return undefined;
  const good = value.filter(
    (item): item is number => typeof item === 'number' && Number.isFinite(item) && item >= least,
  );
  return good.length === value.length ? good : undefined;
}

function rounded(values: Float64Array): readonly number[] {
  return Array.from(values, round1);
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
