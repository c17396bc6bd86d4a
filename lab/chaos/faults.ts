/** The catalogue of faults. Each begins and ends by itself; what it leaves behind is the operator's to mend. */
import { pick, type Random, uniform } from '../../src/workload/random.ts';
import type { Fault } from './fault.ts';
import { apiFaults } from './faults-api.ts';
import { nodeFaults } from './faults-node.ts';
import { processFaults } from './faults-process.ts';
import { redisFaults } from './faults-redis.ts';

export const faults: readonly Fault[] = [...apiFaults, ...redisFaults, ...processFaults, ...nodeFaults];

/** By weight. */
export function drawFault(random: Random, among: readonly Fault[]): Fault {
  const total = among.reduce((sum, { weight }) => sum + weight, 0);
  let left = uniform(random, 0, total);
  for (const fault of among) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return pick(random, among);
}
