/** The record of a run: JSON Lines, one of these a line, versioned. From it everything else can be made again. */
import type { CostModel } from './cost-model.ts';
import type { LevelUnit, Scenario } from './scenario.ts';
import type { WindowRecord } from './window.ts';

export const recordVersion = 1;

export interface MetaRecord {
  readonly kind: 'meta';
  readonly version: typeof recordVersion;
  readonly runId: string;
  readonly startedAt: string;
  readonly scenario: Scenario;
  readonly planDigest: string;
  readonly fingerprint: Fingerprint;
  /** As `replay` needs it; no secrets. */
  readonly target: { readonly url: string; readonly nodeId: string; readonly workers: number };
}

/** What a figure depends on. Only runs with equal fingerprints can be compared. */
export interface Fingerprint {
  readonly serverVersion: string;
  readonly engine: 'pion' | 'mediasoup' | 'unknown';
  readonly serverCpu: string;
  readonly serverCores: number;
  readonly nicMbps: number | undefined;
  readonly generatorCpu: string;
  readonly kernel: string;
  readonly samePlace: boolean;
  readonly scenarioDigest: string;
  readonly seed: number;
}

/** One thing that happened to one participant. `atMs` since the run began. */
export interface JoinRecord {
  readonly kind: 'join' | 'leave' | 'failed' | 'disconnected';
  readonly atMs: number;
  readonly intendedAtMs: number;
  readonly room: string;
  readonly identity: string;
  readonly tookMs?: number;
  readonly stage?: string;
}

export interface NoteRecord {
  readonly kind: 'note';
  readonly atMs: number;
  readonly text: string;
}

export interface SummaryRecord {
  readonly kind: 'summary';
  readonly endedAt: string;
  readonly outcome: 'Complete' | 'Stopped' | 'Inconclusive';
  readonly why: string;
  readonly result: SearchResult | undefined;
  readonly costs: CostModel | undefined;
}

export type RunRecord = MetaRecord | WindowRecord | JoinRecord | NoteRecord | SummaryRecord;

export interface SearchResult {
  readonly unit: LevelUnit;
  /** The highest level whose windows passed, over the repetitions: their mean, and an interval of 95 %. */
  readonly capacity: number;
  readonly lower95: number;
  readonly upper95: number;
  readonly repetitions: readonly number[];
  /** The level at which half of the windows would fail, by a logistic curve over all of them. */
  readonly n50: number | undefined;
  /** Of 95 %, for `n50`. Left out where the windows do not bound it. */
  readonly n50Interval?: readonly [low: number, high: number];
  /** What broke first above the capacity: an SLO metric, and the resource that had run out if one had. */
  readonly bindingSlo: string | undefined;
  readonly bindingLimit: 'Cpu' | 'CpuThrottled' | 'Memory' | 'Network' | 'Unknown' | 'MaxReached';
  readonly windows: { readonly pass: number; readonly fail: number; readonly invalid: number };
}
