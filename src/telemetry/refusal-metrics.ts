/** What a fleet did not do, counted by reason. */
import type { Counter } from 'prom-client';
import type { Decision } from '../core/decision.ts';
import { labelsOf } from './cluster-labels.ts';
import type { MetricName } from './metric-table.ts';

export class RefusalMetrics {
  readonly #counter: Counter;
  /** Reasons by cluster, so that no series outlives its cluster. */
  readonly #known = new Map<string, Set<string>>();

  constructor(make: { counter(name: MetricName): Counter }) {
    this.#counter = make.counter('refusals_total');
  }

  show(cluster: string, { refusals }: Decision): void {
    if (refusals.length === 0) return;
    const known = this.#known.get(cluster) ?? new Set();
    this.#known.set(cluster, known);
    for (const { reason } of refusals) {
      known.add(reason);
      this.#counter.inc({ ...labelsOf(cluster), reason });
    }
  }

  forget(cluster: string): void {
    for (const reason of this.#known.get(cluster) ?? []) {
      this.#counter.remove({ ...labelsOf(cluster), reason });
    }
    this.#known.delete(cluster);
  }
}
