/** What a capacity profile foretells of a fleet: room for more, and how far off it is. */
import type { Gauge } from 'prom-client';
import type { Decision } from '../core/decision.ts';
import { type Labels, labelsOf } from './cluster-labels.ts';
import type { MetricName } from './metric-table.ts';

export class ProfileMetrics {
  readonly #free: Gauge;
  readonly #drift: Gauge;
  /** What is shown of each cluster: the shapes of a profile change, and those that are gone are not 0. */
  readonly #shown = new Map<string, readonly Labels[]>();

  constructor(make: { gauge(name: MetricName): Gauge }) {
    this.#free = make.gauge('free_rooms');
    this.#drift = make.gauge('profile_drift');
  }

  show(cluster: string, { capacity, memory }: Decision): void {
    this.forget(cluster);
    if (capacity === undefined) return;
    const labels = labelsOf(cluster);
    const shown = (capacity.freeRooms ?? []).map(({ shape, unit, count }) => {
      const own = { ...labels, shape, unit };
      this.#free.set(own, count);
      return own;
    });
    if (shown.length > 0) this.#shown.set(cluster, shown);
    if (memory.drift !== undefined) this.#drift.set(labels, memory.drift.off);
  }

  forget(cluster: string): void {
    for (const labels of this.#shown.get(cluster) ?? []) this.#free.remove(labels);
    this.#shown.delete(cluster);
    this.#drift.remove(labelsOf(cluster));
  }
}
