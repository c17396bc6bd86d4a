import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hazardBins, hazardEdgesS, priorHazard } from '../../src/core/learned.ts';
import {
  SurvivalLearner,
  addKnownLife,
  addLife,
  classOf,
  aheadCount,
  emptyByS,
  endedBy,
  extensionS,
  knownEndedBy,
  livesOf,
  pointAt,
  stayingShare,
} from '../../src/core/survival.ts';

const binOf = (ageS: number) => hazardEdgesS.findIndex((edgeS) => ageS < edgeS);
const nobody = () => new Float64Array(aheadCount);

function nodeOf(...agesS: readonly number[]): Float64Array {
  const logEmpty = nobody();
  for (const ageS of agesS) addLife(livesOf(priorHazard), logEmpty, classOf(livesOf(priorHazard), ageS));
  return logEmpty;
}

describe('the hazard of rooms', () => {
  test('is the prior as long as nothing was seen', () => {
    new SurvivalLearner().hazard([]).forEach((value, bin) => {
      expect(value).toBeCloseTo(priorHazard[bin] ?? -1, 12);
    });
  });

  test('is ends by exposure once there are many', () => {
    const learner = new SurvivalLearner();
    for (let room = 0; room < 2000; room += 1) learner.book(0, 1000, true);
    const hazard = learner.hazard([]);
    expect(hazard[binOf(1000)]).toBeCloseTo(2000 / (2000 * (1000 - 840)), 3);
    expect(hazard[binOf(300)]).toBeLessThan(1e-5);
  });

  test('counts rooms that were lost from sight as watched, not as ended', () => {
    const [lost, ended] = [new SurvivalLearner(), new SurvivalLearner()];
    for (let room = 0; room < 100; room += 1) {
      lost.book(0, 500, false);
      ended.book(0, 500, true);
    }
    const bin = binOf(500);
    expect(lost.hazard([])[bin]).toBeLessThan(priorHazard[bin] ?? 0);
    expect(ended.hazard([])[bin]).toBeGreaterThan(priorHazard[bin] ?? 1);
  });

  test('counts the time of rooms that still run', () => {
    const running = Array.from({ length: 50 }, () => [0, 3000] as const);
    const hazard = new SurvivalLearner().hazard(running);
    expect(hazard[binOf(2000)]).toBeLessThan((priorHazard[binOf(2000)] ?? 0) / 2);
    expect(hazard[hazardBins - 1]).toBeCloseTo(priorHazard[hazardBins - 1] ?? 0, 12);
  });
});

describe('rooms that begin within a time', () => {
  test.each([60, 600, 1800])(
    'of rooms that end at a steady pace stay as many as arithmetic says: %d s',
    (seconds) => {
      const perSecond = 1 / 300;
      const lives = livesOf(priorHazard.map(() => perSecond));
      const exact = (1 - Math.exp(-perSecond * seconds)) / (perSecond * seconds);
      expect(stayingShare(lives, seconds)).toBeCloseTo(exact, 2);
    },
  );

  test('stay all of them where rooms last much longer', () => {
    expect(stayingShare(livesOf(priorHazard.map(() => 1e-7)), 900)).toBeGreaterThan(0.999);
  });
});

describe('the life of a node', () => {
  test('an empty one is empty now, and would live longest for being opened', () => {
    expect(emptyByS(nobody(), 0.5)).toBe(30);
    expect(extensionS(livesOf(priorHazard), nobody())).toBeCloseTo(livesOf(priorHazard).tenureS, 6);
  });

  test('one with more rooms lasts longer and is a cheaper place for the next', () => {
    const extensions = [nodeOf(), nodeOf(600), nodeOf(600, 600), nodeOf(600, 600, 600, 600)].map((node) =>
      extensionS(livesOf(priorHazard), node),
    );
    expect(extensions).toEqual(extensions.toSorted((a, b) => b - a));
    expect(new Set(extensions).size).toBe(4);
    expect(emptyByS(nodeOf(600, 600, 600), 0.5)).toBeGreaterThan(emptyByS(nodeOf(600), 0.5) ?? Infinity);
  });

  test('one that a room of many hours holds is a cheaper place than one with a meeting that is about to end', () => {
    const held = nodeOf(20_000);
    const ending = nobody();
    const end = { leftS: 300, spreadS: 60 };
    addKnownLife(ending, end);
    expect(knownEndedBy(end, pointAt(600))).toBeGreaterThan(0.9);
    expect(knownEndedBy(end, pointAt(90))).toBeLessThan(0.1);
    expect(endedBy(livesOf(priorHazard), classOf(livesOf(priorHazard), 600), pointAt(1740))).toBeGreaterThan(
      0.4,
    );
    expect(extensionS(livesOf(priorHazard), held)).toBeLessThan(extensionS(livesOf(priorHazard), ending));
  });

  test('never becomes shorter by another room, whatever their ages', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 8 });
    fc.assert(
      fc.property(ages, fc.integer({ min: 0, max: 90_000 }), (some, another) => {
        const lives = livesOf(priorHazard);
        expect(extensionS(lives, nodeOf(...some, another))).toBeLessThanOrEqual(
          extensionS(lives, nodeOf(...some)),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
