/** Load tests to begin with: each has what its name says, and takes the changes of a test. */
import type { LoadTestSpec } from '../../src/api/v1alpha1.gen.ts';
import { isoFromMs } from '../../src/base/iso-time.ts';
import type {
  CoordinatorProgress,
  CoordinatorSummary,
  LoadTestNode,
  LoadTestPod,
  LoadTestSeen,
  ResultSeen,
} from '../../src/core/load-test-seen.ts';

export const nowMs = Date.parse('2026-03-01T12:00:00Z');
export const minuteMs = 60_000;
export const agoIso = (ms: number): string => isoFromMs(nowMs - ms);

export const baseSpec: LoadTestSpec = {
  target: { clusterRef: { name: 'prod' }, allowSharedTarget: false },
  scenario: { inline: 'kind: Scenario' },
  generators: { count: 2, resources: {}, placement: { awayFromMediaNodes: 'Required' } },
  deadline: '2h',
  abort: false,
  cleanup: { policy: 'Keep' },
};
export const aNode = (name: string, change: Partial<LoadTestNode> = {}): LoadTestNode => ({
  name,
  nodeId: `ND_${name}`,
  state: 'Serving',
  rooms: 0,
  participants: 0,
  ...change,
});
export const aPod = (name: string, underTest?: string): LoadTestPod => ({
  name,
  uid: `uid-${name}`,
  usable: true,
  underTest,
});
export const cluster = (...nodes: readonly LoadTestNode[]) => ({
  mode: 'Enforce' as const,
  maxNodes: 5,
  deleting: false,
  nodes,
});
export const active = { state: 'Active', message: undefined } as const;
export const done = { state: 'Complete', message: undefined } as const;
export const result = (change: Partial<ResultSeen> = {}): ResultSeen => ({
  abortAsked: false,
  owned: false,
  progress: undefined,
  summary: undefined,
  keys: [],
  sha256: undefined,
  profile: undefined,
  ...change,
});
export const searching: CoordinatorProgress = {
  phase: 'Searching',
  shown: { level: 4, workers: 2, workersWanted: 2, connected: 40, repetition: 1, repetitions: 3 },
};
export const complete: CoordinatorSummary = {
  outcome: 'Complete',
  why: '11 rooms.',
  result: { outcome: 'Complete', capacity: 11, unit: 'rooms' },
};

export type Change = Omit<Partial<LoadTestSeen>, 'spec'> & { readonly spec?: Partial<LoadTestSpec> };

export function seen({ spec, ...change }: Change = {}): LoadTestSeen {
  return {
    name: 'rooms',
    resultName: 'rooms-result-abcde',
    generation: 1,
    spec: { ...baseSpec, ...spec },
    status: { phase: 'Pending', startTime: agoIso(minuteMs) },
    deletedAtMs: undefined,
    hasFinalizer: true,
    scenario: { kind: 'Valid' },
    refusal: undefined,
    cluster: cluster(aNode('m-1', { rooms: 3, participants: 12 }), aNode('m-2')),
    pod: undefined,
    coordinator: undefined,
    workers: undefined,
    address: undefined,
    dialled: undefined,
    podsLeft: 0,
    trouble: undefined,
    result: undefined,
    nowMs,
    ...change,
  };
}

/** On a node that is lent to it, with everything that was started. */
export function running(change: Change = {}): LoadTestSeen {
  return seen({
    status: {
      phase: 'Searching',
      startTime: agoIso(10 * minuteMs),
      target: { mediaNode: 'm-2', uid: 'uid-m-2', nodeId: 'ND_m-2' },
    },
    pod: aPod('m-2', 'rooms'),
    coordinator: active,
    workers: active,
    address: '10.0.0.9',
    dialled: '10.0.0.9',
    podsLeft: 3,
    result: result({ progress: searching }),
    ...change,
  });
}
