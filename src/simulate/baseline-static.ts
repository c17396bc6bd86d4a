import type { Baseline, BaselineOrder } from './baseline.ts';
import {
  activeNodes,
  fewestParticipantsFirst,
  launch,
  launchingFirst,
  withinBounds,
} from './baseline-fleet.ts';

const PERIOD_S = 15;

/** A fleet of fixed size, within the bounds: what is lost is replaced, what is surplus drains once. */
export function createStatic(count: number): Baseline {
  return {
    name: `static-${count}`,
    periodS: PERIOD_S,
    placement: 'LiveKit',
    look: (view) => {
      const surplus = activeNodes(view).length - withinBounds(view, count);
      if (surplus <= 0) return launch(-surplus);
      return launchingFirst(view, fewestParticipantsFirst)
        .slice(0, surplus)
        .map(({ id }): BaselineOrder => ({ kind: 'Drain', node: id }));
    },
  };
}
