import type { Baseline, BaselineOrder, BaselineView } from './baseline.ts';
import {
  activeNodes,
  fewestParticipantsFirst,
  launch,
  launchingFirst,
  runningNodes,
  withinBounds,
} from './baseline-fleet.ts';

const JOB_PERIOD_S = 30;
/** The values of the project's sample group, but for the thresholds, which a group has to choose. */
const SCALE_PERIOD_S = 60;
const SCALE_UP_PERIODS = 2;
const SCALE_DOWN_PERIODS = 4;
const SCALE_QUANTITY = 1;
const GRACE_PERIOD_S = 480;
const UP_THRESHOLD = 0.6;
const DOWN_THRESHOLD = 0.3;

/** One report of every running instance. */
interface Sample {
  readonly atS: number;
  readonly stress: ReadonlyMap<string, number>;
}

/**
 * jitsi-autoscaler for video bridges: stress 0.6 in two periods of 60 s adds one, stress below 0.3 in four takes one
 * away, and after any change nothing changes for 480 s. Instances that are still being provisioned go first, then
 * those with the fewest participants; they end by themselves and cannot be taken back.
 */
export function createJitsi(): Baseline {
  let desired: number | undefined;
  let quietUntilS = 0;
  let samples: readonly Sample[] = [];
  return {
    name: 'jitsi',
    periodS: JOB_PERIOD_S,
    placement: 'LiveKit',
    look: (view) => {
      samples = withLatest(samples, view);
      const count = activeNodes(view).length;
      const before = withinBounds(view, desired ?? count);
      desired = before;
      if (view.nowS >= quietUntilS && count === before) {
        desired = withinBounds(view, before + step(view, count, samples));
      }
      if (desired !== before) quietUntilS = view.nowS + GRACE_PERIOD_S;
      return launcherOrders(view, desired);
    },
  };
}

function withLatest(samples: readonly Sample[], view: BaselineView): readonly Sample[] {
  const stress = new Map(runningNodes(view).map(({ id, load }) => [id, load / view.capacity]));
  const oldestS = view.nowS - SCALE_PERIOD_S * Math.max(SCALE_UP_PERIODS, SCALE_DOWN_PERIODS);
  return [...samples.filter(({ atS }) => atS > oldestS), { atS: view.nowS, stress }];
}

function step(view: BaselineView, count: number, samples: readonly Sample[]): number {
  const stress = stressByPeriod(samples, view.nowS);
  const isHot = stress.slice(0, SCALE_UP_PERIODS).every((value) => value >= UP_THRESHOLD);
  if (isHot && count < view.nodesMax) return SCALE_QUANTITY;
  const isCold = stress.slice(0, SCALE_DOWN_PERIODS).every((value) => value < DOWN_THRESHOLD);
  return isCold && count > view.nodesMin ? -SCALE_QUANTITY : 0;
}

/** The latest period first. A period without a report has the value of the one before it; none at all reads as 0. */
function stressByPeriod(samples: readonly Sample[], nowS: number): readonly number[] {
  const values: number[] = [];
  for (let period = 0; period < Math.max(SCALE_UP_PERIODS, SCALE_DOWN_PERIODS); period += 1) {
    const untilS = nowS - period * SCALE_PERIOD_S;
    const inPeriod = samples.filter(({ atS }) => atS <= untilS && atS > untilS - SCALE_PERIOD_S);
    values.push(meanOfInstanceMeans(inPeriod) ?? values.at(-1) ?? 0);
  }
  return values;
}

function meanOfInstanceMeans(samples: readonly Sample[]): number | undefined {
  const byInstance = new Map<string, number[]>();
  for (const { stress } of samples) {
    for (const [id, value] of stress) byInstance.set(id, [...(byInstance.get(id) ?? []), value]);
  }
  return byInstance.size === 0 ? undefined : mean([...byInstance.values()].map(mean));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function launcherOrders(view: BaselineView, desired: number): readonly BaselineOrder[] {
  const surplus = activeNodes(view).length - desired;
  if (surplus <= 0) return launch(-surplus);
  return launchingFirst(view, fewestParticipantsFirst)
    .slice(0, surplus)
    .map(({ id }) => ({ kind: 'Drain', node: id }));
}
