/** How long rooms live: ends and exposure by age, and what follows from them for the life of a node. */
import { hazardBins, hazardEdgesS, priorHazard } from './learned.ts';

/** Ends that the prior is worth in each class. */
const priorEnds = 3;
/** More ends than this in a class fade, so that a changed world is learned anew. */
const mostEnds = 3000;

export class SurvivalLearner {
  readonly #ends = new Float64Array(hazardBins);
  readonly #exposureS = new Float64Array(hazardBins);

  /** A room was watched from one age to another, and then ended or was lost from sight. */
  book(fromAgeS: number, toAgeS: number, ended: boolean): void {
    addExposure(this.#exposureS, fromAgeS, toAgeS);
    if (!ended) return;
    const bin = hazardBin(toAgeS);
    this.#ends[bin] = (this.#ends[bin] ?? 0) + 1;
    if ((this.#ends[bin] ?? 0) <= mostEnds) return;
    this.#ends[bin] = mostEnds / 2;
    this.#exposureS[bin] = ((this.#exposureS[bin] ?? 0) * mostEnds) / 2 / (mostEnds + 1);
  }

  /** Ends per second by age class. `running` are the ages between which rooms that go on were watched so far. */
  hazard(running: Iterable<readonly [fromAgeS: number, toAgeS: number]>): readonly number[] {
    const exposureS = Float64Array.from(this.#exposureS);
    for (const [fromS, toS] of running) addExposure(exposureS, fromS, toS);
    return priorHazard.map(
      (prior, bin) => ((this.#ends[bin] ?? 0) + priorEnds) / ((exposureS[bin] ?? 0) + priorEnds / prior),
    );
  }

  get tables(): { readonly ends: Float64Array; readonly exposureS: Float64Array } {
    return { ends: this.#ends, exposureS: this.#exposureS };
  }
}

function hazardBin(ageS: number): number {
  let bin = 0;
  while (bin < hazardEdgesS.length && (hazardEdgesS[bin] ?? Infinity) <= ageS) bin += 1;
  return bin;
}

function addExposure(exposureS: Float64Array, fromAgeS: number, toAgeS: number): void {
  let fromS = fromAgeS;
  for (let bin = hazardBin(fromS); bin < hazardBins && fromS < toAgeS; bin += 1) {
    const endS = Math.min(toAgeS, hazardEdgesS[bin] ?? Infinity);
    exposureS[bin] = (exposureS[bin] ?? 0) + endS - fromS;
    fromS = endS;
  }
}

/** Ahead of now, in seconds: where the probability that a node is empty is looked at. Denser where rooms end sooner. */
const aheadS: readonly number[] = [
  30, 90, 180, 300, 450, 630, 840, 1080, 1380, 1740, 2160, 2640, 3240, 3960, 4860, 6000, 7500, 9600, 12_600,
  17_000, 23_000, 32_000, 44_000,
];
/** Of what comes later nothing is foretold. */
export const furthestS: number = aheadS.at(-1) ?? 0;
export const aheadCount = aheadS.length;
/** Ages are told apart by this much; older rooms than the last step are alike. */
const ageStepS = 60;
const ageSteps = 720;
/** All edges of the hazard's classes lie on this grid. */
const gridS = 30;

/**
 * A node that is opened takes not one room but those of its time, and lives as long as the longest of them: this
 * many are looked at together. With a single room every busy node looks alike; with these a node that long-lived
 * rooms hold anyway looks cheaper than one that is about to become empty.
 */
const tenureRooms = 60;

/** What a snapshot says of lives, prepared so that each room costs a few additions. */
export interface Lives {
  /** How long an empty node is expected to live once it is opened, in seconds. */
  readonly tenureS: number;
  /**
   * Logarithm of the probability that a room of an age class ends by each point ahead: `[class * aheadCount + point]`.
   * A class is worked out when a room is in it, and marked in `known`.
   */
  readonly logEnded: Float64Array;
  /** The probability itself. */
  readonly ended: Float64Array;
  readonly known: Uint8Array;
  readonly cumulated: Float64Array;
  /** Share of that which belongs to each point ahead, in seconds. */
  readonly newLifeS: Float64Array;
}

const prepared = new WeakMap<readonly number[], Lives>();

/** The same table gives the same object: it is made once a snapshot. */
export function livesOf(hazard: readonly number[]): Lives {
  const known = prepared.get(hazard);
  if (known !== undefined) return known;
  const made = prepare(hazard);
  prepared.set(hazard, made);
  return made;
}

function prepare(hazard: readonly number[]): Lives {
  const logEnded = new Float64Array(ageSteps * aheadCount);
  const cumulated = cumulate(hazard);
  const newLifeS = new Float64Array(aheadCount);
  let fromS = 0;
  for (let point = 0; point < aheadCount; point += 1) {
    // Each point stands for the stretch up to half way to the next one.
    const hereS = aheadS[point] ?? 0;
    const toS = point + 1 < aheadCount ? (hereS + (aheadS[point + 1] ?? 0)) / 2 : hereS * 1.2;
    newLifeS[point] = (toS - fromS) * (1 - (1 - Math.exp(-hazardBy(cumulated, hereS))) ** tenureRooms);
    fromS = toS;
  }
  return {
    logEnded,
    ended: new Float64Array(ageSteps * aheadCount),
    known: new Uint8Array(ageSteps),
    cumulated,
    newLifeS,
    tenureS: newLifeS.reduce((sum, part) => sum + part, 0),
  };
}

/** Of rooms that begin evenly over the next `windowS` seconds, the share that still goes on at the end of them. */
export function stayingShare({ cumulated }: Lives, windowS: number): number {
  const steps = Math.max(1, Math.round(windowS / gridS));
  let staying = 0;
  for (let step = 0; step < steps; step += 1) {
    const hazard = (hazardBy(cumulated, step * gridS) + hazardBy(cumulated, (step + 1) * gridS)) / 2;
    staying += Math.exp(-hazard);
  }
  return staying / steps;
}

function hazardBy(cumulated: Float64Array, ageS: number): number {
  return cumulated[Math.min(cumulated.length - 1, Math.round(ageS / gridS))] ?? 0;
}

function workOut({ logEnded, ended, known, cumulated }: Lives, step: number): void {
  const ageS = (step + 0.5) * ageStepS;
  const before = hazardBy(cumulated, ageS);
  for (let point = 0; point < aheadCount; point += 1) {
    const alive = Math.exp(before - hazardBy(cumulated, ageS + (aheadS[point] ?? 0)));
    const log = Math.log(Math.max(1e-9, 1 - alive));
    logEnded[step * aheadCount + point] = log;
    ended[step * aheadCount + point] = Math.exp(log);
  }
  known[step] = 1;
}

/** The hazard summed up to each step of the grid. */
function cumulate(hazard: readonly number[]): Float64Array {
  const steps = Math.ceil((ageSteps * ageStepS + (aheadS.at(-1) ?? 0)) / gridS) + 1;
  const sums = new Float64Array(steps);
  let sum = 0;
  let bin = 0;
  for (let step = 1; step < steps; step += 1) {
    while ((hazardEdgesS[bin] ?? Infinity) < step * gridS) bin += 1;
    sum += gridS * (hazard[bin] ?? 0);
    sums[step] = sum;
  }
  return sums;
}

/** The point ahead that is nearest to a time from now. */
export function pointAt(timeS: number): number {
  const at = aheadS.findIndex((pointS) => pointS >= timeS);
  return at < 0 ? aheadCount - 1 : at;
}

/** Adds a room of this class of age to the logarithms of the probabilities that its node is empty. */
export function addLife({ logEnded }: Lives, logEmpty: Float64Array, ageClass: number): void {
  for (let point = 0; point < aheadCount; point += 1) {
    logEmpty[point] = (logEmpty[point] ?? 0) + (logEnded[ageClass + point] ?? 0);
  }
}

/** The probability that a room of this class of age has ended by a point ahead. */
export function endedBy({ ended }: Lives, ageClass: number, point: number): number {
  return ended[ageClass + point] ?? 1;
}

/** The class of an age: where its probabilities begin. */
export function classOf(lives: Lives, ageS: number): number {
  const step = Math.max(0, Math.min(ageSteps - 1, Math.floor(ageS / ageStepS)));
  if (lives.known[step] === 0) workOut(lives, step);
  return step * aheadCount;
}

/** A room of which it is known about when it will end: `leftS` from now, give or take `spreadS`. */
export interface KnownEnd {
  readonly leftS: number;
  readonly spreadS: number;
}

/** The same as `addLife` for such a room. */
export function addKnownLife(logEmpty: Float64Array, end: KnownEnd): void {
  for (let point = 0; point < aheadCount; point += 1) {
    logEmpty[point] = (logEmpty[point] ?? 0) + Math.log(Math.max(1e-9, knownEndedBy(end, point)));
  }
}

/** The same as `endedBy` for such a room. */
export function knownEndedBy({ leftS, spreadS }: KnownEnd, point: number): number {
  return 1 / (1 + Math.exp((leftS - (aheadS[point] ?? 0)) / (0.55 * spreadS)));
}

/** By how many seconds a node's life is expected to become longer when it is open for a while. */
export function extensionS(lives: Lives, logEmpty: Float64Array): number {
  let sum = 0;
  for (let point = 0; point < aheadCount; point += 1) {
    sum += (lives.newLifeS[point] ?? 0) * Math.exp(logEmpty[point] ?? 0);
  }
  return sum;
}

/** When the node is empty with this probability, in seconds from now; `undefined` when not within 12 h. */
export function emptyByS(logEmpty: Float64Array, probability: number): number | undefined {
  const wanted = Math.log(probability);
  for (let point = 0; point < aheadCount; point += 1) {
    if ((logEmpty[point] ?? 0) >= wanted) return aheadS[point];
  }
  return undefined;
}
