/** A life in words: what was violated, and what the operator decided before that. */
import type { ClusterStatus } from '../api/v1alpha1.gen.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Action } from '../core/action.ts';
import { statusOf } from '../core/status.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { type Violation, claims } from './life-claims.ts';
import type { LifePlan } from './life-plan.ts';

export interface LifeReport {
  readonly plan: LifePlan;
  readonly violation: Violation | undefined;
  readonly passes: number;
  /** How often each kind of action was carried out. */
  readonly actions: Readonly<Partial<Record<Action['kind'], number>>>;
  /** How long it lived, in simulated seconds. */
  readonly livedS: number;
  /** Equal lives have equal digests. */
  readonly digest: number;
  /** The last decisions, oldest first, with what was done since the one before. */
  readonly last: readonly LifeMoment[];
}

export interface LifeMoment {
  readonly input: DecideInput;
  readonly decision: Decision;
  readonly done: readonly Action[];
}

/** How to live the same life again. */
export function replayCommand({ plan: { seed, span } }: LifeReport): string {
  return `node lab/lives.ts --seed ${seed}${span === 'Long' ? ' --long' : ''}`;
}

/** One line for a life without fault; the whole story for one that violates a claim. */
export function lifeText(report: LifeReport): string {
  const { plan, violation, livedS, passes } = report;
  const heading = `Life ${plan.seed} (${plan.span}, ${plan.trace.rooms.length} rooms, ${plan.strokes.length} strokes)`;
  if (violation === undefined) {
    return `${heading}: all claims hold over ${Math.round(livedS)} s, ${passes} decisions, ${actionsText(report)}.`;
  }
  return [
    `${heading} violates at ${seconds(violation.atMs)} s: ${claims[violation.claim]}.`,
    `  ${violation.detail}`,
    `Replay: ${replayCommand(report)}`,
    `Spec: ${JSON.stringify(plan.spec)}`,
    'What befell it:',
    ...plan.strokes.map(({ atS, kind, ...rest }) => `  ${atS} s ${kind} ${JSON.stringify(rest)}`),
    'The last decisions:',
    ...report.last.map(momentText),
  ].join('\n');
}

function actionsText({ actions }: LifeReport): string {
  const counts = Object.entries(actions).map(([kind, count]) => `${count} ${kind}`);
  return counts.length === 0 ? 'no actions' : counts.join(', ');
}

function momentText({ input, decision, done }: LifeMoment): string {
  const nodes = decision.nodes.map(({ node, state, finding }) => {
    const wish = node.pod.cordonWish === undefined ? '' : `/${node.pod.cordonWish.by}`;
    const why = finding === undefined ? '' : `(${finding.reason})`;
    return `${node.name.split('-').at(-1)}:${state}${wish}${why} ${node.participants}`;
  });
  const refusals = decision.refusals.map(({ reason }) => reason);
  return [
    `  ${seconds(input.nowMs)} s desired ${decision.desired} (${decision.because.reason}) [${nodes.join(', ')}]`,
    ...(refusals.length === 0 ? [] : [`    refused: ${[...new Set(refusals)].join(', ')}`]),
    ...done.map((action) => `    ${actionText(action)}`),
  ].join('\n');
}

function actionText(action: Action): string {
  const { kind } = action;
  const about = 'pod' in action ? action.pod.name : 'name' in action ? action.name : '';
  const because = 'because' in action ? `: ${action.because}` : '';
  return `${kind} ${about}${because}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

/** How many different statuses these moments would have written one after another. */
export function statusesOf(moments: readonly LifeMoment[]): number {
  const written = new Set<string>();
  let previous: ClusterStatus | undefined;
  for (const { input, decision } of moments) {
    previous = statusOf({
      clusterName: input.clusterName,
      generation: 1,
      spec: input.spec,
      problems: [],
      notYetEffective: [],
      decision,
      previous,
      nowIso: isoFromMs(input.wallMs),
    });
    written.add(JSON.stringify(lasting(previous)));
  }
  return written.size;
}

/** Without what follows from what is yet to be expected of the rooms, which changes while nothing happens. */
function lasting(status: ClusterStatus): unknown {
  return {
    ...status,
    participants: undefined,
    utilizationPercent: undefined,
    freeSlots: undefined,
    lastDecision: undefined,
    nodes: status.nodes?.map((node) => ({ ...node, participants: undefined })),
    conditions: status.conditions?.filter(({ type }) => type !== 'ScalingLimited'),
  };
}
