/** The status of a load test, with its conditions. A steady state changes nothing in it. */
import type { LoadTestStatus } from '../api/v1alpha1.gen.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { LoadTestAction, LoadTestPhase, LoadTestSeen } from './load-test-seen.ts';
import { type ReasonCode, reasons } from './reasons.ts';

/** Types of the conditions in the status of an OpenViduLoadTest. */
export const LOAD_TEST_CONDITIONS = [
  'Validated',
  'TargetIsolated',
  'GeneratorsReady',
  'ResultStored',
  'Complete',
] as const;
export type LoadTestConditionType = (typeof LOAD_TEST_CONDITIONS)[number];

/** What one look makes of the test. */
export interface Step {
  readonly kind: 'Step';
  readonly phase: LoadTestPhase;
  readonly message: string;
  readonly actions: readonly LoadTestAction[];
  /** The target from now on; absent: as it was. */
  readonly target?: NonNullable<LoadTestStatus['target']> | 'None';
  readonly stopping?: NonNullable<LoadTestStatus['stopping']>;
}

/** A step with the target that it leaves. */
type Stated = Omit<Step, 'target'> & { readonly target: LoadTestStatus['target'] };

interface Statement {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: ReasonCode;
  readonly message?: string;
}

const longestMessage = 4096;
const endPhases: readonly LoadTestPhase[] = ['Succeeded', 'Inconclusive', 'Failed', 'Aborted'];

export function statusOfStep(seen: LoadTestSeen, step: Step): LoadTestStatus {
  const before = seen.status ?? {};
  const nowIso = isoFromMs(seen.nowMs);
  // Left out where there is none: of an object that has lost all its fields an API server makes null, and refuses it.
  const target = step.target === 'None' ? undefined : (step.target ?? before.target);
  return {
    observedGeneration: seen.generation,
    phase: step.phase,
    message: step.message.slice(0, longestMessage),
    startTime: before.startTime ?? nowIso,
    ...known('endTime', isEnd(step.phase) ? nowIso : undefined),
    ...known('stopping', step.stopping),
    ...known('target', target),
    conditions: conditionsOf(seen, { ...step, target }, nowIso),
    ...found(seen, before),
  };
}

/** What was found stays, also when the ConfigMap is gone. */
function found(seen: LoadTestSeen, before: LoadTestStatus): Partial<LoadTestStatus> {
  const { summary, progress } = seen.result ?? {};
  return {
    ...known('progress', progress?.shown ?? before.progress),
    ...known('result', summary?.result ?? before.result),
    ...known('artifacts', artifactsOf(seen) ?? before.artifacts),
  };
}

/** The field where there is a value for it, and nothing where there is none. */
function known<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  // The compiler takes the computed key for any text.
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

function isEnd(phase: LoadTestPhase): boolean {
  return endPhases.includes(phase);
}

function artifactsOf({ resultName, result }: LoadTestSeen): LoadTestStatus['artifacts'] {
  if (result?.summary === undefined) return undefined;
  const digest = result.sha256 === undefined ? {} : { sha256: result.sha256 };
  return { configMap: resultName, keys: result.keys.slice(0, 16), ...digest };
}

type Conditions = NonNullable<LoadTestStatus['conditions']>;

function conditionsOf(seen: LoadTestSeen, step: Stated, nowIso: string): Conditions {
  const before = seen.status?.conditions ?? [];
  return LOAD_TEST_CONDITIONS.flatMap((type) => {
    const was = before.find((condition) => condition.type === type);
    const now = statements[type](seen, step) ?? was;
    if (now === undefined) return [];
    const unchanged = was !== undefined && was.status === now.status;
    return [
      {
        type,
        status: now.status,
        reason: now.reason,
        message: (now.message ?? sentenceOf(now.reason)).slice(0, longestMessage),
        observedGeneration: seen.generation,
        lastTransitionTime: unchanged ? was.lastTransitionTime : nowIso,
      },
    ];
  });
}

function sentenceOf(reason: string): string {
  const known: Readonly<Record<string, string>> = reasons;
  return known[reason] ?? reason;
}

/** `undefined`: as it was, or not yet to be said. */
type Judge = (seen: LoadTestSeen, step: Stated) => Statement | undefined;

const statements: Readonly<Record<LoadTestConditionType, Judge>> = {
  Validated: ({ scenario, coordinator }) => {
    if (scenario.kind === 'Valid') return { status: 'True', reason: 'ScenarioValid' };
    if (coordinator !== undefined) return undefined;
    const reason = scenario.kind === 'Invalid' ? 'ScenarioInvalid' : 'ScenarioMissing';
    return { status: 'False', reason, message: scenario.message };
  },
  TargetIsolated: (seen, step) => {
    if (seen.spec.target.clusterRef === undefined) return { status: 'Unknown', reason: 'TargetExternal' };
    if (isEnd(step.phase)) return { status: 'False', reason: 'TargetReturned' };
    const isAwaited = step.phase === 'Pending' || step.phase === 'Isolating';
    if (isAwaited) return { status: 'False', reason: 'TargetAwaited', message: step.message };
    if (step.phase === 'Stopping') return undefined;
    const node = step.target?.mediaNode ?? 'The Media Node';
    return { status: 'True', reason: 'TargetIsolated', message: `${node} takes no other rooms.` };
  },
  GeneratorsReady: generatorsCondition,
  ResultStored: ({ resultName, result }) => {
    if (result?.summary === undefined) return { status: 'False', reason: 'ResultAwaited' };
    return { status: 'True', reason: 'ResultStored', message: `It is in ConfigMap ${resultName}.` };
  },
  Complete: (_, { phase, message }) => {
    const reason = endReasons[phase];
    return reason === undefined
      ? { status: 'False', reason: 'LoadTestRunning', message: `${phase}: ${message}` }
      : { status: 'True', reason, message };
  },
};

const endReasons: Readonly<Partial<Record<LoadTestPhase, ReasonCode>>> = {
  Succeeded: 'LoadTestSucceeded',
  Inconclusive: 'LoadTestInconclusive',
  Failed: 'LoadTestFailed',
  Aborted: 'LoadTestAborted',
};

function generatorsCondition(seen: LoadTestSeen, { phase }: Stated): Statement | undefined {
  if (phase === 'Pending' || phase === 'Isolating') return undefined;
  const isEnding = isEnd(phase) || phase === 'Stopping';
  return isEnding ? generatorsEnded(seen) : generatorsNow(seen);
}

function generatorsEnded({ coordinator }: LoadTestSeen): Statement | undefined {
  return coordinator === undefined ? undefined : { status: 'False', reason: 'GeneratorsEnded' };
}

function generatorsNow(seen: LoadTestSeen): Statement {
  const { workers = 0, workersWanted = seen.spec.generators.count } = seen.result?.progress?.shown ?? {};
  const message = `${workers} of ${workersWanted} generators are connected.`;
  if (workers >= workersWanted) return { status: 'True', reason: 'GeneratorsReady', message };
  const trouble = seen.trouble === undefined ? '' : ` ${seen.trouble}`;
  return { status: 'False', reason: 'GeneratorsAwaited', message: `${message}${trouble}` };
}
