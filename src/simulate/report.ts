/** A comparison of policies as one HTML file: no network, no library, readable without scripts and in print. */
import { type Markup, el, group, verbatim } from './report-markup.ts';
import { type Model, type ReportOptions, type ReportRun, modelOf } from './report-model.ts';
import { definitionsSection, lossesSection, recomputeSection } from './report-sections-about.ts';
import { traceSection } from './report-sections-trace.ts';
import { script, styleSheet } from './report-style.ts';
import { headline } from './report-verdicts.ts';

export type { NodeHourPrice, ReportOptions, ReportRun } from './report-model.ts';
export { EmptyReportError } from './report-model.ts';

/** The document as text. The same runs and options give the same text. @throws EmptyReportError without any run. */
export function renderReport(runs: readonly ReportRun[], options: ReportOptions): string {
  const model = modelOf(runs, options);
  const { answer, harm, scope } = headline(model);
  const document = el(
    'html',
    { lang: 'en' },
    head(answer),
    el(
      'body',
      {},
      patterns(),
      el(
        'header',
        {},
        el('h1', {}, 'Comparison of scaling policies'),
        el('p', { class: 'answer' }, answer),
        harm === '' ? undefined : el('p', {}, harm),
        el('p', {}, scope),
        el('p', { class: 'soft' }, conditions(model)),
      ),
      contents(model),
      el(
        'main',
        {},
        lossesSection(model),
        ...model.traces.map((trace) => traceSection(model, trace)),
        recomputeSection(model, runs),
        definitionsSection(),
      ),
      el('script', {}, verbatim(script)),
    ),
  );
  return `<!doctype html>\n${document.markup}\n`;
}

/** The policy forbids the page to load anything at all. */
function head(title: string): Markup {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  return el(
    'head',
    {},
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    el('title', {}, title),
    el('style', {}, verbatim(styleSheet)),
  );
}

function conditions({ options }: Model): string {
  const made = options.madeAt === undefined ? '' : ` Made ${options.madeAt}.`;
  const price =
    options.price === undefined
      ? ''
      : ` A node-hour costs ${options.price.amount} ${options.price.currency}.`;
  return `Simulated. A node carries ${options.capacity} participants and takes ${options.launchSeconds} s to launch.${price}${made}`;
}

function contents({ traces, subjectLabel }: Model): Markup {
  const links = [
    ['losses', `Where ${subjectLabel} loses`],
    ...traces.map(({ anchor, label }) => [anchor, label] as const),
    ['recompute', 'Recompute'],
    ['definitions', 'Definitions'],
  ] as const;
  return el(
    'nav',
    { 'aria-label': 'Contents' },
    el('ul', {}, ...links.map(([anchor, label]) => el('li', {}, el('a', { href: `#${anchor}` }, label)))),
  );
}

/** Fills that differ in texture, so that they need no colour to be told apart. */
function patterns(): Markup {
  const tile = { patternUnits: 'userSpaceOnUse', width: 6, height: 6 };
  return el(
    'svg',
    { class: 'defs', 'aria-hidden': 'true' },
    el(
      'defs',
      {},
      el(
        'pattern',
        { id: 'hatch', ...tile },
        group(el('path', { d: 'M-1 7L7-1M-1 1L1-1M5 7L7 5', class: 'hatching' })),
      ),
      el('pattern', { id: 'dots', ...tile }, el('circle', { cx: 3, cy: 3, r: 1.8, class: 'dotting' })),
    ),
  );
}
