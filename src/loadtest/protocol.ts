/** What coordinator and workers say to each other: JSON, one message a WebSocket frame. Workers dial. */
import type { LevelChange, PlannedStep } from './plan.ts';
import type { JoinRecord } from './record.ts';
import type { Fault, Media } from './scenario.ts';
import type { WorkerWindow } from './window.ts';

export interface RunSettings {
  readonly runId: string;
  /** ws:// or wss:// address of the signalling. Keys come from the worker's own environment. */
  readonly url: string;
  readonly media: Media;
  readonly singleConnection: boolean;
  /** Joins that end on another node have failed. Undefined where any node will do. */
  readonly nodeId: string | undefined;
  readonly seed: number;
  readonly faults: readonly Fault[];
}

/** Times are milliseconds on the coordinator's clock since the run began. */
export type ToWorker =
  | { readonly kind: 'settings'; readonly settings: RunSettings; readonly worker: number }
  /**
   * Several at the start and one now and then. `offsetMs` is what the coordinator has found so far, from the answers
   * with the shortest way there and back: the worker's `workerMs` minus the coordinator's time at the same moment.
   */
  | { readonly kind: 'clock'; readonly sentAtMs: number; readonly offsetMs?: number }
  | {
      readonly kind: 'change';
      readonly change: number;
      readonly startAtMs: number;
      readonly rooms: LevelChange['rooms'];
      readonly steps: readonly PlannedStep[];
    }
  | { readonly kind: 'measure'; readonly window: number; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'end' };

export type FromWorker =
  | {
      readonly kind: 'hello';
      readonly index: number | undefined;
      readonly host: string;
      readonly cpu: string;
      readonly cores: number;
      readonly kernel: string;
      readonly version: string;
    }
  | { readonly kind: 'clock'; readonly sentAtMs: number; readonly workerMs: number }
  /** All steps of a change are through, well or badly. */
  | {
      readonly kind: 'changed';
      readonly change: number;
      readonly joined: number;
      readonly failed: number;
      readonly left: number;
    }
  | { readonly kind: 'event'; readonly record: JoinRecord }
  | { readonly kind: 'window'; readonly window: number; readonly measured: WorkerWindow }
  | {
      readonly kind: 'live';
      readonly connected: number;
      readonly packetsPerSecondReceived: number;
      readonly tickLateP99Ms: number;
      readonly failed: number;
    }
  | { readonly kind: 'ended' };
