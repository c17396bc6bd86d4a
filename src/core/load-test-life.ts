/** The life of a load test as a pure function: what is seen of it in, what to do and its status out. */
import type { LoadTestStatus } from '../api/v1alpha1.gen.ts';
import { parseDurationMs } from '../base/duration.ts';
import { isoFromMs, parseIsoMs } from '../base/iso-time.ts';
import {
  type Cause,
  causeToEnd,
  endsAs,
  givingBack,
  isActive,
  lastActions,
  stillToEnd,
} from './load-test-end.ts';
import { isolation } from './load-test-isolation.ts';
import type { LoadTestAction, LoadTestPhase, LoadTestSeen } from './load-test-seen.ts';
import { type Step, statusOfStep } from './load-test-status.ts';
import type { Finding } from './reasons.ts';
import { people } from './words.ts';

export interface LoadTestDecision {
  /** Whole; equal to the one before where nothing has changed. `undefined`: nothing to write. */
  readonly status: LoadTestStatus | undefined;
  /** The status is written before the actions, or after all of them were done. */
  readonly order: 'StatusFirst' | 'ActionsFirst';
  readonly actions: readonly LoadTestAction[];
  readonly events: readonly Finding[];
  /** `undefined`: only a change of the resource changes anything. */
  readonly againInMs: number | undefined;
}

/** While it is under way. */
const lookEveryMs = 2000;
const soonMs = 500;
/** The finalizer never holds a deletion for longer than this. */
const releaseMs = 60_000;

/** In which somebody waits for the next step. */
const quickPhases: ReadonlySet<LoadTestPhase> = new Set(['Isolating', 'Provisioning']);

const overPhases: ReadonlySet<LoadTestPhase | undefined> = new Set([
  'Succeeded',
  'Inconclusive',
  'Failed',
  'Aborted',
]);

/** Whether the test has ended, well or badly. */
export function isLoadTestOver(status: LoadTestStatus | undefined): boolean {
  return overPhases.has(status?.phase);
}

export function loadTestLife(seen: LoadTestSeen): LoadTestDecision {
  if (seen.deletedAtMs !== undefined) return leaving(seen, seen.deletedAtMs);
  if (isLoadTestOver(seen.status)) return afterwards(seen);
  if (!seen.hasFinalizer) return onlyActions([{ kind: 'Hold' }], soonMs);
  const { stopping } = seen.status ?? {};
  if (stopping !== undefined) {
    const { as, message } = stopping;
    return ending(seen, { as, message }, parseIsoMs(stopping.since) ?? seen.nowMs);
  }
  const cause = causeToEnd(seen);
  return cause === undefined ? underWay(seen) : ending(seen, cause, seen.nowMs);
}

function onlyActions(actions: readonly LoadTestAction[], againInMs: number | undefined): LoadTestDecision {
  return { status: undefined, order: 'ActionsFirst', actions, events: [], againInMs };
}

function underWay(seen: LoadTestSeen): LoadTestDecision {
  const step = isolation(seen) ?? running(seen);
  if (step.kind === 'End') return ending(seen, step.cause, seen.nowMs);
  const began = seen.status?.startTime === undefined;
  const message = `${seen.name} was taken up. ${step.message}`;
  return {
    status: statusOfStep(seen, step),
    order: 'StatusFirst',
    actions: step.actions,
    events: began ? [{ reason: 'LoadTestStarted', message }] : [],
    againInMs: quickPhases.has(step.phase) ? soonMs : lookEveryMs,
  };
}

function running(seen: LoadTestSeen): Step {
  const actions = starting(seen);
  const progress = seen.result?.progress;
  if (progress === undefined || progress.phase === 'Connecting') {
    return { kind: 'Step', phase: 'Provisioning', message: provisioningSaid(seen), actions };
  }
  const { repetition = 1, repetitions = 1, level, connected = 0 } = progress.shown;
  const at = level === undefined ? '' : ` at level ${level}`;
  const message = `Repetition ${repetition} of ${repetitions}${at} with ${people(connected)}.`;
  return { kind: 'Step', phase: progress.phase, message, actions };
}

/** Generators come last: they dial the coordinator at its address, which a new Pod of it does not keep. */
function starting({
  coordinator,
  workers,
  result,
  address,
  dialled,
}: LoadTestSeen): readonly LoadTestAction[] {
  if (coordinator === undefined || result === undefined) return [{ kind: 'Start' }];
  if (address === undefined) return [];
  if (workers === undefined) return [{ kind: 'Start' }];
  return dialled === address ? [] : [{ kind: 'EndGenerators' }];
}

function provisioningSaid({ spec, result, trouble }: LoadTestSeen): string {
  const connected = result?.progress?.shown.workers ?? 0;
  const what = `${connected} of ${spec.generators.count} generators are connected`;
  return trouble === undefined ? `${what}.` : `${what}: ${trouble}`;
}

const endReasons = {
  Succeeded: 'LoadTestSucceeded',
  Inconclusive: 'LoadTestInconclusive',
  Failed: 'LoadTestFailed',
  Aborted: 'LoadTestAborted',
} as const;

/** Brings it to its end: politely, then by force, then the node is given back. */
function ending(seen: LoadTestSeen, cause: Cause, sinceMs: number): LoadTestDecision {
  const { as, message } = endsAs(seen, cause);
  const actions = stillToEnd(seen, sinceMs);
  if (actions !== undefined) {
    const phase = seen.result?.summary === undefined ? 'Stopping' : 'Analysing';
    const stopping = { since: isoFromMs(sinceMs), as, message };
    const status = statusOfStep(seen, { kind: 'Step', phase, message, actions, stopping });
    return { status, order: 'StatusFirst', actions, events: [], againInMs: soonMs };
  }
  const last = lastActions(seen);
  return {
    status: statusOfStep(seen, { kind: 'Step', phase: as, message, actions: last }),
    order: 'ActionsFirst',
    actions: last,
    events: [{ reason: endReasons[as], message: `${seen.name}: ${message}` }],
    againInMs: soonMs,
  };
}

/** Over: the finalizer goes, the result belongs to whom the policy says, and in time the resource goes too. */
function afterwards(seen: LoadTestSeen): LoadTestDecision {
  const leftMs = timeToLive(seen);
  const isDue = leftMs !== undefined && leftMs <= 0;
  const actions: readonly LoadTestAction[] = [
    ...handingOver(seen),
    ...(seen.hasFinalizer ? [...givingBack(seen), { kind: 'Release' } as const] : []),
    ...(isDue ? [{ kind: 'Delete' } as const] : []),
  ];
  return onlyActions(actions, isDue ? undefined : leftMs);
}

/** `undefined`: it is kept. */
function timeToLive({ spec, status, nowMs }: LoadTestSeen): number | undefined {
  const ttlMs = parseDurationMs(spec.cleanup.ttl ?? '');
  if (ttlMs === undefined) return undefined;
  return (parseIsoMs(status?.endTime ?? '') ?? nowMs) + ttlMs - nowMs;
}

/** The policy may be changed when the test is over. */
function handingOver({ spec, result }: LoadTestSeen): readonly LoadTestAction[] {
  const owned = spec.cleanup.policy === 'Delete';
  return result === undefined || result.owned === owned ? [] : [{ kind: 'OwnResult', owned }];
}

/** The resource is being deleted: all that it has made ends, the node is given back, and it goes. */
function leaving(seen: LoadTestSeen, deletedAtMs: number): LoadTestDecision {
  if (!seen.hasFinalizer) return onlyActions([], undefined);
  if (seen.nowMs - deletedAtMs >= releaseMs) {
    return onlyActions([...givingBack(seen), { kind: 'Release' }], undefined);
  }
  if (isActive(seen)) return onlyActions([{ kind: 'EndJobs' }], soonMs);
  if (seen.podsLeft > 0) return onlyActions([], soonMs);
  const sweep: readonly LoadTestAction[] = isLoadTestOver(seen.status) ? [] : [{ kind: 'SweepRooms' }];
  return onlyActions([...givingBack(seen), ...sweep, { kind: 'Release' }], undefined);
}
