/** How alike windows of the same load were, which bounds how alike whole searches can be. */
import type { Model } from './report-model.ts';
import { sum } from './statistics.ts';

/** Fewer windows beyond the first of their level say little about how they differ. */
const leastDegrees = 5;

/**
 * The standard deviation of the processor time that the node took for the same load, as a share of its mean at that
 * level, pooled over the levels. `undefined` where too few windows can be compared.
 */
export function cpuDeviation({ levels }: Pick<Model, 'levels'>): number | undefined {
  const groups = levels
    .map(({ valid }) => valid.flatMap(({ node }) => node?.cpuCores ?? []))
    .filter(({ length }) => length > 1);
  const degrees = sum(groups.map(({ length }) => length - 1));
  if (degrees < leastDegrees) return undefined;
  const squares = groups.flatMap((cores) => {
    const mean = sum(cores) / cores.length;
    return cores.map((one) => (one / mean - 1) ** 2);
  });
  return Math.sqrt(sum(squares) / degrees);
}
