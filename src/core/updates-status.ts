/** A change of template or configuration as the status and its condition tell it. */
import type { ConditionStatus } from '../api/conditions.ts';
import type { ClusterStatus, ClusterStatusUpdates } from '../api/v1alpha1.gen.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { type ReasonCode, reasons } from './reasons.ts';
import { steadyInstant } from './steady-instant.ts';
import type { UpdatePhase } from './updates.ts';
import type { UpdateView } from './decision.ts';

/** What was told before stays where nothing can be told now. `nowIso` is RFC 3339. */
export function updatesStatus(
  view: UpdateView | undefined,
  previous: ClusterStatusUpdates | undefined,
  nowIso: string,
): Pick<ClusterStatus, 'updates'> {
  if (view === undefined) return previous === undefined ? {} : { updates: previous };
  const { phase, revision, fallbackRevision, updatedNodes, outdatedNodes, message } = view;
  const wallMs = parseIsoMs(nowIso) ?? 0;
  const endMs = view.endsInS === undefined ? undefined : wallMs + view.endsInS * 1000;
  const expectedEndTime = steadyInstant(previous?.expectedEndTime, endMs, wallMs);
  return {
    updates: {
      phase,
      revision,
      ...(fallbackRevision === undefined ? {} : { fallbackRevision }),
      updatedNodes,
      outdatedNodes,
      ...(expectedEndTime === undefined ? {} : { expectedEndTime }),
      message,
    },
  };
}

interface Statement {
  readonly status: ConditionStatus;
  readonly reason: ReasonCode;
  readonly message: string;
}

const reasonByPhase: Readonly<Record<UpdatePhase, ReasonCode>> = {
  Idle: 'AllUpdated',
  Canary: 'CanaryObserved',
  Rolling: 'UpdateRolling',
  Paused: 'UpdatePaused',
  Stopped: 'UpdateStopped',
};

export function updatedCondition(
  view: UpdateView | undefined,
  previous: ClusterStatus | undefined,
): Statement {
  const before = previous?.conditions?.find(({ type }) => type === 'Updated');
  if (view === undefined) {
    const known = Object.values(reasonByPhase).find((reason) => reason === before?.reason) ?? 'AllUpdated';
    return { status: before?.status ?? 'Unknown', reason: known, message: before?.message ?? reasons[known] };
  }
  const reason = reasonByPhase[view.phase];
  return { status: view.phase === 'Idle' ? 'True' : 'False', reason, message: view.message };
}
