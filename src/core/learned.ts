/**
 * What was learned of the rooms, as `decide` reads it: an immutable snapshot of plain JSON, small enough to be shared
 * by many journaled decisions. Losing it costs money, never a room: every table has a prior.
 */

/** Ages at which a young room is looked at, in seconds. From the last one on a room is taken to have its size. */
export const ageKnotsS = [0, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600] as const;
/** From this age on a room no longer grows by the tables. */
export const grownS = 600;
/** Lower ends of the classes of room sizes. The first holds rooms that nobody is in. */
export const countEdges = [0, 1, 2, 3, 4, 5, 7, 10, 15, 22, 33, 50, 75, 110, 160, 240] as const;
export const cellCount = ageKnotsS.length * countEdges.length;

/**
 * Upper ends of the age classes of the survival table, in seconds; the last class has none. They are narrow where
 * meetings of 30, 45, 50 and 60 minutes end.
 */
export const hazardEdgesS = [
  120, 240, 420, 600, 840, 1140, 1500, 1740, 1860, 1980, 2160, 2460, 2700, 2880, 3060, 3240, 3480, 3660, 3840,
  4200, 4800, 5400, 6000, 7500, 9600, 12_600, 16_800, 24_000,
] as const;
export const hazardBins = hazardEdgesS.length + 1;

/** Expected further growth of a room by age and present size: `[age * countEdges.length + count]`. */
export interface GrowthTable {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** Growth of the rooms that begin in one five-minute slot of the day, 0 to 287, in UTC. */
export interface GrowthSlot extends GrowthTable {
  readonly slot: number;
}

export interface SizeTable {
  /** Share of the rooms by class, summing to 1, and the mean size within each class. */
  readonly share: readonly number[];
  readonly size: readonly number[];
  readonly mean: number;
  /** Mean of the square, for the spread of sums. */
  readonly square: number;
}

/** How many participants are expected to arrive with new rooms, minute by minute. */
export interface ArrivalTable {
  /** Minutes since the Unix epoch of the first item of each day's series. */
  readonly fromMinute: number;
  /** Participants a minute by the last minutes, with the pattern of the hour taken out. */
  readonly recentPerMinute: number;
  /** The same by the last minute only. */
  readonly latestPerMinute: number;
  /** How each minute of the hour compares with the mean of the hour. */
  readonly minuteOfHour: readonly number[];
  /** The same minutes of earlier days that resembled this one, scaled to its load. */
  readonly days: readonly (readonly number[])[];
  /** Mean relative error of each way to forecast, as measured lately on this fleet. */
  readonly error: { readonly seasonal: number; readonly recent: number };
  /** Whether earlier days have lately foretold better than the last minutes alone, or not clearly worse. */
  readonly seasonalIsTrusted: boolean;
  /** The mean hour of the last day by its two busiest: near 1 with a load that is the same at all hours, 0 before it is known. */
  readonly evenness: number;
}

/** What is known of one recurring room: how often it was seen, its size and its length. */
export interface NameFacts {
  readonly seen: number;
  readonly size: number;
  readonly sizeVariance: number;
  readonly lengthS: number;
  readonly lengthVariance: number;
  /** When it last began, by the wall clock in seconds, and after how many days it comes again; 0 when at no fixed time. */
  readonly startS?: number;
  readonly everyDays?: number;
}

/** A large room that is to be expected at its usual time. */
export interface ExpectedRoom {
  /** The key of its name. */
  readonly key: string;
  readonly atS: number;
  readonly size: number;
}

export interface NameTable {
  readonly salt: number;
  readonly count: number;
  /** By salted hash: clear names are never kept. */
  readonly byHash: Readonly<Record<string, NameFacts>>;
}

export interface Learned {
  readonly version: 1;
  /** Wall clock of the snapshot. */
  readonly madeAtMs: number;
  readonly growth: GrowthTable;
  /** The slots that can matter while this snapshot is in use. */
  readonly slots: readonly GrowthSlot[];
  readonly sizes: SizeTable;
  /** Ends per second of room age, by age class. */
  readonly hazard: readonly number[];
  readonly arrivals: ArrivalTable;
  readonly names: NameTable;
  /** Large rooms of the next minutes. Left out where none is. */
  readonly calendar?: readonly ExpectedRoom[];
  /** How far the media servers' wall clocks are behind ours, in seconds. */
  readonly clockSkewS: number;
}

/**
 * Mean size of a room before any was seen, for nodes of this capacity: rather too large than too small, because the
 * first morning is the least known one; but a fleet of small nodes has small rooms.
 */
export function priorMeanSize(capacity: number): number {
  return (Math.min(8, capacity / 25) * capacity) / (capacity + 50);
}

/** Share of its people that a room still waits for, by age. */
const stillToCome = [1, 0.9, 0.82, 0.72, 0.62, 0.52, 0.43, 0.33, 0.26, 0.17, 0.12, 0.08, 0.04, 0] as const;

/** Growth of rooms before any was seen: towards the mean size, or by a third of what is there. */
export function priorGrowth(capacity: number): GrowthTable {
  const meanSize = priorMeanSize(capacity);
  const mean: number[] = [];
  const variance: number[] = [];
  for (const share of stillToCome) {
    for (const count of countEdges) {
      // A room that nobody has entered for a while was made ahead of time.
      const expected = Math.max(meanSize - count, 0.3 * count);
      const growth = count === 0 && share < 0.8 ? 0 : share * expected;
      mean.push(growth);
      variance.push(share * 1.2 * growth * (growth + Math.min(1, meanSize)));
    }
  }
  return { mean, variance };
}

/** Weight of each size class before any room was seen: mostly small ones, seldom one of a hundred. */
const priorShare: readonly number[] = [0, 2, 26, 14, 12, 14, 14, 9, 5, 2, 1, 0.5, 0.3, 0.2, 0, 0];

export function priorSizes(capacity: number): SizeTable {
  const total = priorShare.reduce((sum, share) => sum + share, 0);
  const scale = priorMeanSize(capacity) / 6;
  const share = priorShare.map((weight) => weight / total);
  const size = countEdges.map((edge) => edge * scale);
  const mean = share.reduce((sum, weight, at) => sum + weight * (size[at] ?? 0), 0);
  const square = share.reduce((sum, weight, at) => sum + weight * (size[at] ?? 0) ** 2, 0);
  return { share, size, mean, square };
}

/** Ends per second before any was seen: meetings of half an hour, and a few that go on for hours. */
export const priorHazard: readonly number[] = [0, ...hazardEdgesS].map((fromS) => {
  if (fromS < 5400) return 1 / 2100;
  return fromS < 12_000 ? 1 / 4200 : 1 / 7200;
});

const noArrivals: ArrivalTable = {
  fromMinute: 0,
  recentPerMinute: 0,
  latestPerMinute: 0,
  minuteOfHour: Array.from({ length: 60 }, () => 1),
  days: [],
  error: { seasonal: 0, recent: 0 },
  seasonalIsTrusted: true,
  evenness: 0,
};

const priors = new Map<number, Learned>();

/** The snapshot of somebody who has seen nothing yet. The same object for the same capacity. */
export function priorLearned(capacity: number): Learned {
  const known = priors.get(capacity);
  if (known !== undefined) return known;
  const made: Learned = {
    version: 1,
    madeAtMs: 0,
    growth: priorGrowth(capacity),
    slots: [],
    sizes: priorSizes(capacity),
    hazard: priorHazard,
    arrivals: noArrivals,
    names: { salt: 0, count: 0, byHash: {} },
    clockSkewS: 0,
  };
  if (priors.size > 100) priors.clear();
  priors.set(capacity, made);
  return made;
}

/** The class of a size: the last one that begins at or below it. */
export function countClass(count: number): number {
  if (count < 6) return Math.max(0, Math.min(5, Math.floor(count)));
  let at = 6;
  while (at < countEdges.length && (countEdges[at] ?? Infinity) <= count) at += 1;
  return at - 1;
}

/** By whole seconds of age: knots lie on them, and thousands of rooms are asked about at a time. */
const knotOfSecond = Uint8Array.from({ length: grownS }, (_, second) =>
  Math.max(
    0,
    ageKnotsS.findLastIndex((knotS) => knotS <= second),
  ),
);

/** The last knot at or below an age in seconds. */
export function ageKnot(ageS: number): number {
  if (ageS >= grownS) return ageKnotsS.length - 1;
  return knotOfSecond[Math.max(0, Math.floor(ageS))] ?? 0;
}

/** People come to a meeting some minutes before the hour, and some after it: both are in one slot. */
const slotShiftS = 180;

/** The five-minute slot of the day in which a Unix second lies, such as the one from 8:57 to 9:02. */
export function slotOfDay(unixS: number): number {
  return Math.floor((unixS + slotShiftS) / 300) % 288;
}
