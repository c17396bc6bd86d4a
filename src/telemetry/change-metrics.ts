/** What was lost and cut, and how far a rolling change has come. */
import type { Counter, Gauge } from 'prom-client';
import type { Decision } from '../core/decide.ts';
import { labelsOf } from './cluster-labels.ts';
import type { MetricName } from './metric-table.ts';

interface Makers {
  counter(name: MetricName): Counter;
  gauge(name: MetricName): Gauge;
}

/** People and rooms that were cut by a written policy. */
export interface Cut {
  readonly rooms: number;
  readonly participants: number;
}

const phases = ['Idle', 'Canary', 'Rolling', 'Paused', 'Stopped'] as const;

export class ChangeMetrics {
  readonly #lost: { readonly nodes: Counter; readonly rooms: Counter; readonly participants: Counter };
  readonly #cut: { readonly evictions: Counter; readonly rooms: Counter; readonly participants: Counter };
  readonly #phase: Gauge;
  readonly #outdated: Gauge;
  readonly #departing: Gauge;
  readonly #known = new Set<string>();

  constructor(make: Makers) {
    const counter = (name: MetricName): Counter => make.counter(name);
    const gauge = (name: MetricName): Gauge => make.gauge(name);
    this.#lost = {
      nodes: counter('nodes_lost_total'),
      rooms: counter('rooms_lost_total'),
      participants: counter('participants_lost_total'),
    };
    this.#cut = {
      evictions: counter('evictions_total'),
      rooms: counter('rooms_evicted_total'),
      participants: counter('participants_evicted_total'),
    };
    this.#phase = gauge('update_phase');
    this.#outdated = gauge('outdated_nodes');
    this.#departing = gauge('departing_nodes');
  }

  show(cluster: string, { losses, updates, departures }: Decision): void {
    this.#begin(cluster);
    const labels = labelsOf(cluster);
    for (const { rooms, participants } of losses) {
      this.#lost.nodes.inc(labels);
      this.#lost.rooms.inc(labels, rooms);
      this.#lost.participants.inc(labels, participants);
    }
    this.#departing.set(labels, departures.length);
    if (updates === undefined) return;
    this.#outdated.set(labels, updates.outdatedNodes);
    for (const phase of phases) this.#phase.set({ ...labels, phase }, updates.phase === phase ? 1 : 0);
  }

  evicted(cluster: string, { rooms, participants }: Cut): void {
    const labels = labelsOf(cluster);
    this.#cut.evictions.inc(labels);
    this.#cut.rooms.inc(labels, rooms);
    this.#cut.participants.inc(labels, participants);
  }

  forget(cluster: string): void {
    const labels = labelsOf(cluster);
    this.#known.delete(cluster);
    for (const counter of this.#counters()) counter.remove(labels);
    for (const gauge of [this.#outdated, this.#departing]) gauge.remove(labels);
    for (const phase of phases) this.#phase.remove({ ...labels, phase });
  }

  /** A counter that appears only with the first loss would hide it from every rate. */
  #begin(cluster: string): void {
    if (this.#known.has(cluster)) return;
    this.#known.add(cluster);
    for (const counter of this.#counters()) counter.inc(labelsOf(cluster), 0);
  }

  #counters(): readonly Counter[] {
    return [...Object.values(this.#lost), ...Object.values(this.#cut)];
  }
}
