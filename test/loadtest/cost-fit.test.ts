import { describe, expect, test } from '@jest/globals';
import { calibrationCells, type CalibrationOptions } from '../../src/loadtest/calibrate-plan.ts';
import { type CostSample, fitCosts, samplesOf } from '../../src/loadtest/cost-fit.ts';
import { type Estimate, mostCondition } from '../../src/loadtest/cost-model.ts';
import { estimateLevel } from '../../src/loadtest/estimate.ts';
import { emptyCrowd, changeLevel } from '../../src/loadtest/plan-level.ts';
import { predictedCores } from '../../src/loadtest/report-costs.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';
import { quantile } from '../../src/loadtest/statistics.ts';
import type { WindowRecord } from '../../src/loadtest/window.ts';
import { normal, type Random, stream } from '../../src/workload/random.ts';
import { aNode, measured } from './a-window.ts';

const options: CalibrationOptions = {
  seed: 7,
  serverCores: 1,
  generatorCores: 4,
  settleMs: 10_000,
  dwellMs: 20_000,
  windows: 2,
  most: { participants: 2000, egressMbps: 2000, durationMs: 3_600_000 },
};

/** What things cost on the node that is made up here. */
const truth = { base: 0.12, in: 8e-6, out: 9e-6, megabyte: 0.014, participant: 0.001, join: 0.025 };
const noise = 0.03;

function sampleOf(scenario: Scenario, level: number, random: Random): CostSample {
  const load = estimateLevel(scenario, level);
  const { packetsPerSecondIn: packetsIn, packetsPerSecondOut: packetsOut, participants } = load;
  const megabytes = (load.mbpsIn + load.mbpsOut) / 8;
  const meanStayMs = scenario.load.churn?.meanStayMs;
  const joins = meanStayMs === undefined ? 0 : (participants * 1000) / meanStayMs;
  const packets = truth.in * packetsIn + truth.out * packetsOut + truth.megabyte * megabytes;
  const cores = truth.base + packets + truth.participant * participants + truth.join * joins;
  return {
    group: `${scenario.name}/${level}`,
    cores: cores * (1 + noise * normal(random, 0, 1)),
    limitCores: options.serverCores,
    packetsIn,
    packetsOut,
    megabytes,
    participants,
    joins,
    memoryBytes: 8e7 + 7e6 * participants * (1 + noise * normal(random, 0, 1)),
  };
}

function calibrated(seed: number): readonly CostSample[] {
  const random = stream(seed, 'node');
  return calibrationCells(options).flatMap(({ scenario, level }) =>
    Array.from({ length: options.windows }, () => sampleOf(scenario, level, random)),
  );
}

/** Rooms of ten alone, at every level that fits. */
function roomsOfTen(seed: number): readonly CostSample[] {
  const random = stream(seed, 'node');
  const cell = calibrationCells(options).find(({ name }) => name === 'rooms-of-4');
  if (cell === undefined) throw new Error('there is no such cell');
  return Array.from({ length: 20 }, (_, index) => sampleOf(cell.scenario, 4 + index, random));
}

describe('the costs of a node', () => {
  const fits = Array.from({ length: 25 }, (_, seed) => fitCosts(calibrated(seed), stream(seed, 'costs')));
  const models = fits.flatMap((fit) => (fit.kind === 'Fitted' ? [fit.model] : []));

  test('are found by a calibration', () => {
    expect(models.length).toBe(fits.length);
    for (const model of models) {
      expect(model.conditionNumber).toBeLessThan(mostCondition / 2);
      expect(model.residualCores).toBeLessThan(0.03);
    }
  });

  const found: readonly (readonly [
    what: string,
    costs: readonly (Estimate | undefined)[],
    truth: number,
    within: number,
  ])[] = [
    ['core of the server alone', models.map((model) => model.baseCores), truth.base, 0.1],
    ['core for a packet in', models.map((model) => model.coresPerPacketIn), truth.in, 0.35],
    ['core for a packet out', models.map((model) => model.coresPerPacketOut), truth.out, 0.1],
    ['core for a megabyte', models.map((model) => model.coresPerMegabyte), truth.megabyte, 0.1],
    ['core for a participant', models.map((model) => model.coresPerParticipant), truth.participant, 0.25],
    ['core for a join', models.map((model) => model.coreSecondsPerJoin), truth.join, 0.5],
    ['memory of the server alone', models.map((model) => model.baseBytes), 8e7, 0.25],
    ['memory for a participant', models.map((model) => model.bytesPerParticipant), 7e6, 0.04],
  ];

  test.each(found)('are right: %s', (_what, costs, real, within) => {
    const ratios = costs.map((cost) => (cost?.value ?? 0) / real);
    expect(Math.abs((quantile(ratios, 0.5) ?? 0) - 1)).toBeLessThan(within / 2);
    expect(quantile(ratios, 0.05)).toBeGreaterThan(1 - within);
    expect(quantile(ratios, 0.95)).toBeLessThan(1 + within);
    // 25 intervals of 95 %, of few groups each: a few may miss.
    const covering = costs.filter(
      (cost) => cost !== undefined && cost.low <= real && cost.high >= real,
    ).length;
    expect(covering / costs.length).toBeGreaterThanOrEqual(0.7);
  });

  test('predict a mix that was not measured within 10 %', () => {
    const node = aNode({
      seconds: 1,
      packetsIn: 3000,
      packetsOut: 21_000,
      bytesIn: 2e6,
      bytesOut: 1.6e7,
      participants: 90,
    });
    const real =
      truth.base + truth.in * 3000 + truth.out * 21_000 + truth.megabyte * 18 + truth.participant * 90;
    for (const model of models) expect(Math.abs(predictedCores(model, node) / real - 1)).toBeLessThan(0.1);
  });
});

describe('a fit is refused', () => {
  test('with rooms of one size, which cannot tell the costs apart, though their sum is right', () => {
    const samples = roomsOfTen(1);
    const fit = fitCosts(samples, stream(1, 'costs'));
    expect(fit.kind === 'Refused' ? fit.because : '').toMatch(
      /^the windows are too much alike to tell the costs apart \(condition number \S+, at most 30\): .*calibrate/,
    );
    expect(fit.model?.conditionNumber).toBeGreaterThan(mostCondition);
    expect(fit.model?.residualCores).toBeLessThan(0.03);
  });

  test('with too few windows in the band, and says what to do', () => {
    const samples = calibrated(1).map((sample, index) => (index < 9 ? sample : { ...sample, cores: 0.95 }));
    expect(fitCosts(samples, stream(1, 'costs'))).toMatchObject({
      kind: 'Refused',
      because: expect.stringMatching(
        /^only \d windows had the node between 20 to 80 % of its processor, and 10 are needed/,
      ),
      model: undefined,
    });
    expect(fitCosts([], stream(1, 'costs')).kind).toBe('Refused');
  });
});

test('the cost of a join is left out where nobody joins', () => {
  const samples = calibrated(1).filter(({ joins }) => joins === 0);
  const fit = fitCosts(samples, stream(1, 'costs'));
  expect(fit.kind).toBe('Fitted');
  expect(fit.model).not.toHaveProperty('coreSecondsPerJoin');
});

describe('samples', () => {
  const window = (change: Partial<WindowRecord>): WindowRecord => ({
    kind: 'window',
    ...measured(),
    figures: {},
    verdict: { kind: 'Pass' },
    ...change,
  });
  const join = (atMs: number) =>
    ({ kind: 'join', atMs, intendedAtMs: atMs, room: 'a', identity: 'p' }) as const;

  test('are the windows that say something about the node, as rates, with the joins that fell into them', () => {
    const invalid = { kind: 'Invalid', because: ['WorkerLost'], detail: '' } as const;
    const records = [
      join(10_000),
      window({}),
      join(65_000),
      join(75_000),
      window({ verdict: invalid }),
      window({ node: undefined }),
    ];
    expect(samplesOf(records, 'calm')).toEqual([
      {
        group: 'calm/0/4',
        cores: 0.4,
        limitCores: 1,
        packetsIn: 1100,
        packetsOut: 10_000,
        megabytes: 6.95,
        participants: 10,
        joins: 0.1,
        memoryBytes: 2e8,
      },
    ]);
  });
});

describe('the plan of a calibration', () => {
  const cells = calibrationCells(options);

  test('has every kind of load that tells costs apart, each at several levels', () => {
    const names = [...new Set(cells.map(({ name }) => name))].toSorted();
    expect(names).toEqual([
      'coming-and-going',
      'live-360p',
      'live-720p',
      'pictures-only',
      'rooms-of-10',
      'rooms-of-2',
      'rooms-of-4',
      'simulcast',
      'sound-only',
    ]);
    for (const name of names) {
      expect(cells.filter((cell) => cell.name === name).length).toBeGreaterThanOrEqual(2);
    }
  });

  test('is the same for the same seed, and in another order for another', () => {
    const order = (seed: number) =>
      calibrationCells({ ...options, seed }).map(({ name, level }) => `${name} ${level}`);
    expect(order(7)).toEqual(order(7));
    expect(order(8)).not.toEqual(order(7));
    expect(order(8).toSorted()).toEqual(order(7).toSorted());
  });

  test('asks neither side for more than it has', () => {
    for (const { scenario, level } of cells.filter((cell) => cell.level > 1)) {
      const { serverCores, generatorCores, participants } = estimateLevel(scenario, level);
      expect(serverCores).toBeLessThanOrEqual(0.7 * options.serverCores);
      expect(generatorCores).toBeLessThanOrEqual(0.6 * options.generatorCores);
      expect(participants).toBeLessThanOrEqual(options.most.participants);
    }
  });

  test('keeps to the most people, however strong the node', () => {
    const few = calibrationCells({
      ...options,
      serverCores: 64,
      generatorCores: 64,
      most: { ...options.most, participants: 50 },
    });
    for (const { scenario, level } of few) {
      expect(estimateLevel(scenario, level).participants).toBeLessThanOrEqual(50);
    }
  });

  test('is of scenarios that can be played', () => {
    for (const { scenario, level } of cells) {
      const { change } = changeLevel(scenario, emptyCrowd(0), level);
      expect(change.steps.length).toBe(estimateLevel(scenario, level).participants);
      expect(scenario.load.mode).toEqual({ kind: 'Fixed', level, windows: 2 });
    }
  });
});
