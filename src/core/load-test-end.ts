/** Why a load test ends, as what, and what has to be done until it has. */
import { parseDurationMs, sayDuration } from '../base/duration.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { LoadTestAction, LoadTestSeen } from './load-test-seen.ts';

export interface Cause {
  readonly as: 'Succeeded' | 'Inconclusive' | 'Failed' | 'Aborted';
  readonly message: string;
}

/** The default of the CRD, for a duration that cannot be read. */
const defaultDeadlineMs = 7_200_000;
/** How long a scenario, an OpenViduCluster or a Media Node is waited for. */
const startupMs = 600_000;
/** How long generators may take to be scheduled, to start and to connect. */
const provisioningMs = 300_000;
/** A coordinator that is asked to stop ends its rooms and writes what it measured within this. */
const politeStopMs = 20_000;
/** Pods that were told to stop are gone within this, or are no longer waited for. */
const podsEndMs = 60_000;

/** The first reason that holds; `undefined` while it goes on. */
export function causeToEnd(seen: LoadTestSeen): Cause | undefined {
  for (const look of [
    resulted,
    aborted,
    invalid,
    refused,
    coordinatorLost,
    clusterLost,
    targetLost,
    overdue,
    notStarted,
  ]) {
    const cause = look(seen);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** What the coordinator found outweighs why it was stopped, unless a person ended it. */
export function endsAs(seen: LoadTestSeen, cause: Cause): Cause {
  const found = resulted(seen);
  return found === undefined || cause.as === 'Aborted' ? cause : found;
}

function resulted({ result, spec }: LoadTestSeen): Cause | undefined {
  const summary = result?.summary;
  if (summary === undefined) return undefined;
  if (summary.outcome === 'Complete') return { as: 'Succeeded', message: summary.why };
  return { as: spec.abort ? 'Aborted' : 'Inconclusive', message: summary.why };
}

function aborted({ spec }: LoadTestSeen): Cause | undefined {
  return spec.abort ? { as: 'Aborted', message: 'A person ended it: spec.abort is true.' } : undefined;
}

function invalid({ scenario, coordinator }: LoadTestSeen): Cause | undefined {
  // Once it runs, the copy that was made of the scenario counts.
  if (scenario.kind !== 'Invalid' || coordinator !== undefined) return undefined;
  return { as: 'Failed', message: scenario.message };
}

function refused({ refusal }: LoadTestSeen): Cause | undefined {
  return refusal === undefined ? undefined : { as: 'Failed', message: refusal };
}

function coordinatorLost({ coordinator }: LoadTestSeen): Cause | undefined {
  if (coordinator === undefined || coordinator.state === 'Active') return undefined;
  const why = coordinator.message === undefined ? '' : ` ${coordinator.message}`;
  return { as: 'Inconclusive', message: `The coordinator ended without a result.${why}` };
}

/** A fleet that is deleted waits for all its nodes, and not for a load test. */
function clusterLost({ spec, cluster }: LoadTestSeen): Cause | undefined {
  if (cluster?.deleting !== true) return undefined;
  const name = spec.target.clusterRef?.name ?? '';
  return { as: 'Failed', message: `The OpenViduCluster ${name} is being deleted.` };
}

function targetLost({ spec, status, pod, coordinator }: LoadTestSeen): Cause | undefined {
  const { mediaNode, uid } = status?.target ?? {};
  if (spec.target.clusterRef === undefined || coordinator === undefined) return undefined;
  if (mediaNode === undefined || uid === undefined) return undefined;
  if (pod?.uid === uid && pod.usable) return undefined;
  return { as: 'Failed', message: `The Media Node under test, ${mediaNode}, has ended.` };
}

function overdue({ spec, status, nowMs }: LoadTestSeen): Cause | undefined {
  const startMs = parseIsoMs(status?.startTime ?? '');
  const deadlineMs = parseDurationMs(spec.deadline) ?? defaultDeadlineMs;
  if (startMs === undefined || nowMs - startMs < deadlineMs) return undefined;
  return { as: 'Inconclusive', message: `spec.deadline of ${sayDuration(deadlineMs)} is over.` };
}

function notStarted(seen: LoadTestSeen): Cause | undefined {
  return seen.status?.phase === 'Provisioning' ? notProvisioned(seen) : notPrepared(seen);
}

function notPrepared({ status, nowMs }: LoadTestSeen): Cause | undefined {
  const { phase, startTime = '', message = '' } = status ?? {};
  const startMs = parseIsoMs(startTime);
  const isAwaited = phase === 'Pending' || phase === 'Isolating';
  if (!isAwaited || startMs === undefined || nowMs - startMs < startupMs) return undefined;
  return { as: 'Failed', message: `Waited for ${sayDuration(startupMs)} in vain. ${message}` };
}

function notProvisioned({ status, nowMs }: LoadTestSeen): Cause | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'GeneratorsReady');
  const askedMs = parseIsoMs(condition?.lastTransitionTime ?? '');
  if (askedMs === undefined || nowMs - askedMs < provisioningMs) return undefined;
  const remedy =
    'Give the cluster Kubernetes Nodes for them that run no Media Node, or ask for less in spec.generators.';
  const what = `The generators did not come up within ${sayDuration(provisioningMs)}:`;
  return { as: 'Failed', message: `${what} ${status?.message ?? ''} ${remedy}` };
}

/** What has to be done, or waited for, before the node can be given back; `undefined`: nothing. */
export function stillToEnd(seen: LoadTestSeen, sinceMs: number): readonly LoadTestAction[] | undefined {
  const passedMs = seen.nowMs - sinceMs;
  const { result } = seen;
  if (passedMs < politeStopMs && isTalking(seen)) {
    // One that is asked to stop ends its rooms, and one that has its answer writes its report.
    const isHeard = result?.abortAsked === true || result?.summary !== undefined;
    return isHeard ? [] : [{ kind: 'AskAbort' }];
  }
  if (isActive(seen)) return [{ kind: 'EndJobs' }];
  return seen.podsLeft > 0 && passedMs < politeStopMs + podsEndMs ? [] : undefined;
}

/** One that has said nothing has made no room either. */
function isTalking({ coordinator, result }: LoadTestSeen): boolean {
  const hasSpoken = result?.progress !== undefined || result?.summary !== undefined;
  return coordinator?.state === 'Active' && hasSpoken;
}

/** Whether a Job of it has not ended. */
export function isActive({ coordinator, workers }: LoadTestSeen): boolean {
  return coordinator?.state === 'Active' || workers?.state === 'Active';
}

/** When nothing runs any more. */
export function lastActions(seen: LoadTestSeen): readonly LoadTestAction[] {
  const { result, coordinator, spec } = seen;
  const profile = result?.summary?.outcome === 'Complete' ? result.profile : undefined;
  return [
    ...givingBack(seen),
    ...(coordinator === undefined ? [] : [{ kind: 'SweepRooms' } as const]),
    ...(profile === undefined || spec.publishProfile === undefined
      ? []
      : [{ kind: 'PublishProfile', spec: profile } as const]),
  ];
}

/** Only what is lent to this test. */
export function givingBack({ name, pod }: LoadTestSeen): readonly LoadTestAction[] {
  return pod?.underTest === name ? [{ kind: 'GiveBack', pod }] : [];
}
