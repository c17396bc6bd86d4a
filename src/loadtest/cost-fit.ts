/** What packets, bytes and people cost a node, from windows in which it was neither idle nor full. */
import type { Random } from '../workload/random.ts';
import { type CostModel, type Estimate, mostCondition } from './cost-model.ts';
import type { RunRecord } from './record.ts';
import { quantile, sum } from './statistics.ts';
import { conditionNumber, nonNegativeLeastSquares } from './statistics-nnls.ts';

/** One window, as rates per second. */
export interface CostSample {
  /** Windows of one group were measured on the same people, so they are not independent. */
  readonly group: string;
  readonly cores: number;
  readonly limitCores: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** In and out. */
  readonly megabytes: number;
  readonly participants: number;
  /** While the window was measured, not before it. */
  readonly joins: number;
  readonly memoryBytes: number;
}

export type CostFit =
  | { readonly kind: 'Fitted'; readonly model: CostModel }
  /** A model may be there all the same: its sum describes loads like those measured, its single costs mean nothing. */
  | { readonly kind: 'Refused'; readonly because: string; readonly model: CostModel | undefined };

/**
 * Of the processor. Below, what a node costs that does next to nothing bends the line (packets come one at a time, each
 * with a wake-up of its own); above, the scheduler and the garbage collector do.
 */
export const band = { from: 0.2, to: 0.8 } as const;

/** At least two for each cost to be found. */
const needed = 10;
const rounds = 400;

/** Of the windows in a record that are not invalid and have a node. `group` names what they were measured on. */
export function samplesOf(records: readonly RunRecord[], group: string): readonly CostSample[] {
  const joinedAtMs = records.flatMap((record) => (record.kind === 'join' ? [record.atMs] : []));
  return records.flatMap((record) => {
    if (record.kind !== 'window' || record.verdict.kind === 'Invalid') return [];
    const { node, fromMs, toMs, repetition, level } = record;
    if (node === undefined || node.seconds <= 0 || toMs <= fromMs) return [];
    const joined = joinedAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
    return [
      {
        group: `${group}/${repetition}/${level}`,
        cores: node.cpuCores,
        limitCores: node.limitCores,
        packetsIn: node.packetsIn / node.seconds,
        packetsOut: node.packetsOut / node.seconds,
        megabytes: (node.bytesIn + node.bytesOut) / 1e6 / node.seconds,
        participants: node.participants,
        joins: (joined * 1000) / (toMs - fromMs),
        memoryBytes: node.memoryBytes,
      },
    ];
  });
}

/**
 * Costs that are not negative, with intervals from drawing the groups again. Refused, with one sentence that says what
 * to do, when there are too few windows or they are too much alike to tell the costs apart.
 */
export function fitCosts(samples: readonly CostSample[], random: Random): CostFit {
  const usable = samples.filter(({ cores, limitCores }) => inBand(cores / limitCores));
  if (usable.length < needed) {
    const span = `${band.from * 100} to ${band.to * 100} %`;
    const because = `only ${usable.length} windows had the node between ${span} of its processor, and ${needed} are needed: measure more levels there`;
    return { kind: 'Refused', because, model: undefined };
  }
  const model = modelOf(usable, samples, random);
  if (model.conditionNumber <= mostCondition) return { kind: 'Fitted', model };
  const because = `the windows are too much alike to tell the costs apart (condition number ${model.conditionNumber.toFixed(0)}, at most ${mostCondition}): rooms of other kinds are needed, as "loadtest calibrate" makes them`;
  return { kind: 'Refused', because, model };
}

const inBand = (share: number): boolean => share >= band.from && share <= band.to;

type Terms = (sample: CostSample) => readonly number[];

/** In the order of the costs in `modelOf`. Where nobody joined there is no cost of it to be found. */
function termsFor(samples: readonly CostSample[]): Terms {
  const joining = samples.some(({ joins }) => joins > 0);
  return ({ packetsIn, packetsOut, megabytes, participants, joins }) => [
    1,
    packetsIn,
    packetsOut,
    megabytes,
    participants,
    ...(joining ? [joins] : []),
  ];
}

function modelOf(usable: readonly CostSample[], all: readonly CostSample[], random: Random): CostModel {
  const termsOf = termsFor(usable);
  const cores = withIntervals(usable, (samples) => coresFit(samples, termsOf), random);
  const bytes = withIntervals(all, bytesFit, random);
  const [base, packetIn, packetOut, megabyte, participant, join] = cores;
  const fitted = cores.map(({ value }) => value);
  const residuals = usable.map((sample) => sample.cores - dot(termsOf(sample), fitted));
  return {
    baseCores: base ?? nothing,
    coresPerPacketIn: packetIn ?? nothing,
    coresPerPacketOut: packetOut ?? nothing,
    coresPerMegabyte: megabyte ?? nothing,
    coresPerParticipant: participant ?? nothing,
    ...(join === undefined ? {} : { coreSecondsPerJoin: join }),
    baseBytes: bytes[0] ?? nothing,
    bytesPerParticipant: bytes[1] ?? nothing,
    residualCores: Math.sqrt(
      sum(residuals.map((residual) => residual ** 2)) / Math.max(1, usable.length - fitted.length),
    ),
    conditionNumber: conditionNumber(usable.map(termsOf), weightsOf(usable)),
    windows: usable.length,
  };
}

const nothing: Estimate = { value: 0, low: 0, high: 0 };

const dot = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((total, value, index) => total + value * (other[index] ?? 0), 0);

/** Noise grows with the load, so that windows count by the share they are off, not by cores. */
const weightsOf = (samples: readonly CostSample[]): readonly number[] =>
  samples.map(({ cores, limitCores }) => 1 / Math.max(cores, 0.05 * limitCores) ** 2);

function coresFit(samples: readonly CostSample[], termsOf: Terms): readonly number[] {
  return nonNegativeLeastSquares(
    samples.map(termsOf),
    samples.map(({ cores }) => cores),
    weightsOf(samples),
  );
}

function bytesFit(samples: readonly CostSample[]): readonly number[] {
  return nonNegativeLeastSquares(
    samples.map(({ participants }) => [1, participants]),
    samples.map(({ memoryBytes }) => memoryBytes),
    samples.map(() => 1),
  );
}

function withIntervals(
  samples: readonly CostSample[],
  fit: (samples: readonly CostSample[]) => readonly number[],
  random: Random,
): readonly Estimate[] {
  const groups = [...Map.groupBy(samples, ({ group }) => group).values()];
  const drawn = Array.from({ length: rounds }, () =>
    fit(groups.flatMap(() => groups[Math.floor(random() * groups.length)] ?? [])),
  );
  return fit(samples).map((value, term) => {
    const values = drawn.map((again) => again[term] ?? 0);
    return { value, low: quantile(values, 0.025) ?? value, high: quantile(values, 0.975) ?? value };
  });
}
