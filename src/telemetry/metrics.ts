import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Action } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { type Ages, ChangeMetrics, type Cut } from './change-metrics.ts';
import { type Labels, labelsOf } from './cluster-labels.ts';
import { fleetFigures, fleetGauges, forecastFigures, forecastGauges } from './fleet-figures.ts';
import { ProfileMetrics } from './profile-metrics.ts';
import { RefusalMetrics } from './refusal-metrics.ts';
import { type ShadowFigures, shadowMetrics } from './shadow-metrics.ts';
import { METRIC_PREFIX, type MetricDefinition, type MetricName, metricTable } from './metric-table.ts';

/** Outcome of an action: carried out, refused by its precondition or the server, or given up for another error. */
export type ActionOutcome = 'done' | 'refused' | 'failed';

/** Clusters are named `namespace/name`. Arguments are milliseconds where their names say so. */
export interface Metrics {
  /** Counts the reasons of a decision and shows the figures of its fleet. */
  decision(cluster: string, input: DecideInput, decision: Decision, tookMs: number): void;
  action(kind: Action['kind'], outcome: ActionOutcome): void;
  /** Counts a node that was removed with people on it. */
  evicted(cluster: string, cut: Cut): void;
  /** Shows what a trial has found so far, and nothing of it where there is no trial. */
  shadow(cluster: string, report: ShadowFigures | undefined): void;
  /** Drops the series of a cluster that is gone. */
  forgetCluster(cluster: string): void;
  reaction(tookMs: number): void;
  cordonReapplied(delayMs: number): void;
  kubeAttempt(attempt: { readonly verb: string; readonly code: string; readonly seconds: number }): void;
  /** `ageMs` is asked at each scrape; where it knows nothing, nothing is reported. */
  watchAge(resource: string, ageMs: () => number | undefined): void;
  queueDepth(lane: string, depth: number): void;
  leading(isLeader: boolean): void;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  readonly version: string;
  readonly nodeVersion: string;
  readonly clock?: Clock;
  /** Also report the process itself (memory, event loop, garbage collection). */
  readonly processMetrics?: boolean;
}

/** Metrics in a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const make = makers(registry);
  if (options.processMetrics === true) reportProcess(registry);
  make.gauge('build_info').set({ version: options.version, node_version: options.nodeVersion }, 1);
  return {
    ...decisionMetrics(make, options.clock ?? systemClock),
    ...shadowMetrics(make),
    ...actionMetrics(make),
    ...processMetrics(make),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/**
 * Without the histogram of the event loop's lag: its timer wakes a process at rest a hundred times a second, which costs
 * as much as all that the operator does then. `nodejs_eventloop_lag_seconds`, taken at each scrape, stays.
 */
function reportProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 3_600_000 });
  for (const part of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) {
    registry.removeSingleMetric(`nodejs_eventloop_lag_${part}_seconds`);
  }
}

function decisionMetrics(make: Makers, clock: Clock) {
  const decisions = make.counter('decisions_total');
  const took = make.histogram('decision_seconds');
  const gauges = fleetGauges.map((name) => ({ name, gauge: make.gauge(name) }));
  const forecasts = forecastGauges.map((name) => ({ name, gauge: make.gauge(name) }));
  const ages = make.ages('redis_reading_age_seconds');
  const changes = new ChangeMetrics(make, clock);
  const parts = [changes, new RefusalMetrics(make), new ProfileMetrics(make)] as const;
  return {
    evicted: (cluster, cut) => changes.evicted(cluster, cut),
    decision: (cluster, input, decision, tookMs) => {
      for (const part of parts) part.show(cluster, decision);
      const figures = fleetFigures(input, decision);
      decisions.inc({ reason: decision.because.reason });
      took.observe(tookMs / 1000);
      for (const { name, gauge } of gauges) gauge.set(labelsOf(cluster), figures[name]);
      const expected = forecastFigures(input, decision);
      for (const { name, gauge } of forecasts) {
        const value = expected[name];
        // A forecast that nobody has is no forecast of nothing.
        if (value === undefined) gauge.remove(labelsOf(cluster));
        else gauge.set(labelsOf(cluster), value);
      }
      const { redis } = input.observed;
      // A reading that failed leaves the age of the last good one to grow, which is what an alert watches.
      if (redis.kind === 'Read') ages.set(labelsOf(cluster), () => clock.elapsedMs() - redis.atMs);
    },
    forgetCluster: (cluster) => {
      for (const { gauge } of [...gauges, ...forecasts]) gauge.remove(labelsOf(cluster));
      ages.remove(labelsOf(cluster));
      for (const part of parts) part.forget(cluster);
    },
  } satisfies Partial<Metrics>;
}

function actionMetrics(make: Makers) {
  const actions = make.counter('actions_total');
  const reaction = make.histogram('reaction_seconds');
  const reapply = make.histogram('cordon_reapply_seconds');
  return {
    action: (kind, outcome) => actions.inc({ kind, outcome }),
    reaction: (tookMs) => reaction.observe(tookMs / 1000),
    cordonReapplied: (delayMs) => reapply.observe(delayMs / 1000),
  } satisfies Partial<Metrics>;
}

function processMetrics(make: Makers) {
  const requests = make.counter('kube_requests_total');
  const durations = make.histogram('kube_request_seconds');
  const watches = make.ages('watch_age_seconds');
  const depth = make.gauge('queue_depth');
  const leader = make.gauge('leader');
  leader.set(0);
  return {
    kubeAttempt: ({ verb, code, seconds }) => {
      requests.inc({ verb, code });
      // A watch lasts minutes by design and would drown the durations of requests.
      if (verb !== 'WATCH') durations.observe({ verb }, seconds);
    },
    watchAge: (resource, ageMs) => watches.set({ resource }, ageMs),
    queueDepth: (lane, waiting) => depth.set({ lane }, waiting),
    leading: (isLeader) => leader.set(isLeader ? 1 : 0),
  } satisfies Partial<Metrics>;
}

type AgeMs = Parameters<Ages['set']>[1];

interface Makers {
  counter(name: MetricName): Counter;
  gauge(name: MetricName): Gauge;
  histogram(name: MetricName): Histogram;
  ages(name: MetricName): Ages;
}

function makers(registry: Registry): Makers {
  const settings = (name: MetricName) => {
    const { help, labels }: MetricDefinition = metricTable[name];
    return { name: `${METRIC_PREFIX}${name}`, help, labelNames: [...labels], registers: [registry] };
  };
  return {
    counter: (name) => new Counter(settings(name)),
    gauge: (name) => new Gauge(settings(name)),
    histogram: (name) => {
      const { buckets = [] }: MetricDefinition = metricTable[name];
      return new Histogram({ ...settings(name), buckets: [...buckets] });
    },
    ages: (name) => agesIn(settings(name)),
  };
}

/** A gauge that is computed when it is asked for, because an age that is only set would stop ageing. */
function agesIn(settings: {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}): Ages {
  const known = new Map<string, { readonly labels: Labels; readonly ageMs: AgeMs }>();
  const keyOf = (labels: Labels) => JSON.stringify(Object.entries(labels));
  new Gauge({
    ...settings,
    collect() {
      this.reset();
      for (const { labels, ageMs } of known.values()) {
        const ms = ageMs();
        if (ms !== undefined) this.set(labels, ms / 1000);
      }
    },
  });
  return {
    set: (labels, ageMs) => void known.set(keyOf(labels), { labels, ageMs }),
    remove: (labels) => void known.delete(keyOf(labels)),
  };
}
