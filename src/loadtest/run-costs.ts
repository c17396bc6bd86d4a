/** What the load of a run cost the node, as far as its windows can tell. */
import { stream } from '../workload/random.ts';
import { fitCosts, samplesOf } from './cost-fit.ts';
import type { CostModel } from './cost-model.ts';
import type { RunRecord } from './record.ts';

/** Undefined where there are too few windows. Single costs of a model with a large condition number mean nothing. */
export function fitRunCosts(records: readonly RunRecord[], seed: number): CostModel | undefined {
  return fitCosts(samplesOf(records, 'run'), stream(seed, 'costs')).model;
}
