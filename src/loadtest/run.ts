/** A whole run, from a scenario and a place to a record: what the command line and the Pod of a coordinator share. */
import type { Clock } from '../base/clock.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { Timers } from '../livekit/timers.ts';
import { Coordinator, resumedNote } from './coordinator.ts';
import { WorkerPool } from './coordinator-pool.ts';
import { type ListenAddress, startWorkerServer } from './coordinator-server.ts';
import { fingerprintOf } from './fingerprint.ts';
import { planDigest } from './plan-digest.ts';
import type { RunSettings } from './protocol.ts';
import type { RecordSink } from './record-file.ts';
import {
  recordVersion,
  type JoinRecord,
  type MetaRecord,
  type RunRecord,
  type SummaryRecord,
} from './record.ts';
import { RunClock } from './run-clock.ts';
import { fitRunCosts } from './run-costs.ts';
import type { RunProgress } from './run-progress.ts';
import { measurable } from './run-slos.ts';
import { openRunTarget, type RunTarget, type RunTargetWish } from './run-target.ts';
import type { Scenario } from './scenario.ts';
import { TargetError } from './target.ts';

export interface RunWish extends Omit<RunTargetWish, 'prefix'> {
  readonly scenario: Scenario;
  readonly runId: string;
  readonly workers: number;
  readonly listen: ListenAddress;
  readonly record: RecordSink;
  /** Of a run that is taken up again; empty for a new one. */
  readonly earlier: readonly RunRecord[];
  readonly patience: { readonly startMs: number; readonly replaceMs: number };
}

export interface RunHooks {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly stop: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
  /** Workers can dial now. */
  readonly onListening: (port: number) => void;
}

export interface RunEnd {
  /** All of them, also those from before it was taken up again. */
  readonly records: readonly RunRecord[];
  readonly summary: SummaryRecord;
}

/**
 * Carries out the run and cleans up behind it.
 * @throws TargetError, TargetJoinError before anything has started; a run that has begun ends with a summary
 */
export async function runLoadTest(wish: RunWish, hooks: RunHooks): Promise<RunEnd> {
  const place = await openRunTarget({ ...wish, prefix: prefixOf(wish.runId) });
  try {
    return await new Run(wish, hooks, place).toItsEnd();
  } finally {
    await place.probe?.close();
  }
}

/** Before the names of all rooms of a run. */
export function prefixOf(runId: string): string {
  return `${runId}-`;
}

class Run {
  readonly #wish: RunWish;
  readonly #hooks: RunHooks;
  readonly #place: RunTarget;
  readonly #records: RunRecord[];
  readonly #clock: RunClock;
  readonly #scenario: Scenario;
  readonly #notes: readonly string[];
  readonly #pool: WorkerPool;
  readonly #coordinator: Coordinator;

  constructor(wish: RunWish, hooks: RunHooks, place: RunTarget) {
    this.#wish = wish;
    this.#hooks = hooks;
    this.#place = place;
    this.#records = [...wish.earlier];
    this.#clock = new RunClock(hooks.clock, hooks.timers, ageMs(wish.earlier, hooks.clock));
    const { slos, notes } = sloChoice(wish.scenario, place);
    this.#scenario = { ...wish.scenario, slos };
    this.#notes = notes;
    this.#pool = new WorkerPool(this.#clock, wish.workers, () => this.#settings(), {
      onJoin: (record) => this.#append(record),
      onNote: (text) => this.#coordinator.note(text),
      onChange: () => hooks.onProgress(this.#coordinator.progress()),
    });
    if (wish.earlier.length > 0) this.#note(resumedNote);
    this.#coordinator = this.#newCoordinator();
  }

  async toItsEnd(): Promise<RunEnd> {
    const { listen, keys } = this.#wish;
    const server = await startWorkerServer(listen, keys, (line) => this.#pool.receive(line));
    try {
      this.#hooks.onListening(server.port);
      const summary = await this.#coordinator.run(this.#hooks.stop);
      return { records: this.#records, summary };
    } finally {
      await server.close();
    }
  }

  #newCoordinator(): Coordinator {
    const { wish, place } = { wish: this.#wish, place: this.#place };
    return new Coordinator({
      scenario: this.#scenario,
      clock: this.#clock,
      pool: this.#pool,
      target: place.target,
      probe: place.probe,
      record: { append: (record) => this.#append(record) },
      prefix: prefixOf(wish.runId),
      allowSharedTarget: wish.allowSharedTarget,
      nicMbps: place.nicMbps,
      earlier: this.#records,
      patience: wish.patience,
      onBegin: () => this.#begin(),
      fitCosts: () => fitRunCosts(this.#records, wish.scenario.seed),
      onProgress: this.#hooks.onProgress,
    });
  }

  /** The first line of a record. Written when the workers are there, since they are a part of the fingerprint. */
  #begin(): void {
    if (this.#records.some(({ kind }) => kind === 'meta')) return;
    const { scenario, runId, url, workers } = this.#wish;
    const place = this.#place;
    const meta: MetaRecord = {
      kind: 'meta',
      version: recordVersion,
      runId,
      startedAt: this.#clock.wallTimeAt(0),
      scenario,
      planDigest: planDigest(scenario),
      fingerprint: fingerprintOf({
        serverVersion: place.target.serverVersion,
        serverCpu: place.serverCpu,
        serverCores: place.limitCores,
        nicMbps: place.nicMbps,
        generatorCpus: this.#pool.ready.map(({ hello }) => hello.cpu),
        kernel: place.kernel,
        samePlace: place.samePlace,
        scenario,
      }),
      target: { url, nodeId: place.target.nodeId, workers },
    };
    this.#append(meta);
    for (const text of this.#notes) this.#note(text);
  }

  #settings(): RunSettings {
    const { media, clients, seed, faults } = this.#scenario;
    const { runId, url } = this.#wish;
    const { nodeId } = this.#place.target;
    return { runId, url, media, singleConnection: clients.singleConnection, nodeId, seed, faults };
  }

  #note(text: string): void {
    this.#append({ kind: 'note', atMs: Math.round(this.#clock.nowMs()), text });
  }

  #append(record: RunRecord | JoinRecord): void {
    this.#records.push(record);
    this.#wish.record.append(record);
  }
}

function sloChoice(
  { slos, clients }: Scenario,
  { probe, limitBytes }: RunTarget,
): { readonly slos: Scenario['slos']; readonly notes: readonly string[] } {
  const means = {
    node: probe !== undefined,
    throttling: probe?.measuresThrottling === true,
    probes: clients.probes > 0,
    memory: limitBytes !== undefined,
  };
  const { slos: kept, dropped, impossible } = measurable(slos, means);
  if (impossible.length > 0) {
    throw new TargetError(
      `the scenario asks for what cannot be measured here: ${impossible.join(', ')}; take it out or make it measurable.`,
    );
  }
  const notes = dropped.map((guard) => `a guard is left out: ${guard}`);
  const unseen = 'rooms of others on the node, and a restart of it, would not be seen: no metrics are known';
  return { slos: kept, notes: probe === undefined ? [...notes, unseen] : notes };
}

/** How long the run has lasted by the wall clock. */
function ageMs(earlier: readonly RunRecord[], clock: Clock): number {
  const meta = earlier.find((record) => record.kind === 'meta');
  const startedMs = meta === undefined ? undefined : parseIsoMs(meta.startedAt);
  return startedMs === undefined ? 0 : Math.max(0, clock.wallMs() - startedMs);
}
