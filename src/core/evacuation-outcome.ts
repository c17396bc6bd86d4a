/** What comes of replacing nodes in one decision: steps, what is remembered, and what is shown. */
import type { Action } from './action.ts';
import type { Trial } from './canary.ts';
import { nextThresholdMs } from './departures.ts';
import type { Evacuation } from './evacuation.ts';
import type { EvacuationPlan } from './evacuation-plan.ts';
import { compareNames } from './media-nodes.ts';
import type { ChangeMemory } from './memory.ts';
import type { NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import { usualLaunchMs } from './reserve.ts';
import type { ClusterSpec } from './spec.ts';
import type { DepartureView, UpdateView } from './decision.ts';
import { departureViews, updateView } from './updates-view.ts';

export interface EvacuationOutcomeInput {
  readonly spec: ClusterSpec;
  readonly evacuation: Evacuation;
  readonly plan: EvacuationPlan;
  readonly trial: Trial;
  /** Names of the stand-ins that are launched now. */
  readonly launched: readonly string[];
  /** Other steps of this decision. No Pod is named by two. */
  readonly others: readonly Action[];
  /** What is to be expected of each node that is up. */
  readonly outlooks: readonly NodeOutlook[];
  readonly launchMs: number | undefined;
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface EvacuationOutcome {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  /** `undefined` where nothing is being replaced. */
  readonly memory: ChangeMemory | undefined;
  readonly updates: UpdateView;
  readonly departures: readonly DepartureView[];
  readonly wakeAtMs: number | undefined;
}

export function evacuationOutcome(input: EvacuationOutcomeInput): EvacuationOutcome {
  const { spec, evacuation, plan, trial, nowMs, wallMs } = input;
  const launchMs = input.launchMs ?? usualLaunchMs;
  const findings = [...plan.findings, ...(trial.finding === undefined ? [] : [trial.finding])];
  const thresholdMs = nextThresholdMs(evacuation.departing, { wallMs, launchMs });
  return {
    actions: [...wishesOf(input), ...judgement(evacuation.change.target, trial)],
    findings,
    memory: memoryOf(input),
    updates: updateView(evacuation, {
      outlooks: input.outlooks,
      surge: plan.surge,
      launchS: launchMs / 1000,
      isPacked: spec.placement.strategy === 'Packed',
      finding: findings.find(({ reason }) => reason !== 'UpdateSurgeLimit'),
    }),
    departures: departureViews(evacuation),
    wakeAtMs: thresholdMs === undefined ? undefined : nowMs + (thresholdMs - wallMs),
  };
}

/** A wish can wait for the next look; what is done with a Pod that is proven empty, or has ended, goes first. */
function wishesOf({ plan, others }: EvacuationOutcomeInput): readonly Action[] {
  const named = new Set(others.flatMap((action) => ('pod' in action ? [action.pod.name] : [])));
  return plan.wishes.filter((action) => !('pod' in action) || !named.has(action.pod.name));
}

function judgement(revision: string, { verdict }: Trial): readonly Action[] {
  return verdict === undefined ? [] : [{ kind: 'JudgeRevision', revision, verdict }];
}

function memoryOf({ evacuation, trial, launched }: EvacuationOutcomeInput): ChangeMemory | undefined {
  const { wished, standIns: before } = evacuation.memory;
  const standIns = [...new Set([...before, ...launched])].toSorted(compareNames);
  const isIdle = standIns.length + wished.length === 0 && trial.memory === undefined;
  if (isIdle) return undefined;
  return { standIns, wished, ...(trial.memory === undefined ? {} : { trial: trial.memory }) };
}
