/** What a search found: the capacity with its interval, and what set it. */
import type { Estimate } from './cost-model.ts';
import type { SearchResult } from './record.ts';
import type { Repetition, SearchState } from './search.ts';
import { type Failure, stepAt } from './search-climb.ts';
import { meanInterval } from './statistics.ts';
import { logisticN50 } from './statistics-logistic.ts';

/** Shares at which a resource is taken as what ran out. */
const full = { cpu: 0.85, throttled: 0.2, memory: 0.85, network: 0.8 } as const;

export interface AboutNode {
  /** Speed of its network interface. Without it the network cannot be named as the limit. */
  readonly nicMbps?: number | undefined;
}

/**
 * From the repetitions that have ended; `undefined` before the first one, and in modes that do not search.
 *
 * The interval is that of the mean over repetitions by Student's t, since windows of one repetition share its rooms
 * and its machine's mood. Repetitions that all say the same leave it no width: it is then the capacity and nothing
 * else, and exact to the step of the search. A single repetition shows no spread, so its interval is one step down
 * and one step up.
 */
export function conclude(state: SearchState, node: AboutNode = {}): SearchResult | undefined {
  const { course } = state;
  if (course.kind !== 'Search' || course.ended.length === 0) return undefined;
  const repetitions = course.ended.map(({ capacity }) => capacity);
  const n50 = logisticN50(course.judged);
  return {
    unit: state.unit,
    ...capacityOf(repetitions, (level) => stepAt(level, course.rules.mode)),
    repetitions,
    n50: n50?.value,
    ...(n50 === undefined || !isBounded(n50) ? {} : { n50Interval: [n50.low, n50.high] as const }),
    bindingSlo: mostFrequent(
      course.ended.flatMap(({ failures }) => failures.flatMap(({ metrics }) => metrics)),
    ),
    bindingLimit: bindingLimit(course.ended, node),
    windows: state.windows,
  };
}

const isBounded = ({ low, high }: Estimate): boolean => Number.isFinite(low) && Number.isFinite(high);

type Capacity = Pick<SearchResult, 'capacity' | 'lower95' | 'upper95'>;

function capacityOf(found: readonly number[], stepOf: (level: number) => number): Capacity {
  const interval = meanInterval(found);
  if (interval !== undefined) {
    return { capacity: interval.value, lower95: Math.max(0, interval.low), upper95: interval.high };
  }
  const capacity = found[0] ?? 0;
  return {
    capacity,
    lower95: Math.max(0, capacity - stepOf(capacity)),
    upper95: capacity + stepOf(capacity),
  };
}

function bindingLimit(ended: readonly Repetition[], node: AboutNode): SearchResult['bindingLimit'] {
  if (ended.every(({ maxReached }) => maxReached)) return 'MaxReached';
  const limits = ended.flatMap(({ failures }) => failures.map((failure) => limitOf(failure, node)));
  // A resource that had run out in some windows says more than those in which nothing could be seen.
  return mostFrequent(limits.filter((limit) => limit !== 'Unknown')) ?? 'Unknown';
}

/** A node held back by its limit seldom shows its whole share of processor, so throttling comes first. */
function limitOf(failure: Failure, { nicMbps }: AboutNode): SearchResult['bindingLimit'] {
  const { cpuShare = 0, throttledShare = 0, memoryShare = 0, mbpsOut = 0 } = failure;
  if (throttledShare >= full.throttled) return 'CpuThrottled';
  if (cpuShare >= full.cpu) return 'Cpu';
  if (memoryShare >= full.memory) return 'Memory';
  return nicMbps !== undefined && mbpsOut >= full.network * nicMbps ? 'Network' : 'Unknown';
}

/** The first one among equals. */
function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
