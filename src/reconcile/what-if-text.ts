/** What would have been different, as text for a terminal. */
import { sayDuration } from '../base/duration.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Both, WhatIf, WhatIfPoint } from './what-if.ts';

/** Beyond this the list helps nobody; the JSON has all. */
const mostSizes = 40;

/** Ends with a line feed. */
export function whatIfText(result: WhatIf): string {
  const { firstDifference: first } = result;
  const lines = [
    `${result.passes} passes in ${result.entries} entries, ${isoFromMs(result.fromMs)} and ${sayDuration(result.untilMs - result.fromMs)} on.`,
    ...changes(result),
    '',
    first === undefined
      ? 'The same number of Media Nodes would have been wanted all the time.'
      : `The first difference is at ${isoFromMs(first.atMs)}: ${first.instead.desired} instead of ${first.recorded.desired}. ${first.instead.message}`,
    ...(first === undefined ? [] : ['', ...table(result), '', ...sizes(result.sizes)]),
    '',
    'The world is the one that was recorded: it does not answer to what would have been done. Try a whole day with "simulate" or "backtest".',
    ...(result.breaks === 0
      ? []
      : [
          `The operator began anew ${result.breaks === 1 ? 'once' : `${result.breaks} times`} within this time, and so does the trial.`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

function changes({ changed }: WhatIf): readonly string[] {
  if (changed.length === 0) return ['Nothing is changed: the trial decides with the recorded spec.'];
  return changed.map(({ path, recorded, replayed }) => `Changed: ${path} from ${recorded} to ${replayed}.`);
}

function table({ nodeHours, launches, removals, mostNodes }: WhatIf): readonly string[] {
  return [
    row('', 'recorded', 'instead', 'difference'),
    figures('wanted node-hours', nodeHours, 2),
    figures('nodes asked for', launches, 0),
    figures('nodes let go', removals, 0),
    figures('most nodes', mostNodes, 0),
  ];
}

function figures(name: string, { recorded, instead }: Both, digits: number): string {
  const difference = instead - recorded;
  const sign = difference > 0 ? '+' : '';
  return row(name, recorded.toFixed(digits), instead.toFixed(digits), `${sign}${difference.toFixed(digits)}`);
}

function row(name: string, ...cells: readonly string[]): string {
  return `${name.padEnd(18)}${cells.map((cell) => cell.padStart(12)).join('')}`.trimEnd();
}

function sizes(points: readonly WhatIfPoint[]): readonly string[] {
  const lines = points.slice(0, mostSizes).map(({ atMs, recorded, instead }) => {
    const same = recorded.desired === instead.desired ? '' : `   (${instead.reason}: ${instead.message})`;
    return `${isoFromMs(atMs)}  ${recorded.desired} -> ${instead.desired}${same}`;
  });
  const left = points.length - lines.length;
  return left > 0 ? [...lines, `and ${left} more`] : lines;
}
