/** A rule of the field, as its documentation tells it, that the governor is compared with. */

export type BaselineNodeState =
  /** Asked for, not ready yet. */
  | 'Launching'
  /** Takes new rooms. */
  | 'Running'
  /** Takes no new rooms and goes when it is empty; may be taken back. */
  | 'Draining'
  /** Takes no new rooms and goes when it is empty or when its grace is over, whichever is first. */
  | 'Terminating';

export interface BaselineNode {
  readonly id: string;
  readonly state: BaselineNodeState;
  /** Participants on it. */
  readonly load: number;
  readonly rooms: number;
  readonly launchedAtS: number;
  /** `undefined` while it is launching. */
  readonly readyAtS: number | undefined;
  /** When it came into its present state. */
  readonly stateSinceS: number;
}

export interface BaselineView {
  readonly nowS: number;
  /** Participants that one node carries. */
  readonly capacity: number;
  readonly nodesMin: number;
  readonly nodesMax: number;
  /** Removed ones are no longer listed. In the order of their launch. */
  readonly nodes: readonly BaselineNode[];
}

export type BaselineOrder =
  | { readonly kind: 'Launch'; readonly count: number }
  | { readonly kind: 'Drain'; readonly node: string }
  /** Takes a draining node back into service. */
  | { readonly kind: 'Undrain'; readonly node: string }
  | { readonly kind: 'Terminate'; readonly node: string; readonly graceS: number };

export interface Baseline {
  readonly name: string;
  /** How often it looks, in simulated seconds. */
  readonly periodS: number;
  /** How new rooms are given to running nodes where it has its own way; LiveKit's selection otherwise. */
  readonly placement: 'LiveKit' | 'LeastLoaded';
  /** May remember between calls; a simulation makes its own instance. */
  look(view: BaselineView): readonly BaselineOrder[];
}
