/** How often windows passed, by level. */
import { figure } from '../report/figure.ts';
import type { Markup } from '../report/markup.ts';
import { table } from '../report/table.ts';
import type { Estimate } from './cost-model.ts';
import type { LevelGroup, Model } from './report-model.ts';
import { levelAxis, levelFigure } from './report-words.ts';
import { wilson } from './statistics.ts';

/** The share of judged windows that passed, with its interval of 95 %; null where none was judged. */
export function passedShare({ counts: { pass, fail } }: LevelGroup): Estimate | null {
  return wilson(pass, pass + fail) ?? null;
}

/** `undefined` where no window was judged. */
export function passedTable({ scenario, levels }: Model): Markup | undefined {
  const rows = levels.flatMap((group) => {
    const share = passedShare(group);
    if (share === null) return [];
    const { pass, fail } = group.counts;
    const interval = `${figure(share.low * 100, 0)}\u2013${percent(share.high)}`;
    return [[levelFigure(group.level), `${pass} of ${pass + fail}`, percent(share.value), interval]];
  });
  if (rows.length === 0) return undefined;
  return table({
    caption: `Windows that passed, of those that were judged, by level (${levelAxis(scenario)})`,
    columns: ['Level', 'Passed', 'Share', '95 % (Wilson), were windows independent'],
    rows,
  });
}

function percent(share: number): string {
  return `${figure(share * 100, 0)}\u00a0%`;
}
