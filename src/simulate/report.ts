/** A comparison of policies as one HTML file: no network, no library, readable without scripts and in print. */
import { el } from '../report/markup.ts';
import { contents, renderPage } from '../report/page.ts';
import { type Model, type ReportOptions, type ReportRun, modelOf } from './report-model.ts';
import { definitionsSection, lossesSection, recomputeSection } from './report-sections-about.ts';
import { traceSection } from './report-sections-trace.ts';
import { script, styleSheet } from '../report/style.ts';
import { headline } from './report-verdicts.ts';

export type { NodeHourPrice, ReportOptions, ReportRun } from './report-model.ts';
export { EmptyReportError } from './report-model.ts';

/** The document as text. The same runs and options give the same text. @throws EmptyReportError without any run. */
export function renderReport(runs: readonly ReportRun[], options: ReportOptions): string {
  const model = modelOf(runs, options);
  const { answer, harm, scope } = headline(model);
  const top = el(
    'header',
    {},
    el('h1', {}, 'Comparison of scaling policies'),
    el('p', { class: 'answer' }, answer),
    harm === '' ? undefined : el('p', {}, harm),
    el('p', {}, scope),
    el('p', { class: 'soft' }, conditions(model)),
  );
  const main = el(
    'main',
    {},
    lossesSection(model),
    ...model.traces.map((trace) => traceSection(model, trace)),
    recomputeSection(model, runs),
    definitionsSection(),
  );
  return renderPage({ title: answer, style: styleSheet, script, body: [top, contents(links(model)), main] });
}

function conditions({ options }: Model): string {
  const made = options.madeAt === undefined ? '' : ` Made ${options.madeAt}.`;
  const price =
    options.price === undefined
      ? ''
      : ` A node-hour costs ${options.price.amount} ${options.price.currency}.`;
  return `Simulated. A node carries ${options.capacity} participants and takes ${options.launchSeconds} s to launch.${price}${made}`;
}

function links({ traces, subjectLabel }: Model): readonly (readonly [string, string])[] {
  return [
    ['losses', `Where ${subjectLabel} loses`],
    ...traces.map(({ anchor, label }) => [anchor, label] as const),
    ['recompute', 'Recompute'],
    ['definitions', 'Definitions'],
  ];
}
