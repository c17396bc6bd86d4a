import type { ConnectStage } from './bulk-connections.ts';

/** What a join goes through, each with a deadline of its own. */
export type Stage = 'ws' | 'join' | 'node' | ConnectStage | 'first-packet';

/** A join got no further than this. */
export class StageError extends Error {
  override readonly name = 'StageError';
  readonly stage: Stage;
  constructor(stage: Stage, detail: string) {
    super(`${stage}: ${detail}`);
    this.stage = stage;
  }
}

export const stageDeadlinesMs: Readonly<Record<Stage, number>> = {
  ws: 10_000,
  join: 10_000,
  node: 10_000,
  'publisher-connected': 15_000,
  'subscriber-connected': 15_000,
  'first-packet': 15_000,
};
