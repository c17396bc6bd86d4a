/** How far a run is: for the terminal, and for the status of the resource. */
import type { LevelUnit, Load } from './scenario.ts';
import type { Progress } from './search-progress.ts';
import type { WindowRecord } from './window.ts';

/** In the words of the resource's status. */
export type RunPhase = 'Connecting' | 'Baseline' | 'Searching' | 'Confirming' | 'Measuring' | 'Analysing';

/** What it does right now. */
export type RunStep = 'Waiting' | 'Changing' | 'Settling' | 'Measuring' | 'Leaving';

export interface RunProgress {
  readonly phase: RunPhase;
  readonly step: RunStep;
  /** Counted from 1. */
  readonly repetition: number;
  readonly repetitions: number;
  readonly level: number;
  readonly unit: LevelUnit;
  readonly people: { readonly connected: number; readonly planned: number };
  /** Received by all people together. */
  readonly packetsPerSecond: number;
  readonly workers: { readonly ready: number; readonly wanted: number };
  readonly windows: { readonly pass: number; readonly fail: number; readonly invalid: number };
  readonly last: Pick<WindowRecord, 'repetition' | 'level' | 'verdict' | 'figures'> | undefined;
  /** Since the run began, milliseconds; of a search the end is a guess. */
  readonly atMs: number;
  readonly expectedEndMs: number;
}

/** Between two windows at different levels people join and the node settles; about every second window is at a new one. */
const windowsPerLevel = 2;

/** What is left of a run, milliseconds: a guess for a search. */
export function leftMs(load: Load, { windowsLeft }: Progress): number {
  const windowMs = load.mode.kind === 'Soak' ? load.dwellMs : load.dwellMs + load.settleMs / windowsPerLevel;
  return windowsLeft * windowMs;
}
