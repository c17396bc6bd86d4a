/** A load test as one HTML file and one JSON file: no network, no library, no script; the same records give the same bytes. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sayDuration } from '../base/duration.ts';
import { type Markup, el } from '../report/markup.ts';
import { contents, renderPage } from '../report/page.ts';
import { costsSection } from './report-costs.ts';
import { headline, limitations, meanings, placeText, sentence } from './report-headline.ts';
import { type Model, modelOf } from './report-model.ts';
import { type ReportResult, resultOfModel } from './report-result.ts';
import { fingerprintSection, generatorSection, scenarioSection } from './report-sections-about.ts';
import { curvesSection, nodeSection, sloTable } from './report-sections-curves.ts';
import { joinsSection, roomsSection, timelineSection, windowsSection } from './report-sections-run.ts';
import { loadTestStyle } from './report-style.ts';
import type { RunRecord } from './record.ts';

export { NoMetaError } from './report-model.ts';
export { type ReportResult, resultOf } from './report-result.ts';

export interface WrittenReport {
  /** Paths of the files. */
  readonly html: string;
  readonly json: string;
  readonly result: ReportResult;
}

/**
 * Writes `report.html` and `result.json` into a folder, which is made where it is missing. Each file is there whole or
 * not at all. Records that were cut short give a report that says so. @throws NoMetaError, or why a file cannot be written
 */
export async function writeReport(records: readonly RunRecord[], dir: string): Promise<WrittenReport> {
  const model = modelOf(records);
  const result = resultOfModel(model);
  await mkdir(dir, { recursive: true });
  const [html, json] = [join(dir, 'report.html'), join(dir, 'result.json')];
  await writeWhole(html, renderModel(model));
  await writeWhole(json, `${JSON.stringify(result, null, 2)}\n`);
  return { html, json, result };
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** The page as text. @throws NoMetaError */
export function renderLoadTestReport(records: readonly RunRecord[]): string {
  return renderModel(modelOf(records));
}

function renderModel(model: Model): string {
  const answer = headline(model);
  const main = el(
    'main',
    {},
    meaningSection(model),
    curvesSection(model),
    nodeSection(model),
    costsSection(model),
    timelineSection(model),
    roomsSection(model),
    joinsSection(model),
    generatorSection(model),
    windowsSection(model),
    fingerprintSection(model),
    scenarioSection(model),
  );
  return renderPage({
    title: answer,
    style: loadTestStyle,
    script: undefined,
    body: [top(model, answer), contents(links), main],
  });
}

const links = [
  ['meaning', 'What it means'],
  ['curve', 'What people got'],
  ['node', 'What it cost the node'],
  ['costs', 'Fitted costs'],
  ['time', 'Over time'],
  ['rooms', 'Room by room'],
  ['joins', 'Joining'],
  ['generator', 'Generator'],
  ['windows', 'Every window'],
  ['fingerprint', 'On what'],
  ['scenario', 'Scenario and replay'],
] as const;

function top(model: Model, answer: string): Markup {
  const { scenario, meta, summary, windows } = model;
  const description = scenario.description.trim() === '' ? '' : ` ${sentence(scenario.description)}`;
  const tookMs = Math.max(0, ...windows.map(({ toMs }) => toMs));
  const ended = summary === undefined ? '' : ` Ended ${summary.endedAt}: ${sentence(summary.why)}`;
  return el(
    'header',
    {},
    el('h1', {}, `Load test "${scenario.name}"`),
    el('p', { class: 'answer' }, answer),
    el('p', {}, `Measured on ${placeText(model)}, seed ${scenario.seed}.${description}`),
    el('p', { class: 'soft' }, `Begun ${meta.startedAt}, measured for ${sayDuration(tookMs)}.${ended}`),
  );
}

function meaningSection(model: Model): Markup {
  const list = (texts: readonly string[]): Markup =>
    el('ul', { class: 'plain' }, ...texts.map((text) => el('li', {}, text)));
  return el(
    'section',
    { id: 'meaning' },
    el('h2', {}, 'What it means, and what not'),
    list(meanings(model)),
    el('h3', {}, 'What it does not mean'),
    list(limitations(model)),
    sloTable(model),
  );
}
