/** What a trial in mode DryRun has found, as gauges: one series for what would be, one for what is. */
import type { Gauge } from 'prom-client';
import { labelsOf } from './cluster-labels.ts';
import type { MetricName } from './metric-table.ts';

interface FleetFigures {
  readonly nodes: number;
  readonly nodeHours: number;
  readonly overloadShare: number;
  readonly launches: number;
  readonly roomsCut: number;
}

export interface ShadowFigures {
  readonly wouldBe: FleetFigures;
  readonly actual: FleetFigures;
}

const figures = {
  shadow_nodes: ({ nodes }) => nodes,
  shadow_node_hours: ({ nodeHours }) => nodeHours,
  shadow_overload_ratio: ({ overloadShare }) => overloadShare,
  shadow_launches: ({ launches }) => launches,
  shadow_rooms_cut: ({ roomsCut }) => roomsCut,
} as const satisfies Partial<Record<MetricName, (fleet: FleetFigures) => number>>;

export function shadowMetrics(make: { gauge(name: keyof typeof figures): Gauge }): {
  shadow(cluster: string, report: ShadowFigures | undefined): void;
} {
  const names = Object.keys(figures) as (keyof typeof figures)[];
  const gauges = names.map((name) => ({ gauge: make.gauge(name), of: figures[name] }));
  return {
    shadow: (cluster, report) => {
      const would = { ...labelsOf(cluster), fleet: 'shadow' };
      const is = { ...labelsOf(cluster), fleet: 'actual' };
      for (const { gauge, of } of gauges) {
        if (report === undefined) {
          gauge.remove(would);
          gauge.remove(is);
        } else {
          gauge.set(would, of(report.wouldBe));
          gauge.set(is, of(report.actual));
        }
      }
    },
  };
}
