/** The alerts of the chart are held against the metrics that there are, the reasons and the runbooks. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { reasons } from '../../src/core/reasons.ts';
import { METRIC_PREFIX, type MetricDefinition, metricTable } from '../../src/telemetry/metric-table.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const file: { readonly groups: readonly { readonly rules: readonly Alert[] }[] } = parse(
  read('charts/openvidu-media-operator/alerts.yaml'),
);
const alerts = file.groups.flatMap(({ rules }) => rules);
const names = alerts.map(({ alert }) => alert);
const runbooks = readdirSync(new URL('docs/runbooks/', root)).filter((name) => name !== 'README.md');
const metrics: Readonly<Record<string, MetricDefinition>> = metricTable;

/** Labels that Prometheus itself puts on what it scrapes. */
const scraped = ['namespace', 'job'];

function definition(name: string): MetricDefinition | undefined {
  return metrics[name.slice(METRIC_PREFIX.length)];
}

function metricsIn(expr: string): readonly string[] {
  return expr.match(new RegExp(`${METRIC_PREFIX}\\w+`, 'g')) ?? [];
}

describe.each(alerts.map((alert) => [alert.alert, alert] as const))('%s', (name, alert) => {
  test('asks for metrics that there are', () => {
    const asked = metricsIn(alert.expr);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((metric) => definition(metric) === undefined)).toEqual([]);
  });

  test('takes rates of counters and levels of gauges', () => {
    const rated = [...alert.expr.matchAll(/(?:rate|increase)\((\w+)/g)].map(([, metric = '']) => metric);
    const level = metricsIn(alert.expr).filter((metric) => !rated.includes(metric));
    expect(rated.filter((metric) => definition(metric)?.kind !== 'counter')).toEqual([]);
    expect(level.filter((metric) => definition(metric)?.kind !== 'gauge')).toEqual([]);
  });

  test('names only labels that its metrics have', () => {
    const known = [
      ...scraped,
      ...metricsIn(alert.expr).flatMap((metric) => definition(metric)?.labels ?? []),
    ];
    const selected = [...alert.expr.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);
    const grouped = [...alert.expr.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    const shown = [...alert.annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    expect([...selected, ...grouped, ...shown].filter((label) => !known.includes(label))).toEqual([]);
  });

  test('names only reasons that there are', () => {
    const given = [...alert.expr.matchAll(/reason=~?"([^"]*)"/g)].flatMap(([, list = '']) => list.split('|'));
    expect(given.filter((reason) => !(reason in reasons))).toEqual([]);
  });

  test('leads to its runbook', () => {
    expect(alert.annotations.runbook_url).toBe(`RUNBOOKS/${name}.md`);
    expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
  });
});

test('every alert has a runbook, and every runbook an alert', () => {
  expect(runbooks.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
});

test.each(runbooks)(
  '%s says what it means, what it does to calls, how to look, mend and silence',
  (runbook) => {
    const heads = read(`docs/runbooks/${runbook}`).match(/^## .*$/gm);
    expect(heads).toEqual([
      '## Meaning',
      '## Impact on calls',
      '## How to look',
      '## How to mend',
      '## How to silence',
    ]);
  },
);

test('the list of runbooks names each of them', () => {
  const list = read('docs/runbooks/README.md');
  expect(names.filter((name) => !list.includes(`[${name}](${name}.md)`))).toEqual([]);
});
