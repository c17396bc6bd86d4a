/**
 * Makes the reference pages whose source is a table in the code. `--check` writes nothing and exits 1 when a
 * committed page is not what the tables say.
 */
import { commandPages } from './cli-pages.ts';
import { type Option, options } from '../src/operator/options.ts';
import { METRIC_PREFIX, type MetricDefinition, metricTable } from '../src/telemetry/metric-table.ts';
import { keepGenerated } from './generated.ts';
import { reasonPages } from './reason-pages.ts';
import { scenarioPage } from './scenario-pages.ts';

const command = 'node scripts/gen-docs.ts';

function page(title: string, source: string, body: readonly string[]): string {
  const note = `<!-- Made from ${source} by scripts/gen-docs.ts. Do not edit: change the table and run it again. -->`;
  return `${[`# ${title}`, '', note, '', ...body].join('\n')}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function allowed(option: Option): string {
  switch (option.kind) {
    case 'text':
      return option.shape;
    case 'choice':
      return option.choices.map(code).join(', ');
    case 'switch':
      return '`true`, `false`';
    case 'whole':
      return `${option.least} to ${option.most}`;
    case 'duration':
      return `${code(option.least)} to ${code(option.most)}`;
  }
}

function configurationPage(): string {
  const rows = Object.values(options).map((option: Option) => [
    code(option.env),
    allowed(option),
    code(String(option.fallback ?? '')),
    option.says,
  ]);
  return page('Configuration of the operator', 'src/operator/options.ts', [
    'The operator reads its settings from environment variables; the Helm chart sets most of them from its values, and the others by `extraEnv`. An empty variable',
    'counts as not set. A value that cannot be used ends the start with a sentence that names the variable.',
    'How a fleet behaves is not set here but in its OpenViduCluster.',
    '',
    ...table(['Variable', 'Values', 'Default', 'What it does'], rows),
  ]);
}

function metricsPage(): string {
  const rows = Object.entries(metricTable).map(([name, metric]: [string, MetricDefinition]) => [
    code(`${METRIC_PREFIX}${name}`),
    metric.kind,
    metric.labels.map(code).join(', '),
    metric.help,
  ]);
  return page('Metrics of the operator', 'src/telemetry/metric-table.ts', [
    'Served at `/metrics` on the port of `OVM_PORT`. Figures of a fleet carry its namespace in the label',
    '`cluster_namespace`, because Prometheus keeps `namespace` for the namespace of the scraped Pod.',
    '',
    ...table(['Metric', 'Type', 'Labels', 'What it counts'], rows),
  ]);
}

function cliPage(): string {
  return page('The command line', 'the definitions in src/cli', commandPages(table));
}

function scenariosPage(): string {
  const source = 'schemas/loadtest-scenario.schema.json';
  return page('Scenarios of load tests', source, scenarioPage(table));
}

process.exitCode = keepGenerated(
  new Map([
    ...reasonPages(),
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/cli.md', cliPage()],
    ['docs/reference/loadtest-scenarios.md', scenariosPage()],
  ]),
  command,
);
