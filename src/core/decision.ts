/** What a pass decides, and what it says of it: the words that all who carry it out, tell it or judge it share. */
import type { Action, Steering } from './action.ts';
import type { ProfileUse, ShapeCapacity } from './capacity-profile.ts';
import type { Demand } from './demand.ts';
import type { Nearness } from './departures.ts';
import type { GovernorView } from './govern.ts';
import type { Loss } from './loss.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { Finding } from './reasons.ts';
import type { Capacity } from './spec.ts';
import type { UpdatePhase } from './updates.ts';

export interface Decision {
  readonly desired: number;
  /** Why this number. */
  readonly because: Finding;
  /** Which bound held the number back, if one did. */
  readonly limitedBy: Finding | undefined;
  /** Why nothing, or not everything, is carried out; empty when all is. */
  readonly refusals: readonly Finding[];
  readonly actions: readonly Action[];
  /** `undefined`: leave the registry as it is. */
  readonly steering: Steering | undefined;
  /** Pods whose own word is wanted before the next pass. */
  readonly evidenceWanted: readonly string[];
  readonly nodes: readonly NodeView[];
  /** What was cut without anybody's wish, as seen first in this pass. */
  readonly losses: readonly Loss[];
  readonly demand: Demand | undefined;
  readonly governor: GovernorView | undefined;
  /** Only where the spec asks for a capacity profile. */
  readonly capacity?: CapacityView;
  /** How far a changed template or configuration has come. */
  readonly updates: UpdateView | undefined;
  /** Nodes whose machine is to be freed. */
  readonly departures: readonly DepartureView[];
  /** How many nodes there are beyond the desired number while others are replaced or tried. */
  readonly aside: number;
  readonly memory: Memory;
  /** When time alone may change the decision. */
  readonly wakeAtMs: number | undefined;
}

/** Lost: its server ended after it had served. */
export type NodeState =
  | 'Launching'
  | 'Serving'
  | 'Standby'
  | 'Cordoned'
  | 'Leaving'
  | 'Failed'
  | 'Suspect'
  | 'Lost';

/** A node with what the decision made of it. */
export interface NodeView {
  readonly node: MediaNode;
  readonly state: NodeState;
  /** Why it is in this state, or why it may not leave yet. */
  readonly finding: Finding | undefined;
  /** When it is expected to be empty, if it is to leave or a wish keeps it closed. */
  readonly end?: DrainEnd | undefined;
}

/** When a node is expected to be empty, in seconds from now; `undefined` where nobody can say. */
export interface DrainEnd {
  /** As likely sooner as later. */
  readonly expectedInS: number | undefined;
  /** With 95 % certainty. */
  readonly latestInS: number | undefined;
}

export interface UpdateView {
  readonly phase: UpdatePhase;
  readonly revision: string;
  readonly fallbackRevision: string | undefined;
  readonly updatedNodes: number;
  readonly outdatedNodes: number;
  /** Seconds from now until the last outdated node is likely to be gone; `undefined`: nobody can say. */
  readonly endsInS: number | undefined;
  readonly message: string;
}

/** A node whose machine is to be freed. */
export interface DepartureView {
  readonly name: string;
  readonly uid: string;
  readonly machine: string;
  readonly why: string;
  /** Wall clock. */
  readonly deadlineMs: number | undefined;
  readonly nearness: Nearness;
  readonly rooms: number;
  readonly participants: number;
}

/** What one node is taken to carry, and whose figure that is. */
export interface CapacityView {
  readonly profile: ProfileUse;
  readonly figures: Capacity;
  /** `undefined` where no profile is in use, or the nodes cannot be seen. */
  readonly freeRooms: readonly FreeRooms[] | undefined;
}

export interface FreeRooms {
  readonly shape: string;
  readonly unit: ShapeCapacity['unit'];
  /** People in one room, where rooms are counted. */
  readonly size: number | undefined;
  readonly count: number;
}
