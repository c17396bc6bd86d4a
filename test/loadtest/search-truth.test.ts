/** The search against virtual nodes whose capacity is known, over many seeds. */
import { describe, expect, test } from '@jest/globals';
import { deviation, mean } from '../../src/loadtest/statistics.ts';
import { aScenario, aSearch, latencySlo, plainTruth, runAgainst, type Truth } from './virtual-node.ts';

/** Found ÷ truth over many seeds. */
function foundBySeed(truth: Truth, seeds: number) {
  const scenario = aScenario(aSearch());
  const runs = Array.from({ length: seeds }, (_, seed) => runAgainst(truth, scenario, seed));
  const repetitions = runs.map(({ result }) => result?.repetitions ?? []);
  const found = repetitions.flat().map((capacity) => capacity / truth.capacity);
  const alike = repetitions.filter((all) => Math.max(...all) <= 1.1 * Math.min(...all)).length / seeds;
  const windows = (mean(runs.map((run) => run.windows.length)) ?? 0) / 3;
  return { mean: mean(found) ?? 0, deviation: deviation(found) ?? 1, alike, windows, runs };
}

describe('against a node whose truth is known', () => {
  const cases = [20, 60, 200].flatMap((capacity) => [
    { capacity, spurious: 0, metrics: true },
    { capacity, spurious: 0.02, metrics: true },
    { capacity, spurious: 0.02, metrics: false },
  ]);

  test.each(cases)('finds it: %j', (some) => {
    const found = foundBySeed({ ...plainTruth, ...some }, 40);
    expect(found.mean).toBeGreaterThan(0.95);
    expect(found.mean).toBeLessThan(1);
    expect(found.deviation).toBeLessThan(0.05);
    // Most triples of repetitions lie within 10 %; the logistic point is closer to the truth still.
    expect(found.alike).toBeGreaterThan(0.75);
    expect(mean(found.runs.map(({ result }) => result?.n50 ?? 0))).toBeCloseTo(
      some.capacity,
      -Math.log10(some.capacity / 25),
    );
    expect(found.windows).toBeLessThan(35);
  });

  test('finds the same whole rooms again and again where the node carries few', () => {
    const found = foundBySeed({ ...plainTruth, capacity: 4.6, spurious: 0.02 }, 30);
    expect(found.alike).toBeGreaterThan(0.95);
    expect(found.mean * 4.6).toBeCloseTo(4, 1);
  });

  test('finds it to 1 % in hardly more windows', () => {
    const scenario = aScenario(aSearch({ resolutionShare: 0.01, max: 5000 }));
    const sharp = { ...plainTruth, capacity: 900, width: 0.003, spurious: 0.02 };
    const runs = Array.from({ length: 20 }, (_, seed) => runAgainst(sharp, scenario, seed));
    const found = runs.flatMap(({ result }) => result?.repetitions ?? []);
    expect(mean(found)).toBeGreaterThan(880);
    expect(mean(found)).toBeLessThan(905);
    expect(mean(runs.map(({ windows }) => windows.length / 3))).toBeLessThan(50);
  });

  test('finds half of it when the node is half as strong', () => {
    const whole = foundBySeed({ ...plainTruth, capacity: 80, spurious: 0.02 }, 30);
    const half = foundBySeed({ ...plainTruth, capacity: 40, spurious: 0.02 }, 30);
    expect((half.mean * 40) / (whole.mean * 80)).toBeCloseTo(0.5, 1);
  });

  test('gives the same answer whether or not windows are spoiled in between', () => {
    const scenario = aScenario(aSearch(), [latencySlo]);
    for (let seed = 0; seed < 15; seed += 1) {
      const clean = runAgainst({ ...plainTruth, spurious: 0.02 }, scenario, seed);
      const spoiled = runAgainst({ ...plainTruth, spurious: 0.02, invalid: 0.15 }, scenario, seed);
      if (spoiled.outcome === 'Inconclusive') continue;
      expect(spoiled.result).toEqual({
        ...clean.result,
        windows: { ...clean.result?.windows, invalid: spoiled.windows.length - clean.windows.length },
      });
    }
  });
});
