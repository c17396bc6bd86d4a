/** What people get from a node that has next to nothing to do: limits that count "over the baseline" count from it. */
import { quantile } from './statistics.ts';
import type { Figures } from './figures.ts';
import type { WindowRecord } from './window.ts';

/**
 * Medians over the baseline windows of a repetition: those at its lowest level that are not invalid. A figure that
 * none of them has is left out.
 */
export function baselineFigures(windows: readonly WindowRecord[], repetition: number): Figures {
  const usable = windows.filter(
    (window) =>
      window.purpose === 'Baseline' && window.repetition === repetition && window.verdict.kind !== 'Invalid',
  );
  const names = new Set(usable.flatMap((window) => Object.keys(window.figures)));
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const middle = quantile(
        usable.flatMap((window) => window.figures[name] ?? []),
        0.5,
      );
      return middle === undefined ? [] : [[name, middle] as const];
    }),
  );
}
