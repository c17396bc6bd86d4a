/** Arbitrary settings and arbitrary knowledge: what a user may write and what may have been learned, odd things included. */
import fc from 'fast-check';
import {
  type ArrivalTable,
  type Learned,
  cellCount,
  countEdges,
  hazardBins,
  priorHazard,
  priorLearned,
  slotOfDay,
} from '../../src/core/learned.ts';
import { roomKey } from '../../src/core/room-names.ts';
import type { ClusterSpec, Schedule } from '../../src/core/spec.ts';
import { aProfile, under } from './a-profile.ts';
import { aSpec, wallMs } from './builders.ts';

export type Mostly = <T>(usual: T, ...others: readonly T[]) => fc.Arbitrary<T>;

export const usually =
  (weight: number): Mostly =>
  (usual, ...others) =>
    fc.oneof({ weight, arbitrary: fc.constant(usual) }, ...others.map((other) => fc.constant(other)));

const mostly = usually(12);

/** Arbitrary worlds begin at noon UTC on a Sunday. */
const rush: Schedule = {
  name: 'rush',
  timeZone: 'UTC',
  start: '0 12 * * *',
  durationMs: 3_600_000,
  minNodes: 3,
};
const mass: Schedule = { ...rush, name: 'mass', timeZone: 'Europe/Madrid', start: '2 13 * * 0', minNodes: 9 };

const placement: fc.Arbitrary<ClusterSpec['placement']> = fc.record({
  strategy: usually(3)<ClusterSpec['placement']['strategy']>('Packed', 'Spread'),
  ceiling: fc.constantFrom(0.9, 0.95, 0.5, 1),
  priority: fc.constantFrom(16, 1, 64, 128),
});

const updates: fc.Arbitrary<ClusterSpec['updates']> = fc.record({
  maxSurge: fc.constantFrom<ClusterSpec['updates']['maxSurge']>(
    { kind: 'Nodes', value: 1 },
    { kind: 'Nodes', value: 3 },
    { kind: 'Percent', value: 50 },
  ),
  canary: usually(1)<ClusterSpec['updates']['canary']>(
    undefined,
    { share: 0.1, durationMs: 5000 },
    { share: 0.5, durationMs: 3_600_000 },
  ),
  paused: mostly(false, true),
});

export const anySpec: fc.Arbitrary<ClusterSpec> = fc
  .record({
    mode: mostly<ClusterSpec['mode']>('Enforce', 'External', 'DryRun', 'Paused'),
    minNodes: fc.constantFrom(0, 1, 3),
    more: fc.nat(5),
    replicas: fc.nat(9),
    startupDeadlineMs: fc.constantFrom(1000, 300_000),
    slots: fc.oneof(fc.constant(0), fc.nat(200)),
    withCpu: fc.boolean(),
    stabilizationMs: fc.constantFrom(0, 5000),
    placement,
    forecast: fc.constantFrom<ClusterSpec['forecast']>('Act', 'Observe', 'Off'),
    schedules: mostly<readonly Schedule[]>([], [rush], [mass, rush]),
    maxConcurrentLeaving: fc.constantFrom(2, 1, 5),
    drainDeadlineMs: fc.constantFrom(undefined, 3_600_000, 7_230_000),
    onDrainDeadline: fc.constantFrom<ClusterSpec['onDrainDeadline']>('Evict', 'Wait'),
    signallingGraceMs: fc.constantFrom(600_000, 1000),
    updates,
  })
  .map(
    ({ more, slots, withCpu, stabilizationMs, ...rest }): ClusterSpec => ({
      ...aSpec(rest),
      maxNodes: Math.max(1, rest.minNodes + more),
      headroom: { slots, share: 0, largestRoom: true },
      targets: [
        { kind: 'Participants', utilization: 0.7 } as const,
        ...(withCpu ? [{ kind: 'Cpu', utilization: 0.6 } as const] : []),
      ],
      scaleDown: { stabilizationMs, selectPolicy: 'Max', policies: [] },
    }),
  )
  .map(withProfile);

/** Some ask for a capacity profile. Derived from another field, so that what is drawn after it stays as it is. */
function withProfile(spec: ClusterSpec): ClusterSpec {
  const { slots } = spec.headroom;
  if (slots % 7 === 1) return under(aProfile(), { spec });
  if (slots % 7 === 2) return under(undefined, { spec });
  return slots % 7 === 3
    ? under(aProfile({ limits: { tracks: 300, packetsPerSecond: 1e4 } }), { spec })
    : spec;
}

/** What an operator may bring along from earlier days. */
export interface Given {
  readonly learned: Learned | undefined;
  readonly launchMs: number | undefined;
}

const arrivals: fc.Arbitrary<ArrivalTable> = fc
  .record({
    recentPerMinute: mostly(0, 5, 80, 100_000),
    latestPerMinute: mostly(0, 5, 80, 100_000),
    minuteOfHour: mostly(1, 0, 30),
    days: fc.array(fc.array(fc.constantFrom(0, 3, 60, 900), { maxLength: 3 }), { maxLength: 3 }),
    seasonalIsTrusted: fc.boolean(),
  })
  .map(({ minuteOfHour, ...rest }) => ({
    ...rest,
    fromMinute: Math.floor(wallMs / 60_000) - 1,
    minuteOfHour: Array.from({ length: 60 }, () => minuteOfHour),
    error: { seasonal: 0.2, recent: 0.3 },
    // Derived, so that another field does not shift what is drawn after it.
    evenness: minuteOfHour === 1 ? 0 : 0.8,
  }));

const growth = (mean: number) => ({
  mean: Array.from({ length: cellCount }, () => mean),
  variance: Array.from({ length: cellCount }, () => mean * mean),
});

/** Growth by nothing, by the prior, by multitudes; rooms that never end, that end at once; names that recur. */
const tables: fc.Arbitrary<Learned> = fc
  .record({
    growth: mostly<number | undefined>(undefined, 0, 3, 400),
    inThisSlot: mostly<number | undefined>(undefined, 0, 30),
    perSecond: mostly<number | undefined>(undefined, 0, 1e-5, 1),
    sizeClass: mostly<number | undefined>(undefined, 1, 15),
    arrivals,
    weekly: mostly<number | undefined>(undefined, 2, 90),
    clockSkewS: mostly(0, -100_000, 40),
  })
  .map((drawn) => {
    const prior = priorLearned(100);
    const sizeOf = countEdges[drawn.sizeClass ?? 0] ?? 0;
    const share = countEdges.map((_, at) => Number(at === drawn.sizeClass));
    const weekly = { seen: 5, sizeVariance: 4, lengthS: 1800, lengthVariance: 900 };
    return {
      ...prior,
      madeAtMs: wallMs,
      growth: drawn.growth === undefined ? prior.growth : growth(drawn.growth),
      slots:
        drawn.inThisSlot === undefined
          ? []
          : [{ slot: slotOfDay(wallMs / 1000), ...growth(drawn.inThisSlot) }],
      hazard:
        drawn.perSecond === undefined
          ? priorHazard
          : Array.from({ length: hazardBins }, () => drawn.perSecond ?? 0),
      sizes:
        drawn.sizeClass === undefined
          ? prior.sizes
          : { share, size: countEdges, mean: sizeOf, square: sizeOf ** 2 },
      arrivals: drawn.arrivals,
      names:
        drawn.weekly === undefined
          ? prior.names
          : { salt: 7, count: 1, byHash: { [roomKey('weekly', 7)]: { ...weekly, size: drawn.weekly } } },
      ...(drawn.weekly === undefined
        ? {}
        : { calendar: [{ key: roomKey('weekly', 7), atS: wallMs / 1000 + 30, size: drawn.weekly }] }),
      clockSkewS: drawn.clockSkewS,
    };
  });

export const anyGiven: fc.Arbitrary<Given> = fc.record({
  learned: fc.oneof(fc.constant(undefined), { weight: 3, arbitrary: tables }),
  launchMs: mostly<number | undefined>(undefined, 0, 20_000, 3_600_000),
});
