/**
 * Randomness that can be repeated. One seed gives as many independent streams as there are labels, so that adding a
 * draw in one part of a generator does not move any other part.
 */
import { assert } from '../base/assert.ts';

/** Gives the next number, at least 0 and below 1. */
export type Random = () => number;

// Taken once: where globals are looked up through a proxy, as in a test's own context, each use would be slow.
const { PI, cos, exp, expm1, floor, imul, log, min, sqrt } = Math;

const twoTo32 = 0x1_0000_0000;

/** A generator (sfc32) that depends on nothing but seed and label. Equal arguments give equal numbers for ever. */
export function stream(seed: number, label: string): Random {
  let hash = mix(0x9e37_79b9 ^ floor(seed / twoTo32), seed | 0);
  for (let index = 0; index < label.length; index += 1) hash = mix(hash, label.charCodeAt(index));
  let a = mix(hash, 1);
  let b = mix(hash, 2);
  let c = mix(hash, 3);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / twoTo32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** The finishing steps of MurmurHash3, with which near seeds and labels give far states. */
function mix(hash: number, word: number): number {
  let mixed = imul(hash ^ word, 0x85eb_ca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) + 0x9e37 || 1;
}

/** At least `low` and below `high`. */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** A whole number from `low` to `high`, both included. */
export function wholeBetween(random: Random, low: number, high: number): number {
  return low + floor((high - low + 1) * random());
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

export function normal(random: Random, mean: number, deviation: number): number {
  const radius = sqrt(-2 * log(1 - random()));
  return mean + deviation * radius * cos(2 * PI * random());
}

export function exponential(random: Random, mean: number): number {
  return -mean * log(1 - random());
}

/** Exponential with the given mean before it is cut off: never above `limit`, and without a heap of values at it. */
export function exponentialBelow(random: Random, mean: number, limit: number): number {
  return -mean * log(1 - random() * -expm1(-limit / mean));
}

/** By its median and the deviation of its logarithm. */
export function lognormal(random: Random, median: number, sigma: number): number {
  return median * exp(normal(random, 0, sigma));
}

/** Mean `shape · scale`, variance `shape · scale²`. After Marsaglia and Tsang. */
export function gamma(random: Random, shape: number, scale: number): number {
  assert(shape > 0, 'the shape of a gamma distribution is positive');
  if (shape < 1) return gamma(random, shape + 1, scale) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / sqrt(9 * d);
  for (;;) {
    const x = normal(random, 0, 1);
    const v = (1 + c * x) ** 3;
    if (v > 0 && log(1 - random()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v * scale;
  }
}

/** A factor around 1 whose standard deviation is `variation`; 1 itself if that is 0. */
export function noise(random: Random, variation: number): number {
  if (variation === 0) return 1;
  const shape = 1 / variation ** 2;
  return gamma(random, shape, 1 / shape);
}

/** A count; takes time in proportion to its mean. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  // A sum of Poisson counts is one, and the product below would run out of digits for a large mean.
  for (let left = mean; left > 0; left -= 30) count += smallPoisson(random, min(left, 30));
  return count;
}

function smallPoisson(random: Random, mean: number): number {
  const end = exp(-mean);
  let count = 0;
  for (let product = random(); product > end; product *= random()) count += 1;
  return count;
}

/** How many of `trials` succeed. */
export function binomial(random: Random, trials: number, probability: number): number {
  let count = 0;
  for (let trial = 0; trial < trials; trial += 1) if (random() < probability) count += 1;
  return count;
}

export function weibull(random: Random, shape: number, scale: number): number {
  return scale * (-log(1 - random())) ** (1 / shape);
}

/** One of the items, all equally likely. @throws BugError if there is none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[floor(random() * items.length)];
  assert(item !== undefined, 'there is something to pick from');
  return item;
}

/** One of the items by their weights, which need not add up to 1. @throws BugError if there is none. */
export function weighted<T>(random: Random, items: readonly (readonly [item: T, weight: number])[]): T {
  let left = random() * items.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  const last = items.at(-1);
  assert(last !== undefined, 'there is something to pick from');
  return last[0];
}
