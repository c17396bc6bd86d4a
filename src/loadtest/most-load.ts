/** What `load.most` allows, whatever mode or option asks for more. */
import { estimateLevel } from './estimate.ts';
import { levelFor } from './scenario-levels.ts';
import type { Scenario } from './scenario.ts';

/** The highest level up to the wished one that stays within the people and the megabits that the scenario allows at most. */
export function levelWithinMost(scenario: Scenario, wished: number): number {
  const { workload, load } = scenario;
  if (workload.kind === 'Trace') return wished;
  const fits = (level: number): boolean => {
    const { participants, mbpsOut } = estimateLevel(scenario, level);
    return participants <= load.most.participants && mbpsOut <= load.most.egressMbps;
  };
  let most = Math.min(wished, Math.floor(levelFor(workload, load.most.participants)));
  if (most <= 0 || fits(most)) return Math.max(0, most);
  let least = 0;
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle;
  }
  return least;
}
