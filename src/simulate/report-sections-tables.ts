/** The tables of one trace: means side by side, the subject against the others, and every single run. */
import { type Markup, el, group } from '../report/markup.ts';
import { figure } from '../report/figure.ts';
import { type Measure, measures, shown } from './report-measures.ts';
import { type Model, type Series, type TraceGroup, bySeed, findSeries, meanOf } from './report-model.ts';
import { type Estimate, pairedRatio } from './report-statistics.ts';
import { type Cell, table } from '../report/table.ts';
import { contests, judgements, references, verdictWord } from './report-verdicts.ts';

/** The interval on a line of its own, so that the means stand in a column. */
function withInterval({ mean, halfWidth }: Estimate, digits: number): Markup | string {
  const text = figure(mean, digits);
  if (halfWidth === undefined) return text;
  return group(text, ' ', el('span', { class: 'interval-text' }, `±${figure(halfWidth, digits)}`));
}

function meanCell(series: Series, measure: Measure): Markup | string {
  const mean = meanOf(series, measure);
  return withInterval(mean, digitsFor(mean, measure));
}

/** The mean alone. */
export function meanText(series: Series, measure: Measure): string {
  const mean = meanOf(series, measure);
  return figure(mean.mean, digitsFor(mean, measure));
}

/** A mean of counts over several seeds is rarely whole. */
function digitsFor({ mean }: Estimate, { digits }: Measure): number {
  return digits === 0 && !Number.isInteger(mean) ? 1 : digits;
}

function ratioCell(trace: TraceGroup, series: Series, policy: string): Markup | string {
  const reference = findSeries(trace, policy);
  if (reference === undefined) return 'not run';
  if (reference === series) return '1 (itself)';
  const ratio = pairedRatio(bySeed(series, measures.nodeHours), bySeed(reference, measures.nodeHours));
  return ratio === undefined ? 'no shared seed' : withInterval(ratio, 3);
}

export function summaryTable(trace: TraceGroup, { subject, options: { price } }: Model): Markup {
  const cost = price === undefined ? [] : [`Cost, ${price.currency}`];
  return table({
    caption: 'Cost and harm, side by side',
    columns: [
      'Policy',
      'Node-hours',
      ...cost,
      ...references.map((policy) => `Node-hours ÷ ${policy}`),
      'Node-hours ÷ bound',
      'Overload, %',
      'Unavoidable, %',
      'Rooms cut',
      'People cut',
    ],
    rows: trace.series.map((series) => [
      series.label,
      meanCell(series, measures.nodeHours),
      ...(price === undefined ? [] : [costCell(series, price.amount)]),
      ...references.map((policy) => ratioCell(trace, series, policy)),
      meanCell(series, measures.ratio),
      meanCell(series, measures.overloadShare),
      meanCell(series, measures.unavoidableOverloadShare),
      meanCell(series, measures.roomsCut),
      meanCell(series, measures.participantsCut),
    ]),
    isMarked: (row) => trace.series[row]?.policy === subject,
    sorts: true,
  });
}

function costCell(series: Series, amount: number): Markup | string {
  const { mean, halfWidth, count } = meanOf(series, measures.nodeHours);
  return withInterval(
    { count, mean: mean * amount, halfWidth: halfWidth === undefined ? undefined : halfWidth * amount },
    2,
  );
}

export function behaviourTable(trace: TraceGroup, { subject }: Model): Markup {
  const shownMeasures = [
    measures.launches,
    measures.directionChangesPerDay,
    measures.peakNodes,
    measures.drainMinutesP50,
    measures.drainMinutesP95,
  ];
  return table({
    caption: 'How the fleets behaved',
    columns: [
      'Policy',
      ...shownMeasures.map(({ label, unit }) => (unit === '' ? label : `${label}, ${unit}`)),
    ],
    rows: trace.series.map((series) => [
      series.label,
      ...shownMeasures.map((measure) => meanCell(series, measure)),
    ]),
    isMarked: (row) => trace.series[row]?.policy === subject,
    sorts: true,
  });
}

export function againstTable(trace: TraceGroup, { subject, subjectLabel }: Model): Markup | undefined {
  const all = judgements(trace, subject);
  if (all.length === 0) return undefined;
  const others = trace.series.filter(({ policy }) => policy !== subject);
  const cell = (other: Series, contest: string): Cell => {
    const found = all.find((each) => each.other === other && each.contest === contest);
    if (found === undefined) return 'not comparable';
    const content = `${verdictWord(found)}: ${found.text}`;
    return found.verdict === 'More' ? { content, mark: 'lose' } : content;
  };
  return table({
    caption: `${subjectLabel} against each other policy, paired by seed. Less is better in every column.`,
    columns: ['Against', ...contests.map(({ name }) => name)],
    rows: others.map((other) => [other.label, ...contests.map(({ name }) => cell(other, name))]),
    isProse: true,
  });
}

export function seedTable(trace: TraceGroup): Markup {
  const all = Object.values(measures).filter(({ key: name }) => name !== 'wallMs' && name !== 'rooms');
  return el(
    'details',
    {},
    el('summary', {}, 'Every figure of every run'),
    table({
      caption: `${trace.label}: all runs`,
      columns: [
        'Policy',
        'Seed',
        ...all.map(({ label, unit }) => (unit === '' ? label : `${label}, ${unit}`)),
      ],
      rows: trace.series.flatMap((series) =>
        series.runs.map((run) => [
          series.label,
          run.seed,
          ...all.map((measure) => shown(bySeed(series, measure).get(run.seed) ?? 0, measure)),
        ]),
      ),
      sorts: true,
    }),
  );
}
