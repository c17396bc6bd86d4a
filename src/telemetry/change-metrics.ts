/** What was lost and cut, and how far a rolling change has come. */
import type { Counter, Gauge } from 'prom-client';
import type { Clock } from '../base/clock.ts';
import type { Decision } from '../core/decision.ts';
import { type Labels, labelsOf } from './cluster-labels.ts';
import type { MetricName } from './metric-table.ts';

interface Makers {
  counter(name: MetricName): Counter;
  gauge(name: MetricName): Gauge;
  ages(name: MetricName): Ages;
}

/** Times that are computed when they are asked for, because one that is only set would stand still. */
export interface Ages {
  set(labels: Labels, ageMs: () => number | undefined): void;
  remove(labels: Labels): void;
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
  readonly #departingPeople: Gauge;
  readonly #deadline: Ages;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #known = new Set<string>();

  constructor(make: Makers, clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock;
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
    this.#departingPeople = gauge('departing_participants');
    this.#deadline = make.ages('maintenance_deadline_seconds');
  }

  show(cluster: string, { losses, updates, departures }: Decision): void {
    this.#begin(cluster);
    const labels = labelsOf(cluster);
    for (const { rooms, participants } of losses) {
      this.#lost.nodes.inc(labels);
      this.#lost.rooms.inc(labels, rooms);
      this.#lost.participants.inc(labels, participants);
    }
    this.#showDepartures(labels, departures);
    if (updates === undefined) return;
    this.#outdated.set(labels, updates.outdatedNodes);
    for (const phase of phases) this.#phase.set({ ...labels, phase }, updates.phase === phase ? 1 : 0);
  }

  #showDepartures(labels: Labels, departures: Decision['departures']): void {
    const ends = departures.flatMap(({ deadlineMs }) => deadlineMs ?? []);
    this.#departing.set(labels, departures.length);
    this.#departingPeople.set(
      labels,
      departures.reduce((sum, { participants }) => sum + participants, 0),
    );
    if (ends.length === 0) this.#deadline.remove(labels);
    else this.#deadline.set(labels, () => Math.min(...ends) - this.#clock.wallMs());
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
    for (const gauge of [this.#outdated, this.#departing, this.#departingPeople]) gauge.remove(labels);
    this.#deadline.remove(labels);
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
