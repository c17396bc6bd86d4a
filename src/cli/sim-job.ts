/** One run of the simulator as plain data, so that it can be done here or sent to a worker. */
import { policyByName } from '../simulate/policies.ts';
import type { SimEvent } from '../simulate/events.ts';
import type { SimResult } from '../simulate/result.ts';
import { simulate } from '../simulate/run.ts';
import type { SimPolicy } from '../simulate/simulation.ts';
import type { Trace } from '../workload/trace.ts';
import type { ChosenFleet, ChosenPolicy } from './policy-choice.ts';

export interface SimJob {
  readonly fleet: ChosenFleet;
  readonly launchSeconds: number;
  readonly seed: number;
}

export interface SimHooks {
  readonly onEvent?: (event: SimEvent) => void;
  readonly onProgress?: (share: number, simSeconds: number) => void;
  readonly signal?: AbortSignal;
}

/** The result carries the policy as it was asked for. @throws SimulationStoppedError */
export async function runJob(job: SimJob, trace: Trace, hooks: SimHooks): Promise<SimResult> {
  const { fleet, launchSeconds, seed } = job;
  const { policy, capacity, nodesMin, nodesMax } = fleet;
  const result = await simulate({
    trace,
    policy: simPolicy(policy),
    capacity,
    launchSeconds,
    seed,
    nodesMin,
    nodesMax,
    ...hooks,
  });
  return { ...result, policy: policy.label };
}

function simPolicy(policy: ChosenPolicy): SimPolicy {
  switch (policy.kind) {
    case 'Governor':
      return { kind: 'governor', spec: policy.spec };
    case 'Baseline':
      return { kind: 'baseline', create: policyByName(policy.label).create };
  }
}
