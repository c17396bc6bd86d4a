/** The fitted costs of a node: what they predict, and how they are shown. */
import { figure } from '../report/figure.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { table } from '../report/table.ts';
import { type CostModel, type Estimate, mostCondition } from './cost-model.ts';
import type { Model } from './report-model.ts';
import type { NodeWindow } from './window.ts';

/** Cores that the model expects for what the node did in a window. */
export function predictedCores(costs: CostModel, node: NodeWindow): number {
  const perSecond = (count: number): number => count / Math.max(1e-9, node.seconds);
  return (
    costs.baseCores.value +
    costs.coresPerPacketIn.value * perSecond(node.packetsIn) +
    costs.coresPerPacketOut.value * perSecond(node.packetsOut) +
    costs.coresPerMegabyte.value * perSecond((node.bytesIn + node.bytesOut) / 1e6) +
    costs.coresPerParticipant.value * node.participants
  );
}

interface CostRow {
  readonly key: Exclude<keyof CostModel, 'residualCores' | 'conditionNumber' | 'windows'>;
  readonly label: string;
  readonly unit: string;
  /** From the unit of the model to the one that is shown. */
  readonly factor: number;
  readonly digits: number;
}

const rows: readonly CostRow[] = [
  { key: 'baseCores', label: 'Of the server without anybody', unit: 'cores', factor: 1, digits: 4 },
  { key: 'coresPerPacketIn', label: 'A packet received', unit: 'µs of a core', factor: 1e6, digits: 2 },
  { key: 'coresPerPacketOut', label: 'A packet sent', unit: 'µs of a core', factor: 1e6, digits: 2 },
  {
    key: 'coresPerMegabyte',
    label: 'A megabyte, received or sent',
    unit: 'ms of a core',
    factor: 1e3,
    digits: 3,
  },
  {
    key: 'coresPerParticipant',
    label: 'A participant',
    unit: 'thousandths of a core',
    factor: 1e3,
    digits: 3,
  },
  {
    key: 'coreSecondsPerJoin',
    label: 'A join',
    unit: 'ms of a core',
    factor: 1e3,
    digits: 1,
  },
  { key: 'baseBytes', label: 'Memory without anybody', unit: 'MB', factor: 1e-6, digits: 0 },
  { key: 'bytesPerParticipant', label: 'Memory of a participant', unit: 'MB', factor: 1e-6, digits: 2 },
];

export function costsSection({ summary }: Model): Markup {
  const costs = summary?.costs;
  const body =
    costs === undefined
      ? el('p', {}, 'No costs were fitted: there were too few windows, or they were too much alike.')
      : fitted(costs);
  return el('section', { id: 'costs' }, el('h2', {}, 'Fitted costs'), body);
}

function fitted(costs: CostModel): Markup {
  const isLoose = costs.conditionNumber > mostCondition;
  return group(
    el(
      'p',
      {},
      `From ${costs.windows} windows. The residuals have a standard deviation of ${figure(costs.residualCores, 4)} cores; the condition number is ${figure(costs.conditionNumber, 1)}. `,
      isLoose
        ? `That is above ${mostCondition}: rooms of one kind change packets, bytes and people together, so the single costs cannot be told apart and mean nothing. Their sum still describes loads of this kind. "loadtest calibrate" tells them apart.`
        : 'The terms can be told apart.',
    ),
    table({
      caption: 'Costs with their intervals of 95 %',
      columns: ['Cost', 'Value', 'From', 'To', 'Unit'],
      rows: rows.flatMap(({ key, label, unit, factor, digits }) => {
        const cost: Estimate | undefined = costs[key];
        if (cost === undefined) return [];
        const shown = (value: number): string => figure(value * factor, digits);
        return [[label, shown(cost.value), shown(cost.low), shown(cost.high), unit]];
      }),
    }),
  );
}
