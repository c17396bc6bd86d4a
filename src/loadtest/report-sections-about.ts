/** The generator, what was measured on what, and how to do it again. */
import { stringify } from 'yaml';
import { figure, upperFirst } from '../report/figure.ts';
import { type Markup, el, group } from '../report/markup.ts';
import { table } from '../report/table.ts';
import { fingerprintWords, shownPart } from './fingerprint.ts';
import { type ClientCost, efficiencyOf } from './report-generator.ts';
import { levelFigureOf } from './report-sections-curves.ts';
import { type Model } from './report-model.ts';
import { shapeSentence } from './report-words.ts';
import type { Fingerprint } from './record.ts';
import type { Scenario } from './scenario.ts';
import { thresholds } from './verdict.ts';

interface HealthPicture {
  readonly name: string;
  readonly caption: string;
  readonly unit: string;
  readonly factor: number;
  readonly digits: number;
  readonly limit?: { readonly value: number; readonly isLeast: boolean };
}

const pictures: readonly HealthPicture[] = [
  {
    name: 'generator.tickLateP99Ms',
    caption: 'How late packets were sent, 99th percentile of the latest worker',
    unit: 'ms',
    factor: 1,
    digits: 1,
    limit: { value: thresholds.tickLateP99Ms, isLeast: false },
  },
  {
    name: 'generator.eventLoopUse',
    caption: 'Event loop of the busiest worker in use',
    unit: '%',
    factor: 100,
    digits: 1,
    limit: { value: thresholds.eventLoopUse * 100, isLeast: false },
  },
  {
    name: 'generator.sentShare',
    caption: 'Packets sent, of those intended, by the worst worker',
    unit: '%',
    factor: 100,
    digits: 2,
    limit: { value: thresholds.sentShare * 100, isLeast: true },
  },
  {
    name: 'generator.stealShare',
    caption: 'Processor time that the machine gave to others',
    unit: '%',
    factor: 100,
    digits: 2,
    limit: { value: thresholds.stealShare * 100, isLeast: false },
  },
  { name: 'generator.cpuCores', caption: 'CPU of the generator, cores', unit: '', factor: 1, digits: 2 },
];

export function generatorSection(model: Model): Markup {
  const charts = pictures.flatMap((picture, at) => healthFigure(model, picture, at) ?? []);
  return el(
    'section',
    { id: 'generator' },
    el('h2', {}, 'Whether the generator kept up'),
    el(
      'p',
      {},
      'A window in which the generator was beyond one of these limits is invalid: slowness may then be its own, and is not sold as the node’s.',
    ),
    el('div', { class: 'pair' }, ...charts),
    costTable(model),
  );
}

function healthFigure(model: Model, picture: HealthPicture, at: number): Markup | undefined {
  const { name, caption, unit, factor, digits, limit } = picture;
  const points = model.windows.flatMap(({ figures, level, repetition, verdict }) => {
    const value = figures[name];
    return value === undefined ? [] : [{ level, repetition, verdict: verdict.kind, value: value * factor }];
  });
  if (points.length === 0) return undefined;
  const shown = (value: number): string => `${figure(value, digits)}${unit === '' ? '' : `\u00a0${unit}`}`;
  return levelFigureOf(model, caption, { id: `generator-${at}`, points, unit, shown, limit });
}

function costTable(model: Model): Markup | undefined {
  const { bulk, probes, mixed } = efficiencyOf(model.windows);
  if (bulk === null) return undefined;
  const row = (name: string, cost: ClientCost) => [
    name,
    figure(cost.meanPeople, 1),
    figure(cost.cores, 3),
    figure(cost.packetsPerSecondReceived, 0),
    figure(cost.packetsPerSecondReceivedPerCore, 0),
    figure(cost.coresPerThousandPackets, 4),
    figure(cost.coresPerParticipant, 4),
  ];
  return group(
    table({
      caption: 'What clients cost the generator, over all valid windows',
      columns: [
        'Clients',
        'At a time',
        'Cores',
        'Packets/s received',
        'Packets/s per core',
        'Cores per 1,000 packets/s',
        'Cores per participant',
      ],
      rows: [row('Bulk', bulk), ...(probes === null ? [] : [row('Probes, which decode', probes)])],
    }),
    mixed
      ? el(
          'p',
          { class: 'soft' },
          'Probes shared the processes of the bulk clients, so the first row holds the cost of both.',
        )
      : undefined,
  );
}

export function fingerprintSection({ fingerprint, meta, scenario }: Model): Markup {
  const words: readonly (readonly [keyof Fingerprint, string])[] = Object.keys(fingerprintWords)
    .filter((key): key is keyof Fingerprint => Object.hasOwn(fingerprintWords, key))
    .map((key) => [key, fingerprintWords[key]]);
  return el(
    'section',
    { id: 'fingerprint' },
    el('h2', {}, 'What was measured on what'),
    el('p', {}, shapeSentence(scenario)),
    table({
      caption: 'Fingerprint: only runs in which all of it is the same can be compared',
      columns: ['What', 'Is'],
      rows: [
        ...words.map(([key, what]) => [upperFirst(what), shownPart(fingerprint, key)]),
        ['Plan', meta.planDigest],
        ['Run', meta.runId],
        ['Begun', meta.startedAt],
        ['Node', meta.target.nodeId],
        ['Workers', meta.target.workers],
      ],
      isProse: true,
    }),
  );
}

/** A trace of more rooms than this is not printed. */
const MOST_TRACE_ROOMS = 20;

export function scenarioSection({ scenario, meta }: Model): Markup {
  return el(
    'section',
    { id: 'scenario' },
    el('h2', {}, 'Scenario, and how to repeat the run'),
    el(
      'p',
      {},
      `The seed ${scenario.seed} and the scenario fix the rooms, the people and the order and times of their joins. Give the record of this run to repeat it to the same plan (${meta.planDigest}), against the address of your node:`,
    ),
    el('pre', {}, 'kubectl-openvidu loadtest replay record.jsonl'),
    el('p', {}, 'To make this page again from the record, or to compare the run with another one:'),
    el(
      'pre',
      {},
      'kubectl-openvidu loadtest report record.jsonl --out .\nkubectl-openvidu loadtest compare record.jsonl OTHER.jsonl',
    ),
    el(
      'details',
      {},
      el('summary', {}, 'The scenario with all its defaults'),
      el('pre', {}, scenarioYaml(scenario)),
    ),
  );
}

/** As the run understood it, which is more than the file says. */
export function scenarioYaml(scenario: Scenario): string {
  const { workload } = scenario;
  const isLong = workload.kind === 'Trace' && workload.rooms.length > MOST_TRACE_ROOMS;
  const shown = isLong
    ? { ...scenario, workload: { ...workload, rooms: `${workload.rooms.length} rooms, see the record` } }
    : scenario;
  return stringify(shown, { aliasDuplicateObjects: false });
}
