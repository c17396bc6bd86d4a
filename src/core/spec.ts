/**
 * The spec as the core reads it: plain values, units in names, durations already numbers.
 * `core/compile-spec.ts` makes it from the resource; nothing else does.
 */

import type { ProfileRef, ProfileUse } from './capacity-profile.ts';
import type { ForecastMode } from './forecast.ts';

export type Mode = 'Enforce' | 'DryRun' | 'External' | 'Paused';

/** What a target counts. Each gives an opinion: any may raise the fleet, all must agree to lower it. */
export type Target =
  | { readonly kind: 'Participants'; readonly utilization: number }
  | { readonly kind: 'Tracks'; readonly utilization: number }
  | { readonly kind: 'Bandwidth'; readonly utilization: number }
  | { readonly kind: 'Cpu'; readonly utilization: number }
  /** Received and sent. Only a capacity profile knows how many a node can stand. */
  | { readonly kind: 'Packets'; readonly utilization: number }
  /** What the load should cost in processor cores, by a capacity profile. */
  | { readonly kind: 'Cost'; readonly utilization: number };

/** How much one Media Node carries. `undefined`: nobody said, so no opinion can be formed from it. */
export interface Capacity {
  readonly participants: number;
  readonly tracks: number | undefined;
  readonly egressBytesPerSecond: number | undefined;
  /** Received and sent; absent where no capacity profile says. */
  readonly packetsPerSecond?: number;
  /** Processor cores up to which people are served well; absent where no capacity profile says. */
  readonly cores?: number;
}

export interface Headroom {
  readonly slots: number;
  /** Share of the participants now present, 0 to 1. */
  readonly share: number;
  /** Keep as many free slots as the largest live room has participants. */
  readonly largestRoom: boolean;
}

export type SelectPolicy = 'Max' | 'Min' | 'Disabled';

export interface RatePolicy {
  readonly kind: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodMs: number;
}

/** One direction of `behavior`, with the meaning that the HorizontalPodAutoscaler gives these fields. */
export interface ScalingRules {
  readonly stabilizationMs: number;
  readonly selectPolicy: SelectPolicy;
  readonly policies: readonly RatePolicy[];
}

/** The price of overload that the word Balanced stands for; what was measured at a price was measured at this one. */
export const usualPriority = 8;

export interface Placement {
  readonly strategy: 'Packed' | 'Spread';
  /**
   * Share of a node's capacity that its rooms may come to want, 0 to 1: beyond it the node takes no new rooms while
   * another node has room.
   */
  readonly ceiling: number;
  /** What a second of one overloaded node is worth, in seconds of one more node: 1 (thrift) to 128 (quality). */
  readonly priority: number;
}

/** A known peak: while it is open the fleet has at least this many nodes. */
export interface Schedule {
  readonly name: string;
  /** IANA. */
  readonly timeZone: string;
  /** When it begins: a cron expression of five fields, read in the time zone. */
  readonly start: string;
  /** Elapsed time, whatever the clocks do meanwhile. */
  readonly durationMs: number;
  readonly minNodes: number;
}

export interface ClusterSpec {
  readonly mode: Mode;
  readonly minNodes: number;
  readonly maxNodes: number;
  /** Only read in mode External. */
  readonly replicas: number;
  /** As given, or as the capacity profile says once `settleCapacity` has taken it in. */
  readonly capacity: Capacity;
  /** The capacity profile that is asked for; absent where the figures are given. */
  readonly profileRef?: ProfileRef;
  /** What became of that; absent until `settleCapacity` has looked. */
  readonly profile?: ProfileUse;
  readonly startupDeadlineMs: number;
  readonly targets: readonly Target[];
  readonly headroom: Headroom;
  readonly placement: Placement;
  readonly schedules: readonly Schedule[];
  /** Whether learned days are left alone, computed and told, or acted on. */
  readonly forecast: ForecastMode;
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
  readonly maxConcurrentLeaving: number;
  /** How long a draining node may wait for its rooms; `undefined`: for ever. */
  readonly drainDeadlineMs: number | undefined;
  /** What happens then: it goes on waiting and says so, or its rooms are cut. */
  readonly onDrainDeadline: 'Wait' | 'Evict';
  /** How long an empty node waits for clients who only signal through it while their room lives elsewhere. */
  readonly signallingGraceMs: number;
  readonly updates: Updates;
  /** The state of template and configuration that nodes are to be made from. */
  readonly revision: string;
  /** The OpenViduCluster is being deleted: nodes leave as they become empty, none is launched. */
  readonly deleting: boolean;
  /** Whether rooms are steered by a server version on which that was never tried. */
  readonly trustUnverifiedServers: boolean;
}

/** How a changed template or configuration reaches the nodes. */
export interface Updates {
  /** Nodes beyond the wanted number while a change rolls, and so the most that it keeps cordoned at once. */
  readonly maxSurge: { readonly kind: 'Nodes' | 'Percent'; readonly value: number };
  readonly canary: Canary | undefined;
  readonly paused: boolean;
}

/** A changed revision first takes a share of the new rooms for a time. */
export interface Canary {
  /** Share of new rooms, 0 to 1. */
  readonly share: number;
  readonly durationMs: number;
}

/** A fault in the spec that only the operator can see, with the field and the remedy. */
export interface SpecProblem {
  readonly field: string;
  readonly message: string;
}
